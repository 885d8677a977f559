package cpu

import (
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
)

// poolGradient gives the fast form of the gradient of max pooling over the two
// middle axes of a float32 [n, h, w, c], or nil.
func (f *fuser) poolGradient(n *node, in []*node) *node {
	if n.op != compute.OpTypeSelectAndScatterMax || n.dtype() != dtypes.Float32 || n.in[1].size() == 0 {
		return nil
	}
	if attr, ok := poolGeometry2D(n); ok {
		return f.node(opMaxPoolGradient, n.shape, attr, in...)
	}
	return nil
}

func lowerMaxPoolGradient(n *node) runner {
	pool := n.attr.(poolAttr).pool
	return func(w *workers, out *operand, in []operand) {
		pool.MaxGradient(w.Do, as[float32](in[0].data), as[float32](in[1].data), as[float32](out.data))
	}
}
