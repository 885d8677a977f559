package nets

import (
	"math"
	"slices"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/gestalt-vision/gestalt/engine"
	"github.com/gestalt-vision/gestalt/weights"
)

// runOnce runs a graph once: the outputs of build, with the inputs of its network filled by made-up parameters.
func runOnce(t *testing.T, b compute.Backend, x []float32, shape []int, build func(x *graph.Node) (*Net, []*graph.Node)) [][]float32 {
	t.Helper()
	var values [][]float32
	err := engine.Catch(func() {
		g := graph.NewGraph(b, t.Name())
		defer g.Finalize()
		net, outputs := build(graph.Parameter(g, "x", shapes.Make(dtypes.Float32, shape...)))
		if err := g.Compile(outputs...); err != nil {
			panic(err)
		}
		inputs := []any{tensors.FromFlatDataAndDimensions(x, shape...)}
		for _, in := range net.Inputs {
			inputs = append(inputs, tensors.FromFlatDataAndDimensions(in.value(drawn(net)), in.Node.Shape().Dimensions...))
		}
		for _, out := range g.Run(inputs...) {
			values = append(values, tensors.MustCopyFlatData[float32](out))
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return values
}

// node is the graph's input for a parameter.
func (n *Net) node(t *testing.T, name string) *graph.Node {
	t.Helper()
	i := slices.IndexFunc(n.Inputs, func(in Input) bool { return in.Name == name })
	if i < 0 {
		t.Fatalf("no input %s", name)
	}
	return n.Inputs[i].Node
}

// One batch normalisation in training mode: output, the whole gradient and the running statistics are PyTorch's. With
// the gradient cut off at the batch's mean and variance, dx would be off by 17% of its largest value.
func TestBatchNormTraining(t *testing.T) {
	want := fixture[struct {
		Shape                 []int
		Y, DX, DWeight, DBias []float32
		Mean                  []float32 `json:"running_mean"`
		Var                   []float32 `json:"running_var"`
	}](t, "batchnorm.json")
	size := want.Shape[0] * want.Shape[1] * want.Shape[2] * want.Shape[3]
	cotangent := draw("cotangent", size, -1, 1)
	for _, engine := range []string{"cpu", "go"} {
		got := runOnce(t, open(t, engine), draw("pictures", size, -2, 2), want.Shape, func(x *graph.Node) (*Net, []*graph.Node) {
			net := newNet(x.Graph(), Training)
			y := net.scope().BatchNorm("bn", x)
			loss := graph.ReduceAllSum(graph.Mul(y, graph.Const(x.Graph(), tensors.FromFlatDataAndDimensions(cotangent, want.Shape...))))
			gradients := graph.Gradient(loss, x, net.node(t, "bn.weight"), net.node(t, "bn.bias"))
			return net, append(append([]*graph.Node{y}, gradients...), net.Statistics["bn.running_mean"], net.Statistics["bn.running_var"])
		})
		for i, c := range []struct {
			name string
			want []float32
		}{{"y", want.Y}, {"dx", want.DX}, {"dweight", want.DWeight}, {"dbias", want.DBias}, {"running mean", want.Mean}, {"running variance", want.Var}} {
			if d := difference(t, got[i], c.want) / largest(c.want); !(d <= 2e-6) {
				t.Errorf("%s: %s differs by %g of the largest", engine, c.name, d)
			}
		}
	}
}

// ResNet-18 in training mode: loss, gradients and running statistics of one step are PyTorch's. The gradients are those
// after the max pooling, whose own gradient is another matter; they pass 17 normalisations over as few as 16 values, which
// magnify rounding.
func TestResNetTraining(t *testing.T) {
	want := fixture[struct {
		Loss      float32
		Gradients map[string]struct {
			Largest float64
			First   []float32
		}
		Statistics map[string][]float32
	}](t, "training.json")
	const n, side = 4, 64
	a, err := Lookup("resnet18")
	if err != nil {
		t.Fatal(err)
	}
	var learned, running []string
	for name := range want.Gradients {
		learned = append(learned, name)
	}
	for name := range want.Statistics {
		running = append(running, name)
	}
	shape := map[string][]int{}
	got := runOnce(t, open(t, "cpu"), draw("photographs", n*side*side*3, -2, 2), []int{n, side, side, 3}, func(x *graph.Node) (*Net, []*graph.Node) {
		net := a.Build(x, Training)
		for _, in := range net.Inputs {
			shape[in.Name] = in.Node.Shape().Dimensions
		}
		classes := graph.OneHot(graph.Const(x.Graph(), []int32{3, 1, 4, 15}), 1000, dtypes.Float32)
		loss := graph.Neg(graph.ReduceMean(graph.ReduceSum(graph.Mul(classes, graph.LogSoftmax(net.Logits)), -1), 0))
		var nodes []*graph.Node
		for _, name := range learned {
			nodes = append(nodes, net.node(t, name))
		}
		outputs := append([]*graph.Node{loss}, graph.Gradient(loss, nodes...)...)
		for _, name := range running {
			outputs = append(outputs, net.Statistics[name])
		}
		return net, outputs
	})
	if d := difference(t, got[0], []float32{want.Loss}) / float64(want.Loss); !(d <= 1e-5) {
		t.Errorf("loss %g, want %g", got[0][0], want.Loss)
	}
	for i, name := range learned {
		gradient, want := got[1+i], want.Gradients[name]
		if s := shape[name]; len(s) == 4 { // graphs have HWIO, the fixture OIHW
			gradient = weights.HWIOToOIHW(gradient, s[0], s[1], s[2], s[3])
		}
		if d := difference(t, gradient[:len(want.First)], want.First) / want.Largest; !(d <= 5e-4) {
			t.Errorf("gradient of %s differs by %g of the largest", name, d)
		}
		if d := largest(gradient)/want.Largest - 1; !(math.Abs(d) <= 5e-4) {
			t.Errorf("largest gradient of %s is %g, want %g", name, largest(gradient), want.Largest)
		}
	}
	for i, name := range running {
		got, want := got[1+len(learned)+i], want.Statistics[name]
		if d := difference(t, got[:len(want)], want) / largest(want); !(d <= 1e-5) {
			t.Errorf("%s differs by %g of the largest", name, d)
		}
	}
}

// Both modes need the same parameters from a file.
func TestModesShareParameters(t *testing.T) {
	b := open(t, "go")
	for _, name := range Names() {
		a, err := Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		var lists [2][]Param
		for mode := range lists {
			g := graph.NewGraph(b, name)
			lists[mode] = a.Build(graph.Parameter(g, "x", shapes.Make(dtypes.Float32, 1, 64, 64, 3)), Mode(mode)).Params
			g.Finalize()
		}
		if !slices.EqualFunc(lists[0], lists[1], func(p, q Param) bool {
			return p.Name == q.Name && p.Learned == q.Learned && slices.Equal(p.Shape, q.Shape)
		}) {
			t.Errorf("%s: parameters differ between the modes", name)
		}
	}
}

// Graph code that is given something else than pictures says so.
func TestBuildRefuses(t *testing.T) {
	b := open(t, "go")
	a, err := Lookup("resnet18")
	if err != nil {
		t.Fatal(err)
	}
	for _, shape := range [][]int{{1, 64, 64}, {1, 3, 64, 64}} {
		g := graph.NewGraph(b, "bad")
		x := graph.Parameter(g, "x", shapes.Make(dtypes.Float32, shape...))
		if err := engine.Catch(func() { a.Build(x, Inference) }); err == nil {
			t.Errorf("built for %v", shape)
		}
		g.Finalize()
	}
}
