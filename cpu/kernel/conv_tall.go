package kernel

import "fmt"

// Minimal filtering for tall kernels. Where Winograd's tiles (winograd.go) save
// multiplications in both directions, and are for kernels of three, the layers here
// have 7 to 9 rows and often so few channels that only the inputs of a whole kernel row,
// which lie side by side, fill the multiply-add units. They save along the columns alone.
//
// The 9 rows of a kernel, missing ones being zero, are three blocks of three. With output
// row 3r+s of a tile of 9 rows, x a row of inputs and w a row of the kernel,
//
//	y[3r+s] = Σ_k Σ_l x[3(r+k)+(s+l)] ∗ w[3k+l]
//
// is a filter of three taps l within a filter of three taps k. Each becomes five products
// instead of nine, by interpolation in five points: those of V[i][f] = Σ_j B[f][j]·x[3i+j],
// then those of U[e][f] = Σ_i B[e][i]·V[i][f], and so 25 products of rows for 9 output
// rows instead of 81,
//
//	y = (A ⊗ A)·(U[e][f] ∗ W[e][f]),  W = (G ⊗ G)·w
//
// (This is Agarwal and Cooley's nesting, New algorithms for digital convolution, 1977,
// with Toom and Cook's short convolutions.) The transforms go over whole rows of pixels
// and channels as they lie in memory. Rounding errors stay within 2e-6 of the largest
// output of a layer; an infinite or NaN input spoils the 9 rows.

const (
	// tallRows is the height of a tile of outputs and of the longest kernel.
	tallRows = lineOut * lineOut
	// tallInputs is the number of input rows that a tile needs.
	tallInputs = tallRows + tallRows - 1
	// tallProducts is the number of products of rows.
	tallProducts = lineIn * lineIn
	// tallLeast is the height of the lowest kernel that is worth it.
	tallLeast = 7
	// tallBytes is what the buffers of a task may take: they should stay in the
	// second-level cache.
	tallBytes = 384 << 10
	// tallFilter is the largest filter, in bytes as packed: it is read for each tile.
	tallFilter = 1 << 20
)

// tallPlan is a convolution on its way through these transforms.
type tallPlan struct {
	Conv
	im               *impl
	x, out           []float32
	xPitch, outPitch int
	f                *Filter
	ep               Epilogue
	lo, hi           float32
	oh, ow           int
	block            int // output columns of a task
	inRow, outRow    int // distances of rows in the buffers
	bias             []float32
}

// tall reports whether a convolution is worth these transforms. It depends neither on
// the number of pictures nor on the machine.
func (c Conv) tall() bool {
	if c.KH < tallLeast || c.KH > tallRows || c.StrideH != 1 || c.DilationH != 1 || c.DilationW != 1 || c.Groups != 1 ||
		c.Border == Zeros && max(c.PadTop, c.PadBottom) >= c.KH || c.KW*c.C < 16 || 4*tallProducts*c.KW*c.C*c.K > tallFilter {
		return false // outputs that see nothing but padding are zero, without rounding errors
	}
	oh, ow := c.OutH(), c.OutW()
	if oh < lineOut || ow < 1 {
		return false
	}
	// Vectors of 16: multiply-adds, and what the transforms load and store.
	tiles := (oh + tallRows - 1) / tallRows
	products := c.KW * c.C * ((c.K + 15) / 16)
	transforms := 2 * (2*tallProducts + tallInputs) * c.StrideW * c.C / 16
	transforms += 2 * (tallProducts + 2*lineIn*lineOut + tallRows) * (c.K + 15) / 16
	return tiles*(tallProducts*products+transforms)*5/4 < oh*c.KH*products
}

// runTall runs a convolution whose filter was packed by packTall.
func (c Conv) runTall(p Parallel, x []float32, xPitch int, f *Filter, ep Epilogue, out []float32, outPitch int) {
	r := &tallPlan{Conv: c, im: current.Load(), x: x, xPitch: xPitch, f: f, ep: ep, out: out, outPitch: outPitch, oh: c.OutH(), ow: c.OutW()}
	r.lo, r.hi = ep.bounds()

	// Blocks of columns of equal size, of which the buffers stay in the cache.
	column := 4 * ((tallInputs+tallProducts)*c.StrideW*c.C + (lineIn+lineIn*lineOut+2*lineOut)*c.K)
	blocks := min(r.ow, (r.ow*column+tallBytes-1)/tallBytes)
	r.block = (r.ow + blocks - 1) / blocks
	blocks = (r.ow + r.block - 1) / r.block
	r.inRow = apart(((r.block-1)*c.StrideW + c.KW) * c.C)
	r.outRow = apart(r.block * c.K)
	r.bias = make([]float32, r.block*c.K)
	if ep.Bias != nil {
		for i := range r.block {
			copy(r.bias[i*c.K:][:c.K], ep.Bias)
		}
	}
	tiles := (r.oh + tallRows - 1) / tallRows
	p(c.N*tiles*blocks, func(i int) {
		x0 := i % blocks * r.block
		i /= blocks
		r.task(i/tiles, i%tiles*tallRows, x0, min(r.block, r.ow-x0))
	})
}

// apart is a distance of rows of n floats that don't fall on the same sets of the cache.
func apart(n int) int {
	n = (n + 15) &^ 15
	if n%256 == 0 {
		n += 16
	}
	return n
}

// task computes columns x0, …, x0+columns-1 of the tile of picture n that begins with output row y0.
func (r *tallPlan) task(n, y0, x0, columns int) {
	w := getWorkspace()
	defer w.release()
	buf := w.floats((tallInputs+tallProducts)*r.inRow + (lineIn+lineIn*lineOut+2*lineOut)*r.outRow)
	take := func(size int) []float32 {
		part := buf[:size]
		buf = buf[size:]
		return part
	}
	x, v := take(tallInputs*r.inRow), take(tallProducts*r.inRow)
	m, joined, finished := take(lineIn*r.outRow), take(lineIn*lineOut*r.outRow), take(2*lineOut*r.outRow)

	length := ((columns-1)*r.StrideW + r.KW) * r.C
	for i := range tallInputs {
		to := x[i*r.inRow:][:length]
		if y := r.Border.source(y0-r.PadTop+i, r.H); y < 0 {
			clear(to)
		} else {
			r.copyRow(to, r.C, r.x[(n*r.H+y)*r.W*r.xPitch:], r.xPitch, x0*r.StrideW-r.PadLeft)
		}
	}
	l := &w.lines
	l.n, l.xRow, l.outRow = length, r.inRow, r.inRow
	for i := range lineIn {
		l.x, l.out = x[lineOut*i*r.inRow:], v[lineIn*i*r.inRow:]
		l.spread(r.im)
	}
	l.xRow, l.outRow = lineIn*r.inRow, lineIn*r.inRow
	for f := range lineIn {
		l.x, l.out = v[f*r.inRow:], v[f*r.inRow:]
		l.spread(r.im)
	}

	*l = tallLines{n: columns * r.K, xRow: r.outRow, outRow: r.outRow, rows: lineOut, lo: -infinity, hi: infinity}
	t := &w.tile
	w.segs = append(w.segs[:0], 0)
	t.lda, t.segs, t.klen, t.ldc = r.StrideW*r.C, w.segs, r.KW*r.C, r.K
	t.lo, t.hi, t.bias = -infinity, infinity, &noBias
	none := finished[:columns*r.K]
	clear(none)
	for e := range lineIn {
		for q := range r.f.groups[0].panels() {
			b, cols, width := r.f.groups[0].panel(q)
			for f := range lineIn {
				product := e*lineIn + f
				t.setCols(b[product*t.klen*width:], cols, width)
				t.a, t.c = v[product*r.inRow:][:length], m[f*r.outRow+q*panelCols:]
				t.strip(r.im, columns)
			}
		}
		l.x, l.out, l.bias = m, joined[e*lineOut*r.outRow:], none
		l.join(r.im)
	}
	r.finish(l, joined, finished, n, y0, x0, columns)
}

// finish joins lines to output rows, where they are stored if pixels lie densely there, and
// through the buffer otherwise.
func (r *tallPlan) finish(l *tallLines, joined, buffer []float32, n, y0, x0, columns int) {
	l.xRow, l.bias, l.lo, l.hi = lineOut*r.outRow, r.bias, r.lo, r.hi
	out, add := buffer[:lineOut*r.outRow], buffer[lineOut*r.outRow:]
	for s := range lineOut {
		y := y0 + s
		if y >= r.oh {
			break
		}
		l.rows = min(lineOut, (r.oh-y+lineOut-1)/lineOut)
		l.x = joined[s*r.outRow:]
		pixel := func(i int) int { return (n*r.oh+y+i*lineOut)*r.ow + x0 } // the first of output line i
		switch {
		case r.ep.Add == nil:
		case r.ep.AddPitch == r.K:
			l.add, l.addRow = r.ep.Add[pixel(0)*r.K:], lineOut*r.ow*r.K
		default:
			l.add, l.addRow = add, r.outRow
			for i := range l.rows {
				copyPixels(add[i*r.outRow:], r.K, r.ep.Add[pixel(i)*r.ep.AddPitch:], r.ep.AddPitch, columns, r.K)
			}
		}
		if r.outPitch == r.K {
			l.out, l.outRow = r.out[pixel(0)*r.K:], lineOut*r.ow*r.K
			l.join(r.im)
			continue
		}
		l.out, l.outRow = out, r.outRow
		l.join(r.im)
		for i := range l.rows {
			copyPixels(r.out[pixel(i)*r.outPitch:], r.outPitch, out[i*r.outRow:], r.K, columns, r.K)
		}
	}
}

// packTall transforms the filters of a convolution. In each panel of the result the
// matrices for the products follow each other, KW·C rows each. It lies in the storage of
// old, if that is not nil and fits.
func (c Conv) packTall(p Parallel, old *Filter, hwio, scale []float32) *Packed {
	row := c.KW * c.C
	whole := old.storage(0, tallProducts*row, c.K)
	p(whole.panels(), func(q int) {
		panel, cols, width := whole.panel(q)
		for i := range row {
			for j := range cols {
				k := q*panelCols + j
				var between [lineTaps][lineIn]float32
				for block := range lineTaps {
					var taps [lineTaps]float32
					for l := range taps {
						if kh := block*lineTaps + l; kh < c.KH {
							taps[l] = hwio[(kh*row+i)*c.K+k]
							if scale != nil {
								taps[l] *= scale[k]
							}
						}
					}
					between[block] = tapLine(taps)
				}
				for f := range lineIn {
					for e, v := range tapLine([lineTaps]float32{between[0][f], between[1][f], between[2][f]}) {
						panel[((e*lineIn+f)*row+i)*width+j] = v
					}
				}
			}
		}
	})
	return whole
}

// checkTall panics unless a filter packed by packTall fits the convolution.
func (f *Filter) checkTall(c Conv) {
	if c.StrideH != 1 || c.DilationH != 1 || c.DilationW != 1 {
		panic(fmt.Sprintf("kernel: filter packed for a vertical stride and dilations of 1, used for %d and %d x %d", c.StrideH, c.DilationH, c.DilationW))
	}
}
