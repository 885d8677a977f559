package cpu

import (
	"math"
	"slices"

	"github.com/gestalt-vision/gestalt/cpu/kernel"
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
)

// fuse rewrites a computation for speed. It walks over the nodes once, inputs
// before users, and gives each the fast form of its own operation; an
// element-wise operation whose operand is a convolution that nobody else reads
// becomes part of that convolution:
//
//	conv(x, w) * s     conv(x, w*s)    s one number per channel, from weights
//	conv(x, w) + b     bias            b likewise
//	conv(x, w) + y     addend          y of the same shape: the shortcut of a residual block
//	max(conv, 0)       activation      and clamping between two numbers
//
// Differences and quotients go the same way, so batch normalisation disappears
// in whatever form a graph spells it out. Folding changes the order in which
// numbers are rounded, nothing else.
func fuse(g *nodeSet, outputs []*node) []*node {
	order := sorted(outputs)
	f := &fuser{nodeSet: g, uses: make(map[*node]int), now: make(map[*node]*node), light: make(map[*node]bool)}
	for _, n := range order {
		for _, in := range n.in {
			f.uses[in]++
		}
	}
	for _, n := range outputs {
		f.uses[n]++
	}
	for _, n := range order {
		f.now[n] = f.rewrite(n)
	}
	result := make([]*node, len(outputs))
	for i, n := range outputs {
		result[i] = f.now[n]
	}
	return result
}

type fuser struct {
	*nodeSet
	uses  map[*node]int   // of a node of the old graph
	now   map[*node]*node // what became of it
	light map[*node]bool  // of the new graph: see isLight
}

// rewrite gives the new form of n, whose inputs have theirs already.
func (f *fuser) rewrite(n *node) *node {
	if isLeaf(n) {
		return n
	}
	in := make([]*node, len(n.in))
	for i, old := range n.in {
		in[i] = f.now[old]
	}
	switch n.op {
	case compute.OpTypeReshape:
		return f.reshaped(in[0], n.dims()...)
	case compute.OpTypeTranspose:
		if product := f.turnedProduct(n); product != nil {
			return product
		}
		return f.transposed(in[0], n.attr.(permutationAttr).axes...)
	case opConv:
		if g := f.gradient(n, in); g != nil {
			return g
		}
		if c, ok := convGeometry2D(n); ok {
			x := in[0]
			if f.uses[n.in[0]] == 1 {
				c, x = withBorder(c, x)
			}
			attr := fusedAttr{conv: c}
			return f.node(opFusedConv, n.shape, attr, x, f.node(opPackFilter, in[1].shape, attr, in[1]))
		}
	case opMatMul:
		if batch, _, k, _ := matMulDims(n); n.dtype() == dtypes.Float32 && batch == 1 && k > 0 {
			return f.packedProduct(n.shape, n.attr.(matMulAttr), in[0], in[1])
		}
	case compute.OpTypeReduceWindow:
		if attr, ok := poolGeometry2D(n); ok {
			return f.node(opPool, n.shape, attr, in[0])
		}
	}
	if product := f.power(n, in); product != nil {
		return product
	}
	switch n.op {
	case compute.OpTypeSelectAndScatterMax:
		if g := f.poolGradient(n, in); g != nil {
			return g
		}
	case compute.OpTypeConcatenate:
		if g := f.grouped(n, in); g != nil {
			return g
		}
	case opNormSums, opNormGradient:
		if g := f.gated(n, in); g != nil {
			return g
		}
	}
	if elementwise(n) {
		if g := f.gate(n, in); g != nil {
			return g
		}
		if g := f.normalisation(n, in); g != nil {
			return g
		}
		if g := f.accumulated(n, in); g != nil {
			return g
		}
		if fused := f.absorb(n, in); fused != nil {
			return fused
		}
		for i, operand := range in {
			if operand.op == compute.OpTypeBroadcastInDim && len(in) > 1 {
				in[i] = operand.in[0] // the loop repeats it
			}
		}
	}
	return f.node(n.op, n.shape, n.attr, in...)
}

// convGeometry2D gives the geometry of a convolution that package kernel has.
func convGeometry2D(n *node) (c kernel.Conv, ok bool) {
	attr := n.attr.(convAttr)
	x, filter := n.in[0].dims(), n.in[1].dims()
	if n.dtype() != dtypes.Float32 || len(x) != 4 || attr.batchGroups != 1 || n.size() == 0 || n.in[1].size() == 0 {
		return c, false
	}
	for axis := range 2 {
		if attr.inDilation[axis] != 1 || attr.pad[axis][0] < 0 || attr.pad[axis][1] < 0 {
			return c, false
		}
	}
	return kernel.Conv{N: x[0], H: x[1], W: x[2], C: x[3], KH: filter[0], KW: filter[1], K: filter[3],
		StrideH: attr.stride[0], StrideW: attr.stride[1], DilationH: attr.dilation[0], DilationW: attr.dilation[1], Groups: attr.groups,
		PadTop: attr.pad[0][0], PadBottom: attr.pad[0][1], PadLeft: attr.pad[1][0], PadRight: attr.pad[1][1]}, true
}

// poolGeometry2D gives the geometry of a pooling window that package kernel has.
func poolGeometry2D(n *node) (p poolAttr, ok bool) {
	attr := n.attr.(windowAttr)
	x := n.in[0].dims()
	if n.dtype() != dtypes.Float32 || len(x) != 4 || n.size() == 0 || attr.op != compute.ReduceOpMax && attr.op != compute.ReduceOpSum {
		return p, false
	}
	for axis := range 4 {
		spatial := axis == 1 || axis == 2
		if attr.inDilation[axis] != 1 || attr.pad[axis][0] < 0 || attr.pad[axis][1] < 0 ||
			!spatial && (attr.size[axis] != 1 || attr.stride[axis] != 1 || attr.pad[axis] != [2]int{}) {
			return p, false
		}
	}
	return poolAttr{max: attr.op == compute.ReduceOpMax, pool: kernel.Pool{N: x[0], H: x[1], W: x[2], C: x[3],
		KH: attr.size[1], KW: attr.size[2], StrideH: attr.stride[1], StrideW: attr.stride[2],
		DilationH: attr.dilated[1], DilationW: attr.dilated[2],
		PadTop: attr.pad[1][0], PadBottom: attr.pad[1][1], PadLeft: attr.pad[2][0], PadRight: attr.pad[2][1]}}, true
}

// absorb makes the element-wise n part of the convolution or product that is one
// of its operands, or gives nil if none can take it.
func (f *fuser) absorb(n *node, in []*node) *node {
	for i, old := range n.in {
		if f.uses[old] != 1 || !slices.Equal(in[i].dims(), n.dims()) {
			continue
		}
		// A product is seen through the reshape that gives it back its batch axes.
		target := in[i]
		if target.op == compute.OpTypeReshape && f.uses[root(old)] == 1 {
			target = target.in[0]
		}
		if target.op != opFusedConv && target.op != opPackedMatMul || target != in[i] && target.op == opFusedConv {
			continue
		}
		e := f.epilogue(target)
		if e.apply(n, in, i) {
			return f.reshaped(e.node(), n.dims()...)
		}
	}
	return nil
}

// epilogue is a convolution or product taken apart.
type epilogue struct {
	f                           *fuser
	of                          *node
	attr                        fusedAttr
	filter, scale, bias, addend *node // nil if there is none; scale and bias are vectors
	channels                    int
}

func (f *fuser) epilogue(n *node) *epilogue {
	e := &epilogue{f: f, of: n, attr: n.attr.(fusedAttr), filter: n.in[1].in[0], channels: n.dims()[len(n.dims())-1]}
	if len(n.in[1].in) == 2 {
		e.scale = n.in[1].in[1]
	}
	rest := n.in[2:]
	if e.attr.bias {
		e.bias, rest = rest[0], rest[1:]
	}
	if e.attr.addend {
		e.addend = rest[0]
	}
	return e
}

// node puts the parts together again.
func (e *epilogue) node() *node {
	packed := e.of.in[1]
	if e.scale != nil {
		packed = e.f.node(packed.op, packed.shape, packed.attr, e.filter, e.scale)
	}
	in := []*node{e.of.in[0], packed}
	if e.attr.bias = e.bias != nil; e.attr.bias {
		in = append(in, e.bias)
	}
	if e.attr.addend = e.addend != nil; e.attr.addend {
		in = append(in, e.addend)
	}
	return e.f.node(e.of.op, e.of.shape, e.attr, in...)
}

// apply adds n, whose operand i is the value so far, and reports whether it can.
func (e *epilogue) apply(n *node, in []*node, i int) bool {
	if n.op == compute.OpTypeClamp {
		low, okLow := constantScalar(in[0])
		high, okHigh := constantScalar(in[2])
		return i == 1 && okLow && okHigh && e.limit(low, high)
	}
	if len(in) != 2 || n.dtype() != dtypes.Float32 {
		return false
	}
	other := in[1-i]
	if bound, ok := constantScalar(other); ok {
		switch n.op {
		case compute.OpTypeMax:
			return e.limit(bound, infinity)
		case compute.OpTypeMin:
			return e.limit(-infinity, bound)
		}
	}
	if e.attr.act != kernel.None {
		return false
	}
	if v := e.vector(other, len(n.dims())); v != nil {
		return e.affine(n.op, v, i == 0)
	}
	if n.op == compute.OpTypeAdd && e.of.op == opFusedConv && e.addend == nil && slices.Equal(other.dims(), n.dims()) &&
		other.op != compute.OpTypeBroadcastInDim {
		e.addend = other
		return true
	}
	return false
}

// affine folds an operation with one number per channel. first says whether the
// value so far is the first operand.
func (e *epilogue) affine(op compute.OpType, v *node, first bool) bool {
	if e.addend != nil && op != compute.OpTypeAdd && (op != compute.OpTypeSub || !first) {
		return false // the addend is not to be scaled
	}
	switch op {
	case compute.OpTypeAdd:
		e.bias = e.combine(compute.OpTypeAdd, e.bias, v, v)
	case compute.OpTypeSub:
		if first {
			e.bias = e.combine(compute.OpTypeSub, e.bias, v, e.unary(compute.OpTypeNeg, v))
			return true
		}
		minus := e.unary(compute.OpTypeNeg, e.f.broadcast(e.f.scalar(dtypes.Float32, 1), []int{e.channels}, nil))
		if !e.rescale(compute.OpTypeMul, minus) {
			return false
		}
		e.bias = e.combine(compute.OpTypeAdd, e.bias, v, v)
	case compute.OpTypeMul:
		return e.rescale(op, v)
	case compute.OpTypeDiv:
		return first && e.rescale(op, v)
	default:
		return false
	}
	return true
}

// rescale multiplies or divides all so far by v.
func (e *epilogue) rescale(op compute.OpType, v *node) bool {
	if e.of.op != opFusedConv {
		return false // a packed matrix takes no scale
	}
	inverse := v
	if op == compute.OpTypeDiv {
		ones := e.f.broadcast(e.f.scalar(dtypes.Float32, 1), []int{e.channels}, nil)
		inverse = e.f.node(op, v.shape, nil, ones, v)
	}
	e.scale = e.combine(op, e.scale, v, inverse)
	if e.bias != nil {
		e.bias = e.f.node(op, v.shape, nil, e.bias, v)
	}
	return true
}

// combine gives old op v, or without for no old.
func (e *epilogue) combine(op compute.OpType, old, v, without *node) *node {
	if old == nil {
		return without
	}
	return e.f.node(op, v.shape, nil, old, v)
}

func (e *epilogue) unary(op compute.OpType, v *node) *node {
	return e.f.node(op, v.shape, nil, v)
}

// limit adds an activation that keeps values between two numbers.
func (e *epilogue) limit(low, high float32) bool {
	if low != low || high != high {
		return false
	}
	if e.attr.act == kernel.ReLU {
		e.attr.low, e.attr.high = 0, infinity
	} else if e.attr.act == kernel.None {
		e.attr.low, e.attr.high = -infinity, infinity
	}
	// min(max(v, a), b) limited to [low, high] is limited to the images of a and b.
	e.attr.low, e.attr.high = min(max(e.attr.low, low), high), min(max(e.attr.high, low), high)
	e.attr.act = kernel.Clamp
	if e.attr.low == 0 && e.attr.high == infinity {
		e.attr.act, e.attr.low, e.attr.high = kernel.ReLU, 0, 0
	}
	return true
}

// vector gives an operand that is one number per channel, or one for all, as a
// vector; nil if it is something else or does not come from weights alone. rank
// is that of the result.
func (e *epilogue) vector(n *node, rank int) *node {
	if n.op == compute.OpTypeBroadcastInDim {
		n = n.in[0]
	}
	if n.dtype() != dtypes.Float32 || !e.f.isLight(n) {
		return nil
	}
	if n.size() == 1 {
		return e.f.broadcast(e.f.reshaped(n), []int{e.channels}, nil)
	}
	if len(n.dims()) != rank || n.dims()[rank-1] != e.channels || n.size() != e.channels {
		return nil
	}
	return e.f.reshaped(n, e.channels)
}

// isLight reports whether n comes from parameters and constants without heavy operations.
func (f *fuser) isLight(n *node) bool {
	light, known := f.light[n]
	if !known {
		light = !isHeavy(n)
		for _, in := range n.in {
			light = light && f.isLight(in)
		}
		f.light[n] = light
	}
	return light
}

// constantScalar gives the value of a float32 node that is known to be one
// number throughout.
func constantScalar(n *node) (float32, bool) {
	for n.op == compute.OpTypeReshape || n.op == compute.OpTypeBroadcastInDim {
		n = n.in[0]
	}
	if n.dtype() != dtypes.Float32 || n.size() != 1 {
		return 0, false
	}
	if n.op == compute.OpTypeConvertDType && n.in[0].op == compute.OpTypeConstant && !n.in[0].dtype().IsHalfPrecision() {
		value := make([]float32, 1)
		arithmetics[n.in[0].dtype()].convert(dtypes.Float32)(dtypes.UnsafeByteSlice(value), n.in[0].attr.(constantAttr).data)
		return value[0], true
	}
	if n.op == compute.OpTypeConstant {
		return as[float32](n.attr.(constantAttr).data)[0], true
	}
	return 0, false
}

var infinity = float32(math.Inf(1))
