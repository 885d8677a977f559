package onnx

import (
	"fmt"
	"math"
	"slices"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
)

// each applies f to the elements of the first input, in whatever order they lie.
func (c *call) each(f func(x *graph.Node) *graph.Node) []*value {
	v := c.in[0]
	if v.known != nil {
		v = plainValue(c.x(0))
	}
	return one(&value{node: f(v.node), axes: v.axes})
}

func elementwise(f func(x *graph.Node) *graph.Node) operator {
	return operator{1, 1, "", func(c *call) []*value { return c.each(f) }}
}

// aligned brings values to one order of axes, that of the largest activation, with as many axes for all, of which those that
// ONNX adds are in front and of length 1. Numbers alone may stay scalars.
func (b *builder) aligned(values ...*value) (nodes []*graph.Node, axes []int) {
	rank, largest := 0, -1
	var lead *value
	for _, v := range values {
		rank = max(rank, v.rank())
	}
	for _, v := range values {
		if v.known == nil && v.rank() == rank && v.size() > largest {
			lead, largest = v, v.size()
		}
	}
	axes = plain(rank)
	if lead != nil {
		axes = lead.axes
	}
	for _, v := range values {
		if v.known != nil && v.known.size() == 1 && lead != nil {
			nodes = append(nodes, graph.ConstTensor(b.graph, tensorOf(v.known.flat, v.known.dtype, nil)))
			continue
		}
		if n := rank - v.rank(); n > 0 {
			v = b.insertAxes(v, plain(n))
		}
		nodes = append(nodes, b.in(v, axes))
	}
	return nodes, axes
}

func pairwise(f func(x, y *graph.Node) *graph.Node) operator {
	return operator{2, 1, "", func(c *call) []*value {
		nodes, axes := c.b.aligned(c.in[0], c.in[1])
		return one(&value{node: f(nodes[0], nodes[1]), axes: axes})
	}}
}

func variadic(f func(x, y *graph.Node) *graph.Node) operator {
	return operator{1, 1, "", func(c *call) []*value {
		out := c.in[0]
		if out.known != nil && len(c.in) == 1 {
			out = plainValue(c.x(0))
		}
		for _, v := range c.in[1:] {
			nodes, axes := c.b.aligned(out, v)
			out = &value{node: f(nodes[0], nodes[1]), axes: axes}
		}
		return one(out)
	}}
}

func meanOf(c *call) []*value {
	sum := operators["Sum"].build(c)[0]
	return one(&value{node: graph.DivScalar(sum.node, float64(len(c.in))), axes: sum.axes})
}

// dropout does nothing when a network is run; one exported for training does, unless it drops nothing.
func dropout(c *call) []*value {
	ratio := float32(0.5)
	if c.has(1) {
		ratio = c.floats(1)[0]
	}
	if c.has(2) && ratio != 0 && !slices.Equal(c.in[2].known.flat.([]bool), []bool{false}) {
		panic(fmt.Errorf("training_mode is not known; export the network for inference"))
	}
	return one(c.in[0])
}

func softplus(x *graph.Node) *graph.Node {
	// log(1+exp(x)) = max(x, 0) + log(1+exp(-|x|)), whose exponential does not overflow
	return graph.Add(graph.MaxScalar(x, 0), graph.Log1p(graph.Exp(graph.Neg(graph.Abs(x)))))
}

func hardSigmoid(x *graph.Node, alpha, beta float64) *graph.Node {
	return graph.ClipScalar(graph.AddScalar(graph.MulScalar(x, alpha), beta), 0, 1)
}

func hardSigmoidOf(c *call) func(x *graph.Node) *graph.Node {
	alpha, beta := c.float("alpha", 0.2), c.float("beta", 0.5)
	return func(x *graph.Node) *graph.Node { return hardSigmoid(x, alpha, beta) }
}

func leakyRelu(c *call) []*value {
	alpha := c.float("alpha", 0.01)
	return c.each(func(x *graph.Node) *graph.Node {
		if alpha >= 0 && alpha <= 1 {
			return graph.Max(x, graph.MulScalar(x, alpha))
		}
		return graph.Where(graph.IsNegative(x), graph.MulScalar(x, alpha), x)
	})
}

// exponential is x where it is positive, else alpha·(exp(x/width)-1).
func exponential(x *graph.Node, alpha, width float64) *graph.Node {
	below := graph.MulScalar(graph.Expm1(graph.DivScalar(graph.MinScalar(x, 0), width)), alpha)
	return graph.Where(graph.IsPositive(x), x, below)
}

func elu(c *call) []*value {
	alpha := c.float("alpha", 1)
	return c.each(func(x *graph.Node) *graph.Node { return exponential(x, alpha, 1) })
}

func celu(c *call) []*value {
	alpha := c.float("alpha", 1)
	return c.each(func(x *graph.Node) *graph.Node { return exponential(x, alpha, alpha) })
}

func selu(c *call) []*value {
	alpha, gamma := c.float("alpha", 1.67326319217681884765625), c.float("gamma", 1.05070102214813232421875)
	return c.each(func(x *graph.Node) *graph.Node { return graph.MulScalar(exponential(x, alpha, 1), gamma) })
}

func pRelu(c *call) []*value {
	nodes, axes := c.b.aligned(c.in[0], c.in[1])
	x, slope := nodes[0], nodes[1]
	y := graph.Add(graph.MaxScalar(x, 0), graph.Mul(graph.MinScalar(x, 0), slope))
	return one(&value{node: y, axes: axes})
}

func gelu(c *call) []*value {
	switch approximate := c.text("approximate", "none"); approximate {
	case "none":
		return c.each(func(x *graph.Node) *graph.Node {
			return graph.Mul(graph.MulScalar(x, 0.5), graph.OnePlus(graph.Erf(graph.MulScalar(x, math.Sqrt2/2))))
		})
	case "tanh":
		return c.each(func(x *graph.Node) *graph.Node {
			cube := graph.Mul(x, graph.Mul(x, x))
			inner := graph.MulScalar(graph.Add(x, graph.MulScalar(cube, 0.044715)), math.Sqrt(2/math.Pi))
			return graph.Mul(graph.MulScalar(x, 0.5), graph.OnePlus(graph.Tanh(inner)))
		})
	default:
		panic(fmt.Errorf("attribute approximate is %q, which is not known", approximate))
	}
}

// clip bounds by attributes until opset 10, by inputs since.
func clip(c *call) []*value {
	bound := func(i int, attribute string) (float64, bool) {
		if _, ok := c.n.attributes[attribute]; ok {
			return c.float(attribute, 0), true
		}
		if !c.has(i) {
			return 0, false
		}
		if t := c.in[i].known; t != nil && t.dtype.IsInt() {
			return float64(c.integers(i)[0]), true
		}
		return float64(c.floats(i)[0]), true
	}
	low, least := bound(1, "min")
	high, most := bound(2, "max")
	return c.each(func(x *graph.Node) *graph.Node {
		if least && !math.IsInf(low, -1) {
			x = graph.Max(x, scalar(x, low))
		}
		if most && !math.IsInf(high, 1) {
			x = graph.Min(x, scalar(x, high))
		}
		return x
	})
}

func cast(c *call) []*value {
	dtype, err := dtypeOf(int64(c.int("to", 0)))
	if err != nil {
		panic(err)
	}
	return c.each(func(x *graph.Node) *graph.Node {
		switch {
		case x.DType() == dtype:
			return x
		case dtype == dtypes.Bool:
			return graph.NotEqual(x, graph.ScalarZero(x.Graph(), x.DType()))
		}
		return graph.ConvertDType(x, dtype)
	})
}

func pow(c *call) []*value {
	nodes, axes := c.b.aligned(c.in[0], c.in[1])
	x, y := nodes[0], nodes[1]
	if x.DType() != y.DType() {
		if x.DType().IsInt() && y.DType().IsFloat() { // ONNX: the power is computed among real numbers, then converted back
			power := graph.Pow(graph.ConvertDType(x, y.DType()), y)
			return one(&value{node: graph.ConvertDType(power, x.DType()), axes: axes})
		}
		y = graph.ConvertDType(y, x.DType())
	}
	if t := c.in[1].known; t != nil && t.size() == 1 && x.DType().IsFloat() {
		if e, err := t.floats(); err == nil {
			switch e[0] {
			case 2:
				return one(&value{node: graph.Square(x), axes: axes})
			case 0.5:
				return one(&value{node: graph.Sqrt(x), axes: axes})
			}
		}
	}
	return one(&value{node: graph.Pow(x, y), axes: axes})
}

// mod has the sign of the divisor, with fmod that of the dividend.
func mod(c *call) []*value {
	nodes, axes := c.b.aligned(c.in[0], c.in[1])
	x, y := nodes[0], nodes[1]
	r := graph.Rem(x, y)
	if c.int("fmod", 0) == 0 && !x.DType().IsUnsigned() {
		zero := graph.ScalarZero(r.Graph(), r.DType())
		y = graph.Add(y, graph.Mul(r, zero)) // of the same dimensions
		wrong := graph.LogicalAnd(graph.NotEqual(r, zero), graph.NotEqual(graph.LessThan(r, zero), graph.LessThan(y, zero)))
		r = graph.Where(wrong, graph.Add(r, y), r)
	}
	return one(&value{node: r, axes: axes})
}

func where(c *call) []*value {
	nodes, axes := c.b.aligned(c.in[0], c.in[1], c.in[2])
	dims := broadcastDims(nodes)
	for i, x := range nodes {
		if x.Rank() > 0 {
			nodes[i] = graph.BroadcastToShape(x, shapes.Make(x.DType(), dims...))
		}
	}
	return one(&value{node: graph.Where(nodes[0], nodes[1], nodes[2]), axes: axes})
}

// broadcastDims are the dimensions that nodes of one rank, or scalars, are broadcast to together.
func broadcastDims(nodes []*graph.Node) []int {
	var dims []int
	for _, x := range nodes {
		for i, d := range x.Shape().Dimensions {
			if i == len(dims) {
				dims = append(dims, d)
			} else if dims[i] == 1 {
				dims[i] = d
			} else if d != 1 && d != dims[i] {
				panic(fmt.Errorf("dimensions %v beside %v", x.Shape().Dimensions, dims))
			}
		}
	}
	return dims
}
