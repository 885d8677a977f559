package cpu

import (
	"fmt"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapeinference"
)

// Reductions are written down in one form: the reduced axes are brought next to
// each other (by a transpose, if they are not already) and the tensor is seen as
// [outer, count, inner], of which count disappears.

// grouped sees n as [outer, count, inner] with count running over the given axes.
func (g *nodeSet) grouped(n *node, axes []int) (*node, reduceDims) {
	reduced := make([]bool, n.shape.Rank())
	for _, axis := range axes {
		reduced[axis] = true
	}
	// Axes of one element may count as either kind.
	first, last := -1, -1
	for axis, dim := range n.dims() {
		if reduced[axis] && dim != 1 {
			if first < 0 {
				first = axis
			}
			last = axis
		}
	}
	adjacent := true
	for axis := first; first >= 0 && axis <= last; axis++ {
		adjacent = adjacent && (reduced[axis] || n.dims()[axis] == 1)
	}
	if !adjacent {
		var kept, gone []int
		for axis := range reduced {
			if reduced[axis] {
				gone = append(gone, axis)
			} else {
				kept = append(kept, axis)
			}
		}
		n = g.transposed(n, append(kept, gone...)...)
		d := reduceDims{outer: 1, count: 1, inner: 1}
		for i, dim := range n.dims() {
			if i < len(kept) {
				d.outer *= dim
			} else {
				d.count *= dim
			}
		}
		return n, d
	}
	d := reduceDims{outer: 1, count: 1, inner: 1}
	for axis, dim := range n.dims() {
		switch {
		case first >= 0 && axis >= first && axis <= last:
			d.count *= dim
		case first >= 0 && axis > last:
			d.inner *= dim
		default:
			d.outer *= dim
		}
	}
	return n, d
}

// reduce records a reduction over axes, all of them if none is given.
func (f *function) reduce(recorded, op compute.OpType, value compute.Value, axes []int) (compute.Value, error) {
	in, err := f.inputs(recorded, value)
	if err != nil {
		return nil, err
	}
	if len(axes) == 0 {
		axes = make([]int, in[0].shape.Rank())
		for i := range axes {
			axes[i] = i
		}
	}
	shape, err := shapeinference.Reduce(in[0].shape, axes)
	if err != nil {
		return nil, err
	}
	dtype := in[0].dtype()
	var suits bool
	switch recorded {
	case compute.OpTypeReduceBitwiseAnd, compute.OpTypeReduceBitwiseOr, compute.OpTypeReduceBitwiseXor:
		suits = dtype.IsInt()
	case compute.OpTypeReduceLogicalAnd, compute.OpTypeReduceLogicalOr, compute.OpTypeReduceLogicalXor:
		suits = dtype == dtypes.Bool
	case compute.OpTypeReduceMax, compute.OpTypeReduceMin:
		suits = true
	default:
		suits = dtype != dtypes.Bool
	}
	if !suits {
		return nil, fmt.Errorf("cpu engine: %s of %s: the dtype has no such operation", opName(recorded), in[0].shape)
	}
	x, d := f.grouped(f.wide(in[0]), axes)
	n := f.node(op, withDType(shape, x.dtype()), d, x)
	return f.converted(n, dtype), nil
}

// ArgMinMax implements compute.Function. The first of equal elements counts, and
// NaN before any number.
func (f *function) ArgMinMax(value compute.Value, axis int, output dtypes.DType, isMin bool) (compute.Value, error) {
	in, err := f.inputs(compute.OpTypeArgMinMax, value)
	if err != nil {
		return nil, err
	}
	shape, err := shapeinference.ArgMinMax(in[0].shape, axis, output)
	if err != nil {
		return nil, err
	}
	if in[0].dims()[axis] == 0 {
		return nil, fmt.Errorf("cpu engine: ArgMinMax of %s along the empty axis %d", in[0].shape, axis)
	}
	x, d := f.grouped(f.wide(in[0]), []int{axis})
	n := f.node(opArgMinMax, withDType(shape, dtypes.Int64), argAttr{d, isMin}, x)
	return f.converted(n, output), nil
}

// ReduceWindow implements compute.Function.
func (f *function) ReduceWindow(value compute.Value, reduction compute.ReduceOpType, size, strides, inputDilations, windowDilations []int,
	paddings [][2]int) (compute.Value, error) {
	in, err := f.inputs(compute.OpTypeReduceWindow, value)
	if err != nil {
		return nil, err
	}
	if len(strides) == 0 {
		strides = size
	}
	shape, err := shapeinference.ReduceWindow(in[0].shape, size, strides, inputDilations, windowDilations, paddings)
	if err != nil {
		return nil, err
	}
	rank := in[0].shape.Rank()
	if reduction <= compute.ReduceOpUndefined || reduction > compute.ReduceOpMin || in[0].dtype() == dtypes.Bool {
		return nil, fmt.Errorf("cpu engine: ReduceWindow %s of %s: %w", reduction, in[0].shape, compute.ErrNotImplemented)
	}
	attr := windowAttr{op: reduction, size: slices.Clone(size), stride: slices.Clone(strides),
		inDilation: orOnes(inputDilations, rank), dilated: orOnes(windowDilations, rank), pad: make([][2]int, rank)}
	copy(attr.pad, paddings)
	x := f.wide(in[0])
	n := f.node(compute.OpTypeReduceWindow, withDType(shape, x.dtype()), attr, x)
	return f.converted(n, shape.DType), nil
}

// orOnes copies values, or gives n ones for none.
func orOnes(values []int, n int) []int {
	if len(values) == 0 {
		return slices.Repeat([]int{1}, n)
	}
	return slices.Clone(values)
}

// SelectAndScatterMax implements compute.Function.
func (f *function) SelectAndScatterMax(operand, source compute.Value, size, strides []int, paddings [][2]int) (compute.Value, error) {
	return f.selectAndScatter(compute.OpTypeSelectAndScatterMax, compute.ReduceOpMax, operand, source, size, strides, paddings)
}

// SelectAndScatterMin implements compute.Function.
func (f *function) SelectAndScatterMin(operand, source compute.Value, size, strides []int, paddings [][2]int) (compute.Value, error) {
	return f.selectAndScatter(compute.OpTypeSelectAndScatterMin, compute.ReduceOpMin, operand, source, size, strides, paddings)
}

func (f *function) selectAndScatter(op compute.OpType, reduction compute.ReduceOpType, operand, source compute.Value,
	size, strides []int, paddings [][2]int) (compute.Value, error) {
	in, err := f.inputs(op, operand, source)
	if err != nil {
		return nil, err
	}
	if len(strides) == 0 {
		strides = size
	}
	x := in[0].shape
	windows, err := shapeinference.ReduceWindow(x, size, strides, nil, nil, paddings)
	if err != nil {
		return nil, err
	}
	if !windows.Equal(in[1].shape) || x.DType == dtypes.Bool || x.Rank() == 0 {
		return nil, fmt.Errorf("cpu engine: %s of %s, whose windows are %s, with a source of %s", opName(op), x, windows, in[1].shape)
	}
	attr := windowAttr{op: reduction, size: slices.Clone(size), stride: slices.Clone(strides),
		inDilation: orOnes(nil, x.Rank()), dilated: orOnes(nil, x.Rank()), pad: make([][2]int, x.Rank())}
	copy(attr.pad, paddings)
	wide := f.wide(in[0])
	n := f.node(op, wide.shape, attr, wide, f.wide(in[1]))
	return f.converted(n, x.DType), nil
}
