package nets

import (
	"math"
	"slices"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/gestalt-vision/gestalt/engine"
)

// dropped runs one dropout layer on ones: its output and its gradient.
func dropped(t *testing.T, engineName, layer string, seed uint64, p float64, n int) (y, dx []float32) {
	t.Helper()
	b := open(t, engineName)
	err := engine.Catch(func() {
		exec, err := graph.NewExec(b, func(x, seed *graph.Node) []*graph.Node {
			net := newNet(x.Graph(), Training)
			Dropout(seed)(net)
			y := net.scope().Dropout(layer, x, p)
			return []*graph.Node{y, graph.Gradient(graph.ReduceAllSum(y), x)[0]}
		})
		if err != nil {
			panic(err)
		}
		ones := slices.Repeat([]float32{1}, 2*n)
		outputs := exec.MustExec(tensors.FromFlatDataAndDimensions(ones, 2, n), tensors.FromScalar(seed))
		y, dx = tensors.MustCopyFlatData[float32](outputs[0]), tensors.MustCopyFlatData[float32](outputs[1])
	})
	if err != nil {
		t.Fatal(err)
	}
	return y, dx
}

// Dropout drops the same elements on every engine, as many as it should, others with another seed or name, and its
// gradient passes where it does.
func TestDropout(t *testing.T) {
	const n, p = 20_000, 0.3
	y, dx := dropped(t, "cpu", "classifier.0", 1<<40+7, p, n)
	kept := 0
	for i, v := range y {
		if v != 0 {
			kept++
			if math.Abs(float64(v)-1/(1-p)) > 1e-6 {
				t.Fatalf("element %d is %g", i, v)
			}
		}
	}
	if share := float64(kept) / (2 * n); math.Abs(share-(1-p)) > 0.01 { // four standard deviations
		t.Errorf("%.3f of the elements are kept, want %.1f", share, 1-p)
	}
	if !slices.Equal(y, dx) {
		t.Error("the gradient passes elsewhere than the elements")
	}
	if plain, _ := dropped(t, "go", "classifier.0", 1<<40+7, p, n); !slices.Equal(plain, y) {
		t.Error("engines drop different elements")
	}
	for _, c := range []struct {
		layer string
		seed  uint64
	}{{"classifier.0", 8}, {"classifier.3", 1<<40 + 7}, {"classifier.0", 7}} {
		other, _ := dropped(t, "cpu", c.layer, c.seed, p, n)
		same := 0
		for i := range y {
			if other[i] == y[i] {
				same++
			}
		}
		if share, want := float64(same)/(2*n), p*p+(1-p)*(1-p); math.Abs(share-want) > 0.01 {
			t.Errorf("layer %s, seed %d: %.3f of the elements are as before, want %.3f", c.layer, c.seed, share, want)
		}
	}
}

// The networks that drop in torchvision do so with a seed, and nothing without one; the others never.
func TestWhoDrops(t *testing.T) {
	b := open(t, "go")
	want := map[string]int{"alexnet": 2, "vgg16": 2, "vgg11_bn": 2, "googlenet": 3, "inception_v3": 1, "squeezenet1_0": 1, "squeezenet1_1": 1, "mobilenet_v2": 1, "mobilenet_v2_tf": 1, "resnet50": 0}
	for name, layers := range want {
		a, err := Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, seeded := range []bool{true, false} {
			g := graph.NewGraph(b, name)
			x := graph.Parameter(g, "x", shapes.Make(dtypes.Float32, 1, a.Preprocess.Crop, a.Preprocess.Crop, 3))
			var options []Option
			if seeded {
				options = append(options, Dropout(graph.Parameter(g, "seed", shapes.Make(dtypes.Uint64))))
			}
			a.Build(x, Training, options...)
			choices := 0
			for _, node := range g.Nodes() {
				if node.Type() == graph.NodeTypeWhere {
					choices++
				}
			}
			if seeded && choices != layers || !seeded && choices != 0 {
				t.Errorf("%s, seeded %t: %d layers drop, want %d", name, seeded, choices, layers)
			}
			g.Finalize()
		}
	}
}

func TestDropoutRefuses(t *testing.T) {
	b := open(t, "go")
	a, err := Lookup("alexnet")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		mode  Mode
		dtype dtypes.DType
	}{{Inference, dtypes.Uint64}, {Training, dtypes.Int64}} {
		g := graph.NewGraph(b, "bad")
		x := graph.Parameter(g, "x", shapes.Make(dtypes.Float32, 1, 64, 64, 3))
		seed := graph.Parameter(g, "seed", shapes.Make(c.dtype))
		if err := engine.Catch(func() { a.Build(x, c.mode, Dropout(seed)) }); err == nil {
			t.Errorf("mode %d, seed %s: no error", c.mode, c.dtype)
		}
		g.Finalize()
	}
}
