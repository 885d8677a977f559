package cpu

import (
	"math"
	"math/bits"
	"unsafe"

	"github.com/gomlx/compute"
)

func (numbers[T]) unary(op compute.OpType) unaryLoop {
	switch op {
	case compute.OpTypeNeg:
		return each(func(x T) T { return -x })
	case compute.OpTypeAbs:
		return each(func(x T) T {
			if x < 0 {
				return -x
			}
			return x
		})
	case compute.OpTypeSign:
		return each(func(x T) T {
			switch {
			case x > 0:
				return 1
			case x < 0:
				return -T(1)
			}
			return x // zero of either sign, NaN
		})
	}
	return nil
}

// width is the number of bits of T.
func width[T any]() int {
	var x T
	return int(unsafe.Sizeof(x)) * 8
}

// unsigned gives the bits of x, zero-extended.
func unsigned[T integer](x T) uint64 { return uint64(x) << (64 - width[T]()) >> (64 - width[T]()) }

func (n integers[T]) unary(op compute.OpType) unaryLoop {
	switch op {
	case compute.OpTypeBitwiseNot:
		return each(func(x T) T { return ^x })
	case compute.OpTypeLogicalNot:
		return each(func(x T) T { return x ^ 1 })
	case compute.OpTypeBitCount:
		return each(func(x T) T { return T(bits.OnesCount64(unsigned(x))) })
	case compute.OpTypeClz:
		return each(func(x T) T { return T(bits.LeadingZeros64(unsigned(x)) - 64 + width[T]()) })
	}
	return n.numbers.unary(op)
}

// float64Functions are computed in double precision and rounded.
var float64Functions = map[compute.OpType]func(float64) float64{
	compute.OpTypeAbs:      math.Abs,
	compute.OpTypeCeil:     math.Ceil,
	compute.OpTypeCos:      math.Cos,
	compute.OpTypeErf:      math.Erf,
	compute.OpTypeExp:      math.Exp,
	compute.OpTypeExpm1:    math.Expm1,
	compute.OpTypeFloor:    math.Floor,
	compute.OpTypeLog:      math.Log,
	compute.OpTypeLog1p:    math.Log1p,
	compute.OpTypeLogistic: func(x float64) float64 { return 1 / (1 + math.Exp(-x)) },
	compute.OpTypeRound:    math.RoundToEven,
	compute.OpTypeRsqrt:    func(x float64) float64 { return 1 / math.Sqrt(x) },
	compute.OpTypeSin:      math.Sin,
	compute.OpTypeSqrt:     math.Sqrt,
	compute.OpTypeTanh:     math.Tanh,
}

func (n floats[T]) unary(op compute.OpType) unaryLoop {
	if f := float64Functions[op]; f != nil {
		return each(func(x T) T { return T(f(float64(x))) })
	}
	return n.numbers.unary(op)
}

// classify of integers: they are all finite.
func (numbers[T]) classify(op compute.OpType) unaryLoop {
	switch op {
	case compute.OpTypeIsFinite:
		return each(func(x T) bool { return x-x == 0 })
	case compute.OpTypeIsNaN:
		return each(func(x T) bool { return x != x })
	}
	return nil
}
