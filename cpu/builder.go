package cpu

import (
	"errors"
	"fmt"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/notimplemented"
	"github.com/gomlx/compute/shapes"
)

// nodeSet is a set of nodes without duplicates: asking twice for the same
// operation on the same inputs gives the same node. That removes common
// subexpressions while a graph is recorded and while passes rewrite it.
type nodeSet struct {
	nodes []*node
	byKey map[string]*node
}

// node gives the node that computes op, making it if it is new.
func (g *nodeSet) node(op compute.OpType, shape shapes.Shape, attr any, in ...*node) *node {
	n := &node{id: len(g.nodes), op: op, shape: shape, in: slices.Clone(in), attr: attr}
	key := n.key()
	if same := g.byKey[key]; same != nil {
		return same
	}
	if g.byKey == nil {
		g.byKey = make(map[string]*node)
	}
	g.byKey[key] = n
	g.nodes = append(g.nodes, n)
	return n
}

// builder records a computation; it implements compute.Builder.
type builder struct {
	nodeSet
	backend    *backend
	name       string
	main       *function
	parameters []*node
	outputs    []*node
	compiled   bool
}

var _ compute.Builder = (*builder)(nil)

func newBuilder(b *backend, name string) *builder {
	g := &builder{backend: b, name: name}
	g.main = &function{builder: g}
	g.main.Function = notimplemented.Function{ErrFn: notSupported}
	return g
}

// notSupported is the error of every operation that the engine lacks.
func notSupported(op compute.OpType) error {
	return fmt.Errorf("cpu engine: operation %s: %w", op, compute.ErrNotImplemented)
}

// Name implements compute.Builder.
func (g *builder) Name() string { return g.name }

// Main implements compute.Builder.
func (g *builder) Main() compute.Function { return g.main }

// NewFunction implements compute.Builder: there are no sub-functions yet.
func (g *builder) NewFunction(name string) (compute.Function, error) {
	return nil, fmt.Errorf("cpu engine: function %q: %w", name, compute.ErrNotImplemented)
}

// OpShape implements compute.Builder.
func (g *builder) OpShape(v compute.Value) (shapes.Shape, error) { return g.main.Shape(v) }

// DistributedSPMD implements compute.Builder: only one device is possible.
func (g *builder) DistributedSPMD(devices int) error {
	if devices != 1 {
		return fmt.Errorf("cpu engine: %d devices: %w", devices, compute.ErrNotImplemented)
	}
	return nil
}

// DistributedAutoSharding implements compute.Builder; there is nothing to shard over.
func (g *builder) DistributedAutoSharding(...compute.Mesh) error {
	return fmt.Errorf("cpu engine: sharding: %w", compute.ErrNotImplemented)
}

// DeviceAssignment implements compute.Builder.
func (g *builder) DeviceAssignment(devices ...compute.DeviceNum) error {
	if len(devices) > 1 {
		return fmt.Errorf("cpu engine: %d devices: %w", len(devices), compute.ErrNotImplemented)
	}
	for _, device := range devices {
		if err := checkDevice(device); err != nil {
			return err
		}
	}
	return nil
}

// Compile implements compute.Builder.
func (g *builder) Compile() (compute.Executable, error) {
	switch {
	case g.compiled:
		return nil, fmt.Errorf("cpu engine: %q was compiled already", g.name)
	case !g.main.returned:
		return nil, fmt.Errorf("cpu engine: %q has no outputs: Return was not called", g.name)
	}
	g.compiled = true
	e, err := compile(g)
	if err != nil {
		return nil, err
	}
	return e, nil
}

// function is the main function of a computation. Operations that it does not
// define come from the embedded type and fail with compute.ErrNotImplemented.
type function struct {
	notimplemented.Function
	builder  *builder
	returned bool
}

var _ compute.Function = (*function)(nil)

// Name implements compute.Function.
func (f *function) Name() string { return compute.MainName }

// Builder implements compute.Function.
func (f *function) Builder() compute.Builder { return f.builder }

// Parent implements compute.Function: main has none.
func (f *function) Parent() compute.Function { return nil }

// Closure implements compute.Function: there are no sub-functions yet.
func (f *function) Closure() (compute.Function, error) {
	return nil, fmt.Errorf("cpu engine: closures: %w", compute.ErrNotImplemented)
}

// Call implements compute.Function; see Closure.
func (f *function) Call(compute.Function, ...compute.Value) ([]compute.Value, error) {
	return nil, notSupported(compute.OpTypeCall)
}

// Sort implements compute.Function; see Closure.
func (f *function) Sort(compute.Function, int, bool, ...compute.Value) ([]compute.Value, error) {
	return nil, notSupported(compute.OpTypeSort)
}

// While implements compute.Function; see Closure.
func (f *function) While(_, _ compute.Function, _ ...compute.Value) ([]compute.Value, error) {
	return nil, notSupported(compute.OpTypeWhile)
}

// If implements compute.Function; see Closure.
func (f *function) If(compute.Value, compute.Function, compute.Function) ([]compute.Value, error) {
	return nil, notSupported(compute.OpTypeIf)
}

// inputs checks the values that an operation got.
func (f *function) inputs(op compute.OpType, values ...compute.Value) ([]*node, error) {
	if f.returned {
		return nil, fmt.Errorf("cpu engine: %s after Return", opName(op))
	}
	nodes := make([]*node, len(values))
	for i, value := range values {
		n, ok := value.(*node)
		if !ok || n == nil || n.id >= len(f.builder.nodes) || f.builder.nodes[n.id] != n {
			return nil, fmt.Errorf("cpu engine: input %d of %s is not a value of this computation", i, opName(op))
		}
		nodes[i] = n
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
	n := f.builder.node(compute.OpTypeParameter, shape.Clone(), parameterAttr{len(f.builder.parameters), name})
	f.builder.parameters = append(f.builder.parameters, n)
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
	return f.builder.constant(shape, data), nil
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
		return fmt.Errorf("cpu engine: %q returns nothing", f.builder.name)
	}
	for _, sharding := range shardings {
		if sharding != nil {
			return fmt.Errorf("cpu engine: sharding of outputs: %w", compute.ErrNotImplemented)
		}
	}
	f.builder.outputs = nodes
	f.returned = true
	return nil
}
