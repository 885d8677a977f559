package nets

import (
	"maps"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"

	"github.com/gestalt-vision/gestalt/weights"
)

// Mode says what a graph is built for.
type Mode int

const (
	// Inference normalises with the running statistics. They and the batch norm's weights are folded into the kernels
	// before the graph sees them, so that each convolution is followed by one addition.
	Inference Mode = iota
	// Training normalises with the statistics of the batch, through which the gradient flows, and takes every
	// parameter as it stands in the file.
	Training
)

// Param is a parameter as files store it.
type Param struct {
	Name  string // torchvision's
	Shape []int  // PyTorch's: kernels [out, in, height, width], linear weights [out, in]
	// Auxiliary is true for the parameters of heads that only training uses. In Inference mode a file may lack them.
	Auxiliary bool
	// Learned is false for running statistics, which are measured and not learned by gradient.
	Learned bool
}

// Len is the number of the parameter's elements.
func (p Param) Len() int {
	n := 1
	for _, d := range p.Shape {
		n *= d
	}
	return n
}

// Input is a parameter as the graph takes it: one input of the computation, in the graphs' layout. (Inputs and not
// constants: an engine can keep them on its device between calls, and training can replace them.)
type Input struct {
	Name string
	Node *graph.Node
	// value makes the input's elements from the parameters in a file.
	value func(param source) []float32
	// stored is the sizes [out, in, height, width] of a weight whose axes stand in another order in graphs, else zero.
	stored [4]int
}

// Stored is the inverse of what is done to a parameter when it is read: it gives the input's elements, or those of its
// gradient, in the order in which files have them. Only in Training mode, where inputs are the parameters themselves.
func (in Input) Stored(values []float32) []float32 {
	if o, i, h, w := in.stored[0], in.stored[1], in.stored[2], in.stored[3]; o > 0 {
		return weights.HWIOToOIHW(values, h, w, i, o)
	}
	return values
}

// Graphed is the inverse of Stored: it gives the input's elements, of what files have in their order.
func (in Input) Graphed(values []float32) []float32 {
	return in.value(func(string) []float32 { return values })
}

// Net is a network built into a graph.
type Net struct {
	// Logits are [batch, classes], nil where the network is built only up to some features.
	Logits *graph.Node
	// Params are all parameters that a file must hold, in the order in which the graph code asks for them. They do
	// not depend on the mode.
	Params []Param
	// Inputs are the graph's inputs for them, in the order of their creation.
	Inputs []Input
	// Features are inner activations by the name of torchvision's module that puts them out, such as layer1 of a ResNet;
	// those of a VGG also by the names of the literature, such as relu4_1.
	Features map[string]*graph.Node
	// Auxiliary are, in Training mode, the logits of the heads beside the last that GoogLeNet and Inception v3 have, by
	// torchvision's name of the head. The recipes add their losses to the last's with weights of 0.3 and 0.4.
	Auxiliary map[string]*graph.Node
	// Statistics are, in Training mode, the running statistics after this batch, by the parameter's name.
	Statistics map[string]*graph.Node

	// MultiplyAdds counts those of convolutions and linear layers, for all pictures of the batch.
	MultiplyAdds int64

	mode    Mode
	graph   *graph.Graph
	ignored map[string]bool // what files may hold beside the parameters
	wanted  map[string]bool // features that end the building; nil for the whole network
	seed    *graph.Node     // of dropout; nil where nothing is dropped
}

// Scope is a place in a network under construction: its parameters' names begin with the scope's prefix. Its methods
// add layers to the graph; like all graph code they panic on mistakes.
type Scope struct {
	net               *Net
	prefix            string
	epsilon, momentum float64 // of batch normalisations
	classes           int     // that the architecture tells apart, where the layers are one's
}

// In is the scope of an inner module, such as layer1.0.
func (s Scope) In(module string) Scope {
	s.prefix = s.path(module) + "."
	return s
}

// Epsilon is the scope with another ε in its batch normalisations than PyTorch's default of 1e-5.
func (s Scope) Epsilon(epsilon float64) Scope {
	s.epsilon = epsilon
	return s
}

// Momentum is the scope with another weight of the new batch in the running statistics of its batch normalisations than
// PyTorch's default of 0.1.
func (s Scope) Momentum(momentum float64) Scope {
	s.momentum = momentum
	return s
}

func (s Scope) path(name string) string { return s.prefix + name }

// Mark gives x a name among the network's Features and returns it. It ends the building where that was the last feature
// that [UpTo] asked for.
func (s Scope) Mark(module string, x *graph.Node) *graph.Node {
	name := s.path(module)
	s.net.Features[name] = x
	if s.net.wanted[name] {
		delete(s.net.wanted, name)
		if len(s.net.wanted) == 0 {
			panic(reached{})
		}
	}
	return x
}

// reached is thrown when the last feature is there, so that the graph code of a network need not ask after each layer.
type reached struct{}

// Auxiliary puts the logits of a head beside the last into the network's Auxiliary. In Inference mode the head is no part
// of the graph; its parameters are declared all the same, for files hold them.
func (s Scope) Auxiliary(name string, x *graph.Node, head func(Scope, *graph.Node) *graph.Node) {
	if s.net.mode == Training {
		at := len(s.net.Params)
		s.net.Auxiliary[name] = head(s.In(name), x)
		markAuxiliary(s.net.Params[at:])
		return
	}
	// The parameters are found by building the head for a picture that is large enough, in a graph thrown away.
	g := graph.NewGraph(s.net.graph.Backend(), name)
	defer g.Finalize()
	aside, inside := newNet(g, Inference), graph.Parameter(g, "x", shapes.Make(dtypes.Float32, 1, 32, 32, x.Shape().Dim(-1)))
	inner := s.In(name)
	inner.net = aside
	head(inner, inside)
	markAuxiliary(aside.Params)
	s.net.Params = append(s.net.Params, aside.Params...)
	maps.Copy(s.net.ignored, aside.ignored)
}

func markAuxiliary(params []Param) {
	for i := range params {
		params[i].Auxiliary = true
	}
}

// count counts the multiply-adds of a layer whose outputs y are sums of so many products each.
func (s Scope) count(y *graph.Node, products int) *graph.Node {
	s.net.MultiplyAdds += int64(y.Shape().Size()) * int64(products)
	return y
}

// declare says that files hold a parameter.
func (s Scope) declare(name string, learned bool, shape ...int) Param {
	p := Param{Name: s.path(name), Shape: shape, Learned: learned}
	s.net.Params = append(s.net.Params, p)
	return p
}

// input adds an input to the graph.
func (s Scope) input(name string, shape []int, value func(param source) []float32) *graph.Node {
	node := graph.Parameter(s.net.graph, name, shapes.Make(dtypes.Float32, shape...))
	s.net.Inputs = append(s.net.Inputs, Input{Name: name, Node: node, value: value})
	return node
}

// weight adds the input for a weight that files hold as [o, i, h, w] and the graph takes as [h, w, i, o], in shape.
func (s Scope) weight(p Param, o, i, h, w int, shape ...int) *graph.Node {
	node := s.input(p.Name, shape, func(param source) []float32 {
		return weights.OIHWToHWIO(param(p.Name), o, i, h, w)
	})
	s.net.Inputs[len(s.net.Inputs)-1].stored = [4]int{o, i, h, w}
	return node
}

// vector declares a parameter of one axis and adds the input that takes it unchanged.
func (s Scope) vector(name string, learned bool, n int) *graph.Node {
	p := s.declare(name, learned, n)
	return s.input(p.Name, p.Shape, func(param source) []float32 { return param(p.Name) })
}
