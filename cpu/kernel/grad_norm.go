package kernel

import "fmt"

// Batch normalisation in training, over rows of c channels: all pixels of all
// pictures. What a pass costs is its way through memory, so each of the four
// passes (statistics and result, sums of the gradient and gradient) goes through
// it once: rows are taken in blocks that stay in the first-level cache, on which
// the element-wise loops run one after the other.

// normBlock is the number of floats in a block, normChunk that of those that a
// task handles. Sums are taken per chunk and added up in order.
const (
	normBlock = 1 << 10
	normChunk = 1 << 15
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
		f(w, i, i*chunk, min(rows, (i+1)*chunk), max(1, normBlock/c))
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

// fold adds the rows of a block up, into the first.
func fold(im *impl, block []float32, c int) []float32 {
	for i := c; i < len(block); i += c {
		im.add(block[:c], block[:c], block[i:i+c])
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

// Moments computes the mean and the (biased) variance of each of c channels over
// the rows of x. Each chunk of rows has a rough mean aᵢ of its own, to which the
// distances d are summed up together with their squares; the chunks, of nᵢ
// rows, are put together in double precision by
//
//	mᵢ = aᵢ + Σd/nᵢ,  Σ(x-m)² = Σ over chunks of (Σd² - (Σd)²/nᵢ + nᵢ·(mᵢ-m)²)
//
// so that a large mean costs no accuracy. It panics if a slice is too short or
// there are no rows.
func Moments(p Parallel, rows, c int, x, mean, variance []float32) {
	checkRows(rows, c, x)
	if rows == 0 {
		panic("kernel: moments of no rows")
	}
	im := current.Load()
	count, chunk := chunkCount(rows, c)
	all := getWorkspace()
	defer all.release()
	sums := all.floats(3 * count * c) // per chunk: rough mean, Σd, Σd²
	chunks(p, rows, c, func(w *workspace, i, r0, r1, block int) {
		part := w.parts(4, block*c)
		sum, squares, minus, d := part[0], part[1], part[2], part[3]
		blocksOf(r0, r1, block, func(lo, hi int) { im.add(sum[:(hi-lo)*c], sum[:(hi-lo)*c], x[lo*c:hi*c]) }, sum)
		rough := sums[3*i*c:][:c]
		im.scale(rough, fold(im, sum, c), 1/float32(r1-r0), 0)
		for j, v := range rough {
			minus[j] = -v
		}
		tiled(minus[c:], minus[:c])
		blocksOf(r0, r1, block, func(lo, hi int) {
			d := d[:(hi-lo)*c]
			im.add(d, x[lo*c:hi*c], minus)
			im.add(sum[:len(d)], sum[:len(d)], d)
			im.mul(d, d, d)
			im.add(squares[:len(d)], squares[:len(d)], d)
		}, sum, squares)
		copy(sums[(3*i+1)*c:][:c], fold(im, sum, c))
		copy(sums[(3*i+2)*c:][:c], fold(im, squares, c))
	})
	for j := range c {
		var total, squares float64
		part := func(i int) (n, rough, d, d2 float64) {
			at := sums[3*i*c+j:]
			return float64(min(rows, (i+1)*chunk) - i*chunk), float64(at[0]), float64(at[c]), float64(at[2*c])
		}
		for i := range count {
			n, rough, d, _ := part(i)
			total += n*rough + d
		}
		m := total / float64(rows)
		for i := range count {
			n, rough, d, d2 := part(i)
			far := rough + d/n - m
			squares += d2 - d*d/n + n*far*far
		}
		mean[j], variance[j] = float32(m), float32(max(squares, 0)/float64(rows))
	}
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
// number per channel each.
type Norm struct {
	Rows, C             int
	Mean, Scale, Offset []float32
}

// vectors tiles the vectors of n and some others to the length of a block.
func (n Norm) vectors(w *workspace, block, more int, others ...[]float32) (minus, scale, offset []float32, rest, scratch [][]float32) {
	part := w.parts(3+len(others)+more, block*n.C)
	minus, scale, offset = part[0], part[1], part[2]
	for j, v := range n.Mean[:n.C] {
		minus[j] = -v
	}
	tiled(minus[n.C:], minus[:n.C])
	tiled(scale, n.Scale[:n.C])
	tiled(offset, n.Offset[:n.C])
	for i, v := range others {
		rest = append(rest, tiled(part[3+i], v[:n.C]))
	}
	return minus, scale, offset, rest, part[3+len(others):]
}

// Apply computes out = act(y + add); add may be nil. out may be x or add.
func (n Norm) Apply(p Parallel, x, add []float32, act Activation, out []float32) {
	checkRows(n.Rows, n.C, x, add, out)
	im := current.Load()
	lo, hi := Epilogue{Act: act}.bounds()
	chunks(p, n.Rows, n.C, func(w *workspace, _, r0, r1, block int) {
		minus, scale, offset, _, scratch := n.vectors(w, block, 1)
		for r := r0; r < r1; r += block {
			from, to := r*n.C, min(r1, r+block)*n.C
			t, out := scratch[0][:to-from], out[from:to]
			im.add(t, x[from:to], minus)
			im.mul(t, t, scale)
			if add == nil && act == None {
				im.add(out, t, offset)
				continue
			}
			im.add(t, t, offset)
			if add != nil {
				im.add(t, t, add[from:to])
			}
			im.clamp(out, t, lo, hi)
		}
	})
}

// centred gives the gradient of y and leaves x - Mean in t for a block of rows:
// dy, or if gated, dy where y isn't negative.
func (n Norm) centred(im *impl, gated bool, x, dy, minus, scale, offset, t, t2 []float32) []float32 {
	im.add(t, x, minus)
	if !gated {
		return dy
	}
	im.mul(t2, t, scale)
	im.add(t2, t2, offset)
	im.gate(t2, dy, t2)
	return t2
}

// GradientSums computes Σ dy and Σ dy·(x - Mean) for each channel. If gated, dy
// is the gradient of max(y, 0) and counts where y isn't negative, as GoMLX has it.
func (n Norm) GradientSums(p Parallel, x, dy []float32, gated bool, sum, sumX []float32) {
	checkRows(n.Rows, n.C, x, dy)
	im, c := current.Load(), n.C
	count, _ := chunkCount(n.Rows, c)
	all := getWorkspace()
	defer all.release()
	sums := all.floats(2 * count * c)
	chunks(p, n.Rows, c, func(w *workspace, i, r0, r1, block int) {
		minus, scale, offset, _, scratch := n.vectors(w, block, 4)
		plain, withX := scratch[0], scratch[1]
		blocksOf(r0, r1, block, func(lo, hi int) {
			t, t2 := scratch[2][:(hi-lo)*c], scratch[3][:(hi-lo)*c]
			g := n.centred(im, gated, x[lo*c:hi*c], dy[lo*c:hi*c], minus, scale, offset, t, t2)
			im.add(plain[:len(t)], plain[:len(t)], g)
			im.mul(t, t, g)
			im.add(withX[:len(t)], withX[:len(t)], t)
		}, plain, withX)
		copy(sums[2*i*c:][:c], fold(im, plain, c))
		copy(sums[(2*i+1)*c:][:c], fold(im, withX, c))
	})
	for j := range c {
		var a, b float64
		for i := range count {
			a += float64(sums[2*i*c+j])
			b += float64(sums[(2*i+1)*c+j])
		}
		sum[j], sumX[j] = float32(a), float32(b)
	}
}

// Gradient computes dx = dy·k + (x - Mean)·q + r with vectors k, q and r, dy as in
// GradientSums: the gradient of batch normalisation with respect to its input has
// this form. dx may be dy or x.
func (n Norm) Gradient(p Parallel, x, dy []float32, gated bool, k, q, r []float32, dx []float32) {
	checkRows(n.Rows, n.C, x, dy, dx)
	im, c := current.Load(), n.C
	chunks(p, n.Rows, c, func(w *workspace, _, r0, r1, block int) {
		minus, scale, offset, v, scratch := n.vectors(w, block, 2, k, q, r)
		for row := r0; row < r1; row += block {
			lo, hi := row*c, min(r1, row+block)*c
			t, t2 := scratch[0][:hi-lo], scratch[1][:hi-lo]
			g := n.centred(im, gated, x[lo:hi], dy[lo:hi], minus, scale, offset, t, t2)
			im.mul(t, t, v[1])
			im.add(t, t, v[2])
			im.mul(t2, g, v[0])
			im.add(dx[lo:hi], t, t2)
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
