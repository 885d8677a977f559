package onnx

import (
	"fmt"
	"slices"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
)

// reshape is Reshape. A shape that the file has written out for its own batch is read as one for ours.
func reshape(c *call) []*value {
	var to []int
	if c.has(1) {
		to = slices.Clone(c.integers(1))
	} else {
		to = slices.Clone(c.ints("shape", -1, maxElements)) // until opset 4
	}
	from := c.in[0].dims()
	open, rest := -1, 1
	for i, d := range to {
		switch {
		case d == 0 && c.int("allowzero", 0) == 0:
			if i >= len(from) {
				panic(fmt.Errorf("%v cannot be reshaped to %v", from, to))
			}
			to[i] = from[i]
		case d == -1 && open < 0:
			open = i
			continue
		case d < 0 || d > maxElements:
			panic(fmt.Errorf("%v cannot be reshaped to %v", from, to))
		}
		if rest *= to[i]; rest > maxElements {
			panic(fmt.Errorf("%v cannot be reshaped to %v", from, to))
		}
	}
	size := product(from)
	if its := c.b.file.batch(); its > 0 && its != c.b.batch && c.isKnown(1) && c.in[1].name != "" && c.in[0].known == nil &&
		len(to) > 0 && to[0] == its && rest > 0 {
		if ours := rest / its * c.b.batch; open < 0 && ours == size || open > 0 && ours > 0 && size%ours == 0 {
			to[0], rest = c.b.batch, ours
		}
	}
	if open >= 0 {
		if rest == 0 || size%rest != 0 {
			panic(fmt.Errorf("%v cannot be reshaped to %v", from, to))
		}
		to[open] = size / rest
	}
	return one(c.b.reshape(c.in[0], to))
}

// batch is the number of pictures that the file is written for, 0 if that is left open.
func (f *File) batch() int {
	if len(f.Input.Dims) == 0 {
		return 0
	}
	return max(0, f.Input.Dims[0])
}

func flatten(c *call) []*value {
	dims := c.in[0].dims()
	axis := c.int("axis", 1)
	if axis != len(dims) {
		axis = axisOf(axis, len(dims))
	}
	return one(c.b.reshape(c.in[0], []int{product(dims[:axis]), product(dims[axis:])}))
}

func transpose(c *call) []*value {
	v := c.in[0]
	perm := c.ints("perm", 0, maxRank)
	if perm == nil {
		perm = plain(v.rank())
		slices.Reverse(perm)
	}
	if len(perm) != v.rank() {
		panic(fmt.Errorf("perm is %v for dimensions %v", perm, v.dims()))
	}
	return one(c.b.transpose(v, axesOf(perm, v.rank())))
}

func squeeze(c *call) []*value {
	v := c.in[0]
	dims := v.dims()
	axes, given := c.axes(1, len(dims))
	var left []int
	for i, d := range dims {
		gone := given && slices.Contains(axes, i) || !given && d == 1
		if gone && d != 1 {
			panic(fmt.Errorf("axis %d of %v is longer than 1", i, dims))
		}
		if !gone {
			left = append(left, d)
		}
	}
	return one(c.b.reshape(v, left))
}

func unsqueeze(c *call) []*value {
	v := c.in[0]
	list := c.ints("axes", -maxRank, maxRank)
	if list == nil && c.has(1) {
		list = c.integers(1)
	}
	return one(c.b.insertAxes(v, axesOf(list, v.rank()+len(list))))
}

func expand(c *call) []*value {
	return one(c.b.broadcast(c.in[0], broadcastList(c.in[0].dims(), c.integers(1))))
}

func tile(c *call) []*value {
	v := c.in[0]
	dims, times := v.dims(), c.integers(1)
	if len(times) != len(dims) {
		panic(fmt.Errorf("%d repeats for %d axes", len(times), len(dims)))
	}
	var in, out, at []int // [n, …] to [1, n, …] to [times, n, …] to [times·n, …]
	for i, d := range dims {
		in, out, at = append(in, times[i], d), append(out, times[i]*d), append(at, 2*i)
	}
	for _, list := range [][]int{times, out} {
		if _, err := countOf(list); err != nil {
			panic(err)
		}
	}
	return one(c.b.reshape(c.b.broadcast(c.b.insertAxes(v, at), in), out))
}

func concat(c *call) []*value {
	axis := axisOf(c.int("axis", 0), c.in[0].rank())
	axes := plain(c.in[0].rank())
	for _, v := range c.in {
		if v.rank() != len(axes) {
			panic(fmt.Errorf("inputs of %d and %d axes", len(axes), v.rank()))
		}
	}
	for _, v := range c.in {
		if v.known == nil {
			axes = v.axes
			break
		}
	}
	var nodes []*graph.Node
	for _, v := range c.in {
		if v.size() > 0 || len(c.in) == 1 {
			nodes = append(nodes, c.b.in(v, axes))
		}
	}
	if len(nodes) == 0 {
		nodes = []*graph.Node{c.b.in(c.in[0], axes)}
	}
	if len(nodes) == 1 {
		return one(&value{node: nodes[0], axes: axes})
	}
	return one(&value{node: graph.Concatenate(nodes, slices.Index(axes, axis)), axes: axes})
}

// part takes elements from start to before end, every step-th, along an axis.
func part(x *graph.Node, axis, start, end, step int) *graph.Node {
	specs := make([]graph.SliceAxisSpec, axis+1)
	for i := range specs {
		specs[i] = graph.AxisRange()
	}
	specs[axis] = graph.AxisRange(start, end).Stride(step)
	return graph.Slice(x, specs...)
}

func split(c *call) []*value {
	v := c.in[0]
	dims := v.dims()
	axis := axisOf(c.int("axis", 0), len(dims))
	sizes := c.ints("split", 0, maxElements)
	if sizes == nil && c.has(1) {
		sizes = c.integers(1)
	}
	if sizes == nil {
		n := c.int("num_outputs", len(c.n.out))
		if n < 1 || n > maxEdges {
			panic(fmt.Errorf("%d parts", n))
		}
		each := (dims[axis] + n - 1) / n
		for left := dims[axis]; len(sizes) < n; left -= each {
			sizes = append(sizes, max(0, min(each, left)))
		}
	}
	axes := plain(len(dims))
	if v.known == nil {
		axes = v.axes
	}
	x, start := c.b.in(v, axes), 0
	var out []*value
	for _, size := range sizes {
		if size < 0 || start+size > dims[axis] {
			panic(fmt.Errorf("parts %v of an axis of %d", sizes, dims[axis]))
		}
		out = append(out, &value{node: part(x, slices.Index(axes, axis), start, start+size, 1), axes: axes})
		start += size
	}
	if start != dims[axis] || len(out) < len(c.n.out) {
		panic(fmt.Errorf("parts %v of an axis of %d for %d outputs", sizes, dims[axis], len(c.n.out)))
	}
	return out
}

// slice takes bounds from attributes until opset 9, from inputs since.
func slice(c *call) []*value {
	v := c.in[0]
	dims := v.dims()
	list := func(name string, i int) []int {
		if a := c.ints(name, -1<<63, 1<<63-1); a != nil {
			return a
		}
		if c.has(i) {
			return c.integers(i)
		}
		return nil
	}
	starts, ends, axes, steps := list("starts", 1), list("ends", 2), list("axes", 3), list("steps", 4)
	if axes == nil {
		axes = plain(len(starts))
	}
	if steps == nil {
		steps = ones(len(starts))
	}
	if len(ends) != len(starts) || len(axes) != len(starts) || len(steps) != len(starts) {
		panic(fmt.Errorf("starts %v, ends %v, axes %v, steps %v", starts, ends, axes, steps))
	}
	order := plain(len(dims))
	if v.known == nil {
		order = v.axes
	}
	x := c.b.in(v, order)
	for i, axis := range axesOf(axes, len(dims)) {
		d, p, step := dims[axis], slices.Index(order, axis), steps[i]
		if step == 0 || step < -maxElements {
			panic(fmt.Errorf("a step of %d", step))
		}
		clamp := func(at, low, high int) int {
			if at < 0 {
				at += d
			}
			return min(max(at, low), high)
		}
		if step > 0 {
			start, end := clamp(starts[i], 0, d), clamp(ends[i], 0, d)
			x = part(x, p, start, max(start, end), min(step, max(1, d)))
			continue
		}
		// Backwards: from d-1-start on in the mirrored axis.
		start, end := clamp(starts[i], -1, d-1), clamp(ends[i], -1, d-1)
		if ends[i] < -d {
			end = -1
		}
		x = part(graph.Reverse(x, p), p, d-1-start, max(d-1-start, d-1-end), min(-step, max(1, d)))
	}
	return one(&value{node: x, axes: order})
}

func depthToSpace(c *call) []*value {
	v := c.in[0]
	d, k := v.dims(), c.int("blocksize", 0)
	if len(d) != 4 || k < 1 || k > maxWindow || d[1]%(k*k) != 0 {
		panic(fmt.Errorf("blocks of %d for dimensions %v", k, d))
	}
	n, channels, h, w := d[0], d[1]/(k*k), d[2], d[3]
	if mode := c.text("mode", "DCR"); mode == "CRD" {
		v = c.b.transpose(c.b.reshape(v, []int{n, channels, k, k, h, w}), []int{0, 1, 4, 2, 5, 3})
	} else {
		v = c.b.transpose(c.b.reshape(v, []int{n, k, k, channels, h, w}), []int{0, 3, 4, 1, 5, 2})
	}
	return one(c.b.reshape(v, []int{n, channels, h * k, w * k}))
}

func spaceToDepth(c *call) []*value {
	v := c.in[0]
	d, k := v.dims(), c.int("blocksize", 0)
	if len(d) != 4 || k < 1 || d[2]%k != 0 || d[3]%k != 0 {
		panic(fmt.Errorf("blocks of %d for dimensions %v", k, d))
	}
	v = c.b.transpose(c.b.reshape(v, []int{d[0], d[1], d[2] / k, k, d[3] / k, k}), []int{0, 3, 5, 1, 2, 4})
	return one(c.b.reshape(v, []int{d[0], d[1] * k * k, d[2] / k, d[3] / k}))
}

// trilu keeps one triangle of the last two axes.
func trilu(c *call) []*value {
	x := c.x(0)
	k := 0
	if c.has(1) {
		k = c.integers(1)[0]
	}
	dims := x.Shape().Dimensions
	rows := graph.Iota(x.Graph(), shapes.Make(dtypes.Int64, dims...), len(dims)-2)
	columns := graph.Iota(x.Graph(), shapes.Make(dtypes.Int64, dims...), len(dims)-1)
	border := graph.AddScalar(rows, float64(k))
	kept := graph.LessOrEqual(columns, border)
	if c.int("upper", 1) != 0 {
		kept = graph.GreaterOrEqual(columns, border)
	}
	return one(plainValue(graph.Where(kept, x, graph.ZerosLike(x))))
}
