package onnx

import (
	"fmt"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
)

// reduce applies f over axes, which stay with length 1 or go.
func (b *builder) reduce(v *value, axes []int, keep bool, f func(x *graph.Node, axes ...int) *graph.Node) *value {
	if v.known != nil {
		v = plainValue(b.in(v, plain(v.rank())))
	}
	if len(axes) == 0 {
		return v
	}
	physical := make([]int, len(axes))
	for i, axis := range axes {
		physical[i] = v.physical(axis)
	}
	slices.Sort(physical)
	y := f(v.node, physical...)
	if keep {
		dims := slices.Clone(v.node.Shape().Dimensions)
		for _, p := range physical {
			dims[p] = 1
		}
		return &value{node: graph.Reshape(y, dims...), axes: v.axes}
	}
	return &value{node: y, axes: without(v.axes, axes)}
}

// without leaves axes away from an order and counts the others anew.
func without(order, axes []int) []int {
	left := []int{}
	for _, axis := range order {
		if slices.Contains(axes, axis) {
			continue
		}
		less := 0
		for _, gone := range axes {
			less += b2i(gone < axis)
		}
		left = append(left, axis-less)
	}
	return left
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// axes are those that the attribute or, in later versions, input i names; given is false where neither does.
func (c *call) axes(i int, rank int) (axes []int, given bool) {
	if list := c.ints("axes", -maxRank, maxRank); list != nil {
		return axesOf(list, rank), true
	}
	if c.has(i) {
		return axesOf(c.integers(i), rank), true
	}
	return nil, false
}

// reduction reduces over the axes that are named, without any over all.
func reduction(f func(x *graph.Node, axes ...int) *graph.Node) operator {
	return operator{1, 1, "axes keepdims noop_with_empty_axes", func(c *call) []*value {
		v := c.in[0]
		axes, _ := c.axes(1, v.rank())
		if len(axes) == 0 {
			if c.int("noop_with_empty_axes", 0) != 0 {
				return c.each(func(x *graph.Node) *graph.Node { return x })
			}
			axes = plain(v.rank())
		}
		return one(c.b.reduce(v, axes, c.int("keepdims", 1) != 0, f))
	}}
}

func sumOfSquares(x *graph.Node, axes ...int) *graph.Node {
	return graph.ReduceSum(graph.Mul(x, x), axes...)
}

// logSumExp subtracts the largest first so that nothing overflows.
func logSumExp(x *graph.Node, axes ...int) *graph.Node {
	most := graph.ReduceAndKeep(x, graph.ReduceMax, axes...)
	sum := graph.ReduceSum(graph.Exp(graph.Sub(x, most)), axes...)
	return graph.Add(graph.Log(sum), graph.ReduceMax(x, axes...))
}

func argExtreme(f func(x *graph.Node, axis int, dtype ...dtypes.DType) *graph.Node) operator {
	return operator{1, 1, "axis keepdims select_last_index", func(c *call) []*value {
		if c.int("select_last_index", 0) != 0 {
			panic(fmt.Errorf("attribute select_last_index is not known"))
		}
		v := c.in[0]
		axis := axisOf(c.int("axis", 0), v.rank())
		return one(c.b.reduce(v, []int{axis}, c.int("keepdims", 1) != 0, func(x *graph.Node, axes ...int) *graph.Node {
			return f(x, axes[0], dtypes.Int64)
		}))
	}}
}

// softmaxWith takes a softmax over one axis, until opset 12 over that axis and all behind it.
func softmaxWith(f func(x *graph.Node, axes ...int) *graph.Node) func(c *call) []*value {
	return func(c *call) []*value {
		v := c.in[0]
		if v.known != nil {
			v = plainValue(c.x(0))
		}
		var axes []int
		if c.b.file.Opset >= 13 {
			axes = []int{axisOf(c.int("axis", -1), v.rank())}
		} else {
			axes = plain(v.rank())[axisOf(c.int("axis", 1), v.rank()):]
		}
		for i, axis := range axes {
			axes[i] = v.physical(axis)
		}
		return one(&value{node: f(v.node, axes...), axes: v.axes})
	}
}

// normalized is (x - mean) / sqrt(variance + epsilon) over axes.
func (b *builder) normalized(v *value, axes []int, epsilon float64) *value {
	if v.known != nil {
		v = plainValue(b.in(v, plain(v.rank())))
	}
	centred := graph.Sub(v.node, b.reduce(v, axes, true, graph.ReduceMean).node)
	variance := b.reduce(&value{node: graph.Mul(centred, centred), axes: v.axes}, axes, true, graph.ReduceMean)
	return &value{node: graph.Div(centred, graph.Sqrt(graph.AddScalar(variance.node, epsilon))), axes: v.axes}
}

// scaled multiplies by a weight and adds a bias, which may be nil.
func (b *builder) scaled(v, weight, bias *value) *value {
	nodes, axes := b.aligned(v, weight)
	v = &value{node: graph.Mul(nodes[0], nodes[1]), axes: axes}
	if bias != nil {
		nodes, axes = b.aligned(v, bias)
		v = &value{node: graph.Add(nodes[0], nodes[1]), axes: axes}
	}
	return v
}

func layerNormalization(c *call) []*value {
	v := c.in[0]
	axis := axisOf(c.int("axis", -1), v.rank())
	v = c.b.normalized(v, plain(v.rank())[axis:], c.float("epsilon", 1e-5))
	var bias *value
	if c.has(2) {
		bias = c.in[2]
	}
	return one(c.b.scaled(v, c.in[1], bias))
}

func instanceNormalization(c *call) []*value {
	v := c.in[0]
	rank := v.rank()
	v = c.b.normalized(v, plain(rank)[2:], c.float("epsilon", 1e-5))
	return one(c.b.scaled(v, c.b.perChannel(c.in[1], rank), c.b.perChannel(c.in[2], rank)))
}

// perChannel puts a vector along the channels' axis.
func (b *builder) perChannel(v *value, rank int) *value {
	return b.insertAxes(v, slices.Delete(plain(rank), 1, 2))
}

// localResponseNormalization is x / (bias + alpha/size · sum of squares over neighbouring channels)^beta.
func localResponseNormalization(c *call) []*value {
	v := c.in[0]
	if v.known != nil {
		v = plainValue(c.x(0))
	}
	size := c.int("size", 0)
	if size < 1 || size > maxWindow {
		panic(fmt.Errorf("attribute size is %d", size))
	}
	axes := channelsLast(v.rank())
	x := c.b.in(v, axes)
	last := x.Rank() - 1
	before := (size - 1) / 2
	squares := padAxis(graph.Mul(x, x), last, before, size-1-before, scalar(x, 0))
	window := append(ones(last), size)
	sum := graph.BackendReduceWindow(squares, compute.ReduceOpSum, window, ones(last+1), nil, nil, nil)
	base := graph.AddScalar(graph.MulScalar(sum, c.float("alpha", 0.0001)/float64(size)), c.float("bias", 1))
	return one(&value{node: graph.Div(x, graph.PowScalar(base, c.float("beta", 0.75))), axes: axes})
}
