package cpu

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// convLayer is a convolution as a graph asks for it.
type convLayer struct {
	n, h, w, c, kh, kw, k int
	stride, dilation      [2]int
	pad                   [][2]int
	groups                int
}

func randomLayer(r *rand.Rand) convLayer {
	l := convLayer{n: 1 + r.IntN(3), h: 6 + r.IntN(9), w: 6 + r.IntN(9), kh: 1 + r.IntN(3), kw: 1 + r.IntN(3), groups: 1,
		c: 1 + r.IntN(5), k: 1 + r.IntN(40), stride: [2]int{1 + r.IntN(3), 1 + r.IntN(3)}, dilation: [2]int{1, 1}}
	if r.IntN(3) == 0 {
		// GoMLX takes strides or dilations, not both.
		l.stride, l.dilation = [2]int{1, 1}, [2]int{1 + r.IntN(2), 1 + r.IntN(2)}
	}
	switch r.IntN(5) {
	case 0:
		l.groups = 2
		l.c, l.k = 2*l.c, 2*l.k
	case 1: // depthwise
		l.c = 2 + r.IntN(20)
		l.k, l.groups = l.c, l.c
	}
	for axis := range 2 {
		most := ([2]int{l.kh, l.kw}[axis]-1)*l.dilation[axis] + 1 // beyond that GoMLX has no gradient
		l.pad = append(l.pad, [2]int{r.IntN(most+1) - 1, r.IntN(most+1) - 1})
	}
	return l
}

func (l convLayer) apply(x, w *graph.Node) *graph.Node {
	b := graph.Convolve(x, w).StridePerAxis(l.stride[:]...).DilationPerAxis(l.dilation[:]...).PaddingPerDim(l.pad)
	if l.groups > 1 {
		b = b.ChannelGroupCount(l.groups)
	}
	return b.Done()
}

// gradients gives the gradients by x and w of a sum of y².
func (l convLayer) gradients(x, w *graph.Node) []*graph.Node {
	return graph.Gradient(graph.ReduceAllSum(graph.Square(l.apply(x, w))), x, w)
}

// TestConvGradients compares both gradients of random convolutions, negative and
// unequal paddings included.
func TestConvGradients(t *testing.T) {
	portable, plain, fast := engines(t)
	compared := 0
	for seed := range uint64(80) {
		l := randomLayer(rand.New(rand.NewPCG(seed, 21)))
		x, w := randomTensor(seed, l.n, l.h, l.w, l.c), randomTensor(seed+1, l.kh, l.kw, l.c/l.groups, l.k)
		run := func(b compute.Backend) (all [][]float32, err error) {
			in := clones([]*tensors.Tensor{x, w})
			results, err := graph.MustNewExec(b, l.gradients).Exec(in[0], in[1])
			for _, out := range results {
				all = append(all, floatsOf(out))
			}
			return all, err
		}
		want, err := run(portable)
		if err != nil {
			continue // GoMLX refuses some paddings
		}
		compared++
		for name, b := range map[string]compute.Backend{"plain": plain, "fast": fast} {
			got, err := run(b)
			if err != nil {
				t.Fatalf("seed %d: %+v: %v", seed, l, err)
			}
			for i := range want {
				if d := difference(t, want[i], got[i]); d > 2e-5 {
					t.Errorf("seed %d: %+v: gradient %d of %s differs by %.2g", seed, l, i, name, d)
				}
			}
		}
	}
	if compared < 40 {
		t.Errorf("GoMLX has gradients of %d layers only", compared)
	}
}

// TestConvGradientsAreRecognised: nothing is turned or reversed, and no plain
// convolution is left.
func TestConvGradientsAreRecognised(t *testing.T) {
	for seed := range uint64(40) {
		l := randomLayer(rand.New(rand.NewPCG(seed, 22)))
		l.kh, l.kw = l.kh|1, l.kw|1 // GoMLX refuses some paddings of even filters, and negative ones
		for axis := range l.pad {
			l.pad[axis] = [2]int{max(0, l.pad[axis][0]), max(0, l.pad[axis][1])}
		}
		var ops []string
		b := open(t, "threads=1")
		g := graph.NewGraph(b, fmt.Sprint("layer ", seed))
		x, w := graph.Parameter(g, "x", shapes.Make(float32Type, l.n, l.h, l.w, l.c)), graph.Parameter(g, "w", shapes.Make(float32Type, l.kh, l.kw, l.c/l.groups, l.k))
		dy := graph.Parameter(g, "dy", l.apply(x, w).Shape())
		outputs := graph.Gradient(graph.ReduceAllSum(graph.Mul(l.apply(x, w), dy)), x, w)
		if err := g.Compile(outputs...); err != nil {
			t.Fatal(err)
		}
		e := g.Executable().(*executable)
		for _, s := range append(slices.Clone(e.prologue.steps), e.main.steps...) {
			ops = append(ops, opName(s.node.op))
		}
		for _, op := range ops {
			if op == "Conv" || op == "Transpose" || op == "Reverse" || op == "Concatenate" || op == "Slice" {
				t.Errorf("seed %d: %+v: %v", seed, l, ops)
				break
			}
		}
		g.Finalize()
		b.Finalize()
	}
}
