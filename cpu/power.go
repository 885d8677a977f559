package cpu

import (
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
)

// power gives a power by a constant in cheaper operations, nil for any other node:
// products for small integers, roots for halves (-Inf to the power of 1/2 is then
// NaN and not Inf, as in other engines).
func (f *fuser) power(n *node, in []*node) *node {
	if n.op != compute.OpTypePow || n.dtype() != dtypes.Float32 || !sameDims(n, in[0]) {
		return nil
	}
	exponent, ok := constantScalar(in[1])
	if !ok {
		return nil
	}
	x := in[0]
	one := f.scalar(dtypes.Float32, 1)
	apply := func(op compute.OpType, in ...*node) *node { return f.node(op, n.shape, nil, in...) }
	square := func() *node { return apply(compute.OpTypeMul, x, x) }
	switch exponent {
	case 1:
		return x
	case 2:
		return square()
	case 3:
		return apply(compute.OpTypeMul, square(), x)
	case 4:
		return apply(compute.OpTypeMul, square(), square())
	case -1:
		return apply(compute.OpTypeDiv, one, x)
	case -2:
		return apply(compute.OpTypeDiv, one, square())
	case 0.5:
		return apply(compute.OpTypeSqrt, x)
	case -0.5:
		return apply(compute.OpTypeRsqrt, x)
	}
	return nil
}

func sameDims(a, b *node) bool {
	return a.shape.EqualDimensions(b.shape)
}
