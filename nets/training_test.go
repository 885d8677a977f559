package nets

import (
	"slices"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/gestalt-vision/gestalt/engine"
)

// runOnce runs a graph once: the outputs of build, with the inputs of its network filled by made-up parameters.
func runOnce(t *testing.T, b compute.Backend, x []float32, shape []int, build func(x *graph.Node) (*Net, []*graph.Node)) [][]float32 {
	t.Helper()
	return runWith(t, b, x, shape, build, func(_ *Net, _ string, values []float32) []float32 { return values })
}

// runWith is runOnce with the parameters as change gives them.
func runWith(t *testing.T, b compute.Backend, x []float32, shape []int, build func(x *graph.Node) (*Net, []*graph.Node),
	change func(net *Net, name string, values []float32) []float32) [][]float32 {
	t.Helper()
	var values [][]float32
	err := engine.Catch(func() {
		g := graph.NewGraph(b, t.Name())
		defer g.Finalize()
		net, outputs := build(graph.Parameter(g, "x", shapes.Make(dtypes.Float32, shape...)))
		if err := g.Compile(outputs...); err != nil {
			panic(err)
		}
		param := func(name string) []float32 { return change(net, name, drawn(net)(name)) }
		inputs := []any{tensors.FromFlatDataAndDimensions(x, shape...)}
		for _, in := range net.Inputs {
			inputs = append(inputs, tensors.FromFlatDataAndDimensions(in.value(param), in.Node.Shape().Dimensions...))
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

// input is the graph's input for a parameter.
func (n *Net) input(t *testing.T, name string) Input {
	t.Helper()
	i := slices.IndexFunc(n.Inputs, func(in Input) bool { return in.Name == name })
	if i < 0 {
		t.Fatalf("no input %s", name)
	}
	return n.Inputs[i]
}

// nodes are the inputs for some parameters.
func (n *Net) nodes(t *testing.T, names ...string) (nodes []*graph.Node) {
	t.Helper()
	for _, name := range names {
		nodes = append(nodes, n.input(t, name).Node)
	}
	return nodes
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
	cotangent := MadeUp("cotangent", size, -1, 1)
	for _, engine := range []string{"cpu", "go"} {
		got := runOnce(t, open(t, engine), MadeUp("pictures", size, -2, 2), want.Shape, func(x *graph.Node) (*Net, []*graph.Node) {
			net := newNet(x.Graph(), Training)
			y := net.scope().BatchNorm("bn", x)
			loss := graph.ReduceAllSum(graph.Mul(y, graph.Const(x.Graph(), tensors.FromFlatDataAndDimensions(cotangent, want.Shape...))))
			gradients := graph.Gradient(loss, append(net.nodes(t, "bn.weight", "bn.bias"), x)...)
			return net, append(append([]*graph.Node{y}, gradients...), net.Statistics["bn.running_mean"], net.Statistics["bn.running_var"])
		})
		for i, c := range []struct {
			name string
			want []float32
		}{{"y", want.Y}, {"dweight", want.DWeight}, {"dbias", want.DBias}, {"dx", want.DX}, {"running mean", want.Mean}, {"running variance", want.Var}} {
			if d := difference(t, got[i], c.want) / largest(c.want); !(d <= 2e-6) {
				t.Errorf("%s: %s differs by %g of the largest", engine, c.name, d)
			}
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
			lists[mode] = a.Build(graph.Parameter(g, "x", shapes.Make(dtypes.Float32, 1, a.Preprocess.Crop, a.Preprocess.Crop, 3)), Mode(mode)).Params
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
