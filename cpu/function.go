package cpu

import (
	"errors"
	"fmt"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/notimplemented"
	"github.com/gomlx/compute/shapes"
)

// function records the operations of main, of a function that is called, or of a
// closure; it implements compute.Function. Each has nodes of its own. What a
// closure uses of the function around it becomes a parameter of the closure, a
// capture, that the operation which runs the closure passes along.
//
// Operations that it does not define come from the embedded type and fail with
// compute.ErrNotImplemented.
type function struct {
	notimplemented.Function
	nodeSet
	builder    *builder
	name       string // empty for a closure
	parent     *function
	parameters []*node
	captures   []*node         // nodes of parent
	captured   map[*node]*node // what they are here
	outputs    []*node
	returned   bool
}

var _ compute.Function = (*function)(nil)

func newFunction(g *builder, name string, parent *function) *function {
	f := &function{builder: g, name: name, parent: parent, captured: make(map[*node]*node)}
	f.Function = notimplemented.Function{ErrFn: notSupported}
	return f
}

// Name implements compute.Function.
func (f *function) Name() string { return f.name }

// String names the function for an error.
func (f *function) String() string {
	switch {
	case f.parent != nil:
		return fmt.Sprintf("a closure of %q", f.builder.name)
	case f == f.builder.main:
		return fmt.Sprintf("%q", f.builder.name)
	}
	return fmt.Sprintf("function %q of %q", f.name, f.builder.name)
}

// Builder implements compute.Function.
func (f *function) Builder() compute.Builder { return f.builder }

// Parent implements compute.Function: nil for all but closures.
func (f *function) Parent() compute.Function {
	if f.parent == nil {
		return nil
	}
	return f.parent
}

// Closure implements compute.Function: the closure sees the values of f.
func (f *function) Closure() (compute.Function, error) {
	return newFunction(f.builder, "", f), nil
}

// owns reports whether n was recorded by f.
func (f *function) owns(n *node) bool { return n.id < len(f.nodes) && f.nodes[n.id] == n }

// resolve gives a value of f or of a function around it as a node of f; nil if
// f cannot see it.
func (f *function) resolve(n *node) *node {
	if f.owns(n) {
		return n
	}
	if f.parent == nil {
		return nil
	}
	if n = f.parent.resolve(n); n == nil {
		return nil
	}
	if f.captured[n] == nil {
		f.captured[n] = f.node(compute.OpTypeParameter, n.shape, parameterAttr{index: len(f.captures), captured: true})
		f.captures = append(f.captures, n)
	}
	return f.captured[n]
}

// inputs checks the values that an operation got.
func (f *function) inputs(op compute.OpType, values ...compute.Value) ([]*node, error) {
	if f.returned {
		return nil, fmt.Errorf("cpu engine: %s after Return", opName(op))
	}
	nodes := make([]*node, len(values))
	for i, value := range values {
		n, ok := value.(*node)
		if ok && n != nil {
			nodes[i] = f.resolve(n)
		}
		if nodes[i] == nil {
			return nil, fmt.Errorf("cpu engine: input %d of %s is not a value that %s can see", i, opName(op), f)
		}
	}
	return nodes, nil
}

// Shape implements compute.Function.
func (f *function) Shape(v compute.Value) (shapes.Shape, error) {
	n, ok := v.(*node)
	if !ok || n == nil {
		return shapes.Invalid(), errors.New("cpu engine: shape of something that is no value")
	}
	return n.shape, nil
}

// Parameter implements compute.Function.
func (f *function) Parameter(name string, shape shapes.Shape, sharding *compute.ShardingSpec) (compute.Value, error) {
	if _, err := f.inputs(compute.OpTypeParameter); err != nil {
		return nil, err
	}
	if sharding != nil {
		return nil, fmt.Errorf("cpu engine: sharding of parameter %q: %w", name, compute.ErrNotImplemented)
	}
	if err := checkShape(shape); err != nil {
		return nil, fmt.Errorf("parameter %q: %w", name, err)
	}
	n := f.node(compute.OpTypeParameter, shape.Clone(), parameterAttr{index: len(f.parameters), name: name})
	f.parameters = append(f.parameters, n)
	return n, nil
}

// Constant implements compute.Function: flat is a slice with the elements of a
// tensor of the given dimensions; it is copied.
func (f *function) Constant(flat any, dims ...int) (compute.Value, error) {
	if _, err := f.inputs(compute.OpTypeConstant); err != nil {
		return nil, err
	}
	shape := shapes.Make(elementType(flat), dims...)
	if err := checkShape(shape); err != nil {
		return nil, fmt.Errorf("constant: %w", err)
	}
	if err := checkFlat(flat, shape); err != nil {
		return nil, fmt.Errorf("constant: %w", err)
	}
	data := alignedBytes(byteSize(shape))
	if len(data) > 0 {
		copy(data, dtypes.UnsafeByteSliceFromAny(flat))
	}
	return f.constant(shape, data), nil
}

// constant makes a node of data, which it keeps.
func (g *nodeSet) constant(shape shapes.Shape, data []byte) *node {
	// Large constants are told apart by where they are: comparing them would
	// cost more than the rare duplicate.
	key := fmt.Sprintf("%p", data)
	if len(data) <= 1024 {
		key = fmt.Sprintf("%x", data)
	}
	return g.node(compute.OpTypeConstant, shape, constantAttr{data, key})
}

// Return implements compute.Function.
func (f *function) Return(outputs []compute.Value, shardings []*compute.ShardingSpec) error {
	nodes, err := f.inputs(compute.OpTypeInvalid, outputs...)
	if err != nil {
		return err
	}
	if len(outputs) == 0 {
		return fmt.Errorf("cpu engine: %s returns nothing", f)
	}
	for _, sharding := range shardings {
		if sharding != nil {
			return fmt.Errorf("cpu engine: sharding of outputs: %w", compute.ErrNotImplemented)
		}
	}
	f.outputs = nodes
	f.returned = true
	return nil
}
