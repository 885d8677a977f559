package cpu

import (
	"math"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/dtypes/bfloat16"
	"github.com/gomlx/compute/dtypes/float16"
)

// convert of numbers: integers wrap around, as Go's conversions do.
func (numbers[T]) convert(to dtypes.DType) unaryLoop {
	switch to {
	case dtypes.Bool:
		return each(func(x T) bool { return x != 0 })
	case dtypes.Int8:
		return each(func(x T) int8 { return int8(x) })
	case dtypes.Int16:
		return each(func(x T) int16 { return int16(x) })
	case dtypes.Int32:
		return each(func(x T) int32 { return int32(x) })
	case dtypes.Int64:
		return each(func(x T) int64 { return int64(x) })
	case dtypes.Uint8:
		return each(func(x T) uint8 { return uint8(x) })
	case dtypes.Uint16:
		return each(func(x T) uint16 { return uint16(x) })
	case dtypes.Uint32:
		return each(func(x T) uint32 { return uint32(x) })
	case dtypes.Uint64:
		return each(func(x T) uint64 { return uint64(x) })
	case dtypes.Float32:
		return toFloat32[T]
	case dtypes.Float64:
		return each(func(x T) float64 { return float64(x) })
	case dtypes.Float16:
		return each(func(x T) float16.Float16 { return narrow(float32(x)) })
	case dtypes.BFloat16:
		return each(func(x T) bfloat16.BFloat16 { return bfloat16.FromFloat32(float32(x)) })
	}
	return nil
}

// toFloat32 is each of a conversion without a call for each number: what pictures of bytes go through.
func toFloat32[T number](out, x []byte) {
	to, from := as[float32](out), as[T](x)
	for i, v := range from[:len(to)] {
		to[i] = float32(v)
	}
}

// convert of floats saturates at the ends of an integer's range and makes NaN
// zero: Go leaves both to the processor, and results must be the same on all.
func (n floats[T]) convert(to dtypes.DType) unaryLoop {
	switch to {
	case dtypes.Int8:
		return each(func(x T) int8 { return int8(saturated(x, math.MinInt8, math.MaxInt8)) })
	case dtypes.Int16:
		return each(func(x T) int16 { return int16(saturated(x, math.MinInt16, math.MaxInt16)) })
	case dtypes.Int32:
		return each(func(x T) int32 { return int32(saturated(x, math.MinInt32, math.MaxInt32)) })
	case dtypes.Int64:
		return each(func(x T) int64 { return saturated(x, math.MinInt64, math.MaxInt64) })
	case dtypes.Uint8:
		return each(func(x T) uint8 { return uint8(saturated(x, 0, math.MaxUint8)) })
	case dtypes.Uint16:
		return each(func(x T) uint16 { return uint16(saturated(x, 0, math.MaxUint16)) })
	case dtypes.Uint32:
		return each(func(x T) uint32 { return uint32(saturated(x, 0, math.MaxUint32)) })
	case dtypes.Uint64:
		return each(func(x T) uint64 {
			switch v := float64(x); {
			case !(v > 0):
				return 0
			case v >= 1<<64:
				return math.MaxUint64
			case v >= 1<<63:
				return uint64(v-1<<63) + 1<<63
			default:
				return uint64(v)
			}
		})
	}
	return n.numbers.convert(to)
}

func saturated[T float](x T, low, high int64) int64 {
	switch v := float64(x); {
	case v != v:
		return 0
	case v <= float64(low):
		return low
	case v >= float64(high):
		return high
	default:
		return int64(v)
	}
}

// widen converts half precision to float32.
func widen(from dtypes.DType) unaryLoop {
	switch from {
	case dtypes.Float16:
		return each(func(x float16.Float16) float32 { return x.Float32() })
	case dtypes.BFloat16:
		return each(func(x bfloat16.BFloat16) float32 { return x.Float32() })
	}
	return nil
}

// narrow rounds to the nearest float16, to the even one of two. (The conversion of
// package float16 loses numbers below 2^-14.)
func narrow(x float32) float16.Float16 {
	bits := math.Float32bits(x)
	sign, magnitude := bits>>16&0x8000, bits&0x7fffffff
	switch {
	case magnitude > 0x7f800000: // NaN
		return float16.Float16(sign | 0x7e00)
	case magnitude >= 0x477ff000: // half a step beyond the largest number, or more
		return float16.Float16(sign | 0x7c00)
	case magnitude < 0x38800000: // below 2^-14: count in units of 2^-24
		units := math.RoundToEven(float64(math.Float32frombits(magnitude)) * (1 << 24))
		return float16.Float16(sign | uint32(units))
	}
	// Adding just under half a unit of the last place, or half of it if the digit
	// before is odd, carries exactly where rounding goes up.
	magnitude += 0xfff + magnitude>>13&1
	return float16.Float16(sign | (magnitude-(127-15)<<23)>>13)
}
