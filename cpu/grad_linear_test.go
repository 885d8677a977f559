package cpu

import (
	"slices"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// TestLinearGradients compares the gradients of linear layers, whose weights lie as
// [in, out] or as [out, in], with and without a bias and an activation.
func TestLinearGradients(t *testing.T) {
	portable, plain, fast := engines(t)
	for _, turned := range []bool{false, true} {
		const batch, from, to = 5, 70, 45
		w := randomTensor(2, from, to)
		if turned {
			w = randomTensor(2, to, from)
		}
		in := []*tensors.Tensor{randomTensor(1, batch, from), w, randomTensor(3, 1, to)}
		run := func(b compute.Backend) []*tensors.Tensor {
			args := clones(in)
			return graph.MustNewExec(b, func(in []*graph.Node) []*graph.Node {
				w := in[1]
				if turned {
					w = graph.Transpose(w, 0, 1)
				}
				y := relu(graph.Add(graph.Dot(in[0], w).Product(), in[2]))
				return graph.Gradient(graph.ReduceAllSum(graph.Square(y)), in...)
			}).MustExec(arguments(args[0], args[1:])...)
		}
		want := run(portable)
		for name, got := range map[string][]*tensors.Tensor{"plain": run(plain), "fast": run(fast)} {
			for i := range want {
				if d := difference(t, floatsOf(want[i]), floatsOf(got[i])); d > 2e-5 {
					t.Errorf("turned %v: gradient %d of %s differs by %.2g", turned, i, name, d)
				}
			}
		}
	}
}

// TestLinearGradientIsNotTurned: nothing as large as the weights is transposed.
func TestLinearGradientIsNotTurned(t *testing.T) {
	b := open(t, "threads=1")
	defer b.Finalize()
	const batch, from, to = 4, 300, 200
	g := graph.NewGraph(b, "linear")
	x, w := graph.Parameter(g, "x", randomTensor(1, batch, from).Shape()), graph.Parameter(g, "w", randomTensor(1, from, to).Shape())
	loss := graph.ReduceAllSum(graph.Square(graph.Dot(x, w).Product()))
	if err := g.Compile(graph.Gradient(loss, w)...); err != nil {
		t.Fatal(err)
	}
	e := g.Executable().(*executable)
	for _, s := range append(slices.Clone(e.prologue.steps), e.main.steps...) {
		if s.node.op == compute.OpTypeTranspose && s.node.size() > batch*from {
			t.Errorf("%s", s.node)
		}
	}
}
