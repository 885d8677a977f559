package weights

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Float32 converts a tensor of F32, F16, BF16 or F64 to float32, row-major. F16 and BF16 are exact, subnormal numbers,
// infinities and NaN included; F64 is rounded to the nearest (ties to even), beyond the range to infinity. Other types
// are an error: whether an integer is a number or an index is not for this package to guess.
func (t Tensor) Float32() ([]float32, error) {
	width := t.DType.Size()
	if width == 0 || len(t.Data) != t.Len()*width {
		return nil, fmt.Errorf("tensor %q: %d bytes do not hold shape %v of %s", t.Name, len(t.Data), t.Shape, t.DType)
	}
	out := make([]float32, t.Len())
	switch t.DType {
	case F32:
		for i := range out {
			out[i] = math.Float32frombits(binary.LittleEndian.Uint32(t.Data[4*i:]))
		}
	case F16:
		for i := range out {
			out[i] = fromHalf(binary.LittleEndian.Uint16(t.Data[2*i:]))
		}
	case BF16:
		for i := range out {
			out[i] = math.Float32frombits(uint32(binary.LittleEndian.Uint16(t.Data[2*i:])) << 16)
		}
	case F64:
		for i := range out {
			out[i] = float32(math.Float64frombits(binary.LittleEndian.Uint64(t.Data[8*i:])))
		}
	default:
		return nil, fmt.Errorf("tensor %q holds %s, not floating-point numbers", t.Name, t.DType)
	}
	return out, nil
}

// fromHalf widens an IEEE 754 binary16 (1 sign, 5 exponent, 10 fraction bits; bias 15) to a binary32 (8, 23; bias 127).
//
// Exponent and fraction shifted left by 13 are a binary32 whose exponent is too small by 127-15 = 112, so multiplying
// by 2^112 gives the value. The multiplication also normalises the subnormal halves, exactly, for free. Only the all-ones
// exponent (infinity, NaN) has to be widened by hand.
func fromHalf(h uint16) float32 {
	const scale = 0x1p112
	sign := uint32(h&0x8000) << 16
	rest := uint32(h&0x7fff) << 13
	if h&0x7c00 == 0x7c00 {
		return math.Float32frombits(sign | 0xff<<23 | rest&0x7fffff)
	}
	return math.Float32frombits(sign | math.Float32bits(math.Float32frombits(rest)*scale))
}

// FromFloat32 makes a tensor of type F32 from values, row-major.
func FromFloat32(name string, shape []int, values []float32) Tensor {
	data := make([]byte, 4*len(values))
	for i, v := range values {
		binary.LittleEndian.PutUint32(data[4*i:], math.Float32bits(v))
	}
	return Tensor{Name: name, DType: F32, Shape: shape, Data: data}
}
