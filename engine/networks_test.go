//go:build (xla || onnx) && cgo && linux

package engine_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"

	"github.com/gestalt-vision/gestalt/engine"
	"github.com/gestalt-vision/gestalt/nets"
)

func noise(n int) []float32 {
	random := rand.New(rand.NewPCG(1, 3))
	values := make([]float32, n)
	for i := range values {
		values[i] = float32(random.NormFloat64())
	}
	return values
}

// distance is |got-want| / |want|, Euclidean; a NaN anywhere gives a NaN.
func distance(got, want []float32) float64 {
	if len(got) != len(want) {
		return math.NaN()
	}
	var apart, size float64
	for i := range want {
		d := float64(got[i]) - float64(want[i])
		apart += d * d
		size += float64(want[i]) * float64(want[i])
	}
	return math.Sqrt(apart / size)
}

func open(t *testing.T, name string) compute.Backend {
	t.Helper()
	b, err := engine.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Finalize)
	return b
}

// sameLogits compares the networks' logits on b with those of our engine.
func sameLogits(t *testing.T, b compute.Backend, tolerance float64) {
	ours := open(t, "cpu")
	for _, name := range []string{"squeezenet1_1", "resnet18", "resnet50"} {
		const batch, side = 2, 224
		logits := func(b compute.Backend) []float32 {
			m, err := nets.Random(b, name)
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			l, err := m.LogitsOf(noise(batch*side*side*3), batch, side, side)
			if err != nil {
				t.Fatal(err)
			}
			return l
		}
		d := distance(logits(b), logits(ours))
		t.Logf("%s: logits %.1e from cpu's", name, d)
		if !(d <= tolerance) {
			t.Errorf("%s: logits are %g from cpu's, want at most %g", name, d, tolerance)
		}
	}
}

// sameAtOnce runs one network several times at the same time.
func sameAtOnce(t *testing.T, b compute.Backend) {
	m, err := nets.Random(b, "squeezenet1_1")
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	const batch, side = 2, 64
	var group sync.WaitGroup
	for start := range 4 {
		pictures := noise(batch * side * side * 3)
		for i := range pictures {
			pictures[i] *= float32(start + 1)
		}
		want, err := m.LogitsOf(pictures, batch, side, side)
		if err != nil {
			t.Fatal(err)
		}
		group.Go(func() {
			for range 20 {
				got, err := m.LogitsOf(pictures, batch, side, side)
				if d := distance(got, want); err != nil || !(d <= 1e-5) {
					t.Errorf("logits at once are %g from those alone, %v", d, err)
					return
				}
			}
		})
	}
	group.Wait()
}

// trainingStep gives the loss of one batch, the gradients of all learned parameters and the updated running statistics.
func trainingStep(t *testing.T, b compute.Backend, name string) (names []string, values [][]float32, err error) {
	t.Helper()
	const batch, side = 4, 64
	a, err := nets.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	err = engine.Catch(func() {
		g := graph.NewGraph(b, name)
		defer g.Finalize()
		shape := shapes.Make(dtypes.Float32, batch, side, side, 3)
		net := a.Build(graph.Parameter(g, "pictures", shape), nets.Training)
		classes := graph.OneHot(graph.Const(g, []int32{3, 141, 592, 653}), 1000, dtypes.Float32)
		loss := graph.Neg(graph.ReduceMean(graph.ReduceSum(graph.Mul(classes, graph.LogSoftmax(net.Logits)), -1), 0))
		inputs := []compute.Buffer{buffer(b, noise(shape.Size()), shape)}
		var learned, statistics []*graph.Node
		var learnedNames, statisticsNames []string
		for i, drawn := range net.RandomInputs() {
			in := net.Inputs[i]
			inputs = append(inputs, buffer(b, drawn, in.Node.Shape()))
			if running := net.Statistics[in.Name]; running != nil {
				statistics, statisticsNames = append(statistics, running), append(statisticsNames, in.Name)
			} else {
				learned, learnedNames = append(learned, in.Node), append(learnedNames, in.Name)
			}
		}
		names = slices.Concat([]string{"loss"}, learnedNames, statisticsNames)
		outputs := slices.Concat([]*graph.Node{loss}, graph.Gradient(loss, learned...), statistics)
		check(g.Compile(outputs...))
		results, err := g.Executable().Execute(inputs, nil, 0)
		check(err)
		for i, result := range results {
			flat := make([]float32, outputs[i].Shape().Size())
			check(result.ToFlatData(flat))
			values = append(values, flat)
		}
		for _, used := range append(inputs, results...) {
			check(used.Finalize())
		}
	})
	return names, values, err
}

func buffer(b compute.Backend, values []float32, shape shapes.Shape) compute.Buffer {
	made, err := b.BufferFromFlatData(0, values, shape)
	check(err)
	return made
}

// check panics as graph code does.
func check(err error) {
	if err != nil {
		panic(err)
	}
}

// sameTraining compares one training step on b with one on our engine. Rounding can turn the sign of a number before a
// ReLU that is nearly zero, and then gradients of ResNet-18 move by 0.3 %; with the pictures that noise makes no sign
// turns and they agree to 1.1e-5. ResNet-50 is left out: at this size and with drawn weights signs always turn.
func sameTraining(t *testing.T, b compute.Backend, tolerance float64) {
	for _, name := range []string{"squeezenet1_1", "resnet18"} {
		names, want, err := trainingStep(t, open(t, "cpu"), name)
		if err != nil {
			t.Fatal(err)
		}
		_, got, err := trainingStep(t, b, name)
		if err != nil {
			t.Fatal(err)
		}
		worst, where := 0.0, ""
		for i := range want {
			if d := distance(got[i], want[i]); !(d <= worst) {
				worst, where = d, names[i]
			}
		}
		t.Logf("%s: at most %.1e from cpu's, %s", name, worst, where)
		if !(worst <= tolerance) {
			t.Errorf("%s: %s is %g from cpu's, want at most %g", name, where, worst, tolerance)
		}
	}
}
