package cpu

import (
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
)

// lowerScatterBoxes copies the operand, unless the result lies in its place, and
// combines it with one box after the other: boxes may overlap, and the order in
// which they come must not depend on the number of workers. The rows of a large
// box are apart from each other and run at once.
func lowerScatterBoxes(n *node) runner {
	attr := n.attr.(scatterAttr)
	combine := map[compute.OpType]compute.OpType{compute.OpTypeScatterSum: compute.OpTypeAdd,
		compute.OpTypeScatterMax: compute.OpTypeMax, compute.OpTypeScatterMin: compute.OpTypeMin}[n.op]
	loop := arithmetics[n.dtype()].binary(combine)
	if n.dtype() == dtypes.Float32 {
		loop = float32Binary(combine, loop)
	}
	size, dims, outStrides := n.dtype().Size(), n.dims(), strides(n.dims())
	updates := n.in[2].dims()
	updateStrides := strides(updates)
	vector := n.in[1].dims()[n.in[1].shape.Rank()-1]

	box := move{}
	var batchDims, batchStrides []int
	extent := make([]int, len(dims)) // of a box, by axis of the operand
	for axis := range extent {
		extent[axis] = 1
	}
	elements, boxes := 1, 1
	for axis, to := range attr.toAxis {
		dim := updates[axis]
		if to < 0 {
			batchDims, batchStrides = append(batchDims, dim), append(batchStrides, updateStrides[axis])
			boxes *= dim
			continue
		}
		box.dims, box.to, box.from = append(box.dims, dim), append(box.to, outStrides[to]), append(box.from, updateStrides[axis])
		extent[to] = dim
		elements *= dim
	}
	box = box.collapsed()
	last := len(box.dims) - 1
	inner, toStep, fromStep := box.dims[last], box.to[last], box.from[last]
	return func(w *workers, out *operand, in []operand) {
		if len(out.data) == 0 {
			return
		}
		if &out.data[0] != &in[0].data[0] {
			w.span(len(out.data), grain*4, func(lo, hi int) { copy(out.data[lo:hi], in[0].data[lo:hi]) })
		}
		if elements < grain {
			w = alone
		}
		to, from, indices := out.data, in[2].data, as[int64](in[1].data)
		row := func(t, f int) {
			if toStep == 1 && fromStep == 1 {
				place := to[t*size : (t+inner)*size]
				loop(place, place, from[f*size:(f+inner)*size], 1, 1)
				return
			}
			for range inner {
				place := to[t*size : (t+1)*size]
				loop(place, place, from[f*size:(f+1)*size], 1, 1)
				t, f = t+toStep, f+fromStep
			}
		}
		at := make([]int, len(batchDims))
		for i := range min(boxes, boxes*elements) {
			m, fits := box, true
			for k, start := range indices[i*vector : (i+1)*vector] {
				axis := attr.startMap[k]
				fits = fits && start >= 0 && start <= int64(dims[axis]-extent[axis])
				m.toStart += int(start) * outStrides[axis]
			}
			for k, position := range at {
				m.fromStart += position * batchStrides[k]
			}
			if fits {
				m.rows(w, last, max(1, grain/max(1, inner)), row)
			}
			advance(at, batchDims)
		}
	}
}
