package cpu

import (
	"math"
	"slices"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
)

// mixed has what parts of a batch meet: concatenations, shortcuts, transposes between
// reshapes, reflected borders, repeated pixels, statistics of each picture, numbers for each that are made at once, and
// perhaps an early value that is returned, which ends the first segment.
func (n *net) mixed(x *graph.Node, early bool) []*graph.Node {
	batch := x.Shape().Dim(0)
	reflect := func(x *graph.Node) *graph.Node {
		w := x.Shape().Dim(2)
		return graph.Concatenate([]*graph.Node{
			graph.Slice(x, graph.AxisRange(), graph.AxisRange(), graph.AxisRange(1, 2)), x,
			graph.Slice(x, graph.AxisRange(), graph.AxisRange(), graph.AxisRange(w-2, w-1))}, 2)
	}
	a := relu(n.bias(n.conv(x, 3, 2, 1, 16)))
	a = graph.Concatenate([]*graph.Node{relu(n.bias(n.conv(a, 1, 1, 0, 8))), relu(n.bias(n.conv(a, 3, 1, 1, 8)))}, -1)
	b := relu(graph.Add(a, n.bias(n.conv(a, 3, 1, 1, 16))))
	h, w := b.Shape().Dim(1), b.Shape().Dim(2)
	b = graph.Reshape(graph.TransposeAllAxes(graph.Reshape(b, batch, h, w, 2, 8), 0, 1, 2, 4, 3), batch, h, w, 16)
	mean := graph.Reshape(graph.ReduceMean(b, 1, 2), batch, 1, 1, 16)
	turned := graph.TransposeAllAxes(graph.ReduceMean(x, 1, 2), 1, 0) // of all pictures at once
	turned = graph.ReduceMax(graph.TransposeAllAxes(graph.Sigmoid(turned), 1, 0), 1)
	each := graph.BroadcastToDims(graph.Reshape(turned, batch, 1, 1, 1), batch, 1, 1, 16)
	c := graph.Tanh(graph.Mul(graph.Sub(b, mean), graph.Mul(each, graph.Add(b, mean))))
	c = n.conv(reflect(c), 3, 1, 0, 24)
	c = graph.Reshape(graph.BroadcastToDims(graph.Reshape(c, batch, c.Shape().Dim(1), 1, c.Shape().Dim(2), 24), batch, c.Shape().Dim(1), 2, c.Shape().Dim(2), 24),
		batch, 2*c.Shape().Dim(1), c.Shape().Dim(2), 24)
	d := n.bias(n.conv(c, 1, 1, 0, 5))
	if early {
		return []*graph.Node{graph.ReduceMean(d, 1, 2), d, a}
	}
	return []*graph.Node{graph.ReduceMean(d, 1, 2), d}
}

// TestParts: whatever part of the batch fits the cache, results are the same bits.
func TestParts(t *testing.T) {
	define := func(n *net, x *graph.Node) *graph.Node { return graph.ReduceAllSum(n.mixed(x, true)[1]) }
	for batch, early := range map[int]bool{2: false, 5: true, 6: false, 7: false, 8: false} {
		var want [][]float32
		var whole int
		for _, cache := range []int{math.MaxInt, 60_000, 150_000, 400_000} {
			b := &spy{backend: open(t, "threads=2")}
			b.cache = cache
			exec := graph.MustNewExec(b, func(in []*graph.Node) []*graph.Node { return (&net{weights: in[1:]}).mixed(in[0], early) })
			args := arguments(randomTensor(3, batch, 41, 45, 3), weightsOf(t, b, define, batch, 41, 45, 3))
			for range 2 { // the second time with prepared weights
				for i, out := range exec.MustExec(args...) {
					got := floatsOf(out)
					if cache == math.MaxInt && len(want) <= i {
						want = append(want, got)
					} else if !slices.EqualFunc(want[i], got, func(a, b float32) bool { return math.Float32bits(a) == math.Float32bits(b) }) {
						t.Fatalf("batch %d, cache %d: result %d differs", batch, cache, i)
					}
				}
			}
			steps := len(b.last.main.steps)
			if cache == math.MaxInt {
				whole = steps
			} else if cache == 60_000 && !early && steps <= whole {
				t.Errorf("batch %d: %d steps with a small cache, %d with a large one", batch, steps, whole)
			}
			b.Finalize()
		}
	}
}

// TestPartsInPlace: what is computed in parts is nowhere put together by copies, and
// needs less memory.
func TestPartsInPlace(t *testing.T) {
	for name, test := range map[string]struct {
		define func(n *net, x *graph.Node) *graph.Node
		cache  int
	}{
		"squeezenet": {(*net).squeezeNet, 1 << 20},
		"resnet":     {func(n *net, x *graph.Node) *graph.Node { return n.resNet(x, 8, []int{2, 2, 2, 2}, true, false) }, 1 << 17},
	} {
		var arenas []int
		for _, cache := range []int{math.MaxInt, test.cache} {
			s := &spy{backend: open(t, "")}
			s.cache = cache
			weights := weightsOf(t, s, test.define, 1, 65, 65, 3)
			network(s, test.define).MustExec(arguments(randomTensor(1, 8, 65, 65, 3), weights)...)
			joined := 0
			for _, step := range s.last.main.steps {
				if step.node.op != compute.OpTypeConcatenate || step.node.attr.(axisAttr).axis != 0 {
					continue
				}
				joined++
				at := step.out.offset
				for i, in := range step.in {
					if in.space != step.out.space || in.index != step.out.index || in.offset != at {
						t.Errorf("%s: operand %d of %s is not computed in place", name, i, step.node)
					}
					at += in.size
				}
			}
			if (joined > 0) != (cache < math.MaxInt) {
				t.Errorf("%s: %d values put together from parts with a cache of %d bytes", name, joined, cache)
			}
			arenas = append(arenas, s.last.main.arena)
			s.Finalize()
		}
		if arenas[1] > arenas[0]*3/4 {
			t.Errorf("%s: %d bytes of memory in parts, %d at once", name, arenas[1], arenas[0])
		}
	}
}
