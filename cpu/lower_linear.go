package cpu

import (
	"github.com/gestalt-vision/gestalt/cpu/kernel"
	"github.com/gomlx/compute/dtypes"
)

// lowerConv is the plain convolution, of any dtype and geometry.
func lowerConv(n *node) runner {
	loops := arithmetics[n.dtype()]
	g := &convGeometry{convAttr: n.attr.(convAttr), in: n.in[0].dims(), filter: n.in[1].dims(), out: n.dims()}
	channels := g.out[len(g.out)-1]
	if n.size() == 0 {
		return func(*workers, *operand, []operand) {}
	}
	pixels := n.size() / channels
	work := max(1, n.in[1].size())
	return func(w *workers, out *operand, in []operand) {
		w.span(pixels, max(1, grain/work), func(lo, hi int) { loops.conv(out.data, in[0].data, in[1].data, g, lo, hi) })
	}
}

// fusedAttr is a convolution with its epilogue. The inputs of the node are x, the
// packed filter, then the bias and the addend, where there are such.
type fusedAttr struct {
	conv         kernel.Conv
	bias, addend bool
	act          kernel.Activation
	low, high    float32 // of kernel.Clamp
}

func lowerFusedConv(n *node) runner {
	attr := n.attr.(fusedAttr)
	c := attr.conv
	return func(w *workers, out *operand, in []operand) {
		epilogue := kernel.Epilogue{Act: attr.act, Lo: attr.low, Hi: attr.high}
		next := 2
		if attr.bias {
			epilogue.Bias = as[float32](in[next].data)
			next++
		}
		if attr.addend {
			epilogue.Add, epilogue.AddPitch = as[float32](in[next].data), in[next].rowPitch(c.K)
		}
		c.Run(w.Do, as[float32](in[0].data), in[0].rowPitch(c.C), in[1].object.(*kernel.Filter), epilogue, as[float32](out.data), out.rowPitch(c.K))
	}
}

func lowerPackFilter(n *node) runner {
	c := n.attr.(fusedAttr).conv
	return func(w *workers, out *operand, in []operand) {
		var scale []float32
		if len(in) == 2 {
			scale = as[float32](in[1].data)
		}
		old, _ := out.object.(*kernel.Filter) // of weights that have changed
		out.object = c.RepackFilter(w.Do, old, as[float32](in[0].data), scale)
	}
}

// poolAttr is a pooling window; the maximum or the sum.
type poolAttr struct {
	pool kernel.Pool
	max  bool
}

func lowerPool(n *node) runner {
	attr := n.attr.(poolAttr)
	run := attr.pool.Sum
	if attr.max {
		run = attr.pool.Max
	}
	channels := attr.pool.C
	return func(w *workers, out *operand, in []operand) {
		run(w.Do, as[float32](in[0].data), in[0].rowPitch(channels), as[float32](out.data), out.rowPitch(channels))
	}
}

// matMulDims reads batch, m, k and n off a product.
func matMulDims(n *node) (batch, m, k, columns int) {
	return n.dims()[0], n.dims()[1], n.in[0].dims()[2], n.dims()[2]
}

// lowerMatMul multiplies matrices that are packed as they come: several at once
// if there are several, the rows of one at once otherwise.
func lowerMatMul(n *node) runner {
	batch, m, k, columns := matMulDims(n)
	transposed := n.attr.(matMulAttr).transposed
	loops, size := arithmetics[n.dtype()], n.dtype().Size()
	width := columns
	if transposed {
		width = k
	}
	one := func(p kernel.Parallel, out, a, b []byte) {
		if n.dtype() != dtypes.Float32 || k == 0 {
			const rows = 8
			p((m+rows-1)/rows, func(i int) {
				lo, hi := i*rows, min(m, (i+1)*rows)
				loops.matMul(out[lo*columns*size:hi*columns*size], a[lo*k*size:hi*k*size], b, hi-lo, k, columns, transposed)
			})
			return
		}
		packed := kernel.PackB(k, columns, as[float32](b), width, transposed)
		kernel.Gemm(p, m, as[float32](a), k, packed, kernel.Epilogue{}, as[float32](out), columns)
	}
	return func(w *workers, out *operand, in []operand) {
		slab := func(data []byte, i, elements int) []byte {
			return data[i*elements*size : (i+1)*elements*size]
		}
		each := func(p kernel.Parallel, i int) {
			one(p, slab(out.data, i, m*columns), slab(in[0].data, i, m*k), slab(in[1].data, i, k*columns))
		}
		if batch > 1 {
			w.Do(batch, func(i int) { each(kernel.Serial, i) })
		} else if batch == 1 {
			each(w.Do, 0)
		}
	}
}

func lowerPackMatrix(n *node) runner {
	attr := n.attr.(matMulAttr)
	rows, columns := n.in[0].dims()[1], n.in[0].dims()[2]
	width := columns
	if attr.transposed {
		rows, columns = columns, rows
	}
	return func(w *workers, out *operand, in []operand) {
		old, _ := out.object.(*kernel.Packed) // of weights that have changed
		out.object = kernel.RepackB(w.Do, old, rows, columns, as[float32](in[0].data), width, attr.transposed)
	}
}

// lowerPackedMatMul is a product with an epilogue, as fusedAttr describes it.
func lowerPackedMatMul(n *node) runner {
	attr := n.attr.(fusedAttr)
	_, m, k, columns := n.dims()[0], n.dims()[1], n.in[0].dims()[2], n.dims()[2]
	return func(w *workers, out *operand, in []operand) {
		epilogue := kernel.Epilogue{Act: attr.act, Lo: attr.low, Hi: attr.high}
		if attr.bias {
			epilogue.Bias = as[float32](in[2].data)
		}
		kernel.Gemm(w.Do, m, as[float32](in[0].data), k, in[1].object.(*kernel.Packed), epilogue, as[float32](out.data), columns)
	}
}
