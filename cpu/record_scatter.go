package cpu

import (
	"fmt"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapeinference"
)

// scatterAttr is Scatter with the index vectors along the last axis of the indices.
type scatterAttr struct {
	startMap []int // the axes of the operand that an index vector is for
	toAxis   []int // the axis of the operand that an axis of the updates runs along, -1 for those of the indices
}

// scatterBoxes records a scatter: boxes of the updates are added to (or compared
// with) the operand where index vectors say. A box that would reach out of the
// operand is left out.
func (f *function) scatterBoxes(op compute.OpType, operand, indices, updates compute.Value, indexVectorAxis int,
	updateWindowAxes, insertedWindowAxes, scatterAxesToOperandAxes []int) (compute.Value, error) {
	in, err := f.inputs(op, operand, indices, updates)
	if err != nil {
		return nil, err
	}
	shape, err := shapeinference.Scatter(in[0].shape, in[1].shape, in[2].shape, indexVectorAxis, updateWindowAxes, insertedWindowAxes, scatterAxesToOperandAxes)
	if err != nil {
		return nil, err
	}
	vectors, err := f.indices(op, in[1])
	if err != nil {
		return nil, err
	}
	vectors = f.lastAxis(vectors, indexVectorAxis)
	attr := scatterAttr{startMap: slices.Clone(scatterAxesToOperandAxes)}
	window := others(shape.Rank(), insertedWindowAxes, nil)
	batch := vectors.dims()[:vectors.shape.Rank()-1]
	for axis, dim := range in[2].dims() {
		if slices.Contains(updateWindowAxes, axis) {
			attr.toAxis = append(attr.toAxis, window[0])
			window = window[1:]
			continue
		}
		if dim != batch[0] {
			return nil, fmt.Errorf("cpu engine: %s of %s at %s with updates of %s", opName(op), in[0].shape, in[1].shape, in[2].shape)
		}
		attr.toAxis, batch = append(attr.toAxis, -1), batch[1:]
	}
	if shape.DType == dtypes.Bool {
		return nil, fmt.Errorf("cpu engine: %s of %s: the dtype has no such operation", opName(op), shape)
	}
	x := f.wide(in[0])
	n := f.node(op, x.shape, attr, x, vectors, f.wide(in[2]))
	return f.converted(n, shape.DType), nil
}

// lastAxis moves an axis to the end; the one after the last is one of a single element.
func (g *nodeSet) lastAxis(n *node, axis int) *node {
	if rank := n.shape.Rank(); axis < rank {
		return g.transposed(n, append(others(rank, []int{axis}, nil), axis)...)
	}
	return g.reshaped(n, append(slices.Clone(n.dims()), 1)...)
}

// ScatterSum implements compute.Function.
func (f *function) ScatterSum(operand, scatterIndices, updates compute.Value, indexVectorAxis int,
	updateWindowAxes, insertedWindowAxes, scatterAxesToOperandAxes []int, _, _ bool) (compute.Value, error) {
	return f.scatterBoxes(compute.OpTypeScatterSum, operand, scatterIndices, updates, indexVectorAxis, updateWindowAxes, insertedWindowAxes, scatterAxesToOperandAxes)
}

// ScatterMax implements compute.Function.
func (f *function) ScatterMax(operand, scatterIndices, updates compute.Value, indexVectorAxis int,
	updateWindowAxes, insertedWindowAxes, scatterAxesToOperandAxes []int, _, _ bool) (compute.Value, error) {
	return f.scatterBoxes(compute.OpTypeScatterMax, operand, scatterIndices, updates, indexVectorAxis, updateWindowAxes, insertedWindowAxes, scatterAxesToOperandAxes)
}

// ScatterMin implements compute.Function.
func (f *function) ScatterMin(operand, scatterIndices, updates compute.Value, indexVectorAxis int,
	updateWindowAxes, insertedWindowAxes, scatterAxesToOperandAxes []int, _, _ bool) (compute.Value, error) {
	return f.scatterBoxes(compute.OpTypeScatterMin, operand, scatterIndices, updates, indexVectorAxis, updateWindowAxes, insertedWindowAxes, scatterAxesToOperandAxes)
}
