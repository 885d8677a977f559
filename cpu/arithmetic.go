package cpu

import (
	"unsafe"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
)

// The plain loops, written once with generics and instantiated for every dtype.
// The float32 ones that matter are replaced by package kernel where an operation
// is lowered.

type integer interface {
	int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64
}

type float interface{ float32 | float64 }

type number interface{ integer | float }

// as reads storage as a slice of T.
func as[T any](storage []byte) []T {
	var element T
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(storage))), len(storage)/int(unsafe.Sizeof(element)))
}

// Loops over storage. A stride is 1, or 0 for an operand that is one element.
type (
	unaryLoop  func(out, x []byte)
	binaryLoop func(out, a, b []byte, strideA, strideB int)
)

// arithmetic is what one dtype can compute. Methods that choose a loop by
// operation return nil for one that the dtype lacks.
type arithmetic interface {
	unary(op compute.OpType) unaryLoop
	binary(op compute.OpType) binaryLoop
	compare(op compute.OpType) binaryLoop // out holds bools
	classify(op compute.OpType) unaryLoop // IsNaN, IsFinite: out holds bools
	convert(to dtypes.DType) unaryLoop
	clamp(out, low, x, high []byte, strideLow, strideHigh int)
	iota(out []byte, first, count, inner int)
	reduce(op compute.OpType, out, x []byte, d reduceDims, part reducePart) bool // false if the dtype lacks op
	argMinMax(out []int64, x []byte, d argAttr, part reducePart)
	scatter(out, x, source []byte, g *windowGeometry, lo, hi int)
	window(out, x []byte, g *windowGeometry, lo, hi int)
	conv(out, x, filter []byte, g *convGeometry, lo, hi int)
	matMul(out, a, b []byte, m, k, n int, transposed bool)
}

// arithmetics holds every dtype that computes by itself. Bool computes as the
// bytes 0 and 1 that Go stores; half precision is converted to float32 when a
// graph is recorded.
var arithmetics = map[dtypes.DType]arithmetic{
	dtypes.Bool:    integers[uint8]{},
	dtypes.Int8:    integers[int8]{},
	dtypes.Int16:   integers[int16]{},
	dtypes.Int32:   integers[int32]{},
	dtypes.Int64:   integers[int64]{},
	dtypes.Uint8:   integers[uint8]{},
	dtypes.Uint16:  integers[uint16]{},
	dtypes.Uint32:  integers[uint32]{},
	dtypes.Uint64:  integers[uint64]{},
	dtypes.Float32: floats[float32]{},
	dtypes.Float64: floats[float64]{},
}

// numbers is what integers and floats have in common.
type numbers[T number] struct{}

// integers adds the bitwise operations.
type integers[T integer] struct{ numbers[T] }

// floats adds the transcendental ones.
type floats[T float] struct{ numbers[T] }

// each makes a loop of a function of one number.
func each[T, U any](f func(T) U) unaryLoop {
	return func(out, x []byte) {
		to, from := as[U](out), as[T](x)
		for i, v := range from[:len(to)] {
			to[i] = f(v)
		}
	}
}

// pairs makes a loop of a function of two numbers.
func pairs[T, U any](f func(a, b T) U) binaryLoop {
	return func(out, a, b []byte, strideA, strideB int) {
		to, left, right := as[U](out), as[T](a), as[T](b)
		for i := range to {
			to[i] = f(left[i*strideA], right[i*strideB])
		}
	}
}

func (numbers[T]) clamp(out, low, x, high []byte, strideLow, strideHigh int) {
	to, least, from, most := as[T](out), as[T](low), as[T](x), as[T](high)
	for i := range to {
		to[i] = min(max(from[i], least[i*strideLow]), most[i*strideHigh])
	}
}

// iota writes the elements [first, first+len) of a tensor whose values count
// 0 … count-1 along one axis with inner elements behind each.
func (numbers[T]) iota(out []byte, first, count, inner int) {
	to := as[T](out)
	value, left := first/inner%count, inner-first%inner // left elements of that value
	for i := range to {
		to[i] = T(value)
		if left--; left == 0 {
			left = inner
			if value++; value == count {
				value = 0
			}
		}
	}
}
