package kernel

// rowsPlan is a convolution on its way through the tiles, output row by output
// row.
type rowsPlan struct {
	Conv
	im     *impl
	x, out []float32
	// Distances of pixels, rows and pictures of x and out, in floats.
	xPitch, xRow, xPicture       int
	outPitch, outRow, outPicture int
	f                            *Filter
	ep                           Epilogue
	lo, hi                       float32
	bias                         [][]float32 // padded, per group
	oh, ow                       int
	copied                       bool // input rows are copied into the workspace
	gathered                     bool // of 1x1 kernels: of these only the pixels that are used
	bufW                         int  // width of the copied rows in pixels
	rowsTask                     int  // output rows and panels of a task
	panelsTask                   int
}

// runRows runs every convolution that isn't pointwise or depthwise.
func (c Conv) runRows(p Parallel, x []float32, xPitch int, f *Filter, ep Epilogue, out []float32, outPitch int) {
	oh, ow := c.OutH(), c.OutW()
	r := &rowsPlan{Conv: c, x: x, f: f, ep: ep, out: out, oh: oh, ow: ow, xPitch: xPitch, xRow: c.W * xPitch, xPicture: c.H * c.W * xPitch,
		outPitch: outPitch, outRow: ow * outPitch, outPicture: oh * ow * outPitch}
	r.run(p)
}

// run does the work of a plan whose geometry, operands and distances are given.
// Rows above and below the input are padding, as many as the output needs.
func (r *rowsPlan) run(p Parallel) {
	c, f, ep, xPitch := &r.Conv, r.f, r.ep, r.xPitch
	r.im = current.Load()
	r.lo, r.hi = ep.bounds()
	kg := c.K / c.Groups
	for g := range c.Groups {
		r.bias = append(r.bias, paddedBias(ep.channels(g*kg, kg).Bias, kg))
	}
	r.bufW = (r.ow-1)*c.StrideW + (c.KW-1)*c.DilationW + 1
	padded := c.PadLeft > 0 || r.bufW > c.W || c.bordered()
	scattered := c.KW > 1 && c.DilationW == 1 && xPitch != c.C/c.Groups
	r.gathered = c.KH == 1 && c.KW == 1 && collides(c.StrideW*xPitch) && !c.bordered()
	r.copied = padded || scattered || r.gathered
	r.cut()

	rowTasks := (r.oh + r.rowsTask - 1) / r.rowsTask
	panels := f.groups[0].panels()
	panelTasks := (panels + r.panelsTask - 1) / r.panelsTask
	p(c.Groups*panelTasks*c.N*rowTasks, func(i int) {
		y0 := i % rowTasks * r.rowsTask
		i /= rowTasks
		n := i % c.N
		i /= c.N
		q0 := i % panelTasks * r.panelsTask
		g := i / panelTasks
		r.task(n, g, y0, min(r.oh, y0+r.rowsTask), q0, min(panels, q0+r.panelsTask))
	})
}

// cut chooses how many output rows and panels make a task.
func (r *rowsPlan) cut() {
	k := r.KH * r.KW * r.C / r.Groups
	inputRow := 4 * r.StrideH * r.bufW * r.C / r.Groups
	r.rowsTask = max(1, min(r.oh, rowsBytes/max(1, inputRow)-r.KH*r.DilationH/r.StrideH))
	panels := r.f.groups[0].panels()
	rowFLOPs := 2*r.ow*k*panelCols + 1
	r.rowsTask = min(r.rowsTask, max(4, taskFLOPs/(rowFLOPs*min(panels, 4))))
	parts := (r.oh + r.rowsTask - 1) / r.rowsTask
	r.rowsTask = (r.oh + parts - 1) / parts
	r.panelsTask = max(1, min(panels, taskFLOPs/(rowFLOPs*r.rowsTask)))
}

// task computes output rows y0, …, y1-1 of picture n, panels q0, …, q1-1 of
// group g.
func (r *rowsPlan) task(n, g, y0, y1, q0, q1 int) {
	w := getWorkspace()
	defer w.release()
	cg, kg := r.C/r.Groups, r.K/r.Groups

	// in holds the input rows from top on; pixel is the distance of its pixels,
	// row that of its rows.
	top, bottom := y0*r.StrideH-r.PadTop, (y1-1)*r.StrideH-r.PadTop+(r.KH-1)*r.DilationH+1
	if !r.bordered() {
		top, bottom = max(0, top), min(r.H, bottom)
	}
	in, pixel, row := r.x[min(len(r.x), n*r.xPicture+max(0, top)*r.xRow+g*cg):], r.xPitch, r.xRow
	stride := r.StrideW * pixel
	switch {
	case r.gathered:
		pixel = cg + 16
		stride, row = pixel, r.ow*pixel
		buf := w.floats(max(0, bottom-top) * row)
		for y := y0; y < y1; y++ {
			if iy := y*r.StrideH - r.PadTop; iy >= top && iy < bottom {
				r.gatherRow(buf[(iy-top)*row:], in[(iy-top)*r.xRow:], pixel)
			}
		}
		in = buf
	case r.copied:
		pixel, row = cg, r.bufW*cg
		stride = r.StrideW * pixel
		buf := w.floats(max(0, bottom-top) * row)
		for y := top; y < bottom; y++ {
			from := r.Border.source(y, r.H)
			r.copyRow(buf[(y-top)*row:][:row], cg, r.x[min(len(r.x), n*r.xPicture+from*r.xRow+g*cg):], r.xPitch, -r.PadLeft)
		}
		in = buf
	}

	// A kernel row is one segment if its inputs are contiguous.
	segsPerRow, klen, rowLen := r.KW, cg, r.KW*cg
	if r.KW == 1 || pixel == cg && r.DilationW == 1 {
		segsPerRow, klen = 1, rowLen
	}
	w.segs = w.segs[:0]
	for kh := range r.KH {
		for kw := range segsPerRow {
			w.segs = append(w.segs, kh*r.DilationH*row+kw*r.DilationW*pixel)
		}
	}

	t := &w.tile
	t.lda, t.klen, t.ldc, t.ldadd, t.lo, t.hi = stride, klen, r.outPitch, r.ep.AddPitch, r.lo, r.hi
	for q := q0; q < q1; q++ {
		b, cols, width := r.f.groups[g].panel(q)
		t.setCols(b, cols, width)
		t.bias = (*[panelCols]float32)(r.bias[g][q*panelCols:])
		channel := g*kg + q*panelCols
		for y := y0; y < y1; y++ {
			kh0, kh1 := 0, r.KH
			if !r.bordered() {
				kh0, kh1 = r.kernelRows(y)
			}
			t.a, t.segs = nil, nil
			if kh0 < kh1 {
				t.a = in[(y*r.StrideH-r.PadTop+kh0*r.DilationH-top)*row:]
				t.segs = w.segs[:(kh1-kh0)*segsPerRow]
				t.b = b[kh0*rowLen*width:]
			}
			t.c = r.out[n*r.outPicture+y*r.outRow+channel:]
			if r.ep.Add != nil {
				first := (n*r.oh + y) * r.ow
				t.add = r.ep.Add[first*r.ep.AddPitch+channel:]
			}
			t.strip(r.im, r.ow)
		}
	}
}

// kernelRows returns the range of kernel rows that meet the picture, and not its
// padding, in output row y.
func (c *Conv) kernelRows(y int) (kh0, kh1 int) {
	return inside(y*c.StrideH-c.PadTop, c.DilationH, c.KH, c.H)
}

// inside returns the range of taps k with 0 <= start+k*step < length, of taps
// 0, …, taps-1.
func inside(start, step, taps, length int) (k0, k1 int) {
	if start < 0 {
		k0 = (-start + step - 1) / step
	}
	k1 = taps
	if rest := length - start; rest <= 0 {
		k1 = 0
	} else {
		k1 = min(k1, (rest+step-1)/step)
	}
	return min(k0, taps), max(k1, min(k0, taps))
}

// gatherRow copies the pixels of an input row that a 1x1 kernel uses to dst,
// where they lie so many floats apart; padding becomes zeros.
func (r *rowsPlan) gatherRow(dst, src []float32, pitch int) {
	cg := r.C / r.Groups
	for ox := range r.ow {
		to := dst[ox*pitch:][:cg]
		if ix := ox*r.StrideW - r.PadLeft; ix < 0 || ix >= r.W {
			clear(to)
		} else {
			copy(to, src[ix*r.xPitch:])
		}
	}
}
