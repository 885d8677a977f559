package cpu

import (
	"fmt"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapeinference"
	"github.com/gomlx/compute/shapes"
)

// Operations that move boxes to or from places that are computed. Indices of any
// integer dtype become int64; a box that would reach out of a tensor is shifted
// back inside.

// gatherAttr is Gather with the index vectors along the last axis of the indices.
type gatherAttr struct {
	size     []int // of the box, by axis of the operand
	startMap []int // the axes of the operand that an index vector is for
	toAxis   []int // the axis of the result that an axis of the operand becomes, -1 if it has none
	batch    []int // the axes of the result that are those of the indices
}

// Gather implements compute.Function.
func (f *function) Gather(operand, startIndices compute.Value, indexVectorAxis int, offsetOutputAxes, collapsedSliceAxes, startIndexMap,
	sliceSizes []int, indicesAreSorted bool) (compute.Value, error) {
	in, err := f.inputs(compute.OpTypeGather, operand, startIndices)
	if err != nil {
		return nil, err
	}
	shape, err := shapeinference.Gather(in[0].shape, in[1].shape, indexVectorAxis, offsetOutputAxes, collapsedSliceAxes, startIndexMap, sliceSizes, indicesAreSorted)
	if err != nil {
		return nil, err
	}
	if err := checkBox(compute.OpTypeGather, in[0].shape, sliceSizes); err != nil {
		return nil, err
	}
	indices, err := f.indices(compute.OpTypeGather, in[1])
	if err != nil {
		return nil, err
	}
	indices = f.lastAxis(indices, indexVectorAxis)
	attr := gatherAttr{size: slices.Clone(sliceSizes), startMap: slices.Clone(startIndexMap), batch: others(shape.Rank(), offsetOutputAxes, nil)}
	offsets := slices.Sorted(slices.Values(offsetOutputAxes))
	for axis := range in[0].dims() {
		if slices.Contains(collapsedSliceAxes, axis) {
			attr.toAxis = append(attr.toAxis, -1)
		} else {
			attr.toAxis = append(attr.toAxis, offsets[0])
			offsets = offsets[1:]
		}
	}
	return f.node(compute.OpTypeGather, shape, attr, in[0], indices), nil
}

// indices converts a tensor of indices.
func (f *function) indices(op compute.OpType, n *node) (*node, error) {
	if !n.dtype().IsInt() {
		return nil, fmt.Errorf("cpu engine: %s with indices of %s, which must be integers", opName(op), n.shape)
	}
	return f.converted(n, dtypes.Int64), nil
}

// checkBox refuses boxes that are larger than the tensor they are taken from.
func checkBox(op compute.OpType, shape shapes.Shape, size []int) error {
	fits := len(size) == shape.Rank()
	for axis := range min(len(size), shape.Rank()) {
		fits = fits && size[axis] >= 0 && size[axis] <= shape.Dimensions[axis]
	}
	if !fits {
		return fmt.Errorf("cpu engine: %s of a box of %v in %s", opName(op), size, shape)
	}
	return nil
}

// starts gives the scalars that say where a box begins, one for each axis of
// shape. They may come as one vector.
func (f *function) starts(op compute.OpType, shape shapes.Shape, values []*node) ([]*node, error) {
	if len(values) == 1 && shape.Rank() > 0 && slices.Equal(values[0].dims(), []int{shape.Rank()}) {
		vector := values[0]
		values = nil
		for i := range shape.Rank() {
			values = append(values, f.node(compute.OpTypeSlice, shapes.Make(vector.dtype(), 1), sliceAttr{[]int{i}, []int{1}}, vector))
		}
	}
	if len(values) != shape.Rank() {
		return nil, fmt.Errorf("cpu engine: %s in %s with %d start indices", opName(op), shape, len(values))
	}
	result := make([]*node, len(values))
	for i, n := range values {
		if n.size() != 1 {
			return nil, fmt.Errorf("cpu engine: %s with a start index of %s, which must be a scalar", opName(op), n.shape)
		}
		var err error
		if result[i], err = f.indices(op, n); err != nil {
			return nil, err
		}
	}
	return result, nil
}

// DynamicSlice implements compute.Function.
func (f *function) DynamicSlice(operand compute.Value, startIndices []compute.Value, size []int) (compute.Value, error) {
	in, err := f.inputs(compute.OpTypeDynamicSlice, append([]compute.Value{operand}, startIndices...)...)
	if err != nil {
		return nil, err
	}
	if err := checkBox(compute.OpTypeDynamicSlice, in[0].shape, size); err != nil {
		return nil, err
	}
	starts, err := f.starts(compute.OpTypeDynamicSlice, in[0].shape, in[1:])
	if err != nil {
		return nil, err
	}
	return f.node(compute.OpTypeDynamicSlice, shapes.Make(in[0].dtype(), size...), nil, append(in[:1], starts...)...), nil
}

// DynamicUpdateSlice implements compute.Function.
func (f *function) DynamicUpdateSlice(operand, update compute.Value, startIndices []compute.Value) (compute.Value, error) {
	in, err := f.inputs(compute.OpTypeDynamicUpdateSlice, append([]compute.Value{operand, update}, startIndices...)...)
	if err != nil {
		return nil, err
	}
	if in[0].dtype() != in[1].dtype() {
		return nil, fmt.Errorf("cpu engine: DynamicUpdateSlice of %s by %s: the dtypes differ", in[0].shape, in[1].shape)
	}
	if err := checkBox(compute.OpTypeDynamicUpdateSlice, in[0].shape, in[1].dims()); err != nil {
		return nil, err
	}
	starts, err := f.starts(compute.OpTypeDynamicUpdateSlice, in[0].shape, in[2:])
	if err != nil {
		return nil, err
	}
	return f.node(compute.OpTypeDynamicUpdateSlice, in[0].shape, nil, append(in[:2], starts...)...), nil
}
