package cpu

import (
	"maps"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
)

// spy is an engine that remembers what it compiled last.
type spy struct {
	*backend
	last *executable
}

type spyBuilder struct {
	compute.Builder
	spy *spy
}

func (s *spy) Builder(name string) compute.Builder { return &spyBuilder{s.backend.Builder(name), s} }

func (b *spyBuilder) Compile() (compute.Executable, error) {
	e, err := b.Builder.Compile()
	if err == nil {
		b.spy.last = e.(*executable)
	}
	return e, err
}

// TestNetworksFuse looks at what is left of whole networks: convolutions and
// pools, and a few steps at the end.
func TestNetworksFuse(t *testing.T) {
	type define = func(n *net, x *graph.Node) *graph.Node
	for _, test := range []struct {
		name   string
		define define
		want   map[string]int // steps of the main program
	}{
		{"squeezenet", (*net).squeezeNet, map[string]int{"FusedConv": 26, "Pool": 3, "Concatenate": 8, "ReduceSum": 1, "Mul": 1}},
		{"basic blocks", func(n *net, x *graph.Node) *graph.Node { return n.resNet(x, 8, []int{2, 2, 2, 2}, false, false) },
			map[string]int{"FusedConv": 20, "Pool": 1, "ReduceSum": 2, "Mul": 1, "Div": 1, "PackedMatMul": 1, "ReduceMax": 1, "Chain": 1}},
		{"bottlenecks, spelled", func(n *net, x *graph.Node) *graph.Node { return n.resNet(x, 8, []int{3, 4, 6, 3}, true, true) },
			map[string]int{"FusedConv": 53, "Pool": 1, "ReduceSum": 2, "Mul": 1, "Div": 1, "PackedMatMul": 1, "ReduceMax": 1, "Chain": 1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := &spy{backend: open(t, "")}
			defer s.Finalize()
			weights := weightsOf(t, s, test.define, 1, 65, 65, 3)
			network(s, test.define).MustExec(arguments(randomTensor(1, 2, 65, 65, 3), weights)...)
			got := make(map[string]int)
			for _, step := range s.last.main.steps {
				got[opName(step.node.op)]++
				if step.node.op == compute.OpTypeConcatenate {
					for i, in := range step.in {
						if in.pitch == 0 {
							t.Errorf("operand %d of %s is not computed in place", i, step.node)
						}
					}
				}
			}
			if !maps.Equal(got, test.want) {
				t.Errorf("steps %v, want %v", got, test.want)
			}
		})
	}
}
