package cpu

import (
	"slices"

	"github.com/gestalt-vision/gestalt/cpu/kernel"
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
)

// Batch normalisation in training, of float32 with the features along the last
// axis, is recorded in operations of its own that go through memory as few times
// as possible: statistics, result, sums of the gradient, gradient. Passes put the
// neighbours in: the shortcut of a residual block, the ReLU after it, and the gate
// that is the ReLU's gradient. The gate is worked out anew from the input (and the shortcut,
// see batchnorm_gate.go), so that nothing else needs to be kept between forward and backward.

// normAttr says what a normalisation or its gradient takes with it. The inputs of
// opNormalize are x, mean, scale and offset, then the addend if there is one; those of
// opNormSums x, mean, dy; those of opNormGradient x, mean, dy, k, q, r (see
// kernel.Norm). Gated gradients have the scale and offset of the normalisation
// as their last two inputs. A ReLU that is bounded above (ReLU6) has the bound in high,
// which is 0 otherwise.
type normAttr struct {
	addend, relu, gated bool
	high                float32
}

// fast reports whether the operations fit x.
func (n *normaliser) fast(f *function, axis int) bool {
	return !f.builder.backend.plain && n.dtype == dtypes.Float32 && axis == n.x.shape.Rank()-1
}

// row takes one of two vectors that an operation puts out.
func (n *normaliser) row(pair *node, i int) *node {
	attr := sliceAttr{[]int{i, 0}, []int{1, 1}}
	return n.reshaped(n.node(compute.OpTypeSlice, shapes.Make(n.dtype, 1, n.vector.Size()), attr, pair), n.vector.Dimensions...)
}

func (n *normaliser) pairOf(op compute.OpType, attr any, in ...*node) (first, second *node) {
	both := n.node(op, shapes.Make(n.dtype, 2, n.vector.Size()), attr, in...)
	return n.row(both, 0), n.row(both, 1)
}

// normalised gives the normalised x and its statistics.
func (n *normaliser) normalised(epsilon float32) (y, mean, variance *node) {
	mean, variance = n.pairOf(opMoments, nil, n.x)
	scale := n.mul(n.vectors[0], n.inverse(variance, epsilon))
	return n.node(opNormalize, n.x.shape, normAttr{}, n.x, mean, scale, n.vectors[1]), mean, variance
}

// gradient gives the gradients by x, scale and offset, with the names of
// BatchNormGradient. With N elements per feature and k = scale/σ,
//
//	x' = k·y' - (x - mean)·k/σ²·Σ y'·(x - mean)/N - k·Σ y'/N
func (n *normaliser) gradient(dy *node, epsilon float32) (dx, slope, offset *node) {
	mean, inverse := n.vectors[1], n.inverse(n.vectors[2], epsilon)
	offset, centred := n.pairOf(opNormSums, normAttr{}, n.x, mean, dy)
	slope = n.mul(centred, inverse)
	k := n.mul(n.vectors[0], inverse)
	perElement := n.mul(k, n.scalar(n.dtype, -1/n.count))
	q, r := n.mul(perElement, n.mul(inverse, slope)), n.mul(perElement, offset)
	return n.node(opNormGradient, n.x.shape, normAttr{}, n.x, mean, dy, k, q, r), slope, offset
}

// normalisation fuses an element-wise n with a normalisation that is one of its
// operands, or gives nil.
func (f *fuser) normalisation(n *node, in []*node) *node {
	if len(in) != 2 || n.dtype() != dtypes.Float32 {
		return nil
	}
	for i, y := range in {
		other := in[1-i]
		if y.op != opNormalize || y.shape.Size() != n.size() {
			continue
		}
		attr := y.attr.(normAttr)
		bound, constant := constantScalar(other)
		switch {
		case attr.relu:
			if n.op == compute.OpTypeMin && constant && bound > 0 && attr.high == 0 {
				attr.high = bound
				return f.node(opNormalize, n.shape, attr, y.in...)
			}
		// A second way through the input costs no more than one through y, and y
		// may not be needed otherwise: gates work it out again.
		case n.op == compute.OpTypeMax && constant && bound == 0:
			attr.relu = true
			return f.node(opNormalize, n.shape, attr, y.in...)
		case n.op == compute.OpTypeAdd && !attr.addend && f.uses[n.in[i]] == 1 && slices.Equal(other.dims(), n.dims()) &&
			other.op != compute.OpTypeBroadcastInDim:
			attr.addend = true
			return f.node(opNormalize, n.shape, attr, append(slices.Clone(y.in), other)...)
		}
	}
	return nil
}

// gate recognises the gradient of max(y, 0), which GoMLX writes as a product of
// dy and the indicator of y not below 0.
func (f *fuser) gate(n *node, in []*node) *node {
	if n.op != compute.OpTypeMul || n.dtype() != dtypes.Float32 {
		return nil
	}
	for i, factor := range in {
		if y, bound := atLeast(factor); y != nil && bound == 0 && slices.Equal(y.dims(), n.dims()) && slices.Equal(in[1-i].dims(), n.dims()) {
			return f.node(opGate, n.shape, nil, in[1-i], y)
		}
	}
	return nil
}

// atLeast takes sign(sign(y - bound) + 1), which is 1 where y isn't below the bound and
// else 0, apart; y is nil if n isn't one.
func atLeast(n *node) (y *node, bound float32) {
	if n.op != compute.OpTypeSign || n.in[0].op != compute.OpTypeAdd {
		return nil, 0
	}
	for k, sign := range n.in[0].in {
		one, isConstant := constantScalar(n.in[0].in[1-k])
		if !isConstant || one != 1 || sign.op != compute.OpTypeSign || sign.in[0].op != compute.OpTypeSub {
			continue
		}
		if bound, isConstant := constantScalar(sign.in[0].in[1]); isConstant && slices.Equal(sign.in[0].in[0].dims(), n.dims()) {
			return sign.in[0].in[0], bound
		}
	}
	return nil, 0
}

// gateBelow takes the gradient of min(y, high), the product of dy and 1 minus the
// indicator of y not below high, apart; dy is nil if n isn't one.
func gateBelow(n *node) (dy, y *node, high float32) {
	if n.op != compute.OpTypeMul {
		return nil, nil, 0
	}
	for i, factor := range n.in {
		if factor.op != compute.OpTypeSub || !slices.Equal(n.in[1-i].dims(), n.dims()) {
			continue
		}
		one, isConstant := constantScalar(factor.in[0])
		if y, high := atLeast(factor.in[1]); y != nil && isConstant && one == 1 {
			return n.in[1-i], y, high
		}
	}
	return nil, nil, 0
}

// gated lets the gradient of a normalisation work the gate before it out by itself:
// that of a ReLU, and that of the bound above it.
func (f *fuser) gated(n *node, in []*node) *node {
	x, mean, dy := in[0], in[1], in[2]
	if dy.op != opGate {
		return nil
	}
	y := dy.in[1]
	if y.op != opNormalize || y.attr.(normAttr) != (normAttr{}) || y.in[0] != x || y.in[1] != mean {
		return nil
	}
	attr := normAttr{gated: true}
	in = append(slices.Clone(in), y.in[2], y.in[3])
	in[2] = dy.in[0]
	if below, limited, high := gateBelow(in[2]); below != nil && high > 0 && limited.op == opNormalize &&
		limited.attr.(normAttr) == (normAttr{relu: true}) && slices.Equal(limited.in, y.in) {
		in[2], attr.high = below, high
	}
	return f.node(n.op, n.shape, attr, in...)
}

// rowsOf is a tensor seen as rows of features.
func rowsOf(n *node) (rows, channels int) {
	channels = n.dims()[len(n.dims())-1]
	return n.size() / channels, channels
}

func lowerMoments(n *node) runner {
	rows, channels := rowsOf(n.in[0])
	pictures := n.size() / (2 * channels)
	return func(w *workers, out *operand, in []operand) {
		kernel.Moments(w.Do, pictures, rows/pictures, channels, as[float32](in[0].data), as[float32](out.data))
	}
}

func lowerNormalize(n *node) runner {
	attr := n.attr.(normAttr)
	rows, channels := rowsOf(n)
	act := kernel.None
	if attr.relu {
		act = kernel.ReLU
	}
	return func(w *workers, out *operand, in []operand) {
		norm := kernel.Norm{Rows: rows, C: channels, Mean: as[float32](in[1].data), Scale: as[float32](in[2].data), Offset: as[float32](in[3].data), High: attr.high}
		var add []float32
		if attr.addend {
			add = as[float32](in[4].data)
		}
		norm.Apply(w.Do, as[float32](in[0].data), add, act, as[float32](out.data))
	}
}

// normOf is the normalisation whose gradient a node computes.
func normOf(n *node, in []operand) kernel.Norm {
	rows, channels := rowsOf(n.in[0])
	mean := as[float32](in[1].data)
	norm := kernel.Norm{Rows: rows, C: channels, Mean: mean, Scale: mean, Offset: mean} // the last two are not used
	if attr := n.attr.(normAttr); attr.gated {
		norm.High = attr.high
		norm.Scale, norm.Offset = as[float32](in[len(in)-2].data), as[float32](in[len(in)-1].data)
	}
	return norm
}

func lowerNormSums(n *node) runner {
	gated := n.attr.(normAttr).gated
	return func(w *workers, out *operand, in []operand) {
		both := as[float32](out.data)
		norm := normOf(n, in)
		norm.GradientSums(w.Do, as[float32](in[0].data), as[float32](in[2].data), gated, both[:norm.C], both[norm.C:])
	}
}

func lowerNormGradient(n *node) runner {
	gated := n.attr.(normAttr).gated
	return func(w *workers, out *operand, in []operand) {
		v := func(i int) []float32 { return as[float32](in[i].data) }
		normOf(n, in).Gradient(w.Do, v(0), v(2), gated, v(3), v(4), v(5), as[float32](out.data))
	}
}

func lowerGate(n *node) runner {
	size := n.size()
	return func(w *workers, out *operand, in []operand) {
		to, dy, y := as[float32](out.data), as[float32](in[0].data), as[float32](in[1].data)
		w.span(size, grain, func(lo, hi int) { kernel.Gate(to[lo:hi], dy[lo:hi], y[lo:hi]) })
	}
}
