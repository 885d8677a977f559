package kernel

// Winograd's minimal filtering turned around gives the filter gradient. The output
//
//	Y = Aᵀ·[(G·g·Gᵀ) ⊙ (Bᵀ·d·B)]·A
//
// is linear in the filter g, so that the gradient dY of a tile of outputs gives
//
//	dg = Gᵀ·[Σ (A·dY·Aᵀ) ⊙ (Bᵀ·d·B)]·G
//
// summed over the tiles, with the matrices of winograd.go and tiles of 4: 36
// multiplications instead of 144. Over all channels, the bracket is a product of
// matrices for each of the 36 elements, whose common dimension is the tiles. Tiles are
// transformed in blocks, and each block adds to the sums, which are transformed back in
// the end.

const (
	// gradientTiles is how many tiles there must be for the sums, four times as large as
	// the filter, to be worth their way through memory.
	gradientTiles = 64
	// winogradBytes is the size of the transformed inputs and gradients of a block.
	winogradBytes = 8 << 20
)

// filterWinograd is a filter gradient on its way through Winograd's transforms.
type filterWinograd struct {
	inputs  winogradPlan // geometry and inputs
	dy      []float32
	dyPitch int
	panels  int       // of the output channels
	block   int       // tiles of a block
	v       []float32 // transformed inputs: element, tile, channel
	u       []float32 // transformed gradients: panel, element, tile, channel of the panel
	sums    []float32 // element, channel, output channel
	// Distances of elements in these, of panels in u, of rows in sums.
	vPlane, uPlane, uPanel, sumPlane, sumPitch int
}

// winogradGradient reports whether the filter gradient is taken by Winograd's
// transforms. It depends on the shape alone.
func (c Conv) winogradGradient() bool {
	if c.KH != 3 || c.KW != 3 || c.StrideH != 1 || c.StrideW != 1 || c.DilationH != 1 || c.DilationW != 1 ||
		c.Groups != 1 || c.C < winogradChannels || c.K < winogradChannels {
		return false
	}
	oh, ow := c.OutH(), c.OutW()
	tiles := c.N * ((oh + 3) / 4) * ((ow + 3) / 4)
	return tiles >= gradientTiles && 9*c.N*oh*ow >= 36*3/2*tiles
}

// winogradFilterGradient computes dw as FilterGradient does.
func (c Conv) winogradFilterGradient(p Parallel, x []float32, xPitch int, dy []float32, dyPitch int, dw []float32) {
	const elements = 36
	im := current.Load()
	f := &filterWinograd{dy: dy, dyPitch: dyPitch, panels: (c.K + panelCols - 1) / panelCols,
		inputs: winogradPlan{Conv: c, im: im, m: 4, n: 6, x: x, xPitch: xPitch, oh: c.OutH(), ow: c.OutW()}}
	r := &f.inputs
	r.down, r.across = (r.oh+3)/4, (r.ow+3)/4
	tiles := c.N * r.down * r.across
	r.pitch = (c.C + 15) &^ 15
	if r.pitch%256 == 0 {
		r.pitch += 16
	}
	f.sumPitch = f.panels * panelCols
	blocks := (tiles*elements*4*(r.pitch+f.sumPitch) + winogradBytes - 1) / winogradBytes
	f.block = min(256, (tiles+blocks-1)/blocks)
	blocks = (tiles + f.block - 1) / f.block
	f.block = (tiles + blocks - 1) / blocks
	// Planes at distances that don't fall on the same sets of the cache.
	f.vPlane, f.uPlane = f.block*r.pitch+16, f.block*panelCols+16
	f.uPanel, f.sumPlane = elements*f.uPlane, c.C*f.sumPitch+16
	w := large.Get().(*workspace)
	defer large.Put(w)
	buf := w.floats(elements*(f.vPlane+f.sumPlane) + f.panels*f.uPanel)
	f.v, buf = buf[:elements*f.vPlane], buf[elements*f.vPlane:]
	f.u, f.sums = buf[:f.panels*f.uPanel], buf[f.panels*f.uPanel:]

	const together = 8 // tiles of a task
	panelsTask := max(1, min(f.panels, taskFLOPs/4/max(1, 2*c.C*panelCols*f.block)))
	groups := (f.panels + panelsTask - 1) / panelsTask
	for t0 := 0; t0 < tiles; t0 += f.block {
		t1 := min(tiles, t0+f.block)
		p((t1-t0+together-1)/together, func(i int) {
			f.transform(t0, t0+i*together, min(t1, t0+(i+1)*together))
		})
		p(elements*groups, func(i int) {
			q := i % groups * panelsTask
			f.product(i/groups, q, min(f.panels, q+panelsTask), t1-t0, min(1, t0))
		})
	}
	const rows = 16 // channels of a task
	parts := (c.C + rows - 1) / rows
	p(f.panels*parts, func(i int) {
		f.back(i/parts, i%parts*rows, min(c.C, (i%parts+1)*rows), dw)
	})
}

// transform transforms the inputs and gradients of tiles t0, …, t1-1 of the block that
// begins with tile first.
func (f *filterWinograd) transform(first, t0, t1 int) {
	w := getWorkspace()
	defer w.release()
	r := &f.inputs
	border := w.floats(36*r.C + 16*r.K)
	p := &w.patch
	for t := t0; t < t1; t++ {
		r.inputs(p, t, border)
		p.outRow, p.outCol, p.c = 6*f.vPlane, f.vPlane, r.C
		p.out = f.v[(t-first)*r.pitch:]
		p.run(r.im, inputPatch, 4)

		dy, row, col := f.gradients(t, border[36*r.C:])
		p.xRow, p.xCol, p.outRow, p.outCol = row, col, 6*f.uPlane, f.uPlane
		for q := range f.panels {
			p.c = min(panelCols, r.K-q*panelCols)
			p.x = dy[q*panelCols:]
			p.out = f.u[q*f.uPanel+(t-first)*panelWidth(0, p.c):]
			p.run(r.im, gradientPatch, 4)
		}
	}
}

// gradients gives the gradients of the outputs of a tile; those of a tile that
// reaches beyond the picture are copied to border, with zeros around them.
func (f *filterWinograd) gradients(t int, border []float32) (dy []float32, row, col int) {
	r := &f.inputs
	n, y, x := r.position(t)
	at := func(i, j int) []float32 { return f.dy[((n*r.oh+y+i)*r.ow+x+j)*f.dyPitch:] }
	if y+4 <= r.oh && x+4 <= r.ow {
		return at(0, 0), r.ow * f.dyPitch, f.dyPitch
	}
	for i := range 4 {
		for j := range 4 {
			to := border[(4*i+j)*r.K:][:r.K]
			if y+i < r.oh && x+j < r.ow {
				copy(to, at(i, j))
			} else {
				clear(to)
			}
		}
	}
	return border, 4 * r.K, r.K
}

// product adds the products of element e of so many tiles to the sums, for panels q0,
// …, q1-1. Where add is 0 there are no sums yet.
func (f *filterWinograd) product(e, q0, q1, tiles, add int) {
	w := getWorkspace()
	defer w.release()
	r, o := &f.inputs, &w.outer
	o.a, o.astep, o.ldc, o.add = f.v[e*f.vPlane:], r.pitch, f.sumPitch, add
	o.runs = append(o.runs[:0], run{0, 0, tiles})
	for q := q0; q < q1; q++ {
		o.setCols(min(panelCols, r.K-q*panelCols))
		o.cols = o.width // zeros too: the way back reads whole vectors
		for j := range o.mask {
			o.mask[j] = -1
		}
		o.b, o.c = f.u[q*f.uPanel+e*f.uPlane:][:tiles*o.width], f.sums[e*f.sumPlane+q*panelCols:]
		o.strip(r.im, r.C)
	}
}

// back transforms the sums of channels c0, …, c1-1 and of a panel to the gradient.
func (f *filterWinograd) back(q, c0, c1 int, dw []float32) {
	w := getWorkspace()
	defer w.release()
	r, p := &f.inputs, &w.patch
	p.xRow, p.xCol, p.outRow, p.outCol = 6*f.sumPlane, f.sumPlane, 3*r.C*r.K, r.C*r.K
	p.c, p.rows, p.cols = min(panelCols, r.K-q*panelCols), 3, 3
	for c := c0; c < c1; c++ {
		p.x, p.out = f.sums[c*f.sumPitch+q*panelCols:], dw[c*r.K+q*panelCols:]
		p.run(r.im, weightPatch, 4)
	}
}
