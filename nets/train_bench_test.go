package nets

import (
	"slices"
	"testing"
	"time"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"

	"github.com/gestalt-vision/gestalt/engine"
)

// trainer runs training steps of a network: cross entropy, gradients of all
// learned parameters, SGD with momentum, as plain operations of a graph.
type trainer struct {
	backend compute.Backend
	graph   *graph.Graph
	x       compute.Buffer
	state   []compute.Buffer // parameters, then velocities, in the graph's order
}

func newTrainer(t testing.TB, name string, batch, size int) *trainer {
	t.Helper()
	a, err := Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	tr := &trainer{backend: open(t, "cpu")}
	flat := func(values []float32, dims []int) compute.Buffer {
		buffer, err := tr.backend.BufferFromFlatData(0, values, shapes.Make(dtypes.Float32, dims...))
		if err != nil {
			t.Fatal(err)
		}
		return buffer
	}
	err = engine.Catch(func() {
		const rate, momentum = 0.01, 0.9
		g := graph.NewGraph(tr.backend, name)
		tr.graph = g
		x := graph.Parameter(g, "x", shapes.Make(dtypes.Float32, batch, size, size, 3))
		net := a.Build(x, Training)
		labels := make([]int32, batch)
		for i := range labels {
			labels[i] = int32(i * 37 % 1000)
		}
		classes := graph.OneHot(graph.Const(g, labels), 1000, dtypes.Float32)
		loss := graph.Neg(graph.ReduceMean(graph.ReduceSum(graph.Mul(classes, graph.LogSoftmax(net.Logits)), -1), 0))
		var learned []*graph.Node
		for _, in := range net.Inputs {
			if net.Statistics[in.Name] == nil {
				learned = append(learned, in.Node)
			}
			tr.state = append(tr.state, flat(in.value(drawn(net)), in.Node.Shape().Dimensions))
		}
		gradients := graph.Gradient(loss, learned...)
		var parameters, velocities []*graph.Node
		for _, in := range net.Inputs {
			if statistic := net.Statistics[in.Name]; statistic != nil {
				parameters = append(parameters, statistic)
				continue
			}
			i := slices.Index(learned, in.Node)
			velocity := graph.Parameter(g, "velocity of "+in.Name, in.Node.Shape())
			tr.state = append(tr.state, flat(make([]float32, in.Node.Shape().Size()), in.Node.Shape().Dimensions))
			velocity = graph.Add(graph.MulScalar(velocity, momentum), gradients[i])
			velocities = append(velocities, velocity)
			parameters = append(parameters, graph.Sub(in.Node, graph.MulScalar(velocity, rate)))
		}
		if err := g.Compile(slices.Concat([]*graph.Node{loss}, parameters, velocities)...); err != nil {
			panic(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	tr.x = flat(draw("photographs", batch*size*size*3, -2, 2), []int{batch, size, size, 3})
	return tr
}

// step gives the loss before the step.
func (tr *trainer) step(t testing.TB) float32 {
	inputs := append([]compute.Buffer{tr.x}, tr.state...)
	donate := slices.Repeat([]bool{true}, len(inputs))
	donate[0] = false
	outputs, err := tr.graph.Executable().Execute(inputs, donate, 0)
	if err != nil {
		t.Fatal(err)
	}
	tr.state = outputs[1:]
	loss := make([]float32, 1)
	if err := outputs[0].ToFlatData(loss); err != nil {
		t.Fatal(err)
	}
	return loss[0]
}

// TestTrainingLearns: a few steps on one batch lower its loss.
func TestTrainingLearns(t *testing.T) {
	tr := newTrainer(t, "resnet18", 4, 64)
	first := tr.step(t)
	var last float32
	for range 6 {
		last = tr.step(t)
	}
	if !(last < first-1) {
		t.Errorf("loss %g before and %g after 6 steps on the same pictures", first, last)
	}
}

// benchmarkTrain reports the median time of a step per picture, at batch 8 and
// 224 pixels. bench/train_pytorch.py measures the same in PyTorch.
func benchmarkTrain(b *testing.B, name string) {
	const batch = 8
	tr := newTrainer(b, name, batch, 224)
	tr.step(b)
	var times []time.Duration
	for b.Loop() {
		start := time.Now()
		tr.step(b)
		times = append(times, time.Since(start))
	}
	slices.Sort(times)
	b.ReportMetric(times[len(times)/2].Seconds()*1e3/batch, "ms/picture")
}

func BenchmarkTrainResNet18(b *testing.B) { benchmarkTrain(b, "resnet18") }
func BenchmarkTrainResNet50(b *testing.B) { benchmarkTrain(b, "resnet50") }
