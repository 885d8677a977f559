package cpu

import (
	"fmt"

	"github.com/gestalt-vision/gestalt/cpu/kernel"
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
)

// operand is a value while a computation runs: the storage of a tensor, or an
// object such as a packed filter.
type operand struct {
	data []byte
	// pitch is the distance in elements of rows along the last axis, if the tensor
	// was computed into its place in a wider one; 0 if it lies dense.
	pitch  int
	object any
}

// rowPitch is the distance of rows of so many elements.
func (o *operand) rowPitch(dense int) int {
	if o.pitch != 0 {
		return o.pitch
	}
	return dense
}

// runner computes one node. All that follows from shapes and attributes was
// worked out when it was made, so that it can run any number of times, also at
// once.
type runner func(w *workers, out *operand, in []operand)

// lower makes the runner of a node. Concatenations have one of their own,
// because some of their operands may be in place already.
func lower(n *node) (runner, error) {
	switch n.op {
	case opWhile:
		return lowerWhile(n)
	case opIf:
		return lowerIf(n)
	case opSort:
		return lowerSort(n)
	}
	if run := lowered(n); run != nil {
		return run, nil
	}
	return nil, fmt.Errorf("cpu engine: %s: %w", n, compute.ErrNotImplemented)
}

func lowered(n *node) runner {
	switch n.op {
	case compute.OpTypeTranspose, compute.OpTypeBroadcastInDim, compute.OpTypeSlice, compute.OpTypeReverse, compute.OpTypePad:
		return lowerMove(n)
	case compute.OpTypeIota:
		return lowerIota(n)
	case compute.OpTypeWhere:
		return lowerWhere(n)
	case compute.OpTypeClamp:
		return lowerClamp(n)
	case compute.OpTypeReduceWindow:
		return lowerWindow(n)
	case compute.OpTypeGather:
		return lowerGather(n)
	case compute.OpTypeDynamicSlice:
		return lowerDynamicSlice(n)
	case compute.OpTypeDynamicUpdateSlice:
		return lowerDynamicUpdateSlice(n)
	case compute.OpTypeSelectAndScatterMax, compute.OpTypeSelectAndScatterMin:
		return lowerScatter(n)
	case opReduceSum, opReduceProduct, opReduceMax, opReduceMin, opReduceAnd, opReduceOr, opReduceXor:
		return lowerReduce(n)
	case opArgMinMax:
		return lowerArgMinMax(n)
	case opWords:
		return lowerWords(n)
	case opChain:
		return lowerChain(n)
	case opElement:
		return lowerElement(n)
	case opRandomBits:
		return lowerRandomBits(n)
	case opRandomState:
		return lowerRandomState(n)
	case compute.OpTypeScatterSum, compute.OpTypeScatterMax, compute.OpTypeScatterMin:
		return lowerScatterBoxes(n)
	case opConv:
		return lowerConv(n)
	case opFusedConv:
		return lowerFusedConv(n)
	case opPackFilter:
		return lowerPackFilter(n)
	case opPool:
		return lowerPool(n)
	case opMatMul:
		return lowerMatMul(n)
	case opMaxPoolGradient:
		return lowerMaxPoolGradient(n)
	case opMoments:
		return lowerMoments(n)
	case opNormalize:
		return lowerNormalize(n)
	case opNormSums:
		return lowerNormSums(n)
	case opNormGradient:
		return lowerNormGradient(n)
	case opGatedSums:
		return lowerGatedSums(n)
	case opGate:
		return lowerGate(n)
	case opFilterGradient:
		return lowerFilterGradient(n)
	case opInputGradient:
		return lowerInputGradient(n)
	case opPackInputFilter:
		return lowerPackInputFilter(n)
	case opPackMatrix:
		return lowerPackMatrix(n)
	case opPackedMatMul:
		return lowerPackedMatMul(n)
	}
	switch len(n.in) {
	case 1:
		return lowerUnary(n)
	case 2:
		return lowerBinary(n)
	}
	return nil
}

// lowerReduce cuts a reduction over rows of results if they are contiguous, over
// tiles of columns otherwise.
func lowerReduce(n *node) runner {
	d := n.attr.(reduceDims)
	dtype := n.dtype()
	loops := arithmetics[dtype]
	if !loops.reduce(n.op, nil, nil, reduceDims{}, reducePart{}) {
		return nil
	}
	if dtype == dtypes.Float32 {
		if run := float32Reduce(n.op, d); run != nil {
			return run
		}
	}
	return func(w *workers, out *operand, in []operand) {
		d.parts(w, func(part reducePart) { loops.reduce(n.op, out.data, in[0].data, d, part) })
	}
}

// parts cuts a reduction into parts that can run at once.
func (d reduceDims) parts(w *workers, run func(reducePart)) {
	if d.outer*d.inner == 0 {
		return
	}
	if d.inner < reduceTile {
		w.span(d.outer, max(1, grain/max(1, d.count*d.inner)), func(lo, hi int) { run(reducePart{lo, hi, 0, d.inner}) })
		return
	}
	tiles := (d.inner + reduceTile - 1) / reduceTile
	w.Do(d.outer*tiles, func(i int) {
		o, c := i/tiles, i%tiles*reduceTile
		run(reducePart{o, o + 1, c, min(d.inner, c+reduceTile)})
	})
}

// float32Reduce gives the fast runner for the reductions that networks live on:
// over rows, and over the pixels of a picture.
func float32Reduce(op compute.OpType, d reduceDims) runner {
	const exact = 1 << 12 // longer sums are left to double precision
	switch {
	case d.count == 0 || d.outer*d.inner == 0 || d.count > exact && op == opReduceSum:
		return nil
	case d.inner == 1 && (op == opReduceSum || op == opReduceMax):
		row := kernel.Sum
		if op == opReduceMax {
			row = kernel.Largest
		}
		return func(w *workers, out *operand, in []operand) {
			to, from := as[float32](out.data), as[float32](in[0].data)
			w.span(d.outer, max(1, grain/d.count), func(lo, hi int) {
				for o := lo; o < hi; o++ {
					to[o] = row(from[o*d.count : (o+1)*d.count])
				}
			})
		}
	case d.inner >= 8 && (op == opReduceSum || op == opReduceMax):
		pool := kernel.Pool{N: d.outer, H: 1, W: d.count, C: d.inner, KH: 1, KW: d.count}
		run := pool.Sum
		if op == opReduceMax {
			run = pool.Max
		}
		return func(w *workers, out *operand, in []operand) {
			run(w.Do, as[float32](in[0].data), d.inner, as[float32](out.data), d.inner)
		}
	}
	return nil
}

func lowerArgMinMax(n *node) runner {
	d := n.attr.(argAttr)
	loops := arithmetics[n.in[0].dtype()]
	return func(w *workers, out *operand, in []operand) {
		to := as[int64](out.data)
		d.parts(w, func(part reducePart) { loops.argMinMax(to, in[0].data, d, part) })
	}
}

// lowerWindow is the plain sliding window; opPool is the fast one.
func lowerWindow(n *node) runner {
	loops := arithmetics[n.dtype()]
	g := &windowGeometry{windowAttr: n.attr.(windowAttr), in: n.in[0].dims(), out: n.dims(), strides: strides(n.in[0].dims())}
	taps := 1
	for _, size := range g.size {
		taps *= size
	}
	total := n.size()
	return func(w *workers, out *operand, in []operand) {
		w.span(total, max(1, grain/16/max(1, taps)), func(lo, hi int) { loops.window(out.data, in[0].data, g, lo, hi) })
	}
}

// lowerScatter is the gradient of pooling. Windows that overlap add to the same
// element, so only pictures that share no window run at once.
func lowerScatter(n *node) runner {
	loops := arithmetics[n.dtype()]
	g := &windowGeometry{windowAttr: n.attr.(windowAttr), in: n.dims(), out: n.in[1].dims(), strides: strides(n.dims())}
	if n.size() == 0 || n.in[1].size() == 0 {
		return func(_ *workers, out *operand, _ []operand) { clear(out.data) }
	}
	group := g.out[0]
	if g.size[0] == 1 && g.stride[0] == 1 {
		group = 1
	}
	return func(w *workers, out *operand, in []operand) {
		clear(out.data)
		w.span(g.out[0], group, func(lo, hi int) { loops.scatter(out.data, in[0].data, in[1].data, g, lo, hi) })
	}
}
