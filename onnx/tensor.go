package onnx

import (
	"encoding/binary"
	"fmt"
	"math"
	"reflect"
	"slices"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/dtypes/bfloat16"
	"github.com/gomlx/compute/dtypes/float16"
)

// maxElements is the most elements that a value of the network may have: 2 GiB of float32.
const maxElements = 1 << 29

// tensor is a value that is known before the network runs. Half precision is widened to float32 where it is read.
type tensor struct {
	dtype dtypes.DType
	dims  []int
	flat  any // a slice of the dtype's Go type, row by row
}

// ONNX's numbers for element types (TensorProto.DataType).
const (
	typeFloat    = 1
	typeUint8    = 2
	typeInt8     = 3
	typeUint16   = 4
	typeInt16    = 5
	typeInt32    = 6
	typeInt64    = 7
	typeBool     = 9
	typeFloat16  = 10
	typeDouble   = 11
	typeUint32   = 12
	typeUint64   = 13
	typeBFloat16 = 16
)

// dtypeOf gives the type that a value of ONNX's type has here.
func dtypeOf(onnxType int64) (dtypes.DType, error) {
	switch onnxType {
	case typeFloat, typeFloat16, typeBFloat16:
		return dtypes.Float32, nil
	case typeDouble:
		return dtypes.Float64, nil
	case typeUint8:
		return dtypes.Uint8, nil
	case typeInt8:
		return dtypes.Int8, nil
	case typeUint16:
		return dtypes.Uint16, nil
	case typeInt16:
		return dtypes.Int16, nil
	case typeInt32:
		return dtypes.Int32, nil
	case typeInt64:
		return dtypes.Int64, nil
	case typeBool:
		return dtypes.Bool, nil
	case typeUint32:
		return dtypes.Uint32, nil
	case typeUint64:
		return dtypes.Uint64, nil
	}
	return dtypes.InvalidDType, fmt.Errorf("element type %d of ONNX (strings, complex and 8-bit floating-point numbers are not read)", onnxType)
}

// width is the number of bytes of an element in raw_data.
func width(onnxType int64) int {
	switch onnxType {
	case typeUint8, typeInt8, typeBool:
		return 1
	case typeUint16, typeInt16, typeFloat16, typeBFloat16:
		return 2
	case typeInt64, typeUint64, typeDouble:
		return 8
	}
	return 4
}

// countOf is the number of elements of dims, or an error if that is no sensible number.
func countOf(dims []int) (int, error) {
	n := 1
	for _, d := range dims {
		if d < 0 || d > math.MaxInt32 {
			return 0, fmt.Errorf("dimensions %v", dims)
		}
		if n *= d; n > maxElements {
			return 0, fmt.Errorf("dimensions %v: more than %d elements", dims, maxElements)
		}
	}
	return n, nil
}

func ints(dims ...int64) *tensor {
	return &tensor{dtypes.Int64, []int{len(dims)}, slices.Clone(dims)}
}

func (t *tensor) size() int { return reflect.ValueOf(t.flat).Len() }

// integers are the elements of a tensor of integers.
func (t *tensor) integers() ([]int, error) {
	switch flat := t.flat.(type) {
	case []int64:
		return toInts(flat), nil
	case []int32:
		return toInts(flat), nil
	case []int16:
		return toInts(flat), nil
	case []int8:
		return toInts(flat), nil
	case []uint16:
		return toInts(flat), nil
	case []uint8:
		return toInts(flat), nil
	}
	return nil, fmt.Errorf("numbers of type %s where integers are needed", t.dtype)
}

func toInts[T int64 | int32 | int16 | int8 | uint16 | uint8](from []T) []int {
	to := make([]int, len(from))
	for i, v := range from {
		to[i] = int(v)
	}
	return to
}

// floats are the elements of a tensor of floating-point numbers.
func (t *tensor) floats() ([]float32, error) {
	switch flat := t.flat.(type) {
	case []float32:
		return flat, nil
	case []float64:
		to := make([]float32, len(flat))
		for i, v := range flat {
			to[i] = float32(v)
		}
		return to, nil
	}
	return nil, fmt.Errorf("numbers of type %s where floating-point numbers are needed", t.dtype)
}

// permuted gives the elements with axis i of the result being axis axes[i] of t.
func (t *tensor) permuted(axes []int) any {
	if inOrder(axes) {
		return t.flat
	}
	switch flat := t.flat.(type) {
	case []float32:
		return permute(flat, t.dims, axes)
	case []float64:
		return permute(flat, t.dims, axes)
	case []int64:
		return permute(flat, t.dims, axes)
	case []int32:
		return permute(flat, t.dims, axes)
	case []bool:
		return permute(flat, t.dims, axes)
	}
	panic(fmt.Errorf("a constant of type %s in another order of axes", t.dtype))
}

func permute[T any](from []T, dims, axes []int) []T {
	strides := make([]int, len(dims)) // of from
	for i, s := len(dims)-1, 1; i >= 0; i-- {
		strides[i] = s
		s *= dims[i]
	}
	to := make([]T, 0, len(from))
	var walk func(level, offset int)
	walk = func(level, offset int) {
		axis := axes[level]
		for i := range dims[axis] {
			if at := offset + i*strides[axis]; level == len(axes)-1 {
				to = append(to, from[at])
			} else {
				walk(level+1, at)
			}
		}
	}
	if len(from) > 0 {
		walk(0, 0)
	}
	return to
}

func inOrder(axes []int) bool {
	for i, a := range axes {
		if a != i {
			return false
		}
	}
	return true
}

// fromRaw reads elements as raw_data has them: little-endian, one after the other.
func fromRaw(onnxType int64, raw []byte) any {
	le := binary.LittleEndian
	switch onnxType {
	case typeFloat:
		return decode(raw, 4, func(b []byte) float32 { return math.Float32frombits(le.Uint32(b)) })
	case typeFloat16:
		return decode(raw, 2, func(b []byte) float32 { return float16.FromBits(le.Uint16(b)).Float32() })
	case typeBFloat16:
		return decode(raw, 2, func(b []byte) float32 { return bfloat16.FromBits(le.Uint16(b)).Float32() })
	case typeDouble:
		return decode(raw, 8, func(b []byte) float64 { return math.Float64frombits(le.Uint64(b)) })
	case typeInt64:
		return decode(raw, 8, func(b []byte) int64 { return int64(le.Uint64(b)) })
	case typeUint64:
		return decode(raw, 8, le.Uint64)
	case typeInt32:
		return decode(raw, 4, func(b []byte) int32 { return int32(le.Uint32(b)) })
	case typeUint32:
		return decode(raw, 4, le.Uint32)
	case typeInt16:
		return decode(raw, 2, func(b []byte) int16 { return int16(le.Uint16(b)) })
	case typeUint16:
		return decode(raw, 2, le.Uint16)
	case typeInt8:
		return decode(raw, 1, func(b []byte) int8 { return int8(b[0]) })
	case typeUint8:
		return decode(raw, 1, func(b []byte) uint8 { return b[0] })
	}
	return decode(raw, 1, func(b []byte) bool { return b[0] != 0 })
}

func decode[T any](raw []byte, width int, one func([]byte) T) []T {
	out := make([]T, len(raw)/width)
	for i := range out {
		out[i] = one(raw[i*width:])
	}
	return out
}

// fromIntegers converts what int32_data, int64_data or uint64_data hold to the elements of a type; half-precision numbers
// stand there as their bits.
func fromIntegers(onnxType int64, from []int64) any {
	switch onnxType {
	case typeFloat16:
		return convert(from, func(v int64) float32 { return float16.FromBits(uint16(v)).Float32() })
	case typeBFloat16:
		return convert(from, func(v int64) float32 { return bfloat16.FromBits(uint16(v)).Float32() })
	case typeInt64:
		return from
	case typeUint64:
		return convert(from, func(v int64) uint64 { return uint64(v) })
	case typeInt32:
		return convert(from, func(v int64) int32 { return int32(v) })
	case typeUint32:
		return convert(from, func(v int64) uint32 { return uint32(v) })
	case typeInt16:
		return convert(from, func(v int64) int16 { return int16(v) })
	case typeUint16:
		return convert(from, func(v int64) uint16 { return uint16(v) })
	case typeInt8:
		return convert(from, func(v int64) int8 { return int8(v) })
	case typeUint8:
		return convert(from, func(v int64) uint8 { return uint8(v) })
	}
	return convert(from, func(v int64) bool { return v != 0 })
}

func convert[T any](from []int64, one func(int64) T) []T {
	out := make([]T, len(from))
	for i, v := range from {
		out[i] = one(v)
	}
	return out
}
