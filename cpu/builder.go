package cpu

import (
	"fmt"
	"slices"

	"github.com/gomlx/compute"
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
	backend  *backend
	name     string
	main     *function
	compiled bool
}

var _ compute.Builder = (*builder)(nil)

func newBuilder(b *backend, name string) *builder {
	g := &builder{backend: b, name: name}
	g.main = newFunction(g, compute.MainName, nil)
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

// NewFunction implements compute.Builder. Calls of the function are written down
// as its operations on their inputs.
func (g *builder) NewFunction(name string) (compute.Function, error) {
	if name == "" || name == compute.MainName {
		return nil, fmt.Errorf("cpu engine: a function cannot have the name %q", name)
	}
	return newFunction(g, name, nil), nil
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
	e, err := compile(g.main)
	if err != nil {
		return nil, err
	}
	return e, nil
}
