package cpu

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
)

// Operations that run functions. Their node takes the operation's own inputs and
// then what each function captures.

// controlAttr is the functions that a node runs, and over which axis, for opSort.
type controlAttr struct {
	functions []*function
	axis      int
}

// elementAttr is where a tensor begins in a tuple, in bytes.
type elementAttr struct{ offset int }

// shapeAttr is a shape that an operation depends on besides its inputs and output.
type shapeAttr struct{ shape shapes.Shape }

// control records a node that runs functions and gives the tensors of its tuple.
func (f *function) control(op compute.OpType, attr controlAttr, results []shapes.Shape, in ...*node) ([]compute.Value, error) {
	for _, g := range attr.functions {
		for _, n := range g.captures {
			n = f.resolve(n)
			if n == nil {
				return nil, fmt.Errorf("cpu engine: %s in %s with a closure that uses values from elsewhere", opName(op), f)
			}
			in = append(in, n)
		}
	}
	offsets, size := tupleLayout(results)
	tuple := f.node(op, shapes.Make(dtypes.Uint8, size), attr, in...)
	values := make([]compute.Value, len(results))
	for i, shape := range results {
		values[i] = f.node(opElement, shape, elementAttr{offsets[i]}, tuple)
	}
	return values, nil
}

// tupleLayout says where each tensor of a tuple begins and how large it is as a whole.
func tupleLayout(of []shapes.Shape) (offsets []int, size int) {
	for _, shape := range of {
		offsets = append(offsets, size)
		size += (byteSize(shape) + alignment - 1) &^ (alignment - 1)
	}
	return offsets, size
}

// runnable checks that g is a finished function of the same computation with the
// given parameters and, unless nil, results.
func (f *function) runnable(op compute.OpType, g compute.Function, takes, returns []shapes.Shape) (*function, error) {
	own, ok := g.(*function)
	switch {
	case !ok || own == nil || own.builder != f.builder || own == f.builder.main:
		return nil, fmt.Errorf("cpu engine: %s with something that is no function of this computation", opName(op))
	case !own.returned:
		return nil, fmt.Errorf("cpu engine: %s with a function that has not returned", opName(op))
	}
	if got := shapesOf(own.parameters); !equalShapes(got, takes) {
		return nil, fmt.Errorf("cpu engine: %s with a function that takes %s, want %s", opName(op), list(got), list(takes))
	}
	if got := shapesOf(own.outputs); returns != nil && !equalShapes(got, returns) {
		return nil, fmt.Errorf("cpu engine: %s with a function that returns %s, want %s", opName(op), list(got), list(returns))
	}
	return own, nil
}

func shapesOf(nodes []*node) []shapes.Shape {
	result := make([]shapes.Shape, len(nodes))
	for i, n := range nodes {
		result[i] = n.shape
	}
	return result
}

func equalShapes(a, b []shapes.Shape) bool {
	return slices.EqualFunc(a, b, func(a, b shapes.Shape) bool {
		return a.DType == b.DType && slices.Equal(a.Dimensions, b.Dimensions)
	})
}

func list(all []shapes.Shape) string {
	names := make([]string, len(all))
	for i, shape := range all {
		names[i] = shape.String()
	}
	return "(" + strings.Join(names, ", ") + ")"
}

var truth = shapes.Make(dtypes.Bool)

// Call implements compute.Function: the operations of g are written down in f, on
// these inputs.
func (f *function) Call(g compute.Function, inputs ...compute.Value) ([]compute.Value, error) {
	in, err := f.inputs(compute.OpTypeCall, inputs...)
	if err != nil {
		return nil, err
	}
	called, err := f.runnable(compute.OpTypeCall, g, shapesOf(in), nil)
	if err != nil {
		return nil, err
	}
	now := make(map[*node]*node) // by node of called
	for i, n := range called.parameters {
		now[n] = in[i]
	}
	for _, n := range called.captures {
		outer := f.resolve(n)
		if outer == nil {
			return nil, fmt.Errorf("cpu engine: Call in %s of a closure that uses values from elsewhere", f)
		}
		now[called.captured[n]] = outer
	}
	for _, n := range sorted(called.outputs) {
		if now[n] != nil {
			continue
		}
		operands := make([]*node, len(n.in))
		for i, operand := range n.in {
			operands[i] = now[operand]
		}
		now[n] = f.node(n.op, n.shape, n.attr, operands...)
	}
	results := make([]compute.Value, len(called.outputs))
	for i, n := range called.outputs {
		results[i] = now[n]
	}
	return results, nil
}

// While implements compute.Function.
func (f *function) While(condition, body compute.Function, state ...compute.Value) ([]compute.Value, error) {
	in, err := f.inputs(compute.OpTypeWhile, state...)
	if err != nil {
		return nil, err
	}
	of := shapesOf(in)
	attr := controlAttr{functions: make([]*function, 2)}
	if attr.functions[0], err = f.runnable(compute.OpTypeWhile, condition, of, []shapes.Shape{truth}); err != nil {
		return nil, err
	}
	if attr.functions[1], err = f.runnable(compute.OpTypeWhile, body, of, of); err != nil {
		return nil, err
	}
	return f.control(opWhile, attr, of, in...)
}

// If implements compute.Function. Only the branch that is taken runs.
func (f *function) If(condition compute.Value, onTrue, onFalse compute.Function) ([]compute.Value, error) {
	in, err := f.inputs(compute.OpTypeIf, condition)
	if err != nil {
		return nil, err
	}
	if in[0].dtype() != dtypes.Bool || in[0].size() != 1 {
		return nil, fmt.Errorf("cpu engine: If with a condition of %s, which must be one bool", in[0].shape)
	}
	attr := controlAttr{functions: make([]*function, 2)}
	if attr.functions[0], err = f.runnable(compute.OpTypeIf, onTrue, nil, nil); err != nil {
		return nil, err
	}
	results := shapesOf(attr.functions[0].outputs)
	if attr.functions[1], err = f.runnable(compute.OpTypeIf, onFalse, nil, results); err != nil {
		return nil, err
	}
	return f.control(opIf, attr, results, in...)
}

// Sort implements compute.Function. The comparator takes two elements of the first
// tensor, two of the second and so on, as those of GoMLX's graphs do. The result
// is always stable. A comparator that only
// compares two of its parameters by < or > sorts with NaN after all numbers;
// any other is called for each comparison.
func (f *function) Sort(comparator compute.Function, axis int, _ bool, values ...compute.Value) ([]compute.Value, error) {
	in, err := f.inputs(compute.OpTypeSort, values...)
	if err != nil {
		return nil, err
	}
	if len(in) == 0 || axis < 0 || axis >= in[0].shape.Rank() {
		return nil, fmt.Errorf("cpu engine: Sort of %s along axis %d", list(shapesOf(in)), axis)
	}
	var takes []shapes.Shape
	for _, n := range in {
		if !slices.Equal(n.dims(), in[0].dims()) {
			return nil, fmt.Errorf("cpu engine: Sort of %s, which differ in their dimensions", list(shapesOf(in)))
		}
		takes = append(takes, shapes.Make(n.dtype()), shapes.Make(n.dtype()))
	}
	g, err := f.runnable(compute.OpTypeSort, comparator, takes, []shapes.Shape{truth})
	if err != nil {
		return nil, err
	}
	return f.control(opSort, controlAttr{functions: []*function{g}, axis: axis}, shapesOf(in), in...)
}
