package cpu

import (
	"slices"

	"github.com/gestalt-vision/gestalt/cpu/kernel"
	"github.com/gomlx/compute/shapes"
)

// The activation after the sum of a residual block has its gate worked out anew too,
// from the normalised x and the shortcut, and the same pass over memory takes the sums
// that the gradient of the normalisation begins with. opGatedSums has the inputs x,
// mean, scale, offset, addend and dy; it gives the rows of the gradient behind the gate
// and, in two more rows, its sums.

// joinGates rewrites each gate whose result has its sums taken.
func joinGates(g *nodeSet, outputs []*node) []*node {
	order := sorted(outputs)
	sums := make(map[*node]*node) // of a gate
	for _, n := range order {
		if n.op != opNormSums || n.in[2].op != opGate || n.attr.(normAttr).gated {
			continue
		}
		gate := n.in[2]
		y := gate.in[1]
		if y.op == opNormalize && y.attr.(normAttr) == (normAttr{addend: true}) && y.in[0] == n.in[0] && y.in[1] == n.in[1] && sums[gate] == nil {
			sums[gate] = n
		}
	}
	if len(sums) == 0 {
		return outputs
	}
	now, joined := make(map[*node]*node), make(map[*node]*node)
	for _, n := range order {
		if isLeaf(n) {
			now[n] = n
			continue
		}
		if sums[n] != nil {
			y := n.in[1]
			in := append(slices.Clone(y.in), n.in[0])
			for i, old := range in {
				in[i] = now[old]
			}
			rows, channels := rowsOf(n)
			both := g.node(opGatedSums, shapes.Make(n.dtype(), rows+2, channels), nil, in...)
			joined[sums[n]] = g.node(opPart, shapes.Make(n.dtype(), 2, channels), partAttr{rows}, both)
			now[n] = g.reshaped(g.node(opPart, shapes.Make(n.dtype(), rows, channels), partAttr{0}, both), n.dims()...)
			continue
		}
		if joined[n] != nil {
			now[n] = joined[n]
			continue
		}
		in := make([]*node, len(n.in))
		for i, old := range n.in {
			in[i] = now[old]
		}
		now[n] = g.node(n.op, n.shape, n.attr, in...)
	}
	result := make([]*node, len(outputs))
	for i, n := range outputs {
		result[i] = now[n]
	}
	return result
}

func lowerGatedSums(n *node) runner {
	rows, channels := rowsOf(n.in[0])
	return func(w *workers, out *operand, in []operand) {
		v := func(i int) []float32 { return as[float32](in[i].data) }
		norm := kernel.Norm{Rows: rows, C: channels, Mean: v(1), Scale: v(2), Offset: v(3)}
		gated := as[float32](out.data)
		sums := gated[rows*channels:]
		norm.GatedSums(w.Do, v(0), v(4), v(5), gated[:rows*channels], sums[:channels], sums[channels:])
	}
}
