package cpu

import (
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// rowsAround pads an axis by the rows that before and after name.
func rowsAround(x *graph.Node, axis int, before, after []int) *graph.Node {
	var parts []*graph.Node
	for i, rows := range [][]int{before, after} {
		for _, row := range rows {
			parts = append(parts, graph.SliceAxis(x, axis, graph.AxisRange(row, row+1)))
		}
		if i == 0 {
			parts = append(parts, x)
		}
	}
	return graph.Concatenate(parts, axis)
}

// TestBorders: mirrored and repeated borders become part of the convolution, what only looks
// like one does not, and all give what the plain engine gives.
func TestBorders(t *testing.T) {
	_, plain, _ := engines(t)
	conv := func(x, filter *graph.Node) *graph.ConvolutionBuilder { return graph.Convolve(x, filter) }
	for name, test := range map[string]struct {
		pad    func(x *graph.Node) *graph.Node // of pictures of 10 rows and 12 columns
		conv   func(x, filter *graph.Node) *graph.ConvolutionBuilder
		filter []int
		left   int // concatenations
	}{
		"mirrored": {func(x *graph.Node) *graph.Node {
			return rowsAround(rowsAround(x, 1, []int{1}, []int{8}), 2, []int{1}, []int{10})
		}, conv, []int{3, 3, 8, 16}, 0},
		"mirrored by much, columns first": {func(x *graph.Node) *graph.Node {
			return rowsAround(rowsAround(x, 2, []int{4, 3, 2, 1}, []int{10, 9, 8, 7}), 1, []int{4, 3, 2, 1}, []int{8, 7, 6, 5})
		}, conv, []int{9, 9, 8, 3}, 0},
		"repeated": {func(x *graph.Node) *graph.Node {
			return rowsAround(rowsAround(x, 1, []int{0, 0}, []int{9, 9}), 2, []int{0, 0}, []int{11, 11})
		}, conv, []int{5, 5, 8, 4}, 0},
		"one axis, one side, a stride": {func(x *graph.Node) *graph.Node { return rowsAround(x, 2, nil, []int{10, 9}) },
			func(x, filter *graph.Node) *graph.ConvolutionBuilder { return graph.Convolve(x, filter).Strides(2) }, []int{3, 3, 8, 4}, 0},
		"one axis of each kind": {func(x *graph.Node) *graph.Node {
			return rowsAround(rowsAround(x, 1, []int{0, 0}, []int{9, 9}), 2, []int{2, 1}, []int{10, 9})
		}, conv, []int{3, 3, 8, 4}, 1},
		"wrapped": {func(x *graph.Node) *graph.Node { return rowsAround(x, 1, []int{9}, []int{0}) }, conv, []int{3, 3, 8, 4}, 1},
		"with zeros": {func(x *graph.Node) *graph.Node { return rowsAround(x, 1, []int{1}, []int{8}) },
			func(x, filter *graph.Node) *graph.ConvolutionBuilder { return graph.Convolve(x, filter).PadSame() }, []int{3, 3, 8, 4}, 1},
		"of another picture": {func(x *graph.Node) *graph.Node {
			other := graph.Neg(x)
			return graph.Concatenate([]*graph.Node{graph.SliceAxis(other, 1, graph.AxisRange(1, 2)), x, graph.SliceAxis(other, 1, graph.AxisRange(8, 9))}, 1)
		}, conv, []int{3, 3, 8, 4}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := &spy{backend: open(t, "threads=3")}
			defer s.Finalize()
			build := func(x, filter *graph.Node) *graph.Node {
				c := test.conv(test.pad(x), filter)
				return graph.Max(c.Done(), graph.ScalarZero(x.Graph(), x.DType()))
			}
			x, filter := randomTensor(1, 3, 10, 12, 8), randomTensor(2, test.filter...)
			run := func(b compute.Backend) []float32 {
				args := clones([]*tensors.Tensor{x, filter})
				return floatsOf(graph.MustNewExec(b, build).MustExec(args[0], args[1])[0])
			}
			if d := difference(t, run(s), run(plain)); d > 1e-5 {
				t.Errorf("differs by %g of the largest value", d)
			}
			left := 0
			for _, step := range s.last.main.steps {
				if step.node.op == compute.OpTypeConcatenate {
					left++
				}
			}
			if left != test.left {
				t.Errorf("%d concatenations are left, want %d", left, test.left)
			}
		})
	}
}
