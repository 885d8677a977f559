package cpu

import (
	"math"

	"github.com/gomlx/compute"
)

func (numbers[T]) binary(op compute.OpType) binaryLoop {
	switch op {
	case compute.OpTypeAdd:
		return pairs(func(a, b T) T { return a + b })
	case compute.OpTypeSub:
		return pairs(func(a, b T) T { return a - b })
	case compute.OpTypeMul:
		return pairs(func(a, b T) T { return a * b })
	case compute.OpTypeDiv:
		return pairs(func(a, b T) T { return a / b })
	case compute.OpTypeMax:
		return pairs(func(a, b T) T { return max(a, b) })
	case compute.OpTypeMin:
		return pairs(func(a, b T) T { return min(a, b) })
	}
	return nil
}

func (n integers[T]) binary(op compute.OpType) binaryLoop {
	if hash := n.hashing(op); hash != nil {
		return hash
	}
	switch op {
	case compute.OpTypeBitwiseAnd, compute.OpTypeLogicalAnd:
		return pairs(func(a, b T) T { return a & b })
	case compute.OpTypeBitwiseOr, compute.OpTypeLogicalOr:
		return pairs(func(a, b T) T { return a | b })
	case compute.OpTypeRem:
		return pairs(func(a, b T) T { return a % b })
	case compute.OpTypePow:
		return pairs(power[T])
	case compute.OpTypeShiftLeft:
		return pairs(func(a, b T) T { return a << unsigned(b) })
	case compute.OpTypeShiftRightArithmetic:
		return pairs(func(a, b T) T {
			signed := int64(uint64(a)<<(64-width[T]())) >> (64 - width[T]())
			return T(signed >> min(unsigned(b), 63))
		})
	}
	return n.numbers.binary(op)
}

// hashing gives loops of their own to the operations of which hash functions are made,
// as random numbers come from; pairs calls a function for each element. The second
// operand is often one number for all.
func (integers[T]) hashing(op compute.OpType) binaryLoop {
	switch op {
	case compute.OpTypeAdd:
		return func(out, a, b []byte, strideA, strideB int) {
			to, left, right := as[T](out), as[T](a), as[T](b)
			if oneForAll(to, strideA, strideB) {
				v := right[0]
				for i, u := range left[:len(to)] {
					to[i] = u + v
				}
				return
			}
			for i := range to {
				to[i] = left[i*strideA] + right[i*strideB]
			}
		}
	case compute.OpTypeMul:
		return func(out, a, b []byte, strideA, strideB int) {
			to, left, right := as[T](out), as[T](a), as[T](b)
			if oneForAll(to, strideA, strideB) {
				v := right[0]
				for i, u := range left[:len(to)] {
					to[i] = u * v
				}
				return
			}
			for i := range to {
				to[i] = left[i*strideA] * right[i*strideB]
			}
		}
	case compute.OpTypeBitwiseXor, compute.OpTypeLogicalXor:
		return func(out, a, b []byte, strideA, strideB int) {
			to, left, right := as[T](out), as[T](a), as[T](b)
			if strideA == 1 && strideB == 1 {
				right = right[:len(to)]
				for i, u := range left[:len(to)] {
					to[i] = u ^ right[i]
				}
				return
			}
			for i := range to {
				to[i] = left[i*strideA] ^ right[i*strideB]
			}
		}
	case compute.OpTypeShiftRightLogical:
		return func(out, a, b []byte, strideA, strideB int) {
			to, left, right := as[T](out), as[T](a), as[T](b)
			if oneForAll(to, strideA, strideB) {
				bits := unsigned(right[0])
				for i, v := range left[:len(to)] {
					to[i] = T(unsigned(v) >> bits)
				}
				return
			}
			for i := range to {
				to[i] = T(unsigned(left[i*strideA]) >> unsigned(right[i*strideB]))
			}
		}
	}
	return nil
}

// oneForAll reports whether the second operand of a loop is one number for all elements.
func oneForAll[T any](to []T, strideA, strideB int) bool {
	return strideA == 1 && strideB == 0 && len(to) > 0
}

// power raises by repeated squaring, wrapping around like a product does. A
// negative exponent gives the truncated quotient: 0 except for bases 1 and -1.
func power[T integer](base, exponent T) T {
	if exponent < 0 {
		switch {
		case base == 1:
			return 1
		case base+1 == 0:
			if exponent&1 == 0 {
				return 1
			}
			return base
		}
		return 0
	}
	result := T(1)
	for ; exponent > 0; exponent >>= 1 {
		if exponent&1 == 1 {
			result *= base
		}
		base *= base
	}
	return result
}

func (n floats[T]) binary(op compute.OpType) binaryLoop {
	switch op {
	case compute.OpTypePow:
		return pairs(func(a, b T) T { return T(math.Pow(float64(a), float64(b))) })
	case compute.OpTypeRem:
		return pairs(func(a, b T) T { return T(math.Mod(float64(a), float64(b))) })
	case compute.OpTypeAtan2:
		return pairs(func(a, b T) T { return T(math.Atan2(float64(a), float64(b))) })
	}
	return n.numbers.binary(op)
}

func (numbers[T]) compare(op compute.OpType) binaryLoop {
	switch op {
	case compute.OpTypeEqual:
		return pairs(func(a, b T) bool { return a == b })
	case compute.OpTypeNotEqual:
		return pairs(func(a, b T) bool { return a != b })
	case compute.OpTypeLessThan:
		return pairs(func(a, b T) bool { return a < b })
	case compute.OpTypeLessOrEqual:
		return pairs(func(a, b T) bool { return a <= b })
	case compute.OpTypeGreaterThan:
		return pairs(func(a, b T) bool { return a > b })
	case compute.OpTypeGreaterOrEqual: // what masks come from
		return func(out, a, b []byte, strideA, strideB int) {
			to, left, right := as[bool](out), as[T](a), as[T](b)
			if oneForAll(to, strideA, strideB) {
				v := right[0]
				for i, u := range left[:len(to)] {
					to[i] = u >= v
				}
				return
			}
			for i := range to {
				to[i] = left[i*strideA] >= right[i*strideB]
			}
		}
	}
	return nil
}
