package onnx

import (
	"fmt"
	"slices"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"pgregory.net/rapid"

	"github.com/gestalt-vision/gestalt/cpu"
)

// TestLayouts draws chains of Transpose, Reshape and sums over axes and compares the lazy orders of axes of activations with
// the same chain on known tensors, which always lie in order.
func TestLayouts(t *testing.T) {
	backend, err := cpu.New("threads=1")
	if err != nil {
		t.Fatal(err)
	}
	defer backend.Finalize()
	rapid.Check(t, func(t *rapid.T) {
		dims := rapid.SliceOfN(rapid.SampledFrom([]int{1, 2, 3, 4, 6}), 1, 4).Draw(t, "dims")
		flat := make([]float32, product(dims))
		for i := range flat {
			flat[i] = float32(i)
		}
		g := graph.NewGraph(backend, "layouts")
		defer g.Finalize()
		b := &builder{graph: g, folding: true}
		plainly := known(&tensor{dtypes.Float32, dims, flat})
		lazily := plainValue(graph.ConstTensor(g, tensorOf(flat, dtypes.Float32, dims)))
		for range rapid.IntRange(1, 6).Draw(t, "steps") {
			rank := plainly.rank()
			if rapid.Bool().Draw(t, "transpose") {
				perm := rapid.Permutation(plain(rank)).Draw(t, "perm")
				plainly, lazily = b.transpose(plainly, perm), b.transpose(lazily, perm)
				continue
			}
			to := drawDims(t, plainly.size())
			plainly, lazily = b.reshape(plainly, to), b.reshape(lazily, to)
		}
		if got, want := lazily.dims(), plainly.dims(); !slices.Equal(got, want) {
			t.Fatalf("dimensions %v, want %v", got, want)
		}
		if err := g.Compile(b.in(lazily, plain(lazily.rank()))); err != nil {
			t.Fatal(err)
		}
		if got, want := fmt.Sprint(hostTensor(g.Run()[0]).flat), fmt.Sprint(plainly.known.flat); got != want {
			t.Fatalf("%s, want %s", got, want)
		}
	})
}

// drawDims draws dimensions of a product.
func drawDims(t *rapid.T, size int) []int {
	var dims []int
	for size > 1 {
		var divisors []int
		for d := 1; d <= size; d++ {
			if size%d == 0 {
				divisors = append(divisors, d)
			}
		}
		d := rapid.SampledFrom(divisors).Draw(t, "dim")
		if len(dims) > 5 {
			d = size
		}
		dims = append(dims, d)
		size /= d
	}
	return append(dims, 1)[:max(1, len(dims)+rapid.IntRange(0, 1).Draw(t, "one"))]
}
