package kernel

import "fmt"

// Winograd's minimal filtering computes a tile of m x m outputs of a 3x3
// convolution of stride 1 with (m+2)² multiplications per input and output
// channel instead of 9·m²: 16 for 36 with m = 2, 36 for 144 with m = 4
// (Lavin and Gray, Fast Algorithms for Convolutional Neural Networks, 2015). With
// the matrices of patch.go,
//
//	Y = Aᵀ·[(G·g·Gᵀ) ⊙ (Bᵀ·d·B)]·A
//
// where d is the (m+2)² patch of inputs under the tile, g the filter and ⊙ the
// product element by element. Summed over the input channels, that product is one
// matrix product for each of the (m+2)² elements, tiles by channels times channels
// by outputs, which the register tile does. Filters are transformed when they are
// packed. A task transforms the inputs of a block of tiles, multiplies them panel
// by panel and transforms each product back while it lies in the cache.
//
// The row of a matrix product does not depend on the other rows, so the result for
// a tile does not depend on the block that it falls into.

const (
	// winogradBlock is how many tiles at most are transformed and multiplied together.
	// More would use each transformed filter, up to 37 MB a layer, more often; fewer
	// would stay in the cache.
	winogradBlock = 56
	// winogradTasks is how many tasks there should be, so that the last ones keep all
	// workers busy.
	winogradTasks = 16
)

// winogradChannels is the least number of channels, in and out, for which the
// transforms are worth their time.
const winogradChannels = 8

// Small pictures of many channels have tiles of 2: transformed filters take four times
// the memory of plain ones for tiles of 4, and not twice as much for tiles of 2. The
// few tiles of the last layers of a network would need most of its memory and time to
// fetch it, for few multiplications less. Up to winogradFew tiles are few, and more than
// winogradMany pairs of channels are many.
const (
	winogradFew  = 16
	winogradMany = 1 << 15
)

// winogradPlan is a convolution on its way through Winograd's transforms.
type winogradPlan struct {
	Conv
	im               *impl
	m, n             int // sizes of the tiles of outputs and of the patches of inputs
	x, out           []float32
	xPitch, outPitch int
	f                *Filter
	ep               Epilogue
	lo, hi           float32
	bias             []float32
	oh, ow           int
	down, across     int // tiles of a picture
	block            int // tiles of a task
	panels           int // panels of a task
	pitch            int // distance of tiles in the transformed input
	plane            int // distance of its elements
	product          int // distance of the elements in the product
}

// winogradTile chooses the size m of the tiles for the geometry, 0 for no Winograd.
// It depends neither on the number of pictures, so that a picture's result doesn't,
// nor on the machine.
func (c Conv) winogradTile() int {
	if c.KH != 3 || c.KW != 3 || c.StrideH != 1 || c.StrideW != 1 || c.DilationH != 1 || c.DilationW != 1 ||
		c.Groups != 1 || c.C < winogradChannels || c.K < winogradChannels {
		return 0
	}
	if c.Border == Zeros && max(c.PadTop, c.PadBottom, c.PadLeft, c.PadRight) > 2 {
		return 0 // outputs that see nothing but padding are zero, without rounding errors
	}
	oh, ow := c.OutH(), c.OutW()
	if oh < 2 || ow < 2 {
		return 0
	}
	tiles := func(m int) int { return ((oh + m - 1) / m) * ((ow + m - 1) / m) }
	if tiles(4)*36 > tiles(2)*16 || tiles(4) <= winogradFew && c.C*c.K > winogradMany {
		return 2
	}
	return 4
}

// runWinograd runs a convolution whose filter was packed for Winograd.
func (c Conv) runWinograd(p Parallel, x []float32, xPitch int, f *Filter, ep Epilogue, out []float32, outPitch int) {
	r := &winogradPlan{Conv: c, im: current.Load(), m: f.tile, n: f.tile + 2, x: x, xPitch: xPitch, f: f, ep: ep, out: out, outPitch: outPitch}
	r.oh, r.ow = c.OutH(), c.OutW()
	r.down, r.across = (r.oh+r.m-1)/r.m, (r.ow+r.m-1)/r.m
	r.lo, r.hi = ep.bounds()
	r.bias = paddedBias(ep.Bias, c.K)
	tiles, panels := c.N*r.down*r.across, f.groups[0].panels()

	// Blocks of equal size; few blocks are cut by panels too, each part with its
	// own transform of the inputs.
	blocks := (tiles + winogradBlock - 1) / winogradBlock
	r.block = (tiles + blocks - 1) / blocks
	parts := max(1, min((winogradTasks+blocks-1)/blocks, panels/2))
	r.panels = (panels + parts - 1) / parts
	panelTasks := (panels + r.panels - 1) / r.panels
	// Rows and planes at distances that don't fall on the same sets of the cache.
	r.pitch = (c.C + 15) &^ 15
	if r.pitch%256 == 0 {
		r.pitch += 16
	}
	r.plane = r.block*r.pitch + 16
	r.product = r.block*panelCols + 16
	p(blocks*panelTasks, func(i int) {
		t0, q0 := i%blocks*r.block, i/blocks*r.panels
		r.task(t0, min(tiles, t0+r.block), q0, min(panels, q0+r.panels))
	})
}

// task computes panels q0, …, q1-1 of tiles t0, …, t1-1, which are counted through
// all pictures.
func (r *winogradPlan) task(t0, t1, q0, q1 int) {
	w := getWorkspace()
	defer w.release()
	elements := r.n * r.n
	buf := w.floats(elements*(r.plane+r.product) + elements*r.C)
	v, buf := buf[:elements*r.plane], buf[elements*r.plane:]
	m, border := buf[:elements*r.product], buf[elements*r.product:]

	p := &w.patch
	p.outRow, p.outCol, p.c = r.n*r.plane, r.plane, r.C
	for t := t0; t < t1; t++ {
		r.inputs(p, t, border)
		p.out = v[(t-t0)*r.pitch:]
		p.run(r.im, inputPatch, r.m)
	}

	tile := &w.tile
	w.segs = append(w.segs[:0], 0)
	tile.lda, tile.segs, tile.klen, tile.ldc = r.pitch, w.segs, r.C, panelCols
	tile.lo, tile.hi, tile.bias = -infinity, infinity, &noBias
	*p = patch{}
	p.xRow, p.xCol = r.n*r.product, r.product
	p.outRow, p.outCol, p.addRow, p.addCol = r.ow*r.outPitch, r.outPitch, r.ow*r.ep.AddPitch, r.ep.AddPitch
	p.lo, p.hi = r.lo, r.hi
	for q := q0; q < q1; q++ {
		b, cols, width := r.f.groups[0].panel(q)
		for e := range elements {
			tile.setCols(b[e*r.C*width:], width, width)
			tile.a, tile.c = v[e*r.plane:], m[e*r.product:]
			tile.cold = true
			tile.strip(r.im, t1-t0)
		}
		p.c, p.vec = cols, r.bias[q*panelCols:]
		for t := t0; t < t1; t++ {
			n, y, x := r.position(t)
			at := (n*r.oh+y)*r.ow + x
			p.x = m[(t-t0)*panelCols:]
			p.out = r.out[at*r.outPitch+q*panelCols:]
			if r.ep.Add != nil {
				p.add = r.ep.Add[at*r.ep.AddPitch+q*panelCols:]
			}
			p.rows, p.cols = min(r.m, r.oh-y), min(r.m, r.ow-x)
			p.run(r.im, outputPatch, r.m)
		}
	}
}

// position is the picture of a tile and its first output.
func (r *winogradPlan) position(t int) (n, y, x int) {
	x = t % r.across * r.m
	t /= r.across
	return t / r.down, t % r.down * r.m, x
}

// inputs points p to the inputs of a tile; those that reach into the padding are
// copied to border first.
func (r *winogradPlan) inputs(p *patch, t int, border []float32) {
	n, y, x := r.position(t)
	y, x = y-r.PadTop, x-r.PadLeft
	if y >= 0 && x >= 0 && y+r.n <= r.H && x+r.n <= r.W {
		p.x, p.xRow, p.xCol = r.x[((n*r.H+y)*r.W+x)*r.xPitch:], r.W*r.xPitch, r.xPitch
		return
	}
	for i := range r.n {
		to := border[i*r.n*r.C:][:r.n*r.C]
		if iy := r.Border.source(y+i, r.H); iy < 0 {
			clear(to)
		} else {
			r.copyRow(to, r.C, r.x[(n*r.H+iy)*r.W*r.xPitch:], r.xPitch, x)
		}
	}
	p.x, p.xRow, p.xCol = border, r.n*r.C, r.C
}

var noBias [panelCols]float32

// packWinograd transforms the filters of a convolution for tiles of m. In each
// panel of the result, the matrices for the elements of the tile follow each other,
// C rows each. It lies in the storage of old, if that is not nil and fits. If
// turned, hwio is the filter of the convolution whose input gradient c computes:
// its taps are reversed and its channels exchanged.
func (c Conv) packWinograd(p Parallel, old *Filter, m int, hwio, scale []float32, turned bool) *Packed {
	n := m + 2
	whole := old.storage(0, n*n*c.C, c.K)
	if scale == nil {
		scale = make([]float32, c.K)
		for i := range scale {
			scale[i] = 1
		}
	}
	const rows = 16 // input channels of a task
	parts := (c.C + rows - 1) / rows
	im := current.Load()
	p(whole.panels()*parts, func(i int) {
		w := getWorkspace()
		defer w.release()
		q := i / parts
		panel, cols, width := whole.panel(q)
		t := &w.patch
		t.c, t.vec = cols, scale[q*panelCols:]
		t.xRow, t.xCol = 3*c.C*c.K, c.C*c.K
		t.outRow, t.outCol = n*c.C*width, c.C*width
		from, first, pitch := hwio[q*panelCols:], 0, c.K
		if turned {
			first, pitch = i%parts*rows, panelCols
			from = c.turnBlock(w.floats(9*rows*panelCols), hwio, first, min(rows, c.C-first), q*panelCols, cols)
			t.xRow, t.xCol = 3*rows*panelCols, rows*panelCols
		}
		for ch := i % parts * rows; ch < min(c.C, (i%parts+1)*rows); ch++ {
			t.x = from[(ch-first)*pitch:]
			t.out = panel[ch*width:]
			t.run(im, filterPatch, m)
		}
	})
	return whole
}

// checkWinograd panics unless a filter packed for Winograd fits the convolution.
func (f *Filter) checkWinograd(c Conv) {
	if c.StrideH != 1 || c.StrideW != 1 || c.DilationH != 1 || c.DilationW != 1 {
		panic(fmt.Sprintf("kernel: filter packed for strides and dilations of 1, used for %d x %d and %d x %d",
			c.StrideH, c.StrideW, c.DilationH, c.DilationW))
	}
}
