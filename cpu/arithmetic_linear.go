package cpu

import (
	"math"
	"unsafe"

	"github.com/gomlx/compute"
)

// neutral is what a reduction of nothing gives.
func neutral[T number](op compute.ReduceOpType) T {
	switch op {
	case compute.ReduceOpProduct:
		return 1
	case compute.ReduceOpMax:
		return extreme[T](-1)
	case compute.ReduceOpMin:
		return extreme[T](1)
	}
	return 0
}

// extreme is the lowest (sign -1) or highest (sign 1) value of T.
func extreme[T number](sign int) T {
	var zero T
	minusOne := zero - 1
	half := 0.5
	switch bits := uint(unsafe.Sizeof(zero)) * 8; {
	case T(half) != 0: // a float
		return T(math.Inf(sign))
	case minusOne > 0: // unsigned
		if sign < 0 {
			return 0
		}
		return minusOne
	default:
		lowest := int64(math.MinInt64) >> (64 - bits)
		if sign < 0 {
			return T(lowest)
		}
		return T(-(lowest + 1))
	}
}

// convGeometry is a convolution over any number of spatial axes.
type convGeometry struct {
	convAttr
	in, filter, out []int // dimensions: [n, spatial…, c], [spatial…, c/groups, c'], [n', spatial…, c']
}

// conv computes the output pixels [lo, hi): the plain definition.
//
// Batch groups cut the pictures of the input into groups; a group of output
// channels sees only the pictures of its own.
func (numbers[T]) conv(out, x, filter []byte, g *convGeometry, lo, hi int) {
	to, from, weights := as[T](out), as[T](x), as[T](filter)
	spatial := len(g.stride)
	filterChannels, outChannels := g.filter[spatial], g.out[spatial+1]
	inStrides := strides(g.in)
	window := g.filter[:spatial]
	taps := 1
	for _, size := range window {
		taps *= size
	}
	at, tap := make([]int, spatial+1), make([]int, spatial)
	unravel(at, g.out[:spatial+1], lo)
	for pixel := lo; pixel < hi; pixel++ {
		row := to[pixel*outChannels : (pixel+1)*outChannels]
		clear(row)
		clear(tap)
		for t := range taps {
			if offset, inside := g.source(at[1:], tap, inStrides[1:]); inside {
				perGroup := outChannels / g.groups
				perBatch := outChannels / g.batchGroups
				for o := range row {
					picture := o/perBatch*g.out[0] + at[0]
					first := picture*inStrides[0] + offset + o/perGroup*filterChannels
					w := t*filterChannels*outChannels + o
					for _, v := range from[first : first+filterChannels] {
						row[o] += v * weights[w]
						w += outChannels
					}
				}
			}
			advance(tap, window)
		}
		advance(at, g.out[:spatial+1])
	}
}

// source finds the input pixel that a tap of the filter sees from an output pixel.
func (g *convGeometry) source(at, tap, strides []int) (offset int, inside bool) {
	for axis := range at {
		i := at[axis]*g.stride[axis] + tap[axis]*g.dilation[axis] - g.pad[axis][0]
		if i < 0 || i%g.inDilation[axis] != 0 || i/g.inDilation[axis] >= g.in[axis+1] {
			return 0, false
		}
		offset += i / g.inDilation[axis] * strides[axis]
	}
	return offset, true
}

// strides gives the distance of neighbours along each axis, in elements.
func strides(dims []int) []int {
	result := make([]int, len(dims))
	step := 1
	for axis := len(dims) - 1; axis >= 0; axis-- {
		result[axis] = step
		step *= dims[axis]
	}
	return result
}

// matMul computes out = a·b for a [m, k] and b [k, n], or [n, k] if transposed.
func (numbers[T]) matMul(out, a, b []byte, m, k, n int, transposed bool) {
	to, left, right := as[T](out), as[T](a), as[T](b)
	for i := range m {
		row := to[i*n : (i+1)*n]
		if transposed {
			for j := range row {
				var sum T
				for p, v := range left[i*k : (i+1)*k] {
					sum += v * right[j*k+p]
				}
				row[j] = sum
			}
			continue
		}
		clear(row)
		for p, v := range left[i*k : (i+1)*k] {
			for j, w := range right[p*n : (p+1)*n] {
				row[j] += v * w
			}
		}
	}
}
