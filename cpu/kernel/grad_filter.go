package kernel

import "fmt"

// filterGradient is the gradient of a filter on its way through the tiles:
//
//	dw[kh][kw][i][k] = Σ over output pixels of x[pixel seen by tap kh, kw][i] · dy[pixel][k]
//
// For each tap that is a product of matrices whose common dimension is the
// pixels, up to a hundred thousand of them. They are taken in blocks of a few
// output rows, so that the inputs and gradients of a block stay in the cache while
// all taps use them. The gradients are packed into panels per block, the inputs
// are read where they lie, as runs of pixels within the picture; padding is
// never touched.
//
// A small filter has too few outputs to keep several workers busy. Its blocks
// are then dealt out in a number of parts that depends on the shape alone, each
// with a sum of its own, and these are added up in order.
type filterGradient struct {
	Conv
	im              *impl
	x, dy           []float32
	xPitch, dyPitch int
	oh, ow          int
	joined          bool // the taps of a kernel row are taken as one, see rowBuffer
	bufW            int  // width of the copied rows in pixels
	blockRows       int  // output rows of a block, counted through all pictures
	blocks          int
	parts           int // into which blocks are dealt out
	panels          int // of one group
	panelsTask      int
	tapRows         int // kernel rows of a task
}

const (
	gradientTasks = 16        // enough for many workers
	gradientSums  = 4 << 20   // bytes of the sums of all parts at most
	gradientBlock = 384 << 10 // bytes of input in a block
)

// FilterGradient computes dw, KH x KW x C/Groups x K as in PackFilter: the
// gradient with respect to the weights of something whose gradient with respect
// to the output is dy. x is the input of the convolution, with pixels at
// x[i*xPitch:]; dy has N*OutH*OutW pixels of K channels at dy[i*dyPitch:].
// Paddings may be negative here: those rows and columns are cut off. It panics if
// anything doesn't fit.
func (c Conv) FilterGradient(p Parallel, x []float32, xPitch int, dy []float32, dyPitch int, dw []float32) {
	c = c.normal()
	c.checkGradient(x, xPitch, dy, dyPitch)
	size := c.KH * c.KW * c.C / c.Groups * c.K
	if len(dw) < size {
		panic(fmt.Sprintf("kernel: filter gradient has %d elements, want %d", len(dw), size))
	}
	dw = dw[:size]
	f := &filterGradient{Conv: c, im: current.Load(), x: x, dy: dy, xPitch: xPitch, dyPitch: dyPitch, oh: c.OutH(), ow: c.OutW()}
	if c.N*f.oh*f.ow*c.H*c.W == 0 {
		clear(dw)
		return
	}
	if c.winogradGradient() {
		c.winogradFilterGradient(p, x, xPitch, dy, dyPitch, dw)
		return
	}
	f.cut(size)
	w := large.Get().(*workspace)
	defer large.Put(w)
	sums := w.floats((f.parts - 1) * size)
	sum := func(part int) []float32 {
		if part == 0 {
			return dw
		}
		return sums[(part-1)*size:][:size]
	}
	run := f.task
	panelTasks, tapTasks := (f.panels+f.panelsTask-1)/f.panelsTask, (c.KH+f.tapRows-1)/f.tapRows
	groups := c.Groups
	if c.depthwise() {
		run, groups = f.depthwiseTask, 1
	}
	p(groups*panelTasks*tapTasks*f.parts, func(i int) {
		part := i % f.parts
		i /= f.parts
		kh := i % tapTasks * f.tapRows
		i /= tapTasks
		q := i % panelTasks * f.panelsTask
		run(part, i/panelTasks, q, min(f.panels, q+f.panelsTask), kh, min(c.KH, kh+f.tapRows), sum(part))
	})
	if f.parts > 1 {
		const stretch = 1 << 14
		p((size+stretch-1)/stretch, func(i int) {
			lo, hi := i*stretch, min(size, (i+1)*stretch)
			for part := 1; part < f.parts; part++ {
				f.im.add(dw[lo:hi], dw[lo:hi], sum(part)[lo:hi])
			}
		})
	}
}

// checkGradient panics unless c, whose paddings may be negative, makes sense and
// fits the input and the gradient of the output.
func (c Conv) checkGradient(x []float32, xPitch int, dy []float32, dyPitch int) {
	c.checkShape()
	checkPixels("input", x, xPitch, c.N*c.H*c.W, c.C)
	checkPixels("output gradient", dy, dyPitch, c.N*c.OutH()*c.OutW(), c.K)
}

// checkShape is check for a convolution whose paddings may be negative.
func (c Conv) checkShape() {
	positive := c
	positive.PadTop, positive.PadBottom = max(0, c.PadTop), max(0, c.PadBottom)
	positive.PadLeft, positive.PadRight = max(0, c.PadLeft), max(0, c.PadRight)
	positive.check()
	if c.bordered() {
		panic(fmt.Sprintf("kernel: no gradient with the border of convolution %+v", c))
	}
}

// cut chooses blocks and tasks. Nothing here may depend on the instruction set
// or on the workers, since it decides the order of summation.
func (f *filterGradient) cut(size int) {
	cg, rows := f.C/f.Groups, f.N*f.oh
	f.joined = f.DilationW == 1 && f.KW > 1 && cg <= 8 && !f.depthwise()
	f.bufW = (f.ow-1)*f.StrideW + f.KW
	pixels := min(max(gradientBlock/4/cg, 48), 192)
	f.blockRows = min(rows, max(1, pixels/f.ow))
	f.blocks = (rows + f.blockRows - 1) / f.blockRows
	f.panels, f.panelsTask, f.tapRows = (f.K/f.Groups+panelCols-1)/panelCols, 1, f.KH
	groups := f.Groups
	if f.depthwise() {
		f.panels, groups = (f.C+depthwiseChannels-1)/depthwiseChannels, 1
	}
	most := max(1, min(f.blocks/2, gradientSums/4/size))
	for groups*(f.panels+f.panelsTask)/(f.panelsTask+1)*most >= gradientTasks && f.panelsTask < min(4, f.panels) {
		f.panelsTask++
	}
	tasks := groups * ((f.panels + f.panelsTask - 1) / f.panelsTask)
	f.parts = min(most, (gradientTasks+tasks-1)/tasks)
	if tasks*f.parts < gradientTasks && !f.depthwise() {
		f.tapRows = 1
	}
}

// blocksOf calls f with the output rows of each block of a part, counted through
// all pictures.
func (f *filterGradient) blocksOf(part int, visit func(r0, r1 int)) {
	for b := part * f.blocks / f.parts; b < (part+1)*f.blocks/f.parts; b++ {
		visit(b*f.blockRows, min(f.N*f.oh, (b+1)*f.blockRows))
	}
}

// task sums the blocks of a part for panels q0, …, q1-1 of group g and kernel
// rows kh0, …, kh1-1.
func (f *filterGradient) task(part, g, q0, q1, kh0, kh1 int, dw []float32) {
	w := getWorkspace()
	defer w.release()
	cg, kg := f.C/f.Groups, f.K/f.Groups
	packed := f.blockRows * f.ow * panelCols // size of a panel
	buf := w.floats((q1-q0)*packed + f.rowBuffer())
	o := &w.outer
	o.ldc = f.K
	var next []lines
	defer func() { o.next = nil }()
	f.blocksOf(part, func(r0, r1 int) {
		for q := q0; q < q1; q++ {
			f.packGradient(buf[(q-q0)*packed:], r0*f.ow, r1*f.ow, g*kg+q*panelCols, min(panelCols, kg-q*panelCols))
		}
		next = f.linesOf(next[:0], r1, q0, q1, g)
		o.next = next
		for kh := kh0; kh < kh1; kh++ {
			taps, rows := f.KW, cg
			if f.joined {
				taps, rows = 1, f.KW*cg
			}
			for kw := range taps {
				if f.joined {
					o.a, o.astep = buf[(q1-q0)*packed:], f.StrideW*cg
					o.runs = f.joinedRuns(o.runs[:0], o.a, r0, r1, kh, g)
				} else {
					o.a, o.astep = f.x[g*cg:], f.StrideW*f.xPitch
					o.runs = f.runs(o.runs[:0], r0, r1, kh, kw)
				}
				for q := q0; q < q1; q++ {
					o.setCols(min(panelCols, kg-q*panelCols))
					o.add = min(1, r0-part*f.blocks/f.parts*f.blockRows)
					o.b, o.c = buf[(q-q0)*packed:][:packed], dw[(kh*f.KW+kw)*cg*f.K+g*kg+q*panelCols:]
					o.strip(f.im, rows)
				}
			}
		}
	})
}

// linesOf appends the lines of the gradients and inputs that the block which begins
// with output row r reads, for its first row of pixels. A panel's lines are far apart,
// which processors don't foresee by themselves.
func (f *filterGradient) linesOf(to []lines, r, q0, q1, g int) []lines {
	const line = 16
	if r == f.N*f.oh {
		return to
	}
	kg, cg := f.K/f.Groups, f.C/f.Groups
	for j := q0 * panelCols; j < min(kg, q1*panelCols); j += line {
		to = append(to, lines{&f.dy[r*f.ow*f.dyPitch+g*kg+j], f.dyPitch})
	}
	if f.pointwise() {
		for j := 0; j < cg; j += line {
			to = append(to, lines{&f.x[r*f.ow*f.xPitch+g*cg+j], f.xPitch})
		}
	}
	return to
}

// pointwise reports whether each output pixel sees the input pixel of the same number.
func (f *filterGradient) pointwise() bool {
	return f.KH*f.KW*f.StrideH*f.StrideW == 1 && f.H == f.oh && f.W == f.ow
}

// packGradient packs the given channels of output pixels i0, …, i1-1.
func (f *filterGradient) packGradient(dst []float32, i0, i1, channel, cols int) {
	width := panelWidth(0, cols)
	if cols == width {
		f.im.packRows(dst, f.dy[i0*f.dyPitch+channel:], f.dyPitch, i1-i0, width)
		return
	}
	for i := i0; i < i1; i++ {
		row := dst[(i-i0)*width:][:width]
		copy(row[:cols], f.dy[i*f.dyPitch+channel:])
		clear(row[cols:])
	}
}

// runs appends the runs of inputs that tap kh, kw sees from output rows r0, …,
// r1-1. Runs that follow each other without a gap become one.
func (f *filterGradient) runs(to []run, r0, r1, kh, kw int) []run {
	ox0, ox1 := inside(kw*f.DilationW-f.PadLeft, f.StrideW, f.ow, f.W)
	if ox0 == ox1 {
		return to
	}
	step := f.StrideW * f.xPitch
	for r := r0; r < r1; r++ {
		iy := r%f.oh*f.StrideH - f.PadTop + kh*f.DilationH
		if iy < 0 || iy >= f.H {
			continue
		}
		ix := ox0*f.StrideW - f.PadLeft + kw*f.DilationW
		next := run{((r/f.oh*f.H+iy)*f.W + ix) * f.xPitch, (r-r0)*f.ow + ox0, ox1 - ox0}
		if last := len(to) - 1; last >= 0 && to[last].a+to[last].n*step == next.a && to[last].b+to[last].n == next.b {
			to[last].n += next.n
		} else {
			to = append(to, next)
		}
	}
	return to
}

// rowBuffer is the room that copied input rows need. With few input channels, as
// in the first layer of a network, a tap has too few rows for a tile; but the
// inputs of all taps of a kernel row lie side by side, and make KW times as many.
// Rows are then copied, to have the padding beside them.
func (f *filterGradient) rowBuffer() int {
	if !f.joined {
		return 0
	}
	return f.blockRows * f.bufW * f.C / f.Groups
}

// joinedRuns copies the input rows that kernel row kh sees from output rows r0, …,
// r1-1 to buf, and appends a run for each.
func (f *filterGradient) joinedRuns(to []run, buf []float32, r0, r1, kh, g int) []run {
	cg := f.C / f.Groups
	left, right := min(max(0, f.PadLeft), f.bufW), max(0, min(f.bufW, f.W+f.PadLeft))
	for r := r0; r < r1; r++ {
		iy := r%f.oh*f.StrideH - f.PadTop + kh*f.DilationH
		if iy < 0 || iy >= f.H {
			continue
		}
		at := (r - r0) * f.bufW * cg
		row := buf[at : at+f.bufW*cg]
		clear(row[:left*cg])
		for j := left; j < right; j++ {
			from := f.x[((r/f.oh*f.H+iy)*f.W+j-f.PadLeft)*f.xPitch+g*cg:]
			if f.xPitch == cg {
				copy(row[left*cg:right*cg], from)
				break
			}
			copy(row[j*cg:][:cg], from)
		}
		clear(row[max(left, right)*cg:])
		to = append(to, run{at, (r - r0) * f.ow, f.ow})
	}
	return to
}
