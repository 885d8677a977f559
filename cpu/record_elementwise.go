package cpu

import (
	"fmt"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapeinference"
	"github.com/gomlx/compute/shapes"
)

// Half precision computes in float32: operands are widened before and results
// narrowed after each operation, so it rounds as if it were native.

// wide gives n as float32 if it is of half precision, else n itself.
func (g *nodeSet) wide(n *node) *node {
	if n.dtype().IsHalfPrecision() {
		return g.converted(n, dtypes.Float32)
	}
	return n
}

// converted gives n as the other dtype.
func (g *nodeSet) converted(n *node, dtype dtypes.DType) *node {
	if n.dtype() == dtype {
		return n
	}
	if n.dtype().IsHalfPrecision() && dtype != dtypes.Float32 {
		n = g.converted(n, dtypes.Float32)
	}
	return g.node(compute.OpTypeConvertDType, withDType(n.shape, dtype), nil, n)
}

func withDType(shape shapes.Shape, dtype dtypes.DType) shapes.Shape {
	shape = shape.Clone()
	shape.DType = dtype
	return shape
}

// unary records an element-wise operation of one operand.
func (f *function) unary(op compute.OpType, value compute.Value) (compute.Value, error) {
	in, err := f.inputs(op, value)
	if err != nil {
		return nil, err
	}
	shape, err := shapeinference.UnaryOp(op, in[0].shape)
	if err != nil {
		return nil, err
	}
	x := f.wide(in[0])
	n := f.node(op, withDType(shape, x.dtype()), nil, x)
	return f.converted(n, shape.DType), nil
}

// classified records IsNaN and IsFinite.
func (f *function) classified(op compute.OpType, value compute.Value) (compute.Value, error) {
	in, err := f.inputs(op, value)
	if err != nil {
		return nil, err
	}
	if !in[0].dtype().IsFloat() {
		return nil, fmt.Errorf("cpu engine: %s of %s, which is not of a float dtype", opName(op), in[0].shape)
	}
	return f.node(op, withDType(in[0].shape, dtypes.Bool), nil, f.wide(in[0])), nil
}

// binary records an element-wise operation of two operands, broadcast to each other.
func (f *function) binary(op compute.OpType, left, right compute.Value) (compute.Value, error) {
	in, err := f.inputs(op, left, right)
	if err != nil {
		return nil, err
	}
	shape, err := shapeinference.BinaryOp(op, in[0].shape, in[1].shape)
	if err != nil {
		return nil, err
	}
	shape = withEmptyAxes(shape, in)
	a, b := f.wide(in[0]), f.wide(in[1])
	n := f.node(op, withDType(shape, a.dtype()), nil, a, b)
	return f.converted(n, shape.DType), nil
}

// comparison records an element-wise comparison, whose result is of bools.
func (f *function) comparison(op compute.OpType, left, right compute.Value) (compute.Value, error) {
	in, err := f.inputs(op, left, right)
	if err != nil {
		return nil, err
	}
	if in[0].dtype() == dtypes.Bool && in[1].dtype() == dtypes.Bool {
		// Shape inference has no bools here; they compare as the bytes they are.
		bytes := [2]shapes.Shape{withDType(in[0].shape, dtypes.Uint8), withDType(in[1].shape, dtypes.Uint8)}
		shape, err := shapeinference.ComparisonOp(op, bytes[0], bytes[1])
		if err != nil {
			return nil, err
		}
		return f.node(op, withEmptyAxes(shape, in), nil, in...), nil
	}
	shape, err := shapeinference.ComparisonOp(op, in[0].shape, in[1].shape)
	if err != nil {
		return nil, err
	}
	return f.node(op, withEmptyAxes(shape, in), nil, f.wide(in[0]), f.wide(in[1])), nil
}

// withEmptyAxes makes an axis of a result empty if it is in an operand. Shape
// inference takes the larger of 0 and 1, but nothing repeated is still nothing.
func withEmptyAxes(shape shapes.Shape, operands []*node) shapes.Shape {
	shape = shape.Clone()
	for _, n := range operands {
		for axis, dim := range n.dims() {
			if dim == 0 {
				shape.Dimensions[axis] = 0
			}
		}
	}
	return shape
}

// Where implements compute.Function.
func (f *function) Where(condition, onTrue, onFalse compute.Value) (compute.Value, error) {
	in, err := f.inputs(compute.OpTypeWhere, condition, onTrue, onFalse)
	if err != nil {
		return nil, err
	}
	shape, err := shapeinference.Where(in[0].shape, in[1].shape, in[2].shape)
	if err != nil {
		return nil, err
	}
	return f.node(compute.OpTypeWhere, shape, nil, in...), nil
}

// Clamp implements compute.Function.
func (f *function) Clamp(low, value, high compute.Value) (compute.Value, error) {
	in, err := f.inputs(compute.OpTypeClamp, low, value, high)
	if err != nil {
		return nil, err
	}
	shape := in[1].shape
	for _, bound := range []*node{in[0], in[2]} {
		if bound.dtype() != shape.DType || !bound.shape.IsScalar() && !slices.Equal(bound.dims(), shape.Dimensions) {
			return nil, fmt.Errorf("cpu engine: Clamp of %s between %s and %s: a bound must be a scalar or have the shape of the value",
				shape, in[0].shape, in[2].shape)
		}
	}
	for i := range in {
		in[i] = f.wide(in[i])
	}
	n := f.node(compute.OpTypeClamp, in[1].shape, nil, in...)
	return f.converted(n, shape.DType), nil
}

// ConvertDType implements compute.Function. Floats become integers by cutting
// off the fraction, saturating at the ends of the range, NaN becoming 0;
// anything that is not zero is true.
func (f *function) ConvertDType(value compute.Value, dtype dtypes.DType) (compute.Value, error) {
	in, err := f.inputs(compute.OpTypeConvertDType, value)
	if err != nil {
		return nil, err
	}
	if err := checkShape(withDType(in[0].shape, dtype)); err != nil {
		return nil, err
	}
	return f.converted(in[0], dtype), nil
}

// Identity implements compute.Function.
func (f *function) Identity(value compute.Value) (compute.Value, error) {
	in, err := f.inputs(compute.OpTypeIdentity, value)
	if err != nil {
		return nil, err
	}
	return in[0], nil
}

// OptimizationBarrier implements compute.Function. Nothing is ever computed in a
// different way for being seen together, so the values pass as they are.
func (f *function) OptimizationBarrier(values ...compute.Value) ([]compute.Value, error) {
	if _, err := f.inputs(compute.OpTypeOptimizationBarrier, values...); err != nil {
		return nil, err
	}
	return slices.Clone(values), nil
}

// SchedulingBarrier implements compute.Function. Operations have no effect but
// their result, so the order that the barrier asks for cannot be observed.
func (f *function) SchedulingBarrier(value compute.Value, dependencies ...compute.Value) (compute.Value, error) {
	if _, err := f.inputs(compute.OpTypeSchedulingBarrier, append([]compute.Value{value}, dependencies...)...); err != nil {
		return nil, err
	}
	return value, nil
}
