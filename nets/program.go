package nets

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/gestalt-vision/gestalt/engine"
	"github.com/gestalt-vision/gestalt/weights"
)

// Array is an array of numbers that goes into or comes out of a [Program]: row-major, the last axis first to vary.
type Array struct {
	Dims   []int
	Values []float32
}

// Code is what a [Program] computes, as graph code: from its inputs its outputs. It asks the scope for its parameters,
// which must be the same, in the same order, for inputs of any size.
type Code func(s Scope, inputs []*graph.Node) []*graph.Node

// Program is graph code with weights on an engine, compiled for each new shape of its inputs. The weights are inputs of the
// computation that stay in the engine's buffers between calls. Its methods may be called from several goroutines.
type Program struct {
	name    string
	code    Code
	backend compute.Backend
	weights map[string]compute.Buffer // by the input's name

	inUse    sync.RWMutex // held for reading while a graph runs, for writing by Close
	closed   bool
	compiled sync.Mutex // guards graphs, and weights once the program runs
	graphs   map[string]compiled
}

// compiled is a graph with the buffers that it takes after the inputs.
type compiled struct {
	graph   *graph.Graph
	weights []compute.Buffer
}

// maxGraphs bounds what a program that is shown pictures of many sizes holds: each graph has an arena and packed weights.
const maxGraphs = 8

// NewProgram reads the parameters that code asks for from f, which may hold more than these, onto an engine; f may be nil
// for code without parameters. example is the dimensions of inputs that code can be traced with, which costs no
// arithmetic. The engine stays the caller's and must outlive the program; f may be closed.
func NewProgram(b compute.Backend, name string, f *weights.File, code Code, example ...[]int) (*Program, error) {
	p := newProgram(b, name, code)
	_, err := p.load(example, fromFile(f))
	return p.orClosed(err)
}

// NewProgramOf is NewProgram for code whose parts have files of their own, as [Net.ReadParts] reads them.
func NewProgramOf(b compute.Backend, name string, parts map[string]*weights.File, code Code, example ...[]int) (*Program, error) {
	p := newProgram(b, name, code)
	_, err := p.load(example, fromParts(parts))
	return p.orClosed(err)
}

// RandomProgram is a program with made-up parameters, as [Random] has them.
func RandomProgram(b compute.Backend, name string, code Code, example ...[]int) (*Program, error) {
	p := newProgram(b, name, code)
	_, err := p.load(example, madeUp)
	return p.orClosed(err)
}

func newProgram(b compute.Backend, name string, code Code) *Program {
	return &Program{name: name, code: code, backend: b, weights: map[string]compute.Buffer{}, graphs: map[string]compiled{}}
}

// load traces the code and puts the parameters that it asks for into the engine's buffers.
func (p *Program) load(example [][]int, from origin) (*Net, error) {
	net, _, err := p.trace(example)
	if err != nil || len(net.Params) == 0 {
		return net, err
	}
	if err := from(net, func(param source) error { return p.hold(net, param) }); err != nil {
		return nil, fmt.Errorf("%s: %w", p.name, err)
	}
	return net, nil
}

// orClosed is the program, or after an error nothing of it.
func (p *Program) orClosed(err error) (*Program, error) {
	if err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

// trace builds the graph and throws it away. The outputs have only shapes then.
func (p *Program) trace(example [][]int) (net *Net, outputs []*graph.Node, err error) {
	err = engine.Catch(func() {
		var g *graph.Graph
		g, net, outputs = p.build(example)
		g.Finalize()
	})
	if err != nil {
		return nil, nil, fmt.Errorf("%s on engine %s: %w", p.name, p.backend.Name(), err)
	}
	return net, outputs, nil
}

// hold puts the parameters of a network's inputs into the engine's buffers, where they are not there yet.
func (p *Program) hold(net *Net, param source) error {
	for _, in := range net.Inputs {
		if p.weights[in.Name] != nil {
			continue
		}
		buffer, err := p.backend.BufferFromFlatData(0, in.value(param), in.Node.Shape())
		if err != nil {
			return fmt.Errorf("parameter %s: %w", in.Name, err)
		}
		p.weights[in.Name] = buffer
	}
	return nil
}

// build writes the graph for inputs of such dimensions. It panics as graph code does.
func (p *Program) build(dims [][]int) (*graph.Graph, *Net, []*graph.Node) {
	g := graph.NewGraph(p.backend, p.name)
	inputs := make([]*graph.Node, len(dims))
	for i, d := range dims {
		inputs[i] = graph.Parameter(g, fmt.Sprintf("input %d", i), shapes.Make(dtypes.Float32, d...))
	}
	net, scope := Begin(g, Inference)
	return g, net, p.code(scope, inputs)
}

// MultiplyAdds counts those of the convolutions and linear layers that the code adds by its scope, for inputs of such
// dimensions.
func (p *Program) MultiplyAdds(dims ...[]int) (int64, error) {
	net, _, err := p.trace(dims)
	if err != nil {
		return 0, err
	}
	return net.MultiplyAdds, nil
}

// Run computes the outputs for these inputs.
func (p *Program) Run(inputs ...Array) (outputs []Array, err error) {
	p.inUse.RLock()
	defer p.inUse.RUnlock()
	if p.closed {
		return nil, fmt.Errorf("%s: it has been closed", p.name)
	}
	caught := engine.Catch(func() { outputs, err = p.run(p.graph(inputs), inputs) })
	if err := errors.Join(caught, err); err != nil {
		return nil, fmt.Errorf("%s on engine %s: %w", p.name, p.backend.Name(), err)
	}
	return outputs, nil
}

// graph finds or compiles the graph for inputs of such dimensions. It panics as graph code does.
func (p *Program) graph(inputs []Array) compiled {
	dims := make([][]int, len(inputs))
	for i, in := range inputs {
		dims[i] = in.Dims
	}
	key := fmt.Sprint(dims)
	p.compiled.Lock()
	defer p.compiled.Unlock()
	if c, ok := p.graphs[key]; ok {
		return c
	}
	if len(p.graphs) >= maxGraphs { // whoever runs one of them still holds it; it is freed when they are done
		clear(p.graphs)
	}
	g, net, outputs := p.build(dims)
	// An ONNX file may compute other constants for other sizes. Parameters of ours are all there since the first trace.
	err := p.hold(net, func(name string) []float32 {
		panic(fmt.Errorf("asks for the parameter %s only where its inputs are %v", name, dims))
	})
	if err == nil {
		err = g.Compile(outputs...)
	}
	if err != nil {
		g.Finalize()
		panic(err)
	}
	c := compiled{graph: g}
	for _, in := range net.Inputs {
		c.weights = append(c.weights, p.weights[in.Name])
	}
	p.graphs[key] = c
	return c
}

// run executes a graph; its inputs are those of the code, then the weights, as build makes them.
func (p *Program) run(c compiled, inputs []Array) ([]Array, error) {
	var buffers []compute.Buffer
	for _, in := range inputs {
		buffer, err := p.backend.BufferFromFlatData(0, in.Values, shapes.Make(dtypes.Float32, in.Dims...))
		if err != nil {
			return nil, err
		}
		buffers = append(buffers, buffer)
	}
	buffers = append(buffers, c.weights...)
	donate := make([]bool, len(buffers))
	for i := range inputs {
		donate[i] = true
	}
	var outputs []Array
	for _, out := range c.graph.RunWithBuffers(buffers, donate, 0) {
		values, err := tensors.CopyFlatData[float32](out)
		dims := slices.Clone(out.Shape().Dimensions)
		if err := errors.Join(err, out.FinalizeAll()); err != nil {
			return nil, err
		}
		outputs = append(outputs, Array{Dims: dims, Values: values})
	}
	return outputs, nil
}

// Close frees the program's buffers and graphs on the engine; it waits for runs that are under way.
func (p *Program) Close() error {
	p.inUse.Lock()
	defer p.inUse.Unlock()
	p.closed = true
	for _, c := range p.graphs {
		c.graph.Finalize()
	}
	var failed error
	for _, w := range p.weights {
		failed = errors.Join(failed, w.Finalize())
	}
	p.graphs, p.weights = nil, nil
	return failed
}
