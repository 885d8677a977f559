package cpu

import (
	"slices"

	"github.com/gomlx/compute"
)

// lowerMove prepares the operations that only move elements.
func lowerMove(n *node) runner {
	size := n.dtype().Size()
	in := n.in[0].dims()
	inStrides, outStrides := strides(in), strides(n.dims())
	m := move{dims: n.dims(), to: outStrides, from: make([]int, len(n.dims()))}
	switch n.op {
	case compute.OpTypeTranspose:
		for i, axis := range n.attr.(permutationAttr).axes {
			m.from[i] = inStrides[axis]
		}
	case compute.OpTypeBroadcastInDim:
		for i := range m.from {
			if in[i] != 1 {
				m.from[i] = inStrides[i]
			}
		}
	case compute.OpTypeSlice:
		attr := n.attr.(sliceAttr)
		for i := range m.from {
			m.from[i] = inStrides[i] * attr.strides[i]
			m.fromStart += inStrides[i] * attr.starts[i]
		}
	case compute.OpTypeReverse:
		copy(m.from, inStrides)
		for _, axis := range n.attr.(axesAttr).axes {
			m.from[axis] = -inStrides[axis]
			m.fromStart += (in[axis] - 1) * inStrides[axis]
		}
	case compute.OpTypePad:
		return lowerPad(n)
	}
	m = m.collapsed()
	return func(w *workers, out *operand, in []operand) { m.run(w, out.data, in[0].data, size) }
}

// lowerPad fills the result with the padding and moves what is left of the input
// into it.
func lowerPad(n *node) runner {
	size := n.dtype().Size()
	in, out := n.in[0].dims(), n.dims()
	inStrides, outStrides := strides(in), strides(out)
	fill := move{dims: out, to: outStrides, from: make([]int, len(out))}.collapsed()
	m := move{dims: slices.Clone(in), to: make([]int, len(out)), from: inStrides}
	for axis, pad := range n.attr.(padAttr).axes {
		step := pad.Interior + 1
		first, end := 0, in[axis] // the elements that padding does not cut off
		for first < end && pad.Start+first*step < 0 {
			first++
		}
		for end > first && pad.Start+(end-1)*step >= out[axis] {
			end--
		}
		m.dims[axis] = end - first
		m.to[axis] = outStrides[axis] * step
		m.toStart += outStrides[axis] * (pad.Start + first*step)
		m.fromStart += inStrides[axis] * first
	}
	m = m.collapsed()
	return func(w *workers, out *operand, in []operand) {
		fill.run(w, out.data, in[1].data, size)
		m.run(w, out.data, in[0].data, size)
	}
}

// lowerConcatenate moves those operands into place that were not computed there.
func lowerConcatenate(n *node, inPlace []bool) runner {
	size := n.dtype().Size()
	axis := n.attr.(axisAttr).axis
	outStrides := strides(n.dims())
	moves := make([]move, len(n.in))
	at := 0
	for i, operand := range n.in {
		moves[i] = move{dims: operand.dims(), to: outStrides, from: strides(operand.dims()), toStart: at * outStrides[axis]}.collapsed()
		at += operand.dims()[axis]
	}
	return func(w *workers, out *operand, in []operand) {
		for i, m := range moves {
			if !inPlace[i] {
				m.run(w, out.data, in[i].data, size)
			}
		}
	}
}

// lowerIota counts along an axis.
func lowerIota(n *node) runner {
	axis := n.attr.(axisAttr).axis
	loops, size := arithmetics[n.dtype()], n.dtype().Size()
	count, inner, total := n.dims()[axis], strides(n.dims())[axis], n.size()
	return func(w *workers, out *operand, _ []operand) {
		w.span(total, grain, func(lo, hi int) { loops.iota(out.data[lo*size:hi*size], lo, count, inner) })
	}
}
