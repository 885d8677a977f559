package cpu

import (
	"fmt"
	"slices"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// trainNorm is batch normalisation in training: the operation, or spelled out in
// operations that every engine has.
func trainNorm(n *net, x *graph.Node, spelled bool) *graph.Node {
	channels := x.Shape().Dim(-1)
	scale, offset := n.weight(x.Graph(), channels), n.weight(x.Graph(), channels)
	if !spelled {
		y, _, _ := graph.InternalBatchNormForTraining(x, scale, offset, 1e-3, -1)
		return y
	}
	row := func(v *graph.Node) *graph.Node { return graph.Reshape(v, 1, 1, 1, channels) }
	centred := graph.Sub(x, row(graph.ReduceMean(x, 0, 1, 2)))
	variance := graph.ReduceMean(graph.Square(centred), 0, 1, 2)
	return graph.Add(graph.Mul(centred, row(graph.Div(scale, graph.Sqrt(graph.AddScalar(variance, 1e-3))))), row(offset))
}

// trainNet is a small residual network in training: every way in which
// normalisation, shortcut, activation and pooling meet in a ResNet.
func trainNet(spelled, largest bool) func(n *net, x *graph.Node) *graph.Node {
	return func(n *net, x *graph.Node) *graph.Node {
		x = graph.MinScalar(relu(trainNorm(n, n.conv(x, 3, 2, 1, 8), spelled)), 1)
		if largest {
			x = graph.MaxPool(x).Window(3).Strides(2).PaddingPerDim([][2]int{{1, 1}, {1, 1}}).Done()
		} else {
			x = graph.MeanPool(x).Window(2).Strides(2).Done()
		}
		for _, channels := range []int{8, 20} {
			stride := 1 + channels/20
			y := relu(trainNorm(n, n.conv(x, 3, stride, 1, channels), spelled))
			y = trainNorm(n, n.conv(y, 3, 1, 1, channels), spelled)
			if stride > 1 {
				x = trainNorm(n, n.conv(x, 1, stride, 0, channels), spelled)
			}
			x = relu(graph.Add(y, x))
		}
		x = relu(n.bias(n.conv(x, 1, 1, 0, 12)))
		return graph.ReduceMean(x, 1, 2)
	}
}

// TestTrainingGradients compares the gradients of a residual network and of
// SqueezeNet by all weights.
func TestTrainingGradients(t *testing.T) {
	for _, test := range []struct {
		name            string
		define, spelled func(n *net, x *graph.Node) *graph.Node
		input           []int
		portable        bool // the portable engine has no gradient of max pooling
	}{
		{"residual", trainNet(false, false), trainNet(true, false), []int{3, 30, 26, 3}, true},
		{"residual, max pooling", trainNet(false, true), trainNet(true, true), []int{3, 30, 26, 3}, false},
		{"squeezenet", (*net).squeezeNet, (*net).squeezeNet, []int{1, 47, 47, 3}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			portable, plain, fast := engines(t)
			weights := weightsOf(t, fast, test.spelled, test.input...)
			run := func(b compute.Backend, define func(n *net, x *graph.Node) *graph.Node) []*tensors.Tensor {
				args := clones(append([]*tensors.Tensor{randomTensor(5, test.input...)}, weights...))
				return graph.MustNewExec(b, func(in []*graph.Node) []*graph.Node {
					y := define(&net{weights: in[1:]}, in[0])
					return graph.Gradient(graph.ReduceAllSum(graph.Mul(graph.Square(y), graph.Iota(y.Graph(), y.Shape(), 1))), in...)
				}).MustExec(arguments(args[0], args[1:])...)
			}
			want := run(plain, test.spelled)
			if test.portable {
				want = run(portable, test.spelled)
			}
			for name, got := range map[string][]*tensors.Tensor{
				"plain": run(plain, test.define), "fast": run(fast, test.define), "fast, spelled": run(fast, test.spelled),
			} {
				for i := range want {
					if d := difference(t, floatsOf(want[i]), floatsOf(got[i])); d > 1e-3 {
						t.Errorf("gradient %d of %s differs by %.2g", i, name, d)
					}
				}
			}
		})
	}
}

// TestTrainingIsFused: what takes several passes over memory in GoMLX's graphs is
// gone, and most gates are part of the gradient of a normalisation.
func TestTrainingIsFused(t *testing.T) {
	b := open(t, "threads=1")
	defer b.Finalize()
	weights := weightsOf(t, b, trainNet(true, true), 2, 30, 26, 3)
	g := graph.NewGraph(b, "training")
	x := graph.Parameter(g, "x", randomTensor(1, 2, 30, 26, 3).Shape())
	in := []*graph.Node{}
	for i, w := range weights {
		in = append(in, graph.Parameter(g, fmt.Sprint("w", i), w.Shape()))
	}
	loss := graph.ReduceAllSum(graph.Square(trainNet(false, true)(&net{weights: in}, x)))
	if err := g.Compile(graph.Gradient(loss, in...)...); err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	e := g.Executable().(*executable)
	for _, s := range append(slices.Clone(e.prologue.steps), e.main.steps...) {
		count[opName(s.node.op)]++
		if s.node.op == opInputGradient && s.node.attr.(gradientAttr).addend {
			count["InputGradient with addend"]++
		}
	}
	// One gate after the bias; those of sums with a shortcut take the sums of a gradient too.
	for name, want := range map[string]int{"Sign": 0, "Reverse": 0, "Transpose": 0, "Conv": 0, "SelectAndScatterMax": 0,
		"Gate": 1, "GatedSums": 2, "Max": 0, "Min": 0, "Moments": 6, "NormSums": 4, "NormGradient": 6, "FilterGradient": 7, "InputGradient": 6, "MaxPoolGradient": 1, "InputGradient with addend": 1} {
		if count[name] != want {
			t.Errorf("%d operations %s, want %d", count[name], name, want)
		}
	}
}
