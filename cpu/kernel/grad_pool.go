package kernel

// MaxGradient computes the gradient of Max with respect to its input: each
// element of dy, which has OutH*OutW pixels a picture, is added to the element of
// dx whose x was the largest of the window, the first of equals. All tensors are
// dense. NaN counts as the largest. It panics if a slice is too short.
//
// With y the maximum, x - y is negative except where x is largest. Taking the
// taps in order, the gradient passes the gate of the first tap that isn't negative
// and is then spent.
func (l Pool) MaxGradient(p Parallel, x, dy, dx []float32) {
	c := l.conv()
	c.check()
	oh, ow := c.OutH(), c.OutW()
	checkPixels("input", x, c.C, c.N*c.H*c.W, c.C)
	checkPixels("output gradient", dy, c.C, c.N*oh*ow, c.C)
	checkPixels("input gradient", dx, c.C, c.N*c.H*c.W, c.C)
	im := current.Load()
	// Windows overlap, so that a task has whole pictures, but not all channels.
	const most = 256
	blocks := (c.C + most - 1) / most
	p(c.N*blocks, func(i int) {
		w := getWorkspace()
		defer w.release()
		n, c0 := i/blocks, i%blocks*most
		channels := min(most, c.C-c0)
		part := w.parts(3, channels)
		minus, left, passed := part[0], part[1], part[2]
		for pixel := n * c.H * c.W; pixel < (n+1)*c.H*c.W; pixel++ {
			clear(dx[pixel*c.C+c0:][:channels])
		}
		at := func(y, x int) int { return ((n*c.H+y)*c.W+x)*c.C + c0 }
		for o := range oh * ow {
			oy, ox := o/ow, o%ow
			kh0, kh1 := c.kernelRows(oy)
			kw0, kw1 := inside(ox*c.StrideW-c.PadLeft, c.DilationW, c.KW, c.W)
			if kh0 == kh1 || kw0 == kw1 {
				continue
			}
			y0, x0 := oy*c.StrideH-c.PadTop, ox*c.StrideW-c.PadLeft
			t := &w.taps
			w.offsets(&c, c.C, kh0, kh1, kw0, kw1)
			t.x, t.out, t.c, t.count = x[at(y0+kh0*c.DilationH, x0+kw0*c.DilationW):], minus, channels, 1
			t.run(im.maxTaps)
			im.scale(minus, minus, -1, 0)
			copy(left, dy[(n*oh*ow+o)*c.C+c0:])
			first := at(y0+kh0*c.DilationH, x0+kw0*c.DilationW)
			for _, offset := range t.offs {
				in, to := x[first+offset:][:channels], dx[first+offset:][:channels]
				im.add(passed, in, minus)
				im.gate(passed, left, passed)
				im.add(to, to, passed)
				im.scale(passed, passed, -1, 0)
				im.add(left, left, passed)
			}
		}
	})
}
