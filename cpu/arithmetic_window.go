package cpu

import "github.com/gomlx/compute"

// windowGeometry is a sliding window over a tensor of any rank. Positions that
// fall on padding or between dilated elements take no part.
type windowGeometry struct {
	windowAttr
	in, out []int // dimensions
	strides []int // of the input, in elements
}

// positions calls visit with the offset of every input element that the window
// at output position at covers, in row-major order.
func (g *windowGeometry) positions(at []int, visit func(offset int)) {
	var walk func(axis, offset int)
	walk = func(axis, offset int) {
		if axis == len(g.in) {
			visit(offset)
			return
		}
		for k := range g.size[axis] {
			i := at[axis]*g.stride[axis] + k*g.dilated[axis] - g.pad[axis][0]
			if i < 0 || i%g.inDilation[axis] != 0 || i/g.inDilation[axis] >= g.in[axis] {
				continue
			}
			walk(axis+1, offset+i/g.inDilation[axis]*g.strides[axis])
		}
	}
	walk(0, 0)
}

// window computes the output elements [lo, hi).
func (numbers[T]) window(out, x []byte, g *windowGeometry, lo, hi int) {
	to, from := as[T](out), as[T](x)
	at := make([]int, len(g.out))
	unravel(at, g.out, lo)
	for i := lo; i < hi; i++ {
		var acc T
		none := true
		g.positions(at, func(offset int) {
			v := from[offset]
			switch {
			case none:
				acc, none = v, false
			case g.op == compute.ReduceOpSum:
				acc += v
			case g.op == compute.ReduceOpProduct:
				acc *= v
			case g.op == compute.ReduceOpMax:
				acc = max(acc, v)
			default:
				acc = min(acc, v)
			}
		})
		if none {
			acc = neutral[T](g.op)
		}
		to[i] = acc
		advance(at, g.out)
	}
}

// scatter adds each element of source to the element of out where the window at
// its position has its largest (or smallest) input, the first of equals: the
// gradient of pooling. It handles the positions [lo, hi) along the first axis and
// expects zeros in out.
func (numbers[T]) scatter(out, x, source []byte, g *windowGeometry, lo, hi int) {
	to, from, given := as[T](out), as[T](x), as[T](source)
	per := strides(g.out)[0]
	at := make([]int, len(g.out))
	at[0] = lo
	for i := lo * per; i < hi*per; i++ {
		best := -1
		g.positions(at, func(offset int) {
			v := from[offset]
			if best < 0 || g.op == compute.ReduceOpMax && v > from[best] || g.op == compute.ReduceOpMin && v < from[best] {
				best = offset
			}
		})
		if best >= 0 {
			to[best] += given[i]
		}
		advance(at, g.out)
	}
}

// unravel writes the position of element number i of a tensor.
func unravel(at, dims []int, i int) {
	for axis := len(dims) - 1; axis >= 0; axis-- {
		at[axis] = i % dims[axis]
		i /= dims[axis]
	}
}

// advance moves to the next position in row-major order.
func advance(at, dims []int) {
	for axis := len(dims) - 1; axis >= 0; axis-- {
		if at[axis]++; at[axis] < dims[axis] {
			return
		}
		at[axis] = 0
	}
}
