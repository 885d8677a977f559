package kernel

import (
	"fmt"
	"math"
)

// Batch normalisation in training, over rows of c channels: all pixels of all
// pictures. What a pass costs is its way through memory, so each of the four
// passes (statistics and result, sums of the gradient and gradient) goes through
// it once, with the loops of normBlock: over stretches of rows, with the vectors of
// the normalisation tiled to their length, so that a loop needn't know where a row
// ends.

// normStretch is the least number of floats in a stretch, normChunk that of those
// that a task handles. Sums are taken per chunk and added up in order.
const (
	normStretch = 1 << 10
	normChunk   = 1 << 15
)

// chunks calls f for stretches of rows, from r0 to r1-1, several at once. blocks
// is the number of rows in a block.
func chunks(p Parallel, rows, c int, f func(w *workspace, i, r0, r1, blocks int)) {
	if rows*c == 0 {
		return
	}
	count, chunk := chunkCount(rows, c)
	p(count, func(i int) {
		w := getWorkspace()
		defer w.release()
		f(w, i, i*chunk, min(rows, (i+1)*chunk), max(1, normStretch/c))
	})
}

func chunkCount(rows, c int) (count, chunk int) {
	chunk = max(1, normChunk/max(1, c))
	return (rows + chunk - 1) / chunk, chunk
}

// tiled writes v several times, one after the other.
func tiled(dst, v []float32) []float32 {
	for i := 0; i < len(dst); i += len(v) {
		copy(dst[i:], v)
	}
	return dst
}

// fold adds the rows of a block up, into the first: the second half of them to the first
// half, and so on.
func fold(im *impl, block []float32, c int) []float32 {
	for rows := len(block) / c; rows > 1; {
		half := rows / 2 * c
		rest := rows*c - half
		im.add(block[:half], block[:half], block[rest:rows*c])
		rows = rest / c
	}
	return block[:c]
}

// parts cuts a buffer of the workspace into n blocks of the given length.
func (w *workspace) parts(n, length int) [][]float32 {
	buf := w.floats(n * length)
	all := make([][]float32, n)
	for i := range all {
		all[i] = buf[i*length : (i+1)*length]
	}
	return all
}

func checkRows(rows, c int, tensors ...[]float32) {
	for _, t := range tensors {
		if rows < 0 || c <= 0 || t != nil && len(t) < rows*c {
			panic(fmt.Sprintf("kernel: %d rows of %d channels in %d elements", rows, c, len(t)))
		}
	}
}

// Moments computes the mean and the (biased) variance of each of c channels over the rows
// of each picture of x; of picture i they go to out[2*i*c:] and out[(2*i+1)*c:]. Each chunk of rows has a rough mean aᵢ of its own, that of its first
// stretch, to which the distances d are summed up together with their squares; the
// chunks, of nᵢ rows, are put together in double precision by
//
//	mᵢ = aᵢ + Σd/nᵢ,  Σ(x-m)² = Σ over chunks of (Σd² - (Σd)²/nᵢ + nᵢ·(mᵢ-m)²)
//
// so that a large mean costs no accuracy, and neither does a rough mean that is far
// off: rows so far from the others that it is are a large part of the variance. It
// panics if a slice is too short or there are no rows.
func Moments(p Parallel, pictures, rows, c int, x, out []float32) {
	checkRows(pictures*rows, c, x)
	checkRows(2*pictures, c, out)
	if rows <= 0 {
		panic("kernel: moments of no rows")
	}
	im := current.Load()
	count, chunk := chunkCount(rows, c)
	block := max(1, normStretch/c)
	all := getWorkspace()
	defer all.release()
	sums := all.floats(3 * pictures * count * c) // per chunk: rough mean, Σd, Σd²
	p(pictures*count, func(i int) {
		w := getWorkspace()
		defer w.release()
		r0 := i/count*rows + i%count*chunk
		r1 := min((i/count+1)*rows, r0+chunk)
		part := w.parts(3, block*c)
		b := &w.norm
		b.sum, b.sumX, b.mean = part[0], part[1], part[2]
		first := min(block, r1-r0)
		copy(b.mean, x[r0*c:(r0+first)*c])
		rough := fold(im, b.mean[:first*c], c)
		im.scale(rough, rough, 1/float32(first), 0)
		tiled(b.mean[c:], rough)
		copy(sums[3*i*c:], rough)
		blocksOf(r0, r1, block, func(lo, hi int) {
			b.x, b.n = x[lo*c:hi*c], (hi-lo)*c
			b.run(im.norm.moments, b.x, b.mean, b.sum, b.sumX)
		}, b.sum, b.sumX)
		copy(sums[(3*i+1)*c:][:c], fold(im, b.sum, c))
		copy(sums[(3*i+2)*c:][:c], fold(im, b.sumX, c))
	})
	stretches := (c + mergeChannels - 1) / mergeChannels
	p(pictures*stretches, func(i int) {
		picture, lo := i/stretches, i%stretches*mergeChannels
		hi := min(c, lo+mergeChannels)
		var m, squares [mergeChannels]float64
		part := func(i, j int) (n, rough, d, d2 float64) {
			at := sums[3*(picture*count+i)*c+j:]
			return float64(min(rows, (i+1)*chunk) - i*chunk), float64(at[0]), float64(at[c]), float64(at[2*c])
		}
		for i := range count {
			for j := lo; j < hi; j++ {
				n, rough, d, _ := part(i, j)
				m[j-lo] += n*rough + d
			}
		}
		for j := range m {
			m[j] /= float64(rows)
		}
		for i := range count {
			for j := lo; j < hi; j++ {
				n, rough, d, d2 := part(i, j)
				far := rough + d/n - m[j-lo]
				squares[j-lo] += d2 - d*d/n + n*far*far
			}
		}
		mean, variance := out[2*picture*c:][:c], out[(2*picture+1)*c:][:c]
		for j := lo; j < hi; j++ {
			mean[j], variance[j] = float32(m[j-lo]), float32(max(squares[j-lo], 0)/float64(rows))
		}
	})
}

// mergeChannels is the number of channels whose sums a task puts together.
const mergeChannels = 64

// channels calls f for stretches of c channels, several at once.
func channels(p Parallel, c int, f func(lo, hi int)) {
	p((c+mergeChannels-1)/mergeChannels, func(i int) { f(i*mergeChannels, min(c, (i+1)*mergeChannels)) })
}

// blocksOf clears the sums and calls f for each block of the rows r0, …, r1-1.
func blocksOf(r0, r1, block int, f func(lo, hi int), sums ...[]float32) {
	for _, sum := range sums {
		clear(sum)
	}
	for r := r0; r < r1; r += block {
		f(r, min(r1, r+block))
	}
}

// Norm is y = (x - Mean)·Scale + Offset over rows of C channels, dense, with one
// number per channel each. With a High other than 0, ReLU is bounded by it from above,
// and so are gates.
type Norm struct {
	Rows, C             int
	Mean, Scale, Offset []float32
	High                float32
}

// gateHigh is the least y that a gate doesn't let pass; nothing is if it is NaN.
func (n Norm) gateHigh() float32 {
	if n.High == 0 {
		return float32(math.NaN())
	}
	return n.High
}

// block gives a block with the vectors of n and some others tiled to its length.
func (n Norm) block(w *workspace, rows int, others ...[]float32) (b *normBlock, rest [][]float32) {
	part := w.parts(3+len(others), rows*n.C)
	b = &w.norm
	for i, v := range append([][]float32{n.Mean, n.Scale, n.Offset}, others...) {
		tiled(part[i], v[:n.C])
	}
	b.mean, b.scale, b.offset = part[0], part[1], part[2]
	return b, part[3:]
}

// Apply computes out = act(y + add); add may be nil. out may be x or add.
func (n Norm) Apply(p Parallel, x, add []float32, act Activation, out []float32) {
	checkRows(n.Rows, n.C, x, add, out)
	im := current.Load()
	lo, hi := Epilogue{Act: act}.bounds()
	if act == ReLU && n.High != 0 {
		hi = n.High
	}
	chunks(p, n.Rows, n.C, func(w *workspace, _, r0, r1, block int) {
		b, _ := n.block(w, block)
		b.lo, b.hi = lo, hi
		for r := r0; r < r1; r += block {
			from, to := r*n.C, min(r1, r+block)*n.C
			b.n, b.x, b.out = to-from, x[from:to], out[from:to]
			if add == nil {
				b.run(im.norm.apply, b.x, b.out, b.mean, b.scale, b.offset)
				continue
			}
			b.add = add[from:to]
			b.run(im.norm.applyAdd, b.x, b.add, b.out, b.mean, b.scale, b.offset)
		}
	})
}

// GradientSums computes Σ dy and Σ dy·(x - Mean) for each channel. If gated, dy
// is the gradient of max(y, 0) and counts where y isn't negative, as GoMLX has it; that
// of min(max(y, 0), High) counts only where y is below High.
func (n Norm) GradientSums(p Parallel, x, dy []float32, gated bool, sum, sumX []float32) {
	checkRows(n.Rows, n.C, x, dy)
	im := current.Load()
	loop := im.norm.sums
	if gated {
		loop = im.norm.sumsGated
	}
	n.sums(p, sum, sumX, func(b *normBlock, lo, hi int) {
		b.x, b.dy = x[lo:hi], dy[lo:hi]
		b.run(loop, b.x, b.dy, b.mean, b.scale, b.offset, b.sum, b.sumX)
	})
}

// GatedSums computes gated = dy where y + add isn't negative (and is below High), else
// 0: the gradient of max(y + add, 0), and its sums as GradientSums does. gated may be dy.
func (n Norm) GatedSums(p Parallel, x, add, dy, gated, sum, sumX []float32) {
	checkRows(n.Rows, n.C, x, add, dy, gated)
	im := current.Load()
	n.sums(p, sum, sumX, func(b *normBlock, lo, hi int) {
		b.x, b.dy, b.add, b.out = x[lo:hi], dy[lo:hi], add[lo:hi], gated[lo:hi]
		b.run(im.norm.sumsAdd, b.x, b.dy, b.add, b.out, b.mean, b.scale, b.offset, b.sum, b.sumX)
	})
}

// sums adds up what visit, which is given the elements lo, …, hi-1, adds to the sums
// of its block.
func (n Norm) sums(p Parallel, sum, sumX []float32, visit func(b *normBlock, lo, hi int)) {
	im, c := current.Load(), n.C
	count, _ := chunkCount(n.Rows, c)
	all := getWorkspace()
	defer all.release()
	sums := all.floats(2 * count * c)
	chunks(p, n.Rows, c, func(w *workspace, i, r0, r1, block int) {
		b, more := n.block(w, block, n.Mean, n.Mean)
		b.sum, b.sumX = more[0], more[1]
		blocksOf(r0, r1, block, func(lo, hi int) {
			b.n, b.hi = (hi-lo)*c, n.gateHigh()
			visit(b, lo*c, hi*c)
		}, b.sum, b.sumX)
		copy(sums[2*i*c:][:c], fold(im, b.sum, c))
		copy(sums[(2*i+1)*c:][:c], fold(im, b.sumX, c))
	})
	channels(p, c, func(lo, hi int) {
		var a, b [mergeChannels]float64
		for i := range count {
			for j := lo; j < hi; j++ {
				a[j-lo] += float64(sums[2*i*c+j])
				b[j-lo] += float64(sums[(2*i+1)*c+j])
			}
		}
		for j := lo; j < hi; j++ {
			sum[j], sumX[j] = float32(a[j-lo]), float32(b[j-lo])
		}
	})
}

// Gradient computes dx = dy·k + (x - Mean)·q + r with vectors k, q and r, dy as in
// GradientSums: the gradient of batch normalisation with respect to its input has
// this form. dx may be dy or x.
func (n Norm) Gradient(p Parallel, x, dy []float32, gated bool, k, q, r []float32, dx []float32) {
	checkRows(n.Rows, n.C, x, dy, dx)
	im, c := current.Load(), n.C
	loop := im.norm.gradient
	if gated {
		loop = im.norm.gradientGated
	}
	chunks(p, n.Rows, c, func(w *workspace, _, r0, r1, block int) {
		b, v := n.block(w, block, k, q, r)
		b.k, b.q, b.r, b.hi = v[0], v[1], v[2], n.gateHigh()
		for row := r0; row < r1; row += block {
			lo, hi := row*c, min(r1, row+block)*c
			b.n, b.x, b.dy, b.out = hi-lo, x[lo:hi], dy[lo:hi], dx[lo:hi]
			b.run(loop, b.x, b.dy, b.out, b.mean, b.scale, b.offset, b.k, b.q, b.r)
		}
	})
}

// Gate computes dst[i] = a[i] where b[i] isn't negative, else 0: the gradient of
// max(b, 0) as GoMLX has it, which is 1 at 0.
func Gate(dst, a, b []float32) { current.Load().gate(dst, a[:len(dst)], b[:len(dst)]) }

func gateGeneric(dst, a, b []float32) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i, v := range a {
		if b[i] < 0 {
			v = 0
		}
		dst[i] = v
	}
}
