package cpu

import (
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
)

// packedProduct is the fast form of a product of two matrices of float32.
func (f *fuser) packedProduct(shape shapes.Shape, attr matMulAttr, a, b *node) *node {
	return f.node(opPackedMatMul, shape, fusedAttr{}, a, f.node(opPackMatrix, b.shape, attr, b))
}

// turnedProduct gives a transposed product of matrices as (A·B)ᵀ = Bᵀ·Aᵀ, or nil. The
// gradient of a linear layer's weights is one: as large as the weights, the product of
// two matrices as thin as the batch.
func (f *fuser) turnedProduct(n *node) *node {
	m := root(n.in[0])
	if m.op != opMatMul || f.uses[n.in[0]] != 1 || f.uses[m] != 1 || n.dtype() != dtypes.Float32 || m.dtype() != dtypes.Float32 ||
		!slices.Equal(n.attr.(permutationAttr).axes, []int{1, 0}) {
		return nil
	}
	batch, rows, k, columns := matMulDims(m)
	a, b := f.now[m.in[0]], f.now[m.in[1]]
	if batch != 1 || k == 0 || a.size()+b.size() > n.size() || !slices.Equal(n.dims(), []int{columns, rows}) {
		return nil
	}
	if !m.attr.(matMulAttr).transposed {
		b = f.transposed(b, 0, 2, 1)
	}
	attr, right := matMulAttr{}, f.transposed(a, 0, 2, 1)
	if right.op == compute.OpTypeTranspose {
		attr, right = matMulAttr{transposed: true}, a
	}
	return f.reshaped(f.packedProduct(shapes.Make(n.dtype(), 1, columns, rows), attr, b, right), n.dims()...)
}
