package onnx

import (
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// Input is a parameter as a graph takes it: in the engines' layout, with batch normalisation folded in.
type Input struct {
	// Name tells parameter and layout: inputs of one name are the same in all graphs of a file.
	Name string
	Node *graph.Node
	// Values makes the input's elements.
	Values func() []float32
}

// Network is a file's network built into a graph.
type Network struct {
	// Output is the file's first output as the file has it, except that a softmax at its end, with what gives it other
	// dimensions afterwards, is left away.
	Output *graph.Node
	// Softmax says whether one was left away.
	Softmax bool
	// Inputs are the graph's inputs for the parameters, in the order of their creation.
	Inputs []Input
	// MultiplyAdds counts those of convolutions and matrix products, for all pictures of the batch.
	MultiplyAdds int64
}

// builder is a network under construction.
type builder struct {
	file    *File
	graph   *graph.Graph
	folding bool // the graph computes constants: parameters are constants in it
	batch   int  // pictures
	net     *Network
	values  map[string]*value
	inputs  map[string]*graph.Node // by name
	done    map[*node]bool         // nodes that another has taken along
}

// Build adds the network to the graph of x, pictures of float32. x holds them as [batch, height, width, channels] if
// channelsLast, which says nothing about the layout that the file takes: nchw says whether that is [batch, channels,
// height, width].
//
// The file's batch need not be that of x: where shapes that the file has written out begin with its own batch, the one of x
// takes its place. Parameters are inputs of the graph and are created after x.
func (f *File) Build(x *graph.Node, nchw bool) (net *Network, err error) {
	pictures := plainValue(x)
	if nchw {
		pictures.axes = channelsLast(4)
	}
	if f.Input.onnxType == typeDouble {
		pictures.node = graph.ConvertDType(x, dtypes.Float64)
	}
	end, softmax := f.withoutSoftmax(f.Outputs[0].Name)
	net, out, err := f.build(x.Graph(), map[string]*value{f.Input.Name: pictures}, x.Shape().Dim(0), end)
	if err != nil {
		return nil, err
	}
	net.Output, net.Softmax = out[0], softmax
	return net, nil
}

// build adds the network to a graph as far as the values that are wanted.
func (f *File) build(g *graph.Graph, inputs map[string]*value, batch int, wanted ...string) (*Network, []*graph.Node, error) {
	f.once.Do(func() { f.failed = f.foldParameters() })
	if f.failed != nil {
		return nil, nil, f.failed
	}
	b := &builder{file: f, graph: g, net: &Network{}, values: map[string]*value{}, inputs: map[string]*graph.Node{},
		done: map[*node]bool{}, batch: batch}
	for name, t := range f.graph.initializers {
		b.values[name] = &value{known: t, name: name}
	}
	for _, n := range f.order {
		for i, t := range f.static[n.key()] {
			b.values[n.out[i]] = &value{known: t, name: n.out[i]}
		}
	}
	maps.Copy(b.values, inputs)
	for _, n := range f.order {
		if !slices.ContainsFunc(wanted, func(name string) bool { return b.values[name] == nil }) {
			break
		}
		if b.done[n] || f.static[n.key()] != nil {
			continue
		}
		if err := b.run(n); err != nil {
			return nil, nil, err
		}
	}
	var out []*graph.Node
	for _, name := range wanted {
		v := b.values[name]
		if v == nil {
			return nil, nil, fmt.Errorf("the output %q does not come about", name)
		}
		if err := catch(func() { out = append(out, b.in(v, plain(v.rank()))) }); err != nil {
			return nil, nil, err
		}
	}
	return b.net, out, nil
}

// withoutSoftmax is the value that a softmax at the network's end is taken of, if there is one. What only gives its result
// other dimensions may follow it.
func (f *File) withoutSoftmax(output string) (before string, softmax bool) {
	for n := f.maker[output]; n != nil; n = f.maker[n.in[0]] {
		switch n.op {
		case "Softmax":
			return n.in[0], true
		case "Identity", "Dropout", "Cast", "Squeeze", "Flatten", "Reshape":
		default:
			return output, false
		}
	}
	return output, false
}

// run adds a node's operator to the graph.
func (b *builder) run(n *node) error {
	c := &call{b: b, n: n, in: make([]*value, len(n.in))}
	all := true
	for i, name := range n.in {
		if name == "" {
			continue
		}
		if c.in[i] = b.values[name]; c.in[i] == nil {
			return fmt.Errorf("%s reads %q, which comes later", n, name)
		}
		all = all && c.in[i].known != nil
	}
	var out []*value
	var err error
	if all && n.op != "Constant" {
		out, err = b.fold(c)
	} else {
		err = catch(func() { out = operators[n.op].build(c) })
	}
	if err != nil {
		return fmt.Errorf("%s: %w", n, err)
	}
	for i, name := range n.out {
		if name == "" {
			continue
		}
		if i >= len(out) {
			break // checkOperators has seen that nobody reads it
		}
		b.values[name] = out[i]
		if _, err := countOf(out[i].dims()); err != nil {
			return fmt.Errorf("%s: %w", n, err)
		}
	}
	if c.also != "" {
		b.values[c.also] = out[0]
	}
	return nil
}

// key names a node among those of its file.
func (n *node) key() string {
	if len(n.out) == 0 {
		return ""
	}
	return n.out[0]
}

// constant puts a known value into the graph with its axes in an order: parameters of floating-point numbers as inputs, all
// else as constants.
func (b *builder) constant(v *value, axes []int) *graph.Node {
	t := v.known
	dims := make([]int, len(axes))
	for i, axis := range axes {
		dims[i] = t.dims[axis]
	}
	if t.dtype == dtypes.Float32 && t.size() > 1 && v.name != "" && !b.folding {
		return b.input(v.name+order(axes), dims, func() []float32 { return t.permuted(axes).([]float32) })
	}
	return graph.ConstTensor(b.graph, tensorOf(t.permuted(axes), t.dtype, dims))
}

// order describes the order of axes in a name.
func order(axes []int) string {
	if inOrder(axes) {
		return ""
	}
	return "@" + strings.Trim(strings.ReplaceAll(fmt.Sprint(axes), " ", ","), "[]")
}

// input adds an input for parameters to the graph, or gives the one that is there.
func (b *builder) input(name string, dims []int, values func() []float32) *graph.Node {
	if x := b.inputs[name]; x != nil {
		return x
	}
	x := graph.Parameter(b.graph, name, shapes.Make(dtypes.Float32, dims...))
	b.inputs[name] = x
	b.net.Inputs = append(b.net.Inputs, Input{name, x, values})
	return x
}

// scalar is a number as a constant of the type of x.
func scalar(x *graph.Node, v float64) *graph.Node { return graph.Scalar(x.Graph(), x.DType(), v) }

// tensorOf makes a GoMLX tensor of a slice.
func tensorOf(flat any, dtype dtypes.DType, dims []int) *tensors.Tensor {
	t := tensors.FromShape(shapes.Make(dtype, dims...))
	t.MustMutableFlatData(func(to any) { copyFlat(to, flat) })
	return t
}

// catch runs graph code and gives its panic as an error. Bounds of slices are caught too: operators read shapes that come from
// the file, and a file must not stop the program.
func catch(f func()) (err error) {
	defer func() {
		switch thrown := recover().(type) {
		case nil:
		case runtime.Error:
			err = fmt.Errorf("its inputs do not fit it (%w)", thrown)
		case error:
			err = errors.New(strings.SplitN(thrown.Error(), "\n", 2)[0]) // without GoMLX's stack
		default:
			err = fmt.Errorf("%v", thrown)
		}
	}()
	f()
	return nil
}

// call is one node with its inputs.
type call struct {
	b  *builder
	n  *node
	in []*value // nil for those left out

	also string // a value that the operator's result is too, because it has taken the node along that makes it
}

// has says whether input i is given.
func (c *call) has(i int) bool { return i < len(c.in) && c.in[i] != nil }

// x is input i with its axes as the operator counts them.
func (c *call) x(i int) *graph.Node { return c.b.in(c.in[i], plain(c.in[i].rank())) }

// integers are the elements of input i, which shapes depend on and so must be known now.
func (c *call) integers(i int) []int {
	v := c.in[i]
	if v.known == nil {
		panic(fmt.Errorf("input %d depends on the picture, where a number known beforehand is needed", i+1))
	}
	list, err := v.known.integers()
	if err != nil {
		panic(fmt.Errorf("input %d: %w", i+1, err))
	}
	return list
}

// floats are the elements of input i, which must be known now.
func (c *call) floats(i int) []float32 {
	v := c.in[i]
	if v.known == nil {
		panic(fmt.Errorf("input %d depends on the picture, where a number known beforehand is needed", i+1))
	}
	list, err := v.known.floats()
	if err != nil {
		panic(fmt.Errorf("input %d: %w", i+1, err))
	}
	return list
}

// isKnown says whether inputs are given and known beforehand.
func (c *call) isKnown(inputs ...int) bool {
	for _, i := range inputs {
		if !c.has(i) || c.in[i].known == nil {
			return false
		}
	}
	return true
}

// attribute looks an attribute up; one of another kind is an error.
func (c *call) attribute(name string, kind int64) (attribute, bool) {
	a, ok := c.n.attributes[name]
	if ok && a.kind != 0 && a.kind != kind {
		panic(fmt.Errorf("attribute %s is of type %d, not %d", name, a.kind, kind))
	}
	return a, ok
}

func (c *call) int(name string, otherwise int) int {
	if a, ok := c.attribute(name, attrInt); ok {
		return int(a.integer)
	}
	return otherwise
}

func (c *call) float(name string, otherwise float64) float64 {
	if a, ok := c.attribute(name, attrFloat); ok {
		return float64(a.float)
	}
	return otherwise
}

func (c *call) text(name, otherwise string) string {
	if a, ok := c.attribute(name, attrString); ok {
		return a.text
	}
	return otherwise
}

// ints are a list of numbers, each between low and high; nil if the attribute is not given.
func (c *call) ints(name string, low, high int) []int {
	a, ok := c.attribute(name, attrInts)
	if !ok {
		return nil
	}
	list := toInts(a.ints)
	for _, v := range list {
		if v < low || v > high {
			panic(fmt.Errorf("attribute %s has %d, outside %d to %d", name, v, low, high))
		}
	}
	return list
}

// axis counts negative axes from the end.
func axisOf(axis, rank int) int {
	if axis < -rank || axis >= rank {
		panic(fmt.Errorf("axis %d of %d", axis, rank))
	}
	if axis < 0 {
		axis += rank
	}
	return axis
}

func axesOf(axes []int, rank int) []int {
	list := make([]int, len(axes))
	for i, a := range axes {
		list[i] = axisOf(a, rank)
		if slices.Contains(list[:i], list[i]) {
			panic(fmt.Errorf("axis %d stands there twice", a))
		}
	}
	return list
}

func one(v *value) []*value { return []*value{v} }
