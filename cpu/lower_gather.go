package cpu

import "slices"

// inside shifts the start of a box along one axis so that the box lies inside.
func inside(start int64, dim, size int) int { return int(min(max(start, 0), int64(dim-size))) }

// lowerGather moves one box for every index vector.
func lowerGather(n *node) runner {
	attr := n.attr.(gatherAttr)
	size := n.dtype().Size()
	dims, inStrides, outStrides := n.in[0].dims(), strides(n.in[0].dims()), strides(n.dims())
	box := move{dims: attr.size, from: inStrides, to: make([]int, len(dims))}
	for axis, to := range attr.toAxis {
		if to >= 0 {
			box.to[axis] = outStrides[to]
		}
	}
	box = box.collapsed()
	indexDims := n.in[1].dims()
	batchDims, vector := indexDims[:len(indexDims)-1], indexDims[len(indexDims)-1]
	boxes, elements := 1, 1
	for _, dim := range batchDims {
		boxes *= dim
	}
	for _, dim := range attr.size {
		elements *= dim
	}
	return func(w *workers, out *operand, in []operand) {
		indices := as[int64](in[1].data)
		w.span(boxes, max(1, grain/max(1, elements)), func(lo, hi int) {
			at := make([]int, len(batchDims))
			unravel(at, batchDims, lo)
			for i := lo; i < hi; i++ {
				m := box
				for k, start := range indices[i*vector : (i+1)*vector] {
					axis := attr.startMap[k]
					m.fromStart += inside(start, dims[axis], attr.size[axis]) * inStrides[axis]
				}
				for k, axis := range attr.batch {
					m.toStart += at[k] * outStrides[axis]
				}
				m.run(alone, out.data, in[0].data, size)
				advance(at, batchDims)
			}
		})
	}
}

// alone runs everything on the caller's goroutine.
var alone = newWorkers(1)

// lowerDynamicSlice moves a box from a computed place; inputs are the operand
// and a scalar for each axis.
func lowerDynamicSlice(n *node) runner {
	size, dims, inStrides := n.dtype().Size(), n.in[0].dims(), strides(n.in[0].dims())
	box := move{dims: n.dims(), from: inStrides, to: strides(n.dims())}.collapsed()
	return func(w *workers, out *operand, in []operand) {
		m := box
		for axis, start := range in[1:] {
			m.fromStart += inside(as[int64](start.data)[0], dims[axis], n.dims()[axis]) * inStrides[axis]
		}
		m.run(w, out.data, in[0].data, size)
	}
}

// lowerDynamicUpdateSlice copies the operand, unless the result lies in its place, and moves the update over a computed
// place; inputs are both and a scalar for each axis.
func lowerDynamicUpdateSlice(n *node) runner {
	size, dims, outStrides := n.dtype().Size(), n.dims(), strides(n.dims())
	update := slices.Clone(n.in[1].dims())
	box := move{dims: update, from: strides(update), to: outStrides}.collapsed()
	return func(w *workers, out *operand, in []operand) {
		if len(out.data) > 0 && &out.data[0] != &in[0].data[0] {
			w.span(len(out.data), grain*4, func(lo, hi int) { copy(out.data[lo:hi], in[0].data[lo:hi]) })
		}
		m := box
		for axis, start := range in[2:] {
			m.toStart += inside(as[int64](start.data)[0], dims[axis], update[axis]) * outStrides[axis]
		}
		m.run(w, out.data, in[1].data, size)
	}
}
