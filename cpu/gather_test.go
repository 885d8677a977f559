package cpu

import (
	"slices"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
)

// TestGather compares single elements, rows and windows with the portable engine.
func TestGather(t *testing.T) {
	portable, _, fast := engines(t)
	if raceDetector {
		portable = fast // nothing else gathers; the race detector is what this run is for
	}
	for name, build := range map[string]func(x, at *graph.Node) *graph.Node{
		"rows":           func(x, at *graph.Node) *graph.Node { return graph.Gather(x, at) },
		"windows":        func(x, at *graph.Node) *graph.Node { return graph.GatherSlices(x, []int{1}, at, []int{3}, false) },
		"across windows": func(x, at *graph.Node) *graph.Node { return graph.GatherSlices(x, []int{2}, at, []int{2}, true) },
	} {
		run := func(b compute.Backend) []float32 {
			return floatsOf(graph.MustNewExec(b, build).MustExec(randomTensor(1, 5, 6, 4), [][]int32{{1}, {0}, {2}})[0])
		}
		if want, got := run(portable), run(fast); !slices.Equal(want, got) {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
}

// TestDynamicSlices takes and replaces boxes that begin inside and outside of a tensor.
func TestDynamicSlices(t *testing.T) {
	b := open(t, "")
	defer b.Finalize()
	for _, test := range []struct {
		start       int32
		taken, with []float32
	}{
		{1, []float32{1, 2}, []float32{0, -1, -1, 3}},
		{-5, []float32{0, 1}, []float32{-1, -1, 2, 3}},
		{3, []float32{2, 3}, []float32{0, 1, -1, -1}},
	} {
		out := graph.MustNewExec(b, func(x, at *graph.Node) []*graph.Node {
			part := graph.DynamicSlice(x, []*graph.Node{at}, []int{2})
			return []*graph.Node{part, graph.DynamicUpdateSlice(x, graph.Neg(graph.OnesLike(part)), []*graph.Node{at})}
		}).MustExec([]float32{0, 1, 2, 3}, test.start)
		if got := floatsOf(out[0]); !slices.Equal(got, test.taken) {
			t.Errorf("2 elements from %d on: %v, want %v", test.start, got, test.taken)
		}
		if got := floatsOf(out[1]); !slices.Equal(got, test.with) {
			t.Errorf("2 elements from %d on replaced: %v, want %v", test.start, got, test.with)
		}
	}
}
