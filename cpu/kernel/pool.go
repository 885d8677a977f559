package kernel

// Pool is the geometry of a pooling window over an NHWC tensor. Zero strides and
// dilations count as 1. Rounding the output size up, as some networks do, is
// expressed by a larger PadBottom and PadRight.
type Pool struct {
	N, H, W, C                           int // input
	KH, KW                               int // window
	StrideH, StrideW                     int
	PadTop, PadBottom, PadLeft, PadRight int
	DilationH, DilationW                 int
}

// conv is the depthwise convolution of the same geometry.
func (l Pool) conv() Conv {
	return Conv{N: l.N, H: l.H, W: l.W, C: l.C, KH: l.KH, KW: l.KW, K: l.C,
		StrideH: l.StrideH, StrideW: l.StrideW,
		PadTop: l.PadTop, PadBottom: l.PadBottom, PadLeft: l.PadLeft, PadRight: l.PadRight,
		DilationH: l.DilationH, DilationW: l.DilationW, Groups: l.C}.normal()
}

// OutH is the height of the output.
func (l Pool) OutH() int { return l.conv().OutH() }

// OutW is the width of the output.
func (l Pool) OutW() int { return l.conv().OutW() }

// Max writes the largest value of each window and channel to out. Padding counts
// as -Inf; a window with a NaN gives NaN. Pitches are as in [Conv.Run]; Max
// panics if anything doesn't fit.
func (l Pool) Max(p Parallel, x []float32, xPitch int, out []float32, outPitch int) {
	im := current.Load()
	l.run(p, x, xPitch, out, outPitch, im.maxTaps, func(int) float32 { return 1 })
}

// Average writes the mean of each window and channel to out. With countPadding
// the divisor is always KH*KW, and padding counts as zeros; without, only the
// inputs inside the picture count, and a window that sees none gives 0. Pitches
// are as in [Conv.Run]; Average panics if anything doesn't fit.
func (l Pool) Average(p Parallel, x []float32, xPitch int, countPadding bool, out []float32, outPitch int) {
	im := current.Load()
	l.run(p, x, xPitch, out, outPitch, im.sumTaps, func(seen int) float32 {
		if countPadding {
			return 1 / float32(l.KH*l.KW)
		}
		return 1 / float32(max(1, seen))
	})
}

// Sum writes the sum of each window and channel to out. Pitches are as in
// [Conv.Run]; Sum panics if anything doesn't fit.
func (l Pool) Sum(p Parallel, x []float32, xPitch int, out []float32, outPitch int) {
	im := current.Load()
	l.run(p, x, xPitch, out, outPitch, im.sumTaps, func(int) float32 { return 1 })
}

// run cuts the output into rows. factor gives the factor of a sum over so many
// inputs.
func (l Pool) run(p Parallel, x []float32, xPitch int, out []float32, outPitch int, loop func(*taps), factor func(seen int) float32) {
	c := l.conv()
	c.check()
	oh, ow := c.OutH(), c.OutW()
	checkPixels("input", x, xPitch, c.N*c.H*c.W, c.C)
	checkPixels("output", out, outPitch, c.N*oh*ow, c.C)
	if c.N*oh*ow == 0 {
		return
	}
	rows := rowsPerTask(ow*c.C*c.KH*c.KW, oh)
	blocks := (oh + rows - 1) / rows
	p(c.N*blocks, func(i int) {
		w := getWorkspace()
		defer w.release()
		n, y0 := i/blocks, i%blocks*rows
		t := &w.taps
		t.c = c.C
		for y := y0; y < min(oh, y0+rows); y++ {
			c.tapRuns(y, ow, func(ox, count, kh0, kh1, kw0, kw1 int) {
				w.offsets(&c, xPitch, kh0, kh1, kw0, kw1)
				t.x, t.xstep, t.count = c.window(x, xPitch, n, y, ox, kh0, kw0), c.StrideW*xPitch, count
				t.out, t.outstep = out[((n*oh+y)*ow+ox)*outPitch:], outPitch
				t.hi = factor((kh1 - kh0) * (kw1 - kw0))
				t.run(loop)
			})
		}
	})
}
