package onnx

import (
	"fmt"
	"slices"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
)

// padAxis puts a number before and behind an axis. (By blocks of it and not by graph.Pad, which ONNX Runtime has none of.)
func padAxis(x *graph.Node, axis, before, behind int, fill *graph.Node) *graph.Node {
	block := func(n int) []*graph.Node {
		if n == 0 {
			return nil
		}
		dims := slices.Clone(x.Shape().Dimensions)
		dims[axis] = n
		if _, err := countOf(dims); err != nil {
			panic(err)
		}
		return []*graph.Node{graph.BroadcastToDims(fill, dims...)}
	}
	parts := slices.Concat(block(before), []*graph.Node{x}, block(behind))
	if len(parts) == 1 {
		return x
	}
	return graph.Concatenate(parts, axis)
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
	for p, axis := range order {
		before, behind := pads[axis], pads[rank+axis]
		if before < -maxWindow || before > maxWindow || behind < -maxWindow || behind > maxWindow || dims[axis]+before+behind < 0 {
			panic(fmt.Errorf("pads %v for dimensions %v", pads, dims))
		}
		if mode == "constant" {
			if low, high := max(0, -before), max(0, -behind); low+high > 0 {
				x = part(x, p, min(low, dims[axis]), max(min(low, dims[axis]), dims[axis]-high), 1)
			}
			x = padAxis(x, p, max(0, before), max(0, behind), fill)
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
