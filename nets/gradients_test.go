package nets

import (
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
)

// step is what testdata knows of one training step, without dropout, with made-up parameters, those of batch norms moved
// by steady.
type step struct {
	Pictures  string  // the name they are drawn from
	Size      [3]int  // pictures, height, width
	Raise     float32 // what steady adds
	Loss      float32
	Gradients map[string]struct {
		Largest float64
		Spread  []float32
	}
	Statistics map[string][]float32
}

// Every network in training mode: loss, gradients and running statistics of one step are PyTorch's. Of VGGs without the
// flag full only up to the last pooling: their classifiers take gigabytes, and AlexNet has one like them.
//
// The pictures are some on which no number before a ReLU is so near to 0 that rounding decides its sign. On "photographs 0"
// VGG-16 has one of 1.7e-6, where the largest is 12, which the fast convolutions make -0.5e-6: the gradients of its kernels
// then differ by up to 2%, and by 3e-6 on pictures without such a number. PyTorch's float32 differs from its float64 in
// the same way, on other pictures.
func TestGradients(t *testing.T) {
	const tolerance = 1e-3 // of gradients, relative to the largest
	want := fixture[map[string]step](t, "training.json")
	b := open(t, "cpu")
	for _, name := range Names() {
		if testing.Short() && !quick(name) {
			continue
		}
		parts := []string{name}
		if trunk := name + " to pool5"; hasLargeClassifier(name) && *full {
			parts = append(parts, trunk)
		} else if hasLargeClassifier(name) {
			parts = []string{trunk}
		}
		for _, part := range parts {
			want, ok := want[part]
			if !ok {
				t.Errorf("testdata has no gradients of %s", part)
				continue
			}
			t.Run(part, func(t *testing.T) { checkGradients(t, b, name, part != name, want, tolerance) })
		}
	}
}

// checkGradients runs a step of a network, or of its trunk, whose logits are the channels' means.
func checkGradients(t *testing.T, b compute.Backend, name string, trunk bool, want step, tolerance float64) {
	a, err := Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	learned, running := slices.Sorted(maps.Keys(want.Gradients)), slices.Sorted(maps.Keys(want.Statistics))
	n, h, w := want.Size[0], want.Size[1], want.Size[2]
	var net *Net
	got := runWith(t, b, MadeUp(want.Pictures, n*h*w*3, -2, 2), []int{n, h, w, 3}, func(x *graph.Node) (*Net, []*graph.Node) {
		var logits *graph.Node
		if trunk {
			net = a.Build(x, Training, UpTo("pool5"))
			logits = GlobalMean(net.Features["pool5"])
		} else {
			net = a.Build(x, Training)
			logits = net.Logits
		}
		loss := crossEntropy(logits)
		for _, head := range slices.Sorted(maps.Keys(net.Auxiliary)) {
			loss = graph.Add(loss, graph.MulScalar(crossEntropy(net.Auxiliary[head]), 0.3))
		}
		outputs := append([]*graph.Node{loss}, graph.Gradient(loss, net.nodes(t, learned...)...)...)
		for _, name := range running {
			outputs = append(outputs, net.Statistics[name])
		}
		return net, outputs
	}, steady(want.Raise))
	if d := difference(t, got[0], []float32{want.Loss}) / float64(want.Loss); !(d <= 1e-5) {
		t.Errorf("loss %g, want %g", got[0][0], want.Loss)
	}
	worst := 0.0
	for i, name := range learned {
		gradient, want := net.input(t, name).Stored(got[1+i]), want.Gradients[name]
		d := max(difference(t, spread(gradient, len(want.Spread)), want.Spread), math.Abs(largest(gradient)-want.Largest)) / want.Largest
		if worst = max(worst, d); !(d <= tolerance) {
			t.Errorf("gradient of %s differs by %g of the largest", name, d)
		}
	}
	t.Logf("largest relative difference %.2g", worst)
	for i, name := range running {
		got, want := got[1+len(learned)+i], want.Statistics[name]
		if d := difference(t, spread(got, len(want)), want) / largest(want); !(d <= 1e-5) {
			t.Errorf("%s differs by %g of the largest", name, d)
		}
	}
}

// steady adds so much to the biases of batch norms; make_fixtures.py says why.
func steady(more float32) func(*Net, string, []float32) []float32 {
	return func(net *Net, name string, values []float32) []float32 {
		norm, isBias := strings.CutSuffix(name, ".bias")
		if isBias && net.Statistics[norm+".running_mean"] != nil {
			for i := range values {
				values[i] += more
			}
		}
		return values
	}
}

// crossEntropy is the mean over pictures of the classes 3, 1, 4, 15.
func crossEntropy(logits *graph.Node) *graph.Node {
	labels := []int32{3, 1, 4, 15}[:logits.Shape().Dim(0)]
	classes := graph.OneHot(graph.Const(logits.Graph(), labels), logits.Shape().Dim(-1), dtypes.Float32)
	return graph.Neg(graph.ReduceMean(graph.ReduceSum(graph.Mul(classes, graph.LogSoftmax(logits)), -1), 0))
}
