package cpu

import (
	"slices"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// TestWords: chains of whole numbers give the bits of the plain engine, in as few steps as can be.
func TestWords(t *testing.T) {
	_, plain, _ := engines(t)
	iota := func(x *graph.Node, dtype dtypes.DType, axis int) *graph.Node {
		return graph.Iota(x.Graph(), shapes.Make(dtype, x.Shape().Dimensions...), axis)
	}
	mix := func(z *graph.Node) *graph.Node { // splitmix64
		for i, bits := range []uint64{30, 27} {
			factor := []uint64{0xBF58476D1CE4E5B9, 0x94D049BB133111EB}[i]
			z = graph.Mul(graph.BitwiseXor(z, graph.BitwiseShiftRightLogicalScalar(z, bits)), graph.Const(z.Graph(), factor))
		}
		return graph.BitwiseXor(z, graph.BitwiseShiftRightLogicalScalar(z, 31))
	}
	for name, test := range map[string]struct {
		build func(x, seed *graph.Node) *graph.Node
		words int // steps
	}{
		"a mask": {func(x, seed *graph.Node) *graph.Node {
			place := graph.IotaFull(x.Graph(), shapes.Make(dtypes.Uint64, x.Shape().Dimensions...))
			z := mix(graph.Add(graph.Mul(place, graph.Const(x.Graph(), uint64(0x9E3779B97F4A7C15))), seed))
			kept := graph.GreaterOrEqual(graph.BitwiseShiftRightLogicalScalar(z, 40), graph.Const(x.Graph(), uint64(1<<23)))
			return graph.Where(kept, graph.MulScalar(x, 2), graph.ZerosLike(x))
		}, 1},
		"numbers, of two axes": {func(x, seed *graph.Node) *graph.Node {
			z := graph.Sub(graph.Mul(iota(x, dtypes.Uint64, 1), iota(x, dtypes.Uint64, 2)), graph.Max(seed, iota(x, dtypes.Uint64, 0)))
			return graph.ConvertDType(graph.BitwiseShiftRightLogicalScalar(mix(z), 40), dtypes.Float32)
		}, 1},
		"negative ones, of a tensor": {func(x, seed *graph.Node) *graph.Node {
			a := graph.ConvertDType(graph.MulScalar(x, 1000), dtypes.Int32)
			b := graph.Min(graph.Sub(graph.Const(x.Graph(), int32(7)), a), graph.Mul(a, a))
			b = graph.BitwiseAnd(graph.BitwiseShiftRightArithmeticScalar(b, int32(2)), graph.BitwiseShiftLeftScalar(a, int32(3)))
			return graph.ConvertDType(graph.BitwiseOr(b, graph.Const(x.Graph(), int32(5))), dtypes.Float32)
		}, 1},
		"places compared": {func(x, seed *graph.Node) *graph.Node {
			equal := graph.Equal(iota(x, dtypes.Int32, 1), graph.Add(iota(x, dtypes.Int32, 2), graph.ConvertDType(graph.BitwiseShiftRightLogicalScalar(seed, 60), dtypes.Int32)))
			return graph.Where(equal, x, graph.ZerosLike(x))
		}, 1},
		"a value read twice": {func(x, seed *graph.Node) *graph.Node {
			z := mix(graph.Add(iota(x, dtypes.Uint64, 2), seed))
			return graph.Add(graph.ConvertDType(graph.BitwiseShiftRightLogicalScalar(mix(z), 41), dtypes.Float32),
				graph.ConvertDType(graph.BitwiseShiftRightLogicalScalar(graph.BitwiseXor(z, seed), 41), dtypes.Float32))
		}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			s := &spy{backend: open(t, "threads=3")}
			defer s.Finalize()
			x := randomTensor(1, 9, 70, 61)
			run := func(b compute.Backend) []float32 {
				args := clones([]*tensors.Tensor{x})
				return floatsOf(graph.MustNewExec(b, test.build).MustExec(args[0], tensors.FromScalar(uint64(0x1234567890abcdef)))[0])
			}
			if got, want := run(s), run(plain); !slices.Equal(got, want) {
				t.Errorf("differs by %g of the largest value", difference(t, got, want))
			}
			words := 0
			for _, step := range s.last.main.steps {
				if step.node.op == opWords {
					words++
				} else if isWord(step.node) {
					t.Errorf("%s is in no chain", step.node)
				}
			}
			if words != test.words {
				t.Errorf("%d chains, want %d", words, test.words)
			}
		})
	}
}
