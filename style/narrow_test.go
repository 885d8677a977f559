package style

import (
	"testing"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/gestalt-vision/gestalt/nets"
)

// The layers for few channels give what the plain ones give.
func TestNarrow(t *testing.T) {
	b := cpuEngine(t)
	up := func(x, kernel *graph.Node) *graph.Node { return reflectConv(upsample(x), kernel) }
	for name, c := range map[string]struct {
		h, w, in, out, kernel int
		plain, narrow         convolution
	}{
		"rows of 2": {9, 12, 3, 8, 9, reflectConv, func(x, k *graph.Node) *graph.Node { return ofRows(rowConv(reflect(x, 4), k, 2), 2) }},
		"rows of 4": {7, 8, 8, 3, 5, reflectConv, func(x, k *graph.Node) *graph.Node { return ofRows(lastConv(x, k), lastBlock) }},
		"upsampled": {6, 5, 4, 7, 3, up, func(x, k *graph.Node) *graph.Node { return fourfold(upConv(x, k)) }},
		"one pixel": {1, 2, 3, 2, 3, up, func(x, k *graph.Node) *graph.Node { return fourfold(upConv(x, k)) }},
	} {
		x, k := []int{2, c.h, c.w, c.in}, []int{c.kernel, c.kernel, c.in, c.out}
		program, err := nets.NewProgram(b, name, nil, func(_ nets.Scope, in []*graph.Node) []*graph.Node {
			return []*graph.Node{c.plain(in[0], in[1]), c.narrow(in[0], in[1])}
		}, x, k)
		if err != nil {
			t.Fatal(err)
		}
		defer program.Close()
		out, err := program.Run(
			nets.Array{Dims: x, Values: nets.MadeUp("pictures", 2*c.h*c.w*c.in, -1, 1)},
			nets.Array{Dims: k, Values: nets.MadeUp("kernel", c.kernel*c.kernel*c.in*c.out, -1, 1)})
		if err != nil {
			t.Fatal(err)
		}
		if d := difference(out[1].Values, out[0].Values); !(d <= 1e-6) {
			t.Errorf("%s: differ by %g", name, d)
		}
	}
}

// Pixels that are channels of one have one mean and one deviation together.
func TestRenormalizeBlocks(t *testing.T) {
	program, err := nets.NewProgram(cpuEngine(t), "renormalize", nil, func(_ nets.Scope, in []*graph.Node) []*graph.Node {
		blocks := graph.Reshape(in[0], 2, 5, 2, 12)
		return []*graph.Node{renormalize(in[0], in[1], in[2]), renormalize(blocks, in[1], in[2])}
	}, []int{2, 5, 8, 3}, []int{2, 3}, []int{2, 3})
	if err != nil {
		t.Fatal(err)
	}
	defer program.Close()
	out, err := program.Run(
		nets.Array{Dims: []int{2, 5, 8, 3}, Values: nets.MadeUp("pictures", 240, -1, 1)},
		nets.Array{Dims: []int{2, 3}, Values: nets.MadeUp("mean", 6, -1, 1)},
		nets.Array{Dims: []int{2, 3}, Values: nets.MadeUp("deviation", 6, 0.1, 1)})
	if err != nil {
		t.Fatal(err)
	}
	if d := difference(out[1].Values, out[0].Values); !(d <= 1e-6) {
		t.Errorf("differ by %g", d)
	}
}
