package cpu

import (
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// TestInstanceNormalisation: statistics of pictures come from one pass where a graph takes both, and
// are what the plain engine gives, also with another centre than the mean and far from zero.
func TestInstanceNormalisation(t *testing.T) {
	_, plain, _ := engines(t)
	over := func(x *graph.Node) *graph.Node { return graph.ReduceAndKeep(x, graph.ReduceMean, 1, 2) }
	normalised := func(x, centre *graph.Node) *graph.Node {
		far := graph.Sub(x, centre)
		return graph.Mul(graph.Sub(x, over(x)), graph.Rsqrt(graph.AddScalar(over(graph.Square(far)), 1e-5)))
	}
	for name, test := range map[string]struct {
		build func(x *graph.Node) *graph.Node
		dims  []int
		want  int // passes for moments
	}{
		"own mean":      {func(x *graph.Node) *graph.Node { return normalised(x, over(x)) }, []int{3, 17, 9, 20}, 1},
		"one picture":   {func(x *graph.Node) *graph.Node { return normalised(x, over(x)) }, []int{1, 90, 70, 12}, 1},
		"three colours": {func(x *graph.Node) *graph.Node { return normalised(x, over(x)) }, []int{2, 60, 70, 3}, 1},
		"another centre": {func(x *graph.Node) *graph.Node {
			return normalised(x, graph.MulScalar(over(x), 0.999))
		}, []int{2, 9, 9, 8}, 1},
		"the mean of pairs of channels": {func(x *graph.Node) *graph.Node {
			pairs := graph.ReduceAndKeep(graph.Reshape(over(x), 2, 2, 4), graph.ReduceMean, 1)
			return normalised(x, graph.Reshape(graph.BroadcastToDims(pairs, 2, 2, 4), 2, 1, 1, 8))
		}, []int{2, 9, 9, 8}, 1},
		"deviations that are needed themselves": {func(x *graph.Node) *graph.Node {
			far := graph.Sub(x, over(x))
			return graph.Add(far, over(graph.Square(far)))
		}, []int{2, 9, 9, 8}, 1},
		"no sum": {func(x *graph.Node) *graph.Node {
			return over(graph.Square(graph.Sub(x, graph.Slice(x, graph.AxisRange(), graph.AxisElem(0), graph.AxisElem(0)))))
		}, []int{2, 9, 9, 8}, 0},
		"few pixels": {func(x *graph.Node) *graph.Node { return normalised(x, over(x)) }, []int{2, 3, 3, 8}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := &spy{backend: open(t, "threads=3")}
			defer s.Finalize()
			x := randomTensor(1, test.dims...)
			values := floatsOf(x)
			for i := range values {
				values[i] = 10 + values[i]*float32(1+i%test.dims[3])
			}
			run := func(b compute.Backend) []float32 {
				return floatsOf(graph.MustNewExec(b, test.build).MustExec(tensors.FromFlatDataAndDimensions(values, test.dims...))[0])
			}
			if d := difference(t, run(s), run(plain)); d > 1e-5 {
				t.Errorf("differs by %g of the largest value", d)
			}
			passes := 0
			for _, step := range s.last.main.steps {
				if step.node.op == opMoments {
					passes++
				}
			}
			if passes != test.want {
				t.Errorf("%d passes for moments, want %d", passes, test.want)
			}
		})
	}
}
