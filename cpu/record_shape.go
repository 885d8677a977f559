package cpu

import (
	"fmt"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapeinference"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/compute/support/sets"
)

// Operations that move elements and do not compute.

// reshaped gives n with other dimensions of the same size.
func (g *nodeSet) reshaped(n *node, dims ...int) *node {
	if n.op == compute.OpTypeReshape {
		n = n.in[0]
	}
	if slices.Equal(n.dims(), dims) {
		return n
	}
	return g.node(compute.OpTypeReshape, shapes.Make(n.dtype(), dims...), nil, n)
}

// transposed gives n with its axes in another order: axis i of the result is
// axis order[i] of n.
func (g *nodeSet) transposed(n *node, order ...int) *node {
	if n.op == compute.OpTypeTranspose {
		inner := n.attr.(permutationAttr).axes
		composed := make([]int, len(order))
		for i, axis := range order {
			composed[i] = inner[axis]
		}
		n, order = n.in[0], composed
	}
	dims := make([]int, len(order))
	var moved []int // the axes that hold more than one element, in the new order
	for i, axis := range order {
		dims[i] = n.dims()[axis]
		if dims[i] != 1 {
			moved = append(moved, axis)
		}
	}
	if slices.IsSorted(moved) { // nothing moves in memory
		return g.reshaped(n, dims...)
	}
	return g.node(compute.OpTypeTranspose, shapes.Make(n.dtype(), dims...), permutationAttr{slices.Clone(order)}, n)
}

// Reshape implements compute.Function.
func (f *function) Reshape(value compute.Value, dims ...int) (compute.Value, error) {
	in, err := f.inputs(compute.OpTypeReshape, value)
	if err != nil {
		return nil, err
	}
	shape, err := shapeinference.Reshape(in[0].shape, dims)
	if err != nil {
		return nil, err
	}
	return f.reshaped(in[0], shape.Dimensions...), nil
}

// Transpose implements compute.Function.
func (f *function) Transpose(value compute.Value, permutation ...int) (compute.Value, error) {
	in, err := f.inputs(compute.OpTypeTranspose, value)
	if err != nil {
		return nil, err
	}
	if _, err := shapeinference.Transpose(in[0].shape, permutation); err != nil {
		return nil, err
	}
	return f.transposed(in[0], permutation...), nil
}

// BroadcastInDim implements compute.Function.
func (f *function) BroadcastInDim(value compute.Value, output shapes.Shape, axes []int) (compute.Value, error) {
	in, err := f.inputs(compute.OpTypeBroadcastInDim, value)
	if err != nil {
		return nil, err
	}
	if err := checkShape(output); err != nil {
		return nil, err
	}
	if err := shapeinference.BroadcastInDim(in[0].shape, output, axes, sets.Make[string]()); err != nil {
		return nil, err
	}
	return f.broadcast(in[0], output.Dimensions, axes), nil
}

// broadcast gives n repeated to dims; axis i of n becomes axes[i]. The node's
// input has the rank of the result, with 1 along the axes that are repeated.
func (g *nodeSet) broadcast(n *node, dims, axes []int) *node {
	aligned := slices.Repeat([]int{1}, len(dims))
	for i, axis := range axes {
		aligned[axis] = n.dims()[i]
	}
	n = g.reshaped(n, aligned...)
	if slices.Equal(aligned, dims) {
		return n
	}
	return g.node(compute.OpTypeBroadcastInDim, shapes.Make(n.dtype(), dims...), nil, n)
}

// Bitcast implements compute.Function: the same bytes under another dtype.
func (f *function) Bitcast(value compute.Value, target dtypes.DType) (compute.Value, error) {
	in, err := f.inputs(compute.OpTypeBitcast, value)
	if err != nil {
		return nil, err
	}
	shape, err := shapeinference.Bitcast(in[0].shape, target)
	if err != nil {
		return nil, err
	}
	if err := checkShape(shape); err != nil {
		return nil, err
	}
	return f.node(compute.OpTypeBitcast, shape, nil, in[0]), nil
}

// Concatenate implements compute.Function.
func (f *function) Concatenate(axis int, values ...compute.Value) (compute.Value, error) {
	in, err := f.inputs(compute.OpTypeConcatenate, values...)
	if err != nil {
		return nil, err
	}
	operands := make([]shapes.Shape, len(in))
	for i, n := range in {
		operands[i] = n.shape
	}
	shape, err := shapeinference.Concatenate(operands, axis)
	if err != nil {
		return nil, err
	}
	if len(in) == 1 {
		return in[0], nil
	}
	return f.node(compute.OpTypeConcatenate, shape, axisAttr{axis}, in...), nil
}

// Slice implements compute.Function.
func (f *function) Slice(value compute.Value, starts, limits, strides []int) (compute.Value, error) {
	in, err := f.inputs(compute.OpTypeSlice, value)
	if err != nil {
		return nil, err
	}
	if len(strides) == 0 {
		strides = slices.Repeat([]int{1}, in[0].shape.Rank())
	}
	shape, err := shapeinference.Slice(in[0].shape, starts, limits, strides)
	if err != nil {
		return nil, err
	}
	if slices.Equal(shape.Dimensions, in[0].dims()) {
		return in[0], nil
	}
	attr := sliceAttr{slices.Clone(starts), slices.Clone(strides)}
	return f.node(compute.OpTypeSlice, shape, attr, in[0]), nil
}

// Pad implements compute.Function. Negative padding cuts off.
func (f *function) Pad(value, fill compute.Value, axes ...compute.PadAxis) (compute.Value, error) {
	in, err := f.inputs(compute.OpTypePad, value, fill)
	if err != nil {
		return nil, err
	}
	shape, err := shapeinference.Pad(in[0].shape, axes...)
	if err != nil {
		return nil, err
	}
	if !in[1].shape.IsScalar() || in[1].dtype() != in[0].dtype() {
		return nil, fmt.Errorf("cpu engine: Pad of %s with a fill value of %s, which must be a scalar of the same dtype", in[0].shape, in[1].shape)
	}
	attr := padAttr{make([]compute.PadAxis, shape.Rank())}
	copy(attr.axes, axes)
	return f.node(compute.OpTypePad, shape, attr, in...), nil
}

// Reverse implements compute.Function.
func (f *function) Reverse(value compute.Value, axes ...int) (compute.Value, error) {
	in, err := f.inputs(compute.OpTypeReverse, value)
	if err != nil {
		return nil, err
	}
	var flipped []int
	for i, axis := range axes {
		if axis < 0 || axis >= in[0].shape.Rank() || slices.Contains(axes[:i], axis) {
			return nil, fmt.Errorf("cpu engine: Reverse of axes %v of %s", axes, in[0].shape)
		}
		if in[0].dims()[axis] > 1 {
			flipped = append(flipped, axis)
		}
	}
	if len(flipped) == 0 {
		return in[0], nil
	}
	slices.Sort(flipped)
	return f.node(compute.OpTypeReverse, in[0].shape, axesAttr{flipped}, in[0]), nil
}

// Iota implements compute.Function.
func (f *function) Iota(shape shapes.Shape, axis int) (compute.Value, error) {
	if _, err := f.inputs(compute.OpTypeIota); err != nil {
		return nil, err
	}
	if err := checkShape(shape); err != nil {
		return nil, err
	}
	if axis < 0 || axis >= shape.Rank() || shape.DType == dtypes.Bool {
		return nil, fmt.Errorf("cpu engine: Iota of %s along axis %d", shape, axis)
	}
	dtype := shape.DType
	if dtype.IsHalfPrecision() {
		dtype = dtypes.Float32
	}
	n := f.node(compute.OpTypeIota, withDType(shape, dtype), axisAttr{axis})
	return f.converted(n, shape.DType), nil
}
