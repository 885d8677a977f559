package nets

import (
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

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

// Every network in training mode: loss, gradients and running statistics of one step are PyTorch's.
func TestGradients(t *testing.T) {
	const tolerance = 1e-3 // of gradients, relative to the largest
	want := fixture[map[string]step](t, "training.json")
	b := open(t, "cpu")
	for _, name := range Names() {
		want, ok := want[name]
		if !ok {
			t.Errorf("testdata has no gradients of %s", name)
			continue
		}
		t.Run(name, func(t *testing.T) {
			a, err := Lookup(name)
			if err != nil {
				t.Fatal(err)
			}
			learned, running := slices.Sorted(maps.Keys(want.Gradients)), slices.Sorted(maps.Keys(want.Statistics))
			n, h, w := want.Size[0], want.Size[1], want.Size[2]
			var net *Net
			got := runWith(t, b, draw(want.Pictures, n*h*w*3, -2, 2), []int{n, h, w, 3}, func(x *graph.Node) (*Net, []*graph.Node) {
				net = a.Build(x, Training)
				loss := crossEntropy(net.Logits)
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
		})
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
	classes := graph.OneHot(graph.Const(logits.Graph(), labels), 1000, dtypes.Float32)
	return graph.Neg(graph.ReduceMean(graph.ReduceSum(graph.Mul(classes, graph.LogSoftmax(logits)), -1), 0))
}
