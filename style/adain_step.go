package style

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"

	"github.com/gestalt-vision/gestalt/engine"
	"github.com/gestalt-vision/gestalt/internal/adam"
	"github.com/gestalt-vision/gestalt/nets"
	"github.com/gestalt-vision/gestalt/weights"
)

// AdaINLoss is the loss of a decoder, averaged over pictures: both are mean squared errors, of the deepest feature of what
// the decoder makes against the one that it was given, and of means and deviations against those of the style, summed over
// the encoder's levels.
type AdaINLoss struct {
	Content float32 `json:"content"`
	Style   float32 `json:"style"`
}

func (l AdaINLoss) finite() bool {
	sum := float64(l.Content) + float64(l.Style)
	return !math.IsNaN(sum) && !math.IsInf(sum, 0)
}

// decoderTrainer takes steps of Adam on an engine. Its state, the decoder's parameters with the running means of their
// gradients and of the squares of these, stays in the engine's buffers, given back to it each step to be overwritten.
type decoderTrainer struct {
	backend compute.Backend
	aims    *nets.Program // what the decoder is to reach, see adainAims
	graph   *graph.Graph
	encoder []compute.Buffer
	learned []nets.Input     // the decoder's parameters
	state   []compute.Buffer // of learned: parameters, means, squares
}

// adainAims is the code that computes what the decoder is given and is to reach, from pictures of content and as many of
// styles after them: the adapted feature, and the statistics of the styles at every level.
func adainAims(e *encoder) nets.Code {
	return func(s nets.Scope, in []*graph.Node) []*graph.Node {
		n := in[0].Shape().Dim(0) / 2
		half := func(x *graph.Node, i int) *graph.Node { return graph.SliceAxis(x, 0, graph.AxisRange(i*n, (i+1)*n)) }
		var content *graph.Node
		var styles []*graph.Node
		for _, f := range e.features(s.In(adainEncoderPart), in[0]) {
			content = half(f, 0)
			styles = append(styles, statistics(half(f, 1)))
		}
		return append([]*graph.Node{adapt(content, styles[len(styles)-1], 1)}, styles...)
	}
}

// newDecoderTrainer compiles the step for batches of so many pictures of size x size pixels, with the state of a
// checkpoint.
func newDecoderTrainer(b compute.Backend, e *encoder, file *weights.File, from *checkpoint, batch, size int, styleWeight, variationWeight float64) (t *decoderTrainer, err error) {
	t = &decoderTrainer{backend: b}
	defer func() {
		if err != nil {
			err = errors.Join(err, t.close())
			t = nil
		}
	}()
	t.aims, err = nets.NewProgramOf(b, "adain aims", map[string]*weights.File{adainEncoderPart: file}, adainAims(e), []int{2 * batch, size, size, 3})
	if err != nil {
		return t, err
	}
	err = engine.Catch(func() {
		t.graph = graph.NewGraph(b, "adain training")
		input := func(name string, dims ...int) *graph.Node {
			return graph.Parameter(t.graph, name, shapes.Make(dtypes.Float32, dims...))
		}
		last := e.last()
		target := input("target", batch, size/last.stride, size/last.stride, last.channels)
		styles := make([]*graph.Node, len(e.levels))
		for i, l := range e.levels {
			styles[i] = input(fmt.Sprintf("style %d", i), batch, 2*l.channels)
		}
		rate, correction := input("rate"), input("correction")

		net, scope := nets.Begin(t.graph, nets.Inference)
		picture := decode(scope.In(adainDecoderPart), target, e.levels)
		t.learned = slices.Clone(net.Inputs)
		features := e.features(scope.In(adainEncoderPart), picture)
		content := graph.ReduceAllMean(graph.Square(graph.Sub(features[len(features)-1], target)))
		style := graph.ScalarZero(t.graph, dtypes.Float32)
		for i, f := range features {
			// Means and deviations stand in one vector: twice the mean over it is the sum of the two means.
			off := graph.ReduceAllMean(graph.Square(graph.Sub(statistics(f), styles[i])))
			style = graph.Add(style, graph.MulScalar(off, 2))
		}
		values, err := net.ReadParts(map[string]*weights.File{adainEncoderPart: file, adainDecoderPart: from.file})
		if err != nil {
			panic(err)
		}
		for i, in := range net.Inputs {
			if i < len(t.learned) {
				t.state = append(t.state, t.buffer(values[i], in.Node.Shape().Dimensions...))
			} else {
				t.encoder = append(t.encoder, t.buffer(values[i], in.Node.Shape().Dimensions...))
			}
		}
		loss := graph.Add(content, graph.MulScalar(style, styleWeight))
		if variationWeight > 0 {
			loss = graph.Add(loss, graph.MulScalar(graph.ReduceAllMean(variation(picture)), variationWeight))
		}
		updated := t.adam(loss, rate, correction, from)
		if err := t.graph.Compile(append([]*graph.Node{content, style}, updated...)...); err != nil {
			panic(err)
		}
	})
	return t, err
}

// adam is the state after a step of Adam, in the order of state. It adds the running means to the state.
func (t *decoderTrainer) adam(loss, rate, correction *graph.Node, from *checkpoint) []*graph.Node {
	var nodes []*graph.Node
	for _, in := range t.learned {
		nodes = append(nodes, in.Node)
	}
	gradients := graph.Gradient(loss, nodes...)
	before := func(kind string) (nodes []*graph.Node) {
		for _, in := range t.learned {
			nodes = append(nodes, graph.Parameter(t.graph, kind+" of "+in.Name, in.Node.Shape()))
			t.state = append(t.state, t.buffer(from.running(in, kind), in.Node.Shape().Dimensions...))
		}
		return nodes
	}
	means, squares := before(adamMeanKind), before(adamSquareKind)
	var parameters []*graph.Node
	for i, node := range nodes {
		means[i], squares[i] = adam.Usual.Running(gradients[i], means[i], squares[i])
		parameters = append(parameters, graph.Sub(node, graph.Mul(rate, adam.Usual.Direction(means[i], squares[i], correction))))
	}
	return slices.Concat(parameters, means, squares)
}

// buffer puts numbers onto the engine. It panics as graph code does.
func (t *decoderTrainer) buffer(values []float32, dims ...int) compute.Buffer {
	b, err := t.backend.BufferFromFlatData(0, values, shapes.Make(dtypes.Float32, dims...))
	if err != nil {
		panic(err)
	}
	return b
}

// step takes step n, counted from 0, with pictures of content, then of styles, and gives the loss before it.
func (t *decoderTrainer) step(n int, pictures Batch, rate float64) (loss AdaINLoss, err error) {
	aims, err := t.aims.Run(pictures.array())
	if err != nil {
		return loss, err
	}
	err = engine.Catch(func() {
		var inputs []compute.Buffer
		for _, a := range aims {
			inputs = append(inputs, t.buffer(a.Values, a.Dims...))
		}
		mean, root := adam.Usual.Corrections(n + 1)
		inputs = append(inputs, t.buffer([]float32{float32(rate * mean)}), t.buffer([]float32{float32(root)}))
		inputs = slices.Concat(inputs, t.state[:len(t.learned)], t.encoder, t.state[len(t.learned):])
		donate := slices.Repeat([]bool{true}, len(inputs))
		encoder := len(aims) + 2 + len(t.learned)
		for i := range t.encoder {
			donate[encoder+i] = false
		}
		outputs, err := t.graph.Executable().Execute(inputs, donate, 0)
		if err != nil {
			panic(err)
		}
		t.state = outputs[2:]
		for i, value := range []*float32{&loss.Content, &loss.Style} {
			number := make([]float32, 1)
			if err := errors.Join(outputs[i].ToFlatData(number), outputs[i].Finalize()); err != nil {
				panic(err)
			}
			*value = number[0]
		}
	})
	return loss, err
}

// read gives the state as files hold it: parameters, means and squares of each of learned.
func (t *decoderTrainer) read() (state [][]float32, err error) {
	for i, b := range t.state {
		in := t.learned[i%len(t.learned)]
		values := make([]float32, in.Node.Shape().Size())
		if err := b.ToFlatData(values); err != nil {
			return nil, err
		}
		state = append(state, in.Stored(values))
	}
	return state, nil
}

func (t *decoderTrainer) close() (err error) {
	for _, b := range slices.Concat(t.encoder, t.state) {
		err = errors.Join(err, b.Finalize())
	}
	if t.graph != nil {
		t.graph.Finalize()
	}
	if t.aims != nil {
		err = errors.Join(err, t.aims.Close())
	}
	return err
}
