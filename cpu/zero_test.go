package cpu

import (
	"fmt"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// TestEmptyTensors runs every kind of operation on tensors without elements.
func TestEmptyTensors(t *testing.T) {
	for _, dims := range [][]int{{0, 4, 4, 3}, {2, 0, 4, 3}, {2, 4, 4, 0}} {
		t.Run(fmt.Sprint(dims), func(t *testing.T) {
			for _, plain := range []bool{false, true} {
				b := open(t, "")
				b.plain = plain
				out := graph.MustNewExec(b, func(x *graph.Node) []*graph.Node {
					g, channels := x.Graph(), dims[3]
					row := graph.Reshape(graph.Iota(g, shapes.Make(dtypes.Float32, max(1, channels)), 0), 1, 1, 1, max(1, channels))
					if channels == 0 {
						row = graph.Slice(row, graph.AxisRange(), graph.AxisRange(), graph.AxisRange(), graph.AxisRange(0, 0))
					}
					sum := graph.Add(x, row)
					return []*graph.Node{
						sum, graph.Exp(x), graph.ReduceSum(sum, 1, 2), graph.ReduceAllMax(x), graph.Concatenate([]*graph.Node{x, x}, 1),
						graph.TransposeAllDims(x, 3, 1, 0, 2), graph.Where(graph.LessThan(x, sum), x, sum), graph.Reverse(x, 1),
						graph.Dot(graph.Reshape(x, dims[0]*dims[1]*dims[2], channels), graph.Ones(g, shapes.Make(dtypes.Float32, channels, 5))).Product(),
					}
				}).MustExec(tensors.FromShape(shapes.Make(dtypes.Float32, dims...)))
				if got := tensors.ToScalar[float32](out[3]); got > -1e38 {
					t.Errorf("the largest of no elements is %g, want -Inf", got)
				}
				b.Finalize()
			}
		})
	}
}
