package onnx

import (
	"fmt"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
)

const reduceSum = compute.ReduceOpSum

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
func (f *File) batch() int { return max(0, f.Input.Dims[0]) }

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

// padAxis adds zeros before and behind an axis.
func padAxis(x *graph.Node, axis, before, behind int) *graph.Node {
	config := make([]compute.PadAxis, x.Rank())
	config[axis] = compute.PadAxis{Start: before, End: behind}
	return graph.Pad(x, graph.ScalarZero(x.Graph(), x.DType()), config...)
}

// pad takes pads and value from attributes until opset 10, from inputs since.
func pad(c *call) []*value {
	v := c.in[0]
	dims := v.dims()
	rank := len(dims)
	pads := c.ints("pads", -maxWindow, maxWindow)
	if pads == nil {
		pads = c.integers(1)
	}
	if c.has(3) { // axes, since opset 18
		all := make([]int, 2*rank)
		axes := axesOf(c.integers(3), rank)
		for i, axis := range axes {
			all[axis], all[rank+axis] = pads[i], pads[len(axes)+i]
		}
		pads = all
	}
	if len(pads) != 2*rank {
		panic(fmt.Errorf("%d pads for %d axes", len(pads), rank))
	}
	order := plain(rank)
	if v.known == nil {
		order = v.axes
	}
	x := c.b.in(v, order)
	mode := c.text("mode", "constant")
	fill := graph.ScalarZero(x.Graph(), x.DType())
	if c.has(2) {
		fill = graph.Reshape(c.x(2))
	} else if value := c.float("value", 0); value != 0 {
		fill = scalar(x, value)
	}
	config := make([]compute.PadAxis, rank)
	for p, axis := range order {
		before, behind := pads[axis], pads[rank+axis]
		if before < -maxWindow || before > maxWindow || behind < -maxWindow || behind > maxWindow || dims[axis]+before+behind < 0 {
			panic(fmt.Errorf("pads %v for dimensions %v", pads, dims))
		}
		if mode == "constant" {
			if low, high := max(0, -before), max(0, -behind); low+high > 0 {
				x = part(x, p, min(low, dims[axis]), max(min(low, dims[axis]), dims[axis]-high), 1)
			}
			config[p] = compute.PadAxis{Start: max(0, before), End: max(0, behind)}
			continue
		}
		if before == 0 && behind == 0 {
			continue
		}
		from := make([]int, 0, dims[axis]+before+behind)
		for i := -before; i < dims[axis]+behind; i++ {
			from = append(from, source(mode, i, dims[axis]))
		}
		x = take(x, p, from)
	}
	if mode == "constant" {
		x = graph.Pad(x, fill, config...)
	}
	return one(&value{node: x, axes: order})
}

// source is the element that stands at place i outside of an axis of length n.
func source(mode string, i, n int) int {
	switch {
	case n < 1:
		panic(fmt.Errorf("padding of an axis without elements"))
	case mode == "edge" || n == 1:
		return min(max(i, 0), n-1)
	case mode == "wrap":
		return ((i % n) + n) % n
	case mode != "reflect":
		panic(fmt.Errorf("attribute mode is %q, which is not known", mode))
	}
	period := 2 * (n - 1)
	i = ((i % period) + period) % period
	return min(i, period-i)
}

// take makes an axis of the elements at known places of it.
func take(x *graph.Node, axis int, from []int) *graph.Node {
	indices := make([]int64, len(from))
	for i, v := range from {
		indices[i] = int64(v)
	}
	at := graph.ConstTensor(x.Graph(), tensorOf(indices, dtypes.Int64, []int{len(from), 1}))
	return gathered(x, axis, at)
}

// gathered takes elements along an axis by indices [n, 1], which stand in place of the axis afterwards.
func gathered(x *graph.Node, axis int, indices *graph.Node) *graph.Node {
	if axis == 0 {
		return graph.Gather(x, indices)
	}
	forth, back := []int{axis}, []int{}
	for i := range x.Rank() {
		if i != axis {
			forth = append(forth, i)
		}
		switch {
		case i < axis:
			back = append(back, i+1)
		case i == axis:
			back = append(back, 0)
		default:
			back = append(back, i)
		}
	}
	return graph.TransposeAllAxes(graph.Gather(graph.TransposeAllAxes(x, forth...), indices), back...)
}

// gather takes slices along an axis. One known index is a part of the axis, and no elements are moved.
func gather(c *call) []*value {
	v, at := c.in[0], c.in[1]
	dims := v.dims()
	axis := axisOf(c.int("axis", 0), len(dims))
	order := plain(len(dims))
	if v.known == nil {
		order = v.axes
	}
	x, p := c.b.in(v, order), slices.Index(order, axis)
	result := slices.Concat(dims[:axis], at.dims(), dims[axis+1:])
	if at.known != nil {
		list, err := at.known.integers()
		if err != nil {
			panic(err)
		}
		list = slices.Clone(list)
		for i, index := range list {
			if index < -dims[axis] || index >= dims[axis] {
				panic(fmt.Errorf("index %d of an axis of %d", index, dims[axis]))
			}
			if index < 0 {
				list[i] += dims[axis]
			}
		}
		if len(list) == 1 {
			x = part(x, p, list[0], list[0]+1, 1)
		} else {
			x = take(x, p, list)
		}
	} else {
		index := c.x(1)
		index = graph.Where(graph.IsNegative(index), graph.AddScalar(index, float64(dims[axis])), index)
		x = gathered(x, p, graph.Reshape(index, index.Shape().Size(), 1))
	}
	return one(c.b.reshape(&value{node: x, axes: order}, result))
}

// scatterND writes slices to places known or not; where places repeat it is an error of the file.
func scatterND(c *call) []*value {
	if r := c.text("reduction", "none"); r != "none" {
		panic(fmt.Errorf("attribute reduction is %q, which is not known", r))
	}
	x, at, updates := c.x(0), c.x(1), c.x(2)
	k := at.Shape().Dim(-1)
	index := make([]*graph.Node, k)
	for i := range index {
		one := part(at, at.Rank()-1, i, i+1, 1)
		index[i] = graph.Where(graph.IsNegative(one), graph.AddScalar(one, float64(x.Shape().Dim(i))), one)
	}
	at = graph.Concatenate(index, -1)
	// What is overwritten is marked by a scattered count: sums are what every engine can scatter.
	flag := graph.Scatter(at, graph.OnesLike(updates), x.Shape(), false, true)
	written := graph.Scatter(at, updates, x.Shape(), false, true)
	return one(plainValue(graph.Where(graph.NotEqual(flag, graph.ScalarZero(flag.Graph(), flag.DType())), written, x)))
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
