package train

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"

	"github.com/gestalt-vision/gestalt/engine"
	"github.com/gestalt-vision/gestalt/nets"
	"github.com/gestalt-vision/gestalt/weights"
)

// Learning says how a network learns from a batch.
type Learning struct {
	Optimiser string // one of Optimisers; SGD where it is empty
	// Momentum and Nesterov are of SGD.
	Momentum float64
	Nesterov bool
	// Beta1, Beta2 and Epsilon are of AdamW: how much of the running means of the gradients and of their squares stays,
	// and what keeps from dividing by zero; PyTorch's 0.9, 0.999 and 1e-8 where they are 0.
	Beta1, Beta2, Epsilon float64
	// WeightDecay is of all learned parameters, biases and batch normalisations too, as PyTorch's optimisers have it. SGD
	// adds it to the gradient, AdamW takes it off the parameter.
	WeightDecay float64
	// LabelSmoothing is the part of a label that is spread over all classes, below 1.
	LabelSmoothing float64
	// Mean and Std of red, green and blue on the scale 0..1 are what pixels are normalised with; those of the network where
	// Std is zero.
	Mean, Std [3]float32
	// Devices is how many of the engine's devices share the pictures of each batch; 1 where it is 0. See the package's page.
	Devices int
}

// Start is what training begins with: the State of a training that goes on, else the parameters in a file, else such as
// torchvision's networks begin with, drawn by the seed. Where a file is of the network for other classes, by their number or
// by the names that it declares, the last layer, and those of heads beside it, are drawn by the seed too: see [Learner.Drawn].
type Start struct {
	Seed    uint64
	Weights *weights.File
	State   *State
}

// Progress is what a step saw, before it changed the network.
type Progress struct {
	Loss  float32 // mean over the batch; with the losses of heads beside the last and the smoothing of labels, without weight decay
	Right int     // how many pictures got their label as the first answer
}

// Learner is a network in training on an engine. Its methods must not be called at the same time.
type Learner struct {
	backend  compute.Backend
	network  nets.Architecture
	learning Learning
	optimise optimiser

	net    *nets.Net          // of a graph that is gone: its parameters and how files have them
	steps  int                // done in all, by the Learner and those before it
	drawn  []string           // see Drawn
	state  [][]compute.Buffer // of each device, all the same: parameters, then what the optimiser keeps; nil after a step failed
	graphs []*stepGraph       // the last that was used is the last
}

// maxGraphs bounds what is held for batches of different sizes: each graph has the memory of its activations.
const maxGraphs = 4

// NewLearner puts a network onto an engine, to be trained. The engine stays the caller's and must outlive the Learner; the
// file of weights may be closed. A file must hold exactly the network's parameters, those of heads beside the last too, of any
// number of classes.
func NewLearner(b compute.Backend, a nets.Architecture, l Learning, from Start) (learner *Learner, err error) {
	if l.Std == [3]float32{} {
		l.Mean, l.Std = a.Preprocess.Mean, a.Preprocess.Std
	}
	if l.Optimiser == "" {
		l.Optimiser = SGD
	}
	optimise, err := l.check()
	if err != nil {
		return nil, err
	}
	l.Devices = max(l.Devices, 1)
	if there := int(b.NumDevices()); l.Devices > there {
		return nil, fmt.Errorf("train: %d devices are wanted, engine %s has %d", l.Devices, b.Name(), there)
	}
	learner = &Learner{backend: b, network: a, learning: l, optimise: optimise, state: make([][]compute.Buffer, l.Devices)}
	defer func() {
		if err != nil {
			learner, err = nil, errors.Join(fmt.Errorf("train: %s on engine %s: %w", a.Name, b.Name(), err), learner.Close())
		}
	}()
	if learner.net, err = parameters(b, a); err != nil {
		return learner, err
	}
	values, err := learner.begin(from)
	if err != nil {
		return learner, err
	}
	for i, in := range learner.net.Inputs {
		if err := learner.hold(values[i], in); err != nil {
			return learner, err
		}
	}
	for _, running := range optimise.running() {
		of := make([][]float32, len(learner.net.Inputs))
		if from.State != nil {
			of = learner.net.Fill(from.State.running(running))
		}
		for i, in := range learner.net.Inputs {
			if !learner.learned(in) {
				continue
			}
			if of[i] == nil {
				of[i] = make([]float32, in.Node.Shape().Size())
			}
			if err := learner.hold(of[i], in); err != nil {
				return learner, err
			}
		}
	}
	return learner, nil
}

// parameters builds the network for training and throws the graph away: only the parameters' names and shapes stay.
func parameters(b compute.Backend, a nets.Architecture) (net *nets.Net, err error) {
	err = engine.Catch(func() {
		g := graph.NewGraph(b, a.Name)
		defer g.Finalize()
		side := a.Preprocess.Crop
		net = a.Build(graph.Parameter(g, "pictures", shapes.Make(dtypes.Float32, 1, side, side, 3)), nets.Training)
	})
	return net, err
}

// learned tells learned parameters from running statistics.
func (l *Learner) learned(in nets.Input) bool { return l.net.Statistics[in.Name] == nil }

// begin gives the parameters to begin with, in the order of the graph's inputs.
func (l *Learner) begin(from Start) ([][]float32, error) {
	switch {
	case from.State != nil:
		if err := from.State.fits(l); err != nil {
			return nil, err
		}
		l.steps = from.State.Steps
		return l.net.Fill(from.State.parameter), nil
	case from.Weights != nil:
		return l.read(from)
	}
	drawn := l.network.Initial(l.net.Params, from.Seed)
	return l.net.Fill(func(name string) []float32 { return drawn[name] }), nil
}

// read gives the parameters in a file, which may be of the same network for other classes.
func (l *Learner) read(from Start) ([][]float32, error) {
	declared, err := l.network.Of(from.Weights)
	if err != nil {
		return nil, err
	}
	if declared.Name != l.network.Name {
		return nil, fmt.Errorf("%s holds weights of %s", from.Weights.Path(), declared.Name)
	}
	theirs, ours := declared.ClassNames(), l.network.ClassNames()
	if declared.Classes() == l.Classes() && (theirs == nil || ours == nil || slices.Equal(theirs, ours)) {
		return l.net.ReadInputs(from.Weights)
	}
	other, err := parameters(l.backend, l.network.WithClasses(declared.Classes()))
	if err != nil {
		return nil, err
	}
	values, err := other.ReadInputs(from.Weights)
	if err != nil {
		return nil, err
	}
	heads, err := l.heads()
	if err != nil {
		return nil, err
	}
	drawn := l.network.Initial(heads, from.Seed)
	for i, in := range l.net.Inputs {
		if drawn[in.Name] != nil {
			values[i] = in.Graphed(drawn[in.Name])
			l.drawn = append(l.drawn, in.Name)
		}
	}
	return values, nil
}

// heads are the parameters whose size depends on the number of classes.
func (l *Learner) heads() (heads []nets.Param, err error) {
	more, err := parameters(l.backend, l.network.WithClasses(l.Classes()+1))
	if err != nil {
		return nil, err
	}
	for i, p := range l.net.Params {
		if !slices.Equal(p.Shape, more.Params[i].Shape) {
			heads = append(heads, p)
		}
	}
	return heads, nil
}

// hold puts numbers of the shape of a parameter onto all devices, after those that are there.
func (l *Learner) hold(values []float32, in nets.Input) error {
	for device := range l.state {
		b, err := l.backend.BufferFromFlatData(compute.DeviceNum(device), values, in.Node.Shape())
		if err != nil {
			return fmt.Errorf("parameter %s: %w", in.Name, err)
		}
		l.state[device] = append(l.state[device], b)
	}
	return nil
}

// Drawn names the parameters that were drawn by the seed though the Start gave weights, which are those of a network for
// other classes.
func (l *Learner) Drawn() []string { return slices.Clone(l.drawn) }

// Steps is the number of steps that are done, those before the State that training went on from included.
func (l *Learner) Steps() int { return l.steps }

// Classes is the number of classes that the network tells apart.
func (l *Learner) Classes() int { return l.network.Classes() }

// Step changes the network once, after a batch, with this learning rate. seed tells dropout what to drop, and must be
// another at each step; networks without dropout do not use it. The graph is compiled for each new size of batch, which
// takes as long as some steps.
//
// A step that has begun is not interrupted: where ctx is done, its error is returned before, and the Learner is as it was.
// After any other error than for a batch that is refused it is of no use any more.
func (l *Learner) Step(ctx context.Context, batch Batch, rate float64, seed uint64) (Progress, error) {
	if err := ctx.Err(); err != nil {
		return Progress{}, err
	}
	if err := batch.check(l.Classes()); err != nil {
		return Progress{}, err
	}
	if l.state == nil {
		return Progress{}, fmt.Errorf("train: %s has been closed, or a step before failed", l.network.Name)
	}
	var progress Progress
	var err error
	caught := engine.Catch(func() { progress, err = l.step(batch, rate, seed) })
	if err := errors.Join(caught, err); err != nil {
		return Progress{}, fmt.Errorf("train: %s on engine %s, step %d: %w", l.network.Name, l.backend.Name(), l.steps+1, err)
	}
	return progress, nil
}

func (l *Learner) step(batch Batch, rate float64, seed uint64) (p Progress, err error) {
	g := l.graph(batch)
	inputs, err := l.inputs(batch, g, seed, l.optimise.numbers(rate, l.steps+1))
	if err != nil {
		return p, err
	}
	l.state = nil // whatever happens, the engine has it
	outputs, err := g.graph.Executable().Execute(inputs, slices.Repeat([]bool{true}, len(inputs)), 0)
	if err != nil {
		return p, err
	}
	loss, right := make([]float32, 1), make([]int32, 1)
	err = errors.Join(outputs[0].ToFlatData(loss), outputs[1].ToFlatData(right))
	var state [][]compute.Buffer
	for of := range slices.Chunk(outputs, len(outputs)/l.learning.Devices) {
		err = errors.Join(err, of[0].Finalize(), of[1].Finalize())
		state = append(state, of[2:])
	}
	if err != nil {
		return p, err
	}
	l.state = state
	l.steps++
	return Progress{Loss: loss[0], Right: int(right[0])}, nil
}

// inputs are the graph's, of one device after the other: what changes with each step is put onto them.
func (l *Learner) inputs(batch Batch, g *stepGraph, seed uint64, numbers []float32) (inputs []compute.Buffer, err error) {
	var made []compute.Buffer
	put := func(device int, values any, shape shapes.Shape) {
		b, failed := l.backend.BufferFromFlatData(compute.DeviceNum(device), values, shape)
		if failed != nil {
			err = errors.Join(err, failed)
			return
		}
		made, inputs = append(made, b), append(inputs, b)
	}
	n := batch.N / g.parts
	for device, state := range l.state {
		at := device % g.parts * n
		picture := batch.H * batch.W * 3
		put(device, batch.Pixels[at*picture:(at+n)*picture], shapes.Make(dtypes.Uint8, n, batch.H, batch.W, 3))
		put(device, batch.Labels[at:at+n], shapes.Make(dtypes.Int32, n))
		put(device, []uint64{seed}, shapes.Make(dtypes.Uint64))
		for _, v := range numbers {
			put(device, []float32{v}, shapes.Make(dtypes.Float32))
		}
		inputs = append(inputs, state...)
	}
	if err != nil {
		for _, b := range made {
			err = errors.Join(err, b.Finalize())
		}
	}
	return inputs, err
}

// graph finds or compiles the step for batches of this size. It panics as graph code does.
func (l *Learner) graph(batch Batch) *stepGraph {
	size := [3]int{batch.N, batch.H, batch.W}
	i := slices.IndexFunc(l.graphs, func(g *stepGraph) bool { return g.size == size })
	if i >= 0 {
		g := l.graphs[i]
		l.graphs = append(slices.Delete(l.graphs, i, i+1), g)
		return g
	}
	if len(l.graphs) == maxGraphs {
		l.graphs[0].graph.Finalize()
		l.graphs = slices.Delete(l.graphs, 0, 1)
	}
	g := compileStep(l.backend, l.network, l.learning, l.optimise, size)
	l.graphs = append(l.graphs, g)
	return g
}

// Close frees what the Learner has on the engine. Closing twice does no harm.
func (l *Learner) Close() (err error) {
	for _, b := range slices.Concat(l.state...) {
		err = errors.Join(err, b.Finalize())
	}
	for _, g := range l.graphs {
		g.graph.Finalize()
	}
	l.state, l.graphs = nil, nil
	return err
}

// check says what is wrong with a batch.
func (b Batch) check(classes int) error {
	if b.N < 1 || b.H < 1 || b.W < 1 || len(b.Pixels) != b.N*b.H*b.W*3 || len(b.Labels) != b.N {
		return fmt.Errorf("train: a batch of %d pictures of %d x %d has %d bytes and %d labels", b.N, b.H, b.W, len(b.Pixels), len(b.Labels))
	}
	for i, label := range b.Labels {
		if label < 0 || int(label) >= classes {
			return fmt.Errorf("train: picture %d of the batch has the label %d, and the network tells %d classes apart", i, label, classes)
		}
	}
	return nil
}
