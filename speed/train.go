package speed

import (
	"errors"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"

	"github.com/gestalt-vision/gestalt/engine"
	"github.com/gestalt-vision/gestalt/nets"
)

// trainer runs training steps on one batch: cross entropy, the gradients of all learned parameters, SGD with momentum as
// PyTorch has it (v = 0.9 v + g, w = w - 0.01 v); dropout with another seed each step. The parameters stay in the engine's buffers, given back to it each step
// to be overwritten.
type trainer struct {
	graph    *graph.Graph
	backend  compute.Backend
	pictures compute.Buffer
	steps    uint64           // done so far
	state    []compute.Buffer // parameters, then velocities, in the graph's order
}

func newTrainer(b compute.Backend, a nets.Architecture, pictures []float32, batch, size int) (t *trainer, err error) {
	const rate, momentum = 0.01, 0.9
	t = &trainer{backend: b}
	defer func() {
		if err != nil {
			t.close()
		}
	}()
	buffer := func(values []float32, dims ...int) compute.Buffer {
		made, e := b.BufferFromFlatData(0, values, shapes.Make(dtypes.Float32, dims...))
		if e != nil {
			panic(e)
		}
		return made
	}
	err = engine.Catch(func() {
		t.pictures = buffer(pictures, batch, size, size, 3)
		t.graph = graph.NewGraph(b, "training "+a.Name)
		x := graph.Parameter(t.graph, "pictures", shapes.Make(dtypes.Float32, batch, size, size, 3))
		seed := graph.Parameter(t.graph, "seed", shapes.Make(dtypes.Uint64))
		net := a.Build(x, nets.Training, nets.Dropout(seed))
		labels := make([]int32, batch)
		for i := range labels {
			labels[i] = int32(i * 37 % a.Classes())
		}
		classes := graph.OneHot(graph.Const(t.graph, labels), a.Classes(), dtypes.Float32)
		loss := graph.Neg(graph.ReduceMean(graph.ReduceSum(graph.Mul(classes, graph.LogSoftmax(net.Logits)), -1), 0))

		var learned []*graph.Node
		for i, values := range net.RandomInputs() {
			in := net.Inputs[i]
			t.state = append(t.state, buffer(values, in.Node.Shape().Dimensions...))
			if net.Statistics[in.Name] == nil {
				learned = append(learned, in.Node)
			}
		}
		gradients := graph.Gradient(loss, learned...)
		var parameters, velocities []*graph.Node
		for _, in := range net.Inputs {
			if running := net.Statistics[in.Name]; running != nil {
				parameters = append(parameters, running)
				continue
			}
			velocity := graph.Parameter(t.graph, "velocity of "+in.Name, in.Node.Shape())
			t.state = append(t.state, buffer(make([]float32, in.Node.Shape().Size()), in.Node.Shape().Dimensions...))
			velocity = graph.Add(graph.MulScalar(velocity, momentum), gradients[slices.Index(learned, in.Node)])
			velocities = append(velocities, velocity)
			parameters = append(parameters, graph.Sub(in.Node, graph.MulScalar(velocity, rate)))
		}
		if err := t.graph.Compile(slices.Concat([]*graph.Node{loss}, parameters, velocities)...); err != nil {
			panic(err)
		}
	})
	return t, err
}

// step gives the loss before the step.
func (t *trainer) step() (float32, error) {
	seed, err := t.backend.BufferFromFlatData(0, []uint64{t.steps}, shapes.Make(dtypes.Uint64))
	if err != nil {
		return 0, err
	}
	t.steps++
	inputs := append([]compute.Buffer{t.pictures, seed}, t.state...)
	donate := slices.Repeat([]bool{true}, len(inputs))
	donate[0] = false
	outputs, err := t.graph.Executable().Execute(inputs, donate, 0)
	if err != nil {
		return 0, err
	}
	t.state = outputs[1:]
	loss := make([]float32, 1)
	err = outputs[0].ToFlatData(loss)
	return loss[0], errors.Join(err, outputs[0].Finalize())
}

func (t *trainer) close() {
	for _, b := range append(t.state, t.pictures) {
		if b != nil {
			b.Finalize()
		}
	}
	if t.graph != nil {
		t.graph.Finalize()
	}
}
