package cpu

import (
	"math"

	"github.com/gestalt-vision/gestalt/cpu/kernel"
	"github.com/gomlx/compute"
)

// float32Unary gives the fast loop for an operation, or else the plain one.
func float32Unary(op compute.OpType, plain unaryLoop) unaryLoop {
	fast := map[compute.OpType]func(dst, a []float32){
		compute.OpTypeAbs: kernel.Abs, compute.OpTypeCeil: kernel.Ceil, compute.OpTypeErf: kernel.Erf, compute.OpTypeExp: kernel.Exp,
		compute.OpTypeFloor: kernel.Floor, compute.OpTypeLog: kernel.Log, compute.OpTypeLogistic: kernel.Logistic,
		compute.OpTypeNeg: kernel.Neg, compute.OpTypeRound: kernel.Round, compute.OpTypeRsqrt: kernel.Rsqrt, compute.OpTypeSign: kernel.Sign,
		compute.OpTypeSqrt: kernel.Sqrt, compute.OpTypeTanh: kernel.Tanh,
	}[op]
	if fast != nil {
		return func(out, x []byte) { fast(as[float32](out), as[float32](x)) }
	}
	return plain
}

// float32Binary gives the fast loop for an operation, or else the plain one.
func float32Binary(op compute.OpType, plain binaryLoop) binaryLoop {
	var both func(out, a, b []float32)           // two operands that move on
	var scalar func(out, a []float32, b float32) // the second stands still
	commutes := true
	switch op {
	case compute.OpTypeAdd:
		both = kernel.Add
		scalar = func(out, a []float32, b float32) { kernel.Scale(out, a, 1, b) }
	case compute.OpTypeMul:
		both = kernel.Mul
		scalar = func(out, a []float32, b float32) { kernel.Scale(out, a, b, minusZero) }
	case compute.OpTypeMax:
		both = kernel.Max
		scalar = func(out, a []float32, b float32) { kernel.Limit(out, a, b, float32(math.Inf(1))) }
	case compute.OpTypeMin:
		both = kernel.Min
		scalar = func(out, a []float32, b float32) { kernel.Limit(out, a, float32(math.Inf(-1)), b) }
	case compute.OpTypeSub:
		commutes = false
		both = kernel.Sub
		scalar = func(out, a []float32, b float32) { kernel.Scale(out, a, 1, -b) }
	case compute.OpTypeDiv:
		commutes = false
		both = kernel.Div
		scalar = func(out, a []float32, b float32) {
			for i, v := range a[:len(out)] {
				out[i] = v / b
			}
		}
	default:
		return plain
	}
	return func(out, a, b []byte, strideA, strideB int) {
		to, left, right := as[float32](out), as[float32](a), as[float32](b)
		switch {
		case strideA == 1 && strideB == 1:
			both(to, left, right)
		case strideA == 1 && right[0] == right[0]:
			scalar(to, left, right[0])
		case strideB == 1 && commutes && left[0] == left[0]:
			scalar(to, right, left[0])
		default: // NaN, or the first operand of a difference or quotient stands still
			plain(out, a, b, strideA, strideB)
		}
	}
}

// minusZero is the number that changes no other by being added, 0 included.
var minusZero = float32(math.Copysign(0, -1))
