package kernel

import (
	"fmt"
	"math"
)

// taps describes a run of output pixels in which each channel is made from a
// few inputs of the same channel: the inner loop of pooling and of depthwise
// convolution. For pixel i < count and channel j < c, with v over the taps s,
//
//	maxTaps:    out[i·outstep+j] = max_s x[i·xstep+offs[s]+j]             (-Inf if there are none)
//	sumTaps:    out[i·outstep+j] = hi · Σ_s x[i·xstep+offs[s]+j]
//	filterTaps: out[i·outstep+j] = clamp(bias[j] + Σ_s x[…]·w[woffs[s]+j] + add[i·addstep+j], lo, hi)
//
// All distances are in floats. Assembly reads the fields by their offsets, which
// layout_test.go checks.
type taps struct {
	x, out, w, bias, add    []float32 // add may be nil
	offs, woffs             []int
	c, count                int
	xstep, outstep, addstep int
	lo, hi                  float32
}

// run checks the bounds, which assembly doesn't, and runs f.
func (t *taps) run(f func(t *taps)) {
	if t.c == 0 || t.count == 0 {
		return
	}
	last := (t.count - 1)
	bad := last*t.outstep+t.c > len(t.out) || t.add != nil && last*t.addstep+t.c > len(t.add)
	for _, o := range t.offs {
		bad = bad || o < 0 || last*t.xstep+o+t.c > len(t.x)
	}
	for _, o := range t.woffs {
		bad = bad || o < 0 || o+t.c > len(t.w)
	}
	if bad || t.w != nil && (len(t.woffs) != len(t.offs) || len(t.bias) < t.c) || t.xstep < 0 || t.outstep < 0 || t.addstep < 0 {
		panic(fmt.Sprintf("kernel: taps out of bounds: %d pixels of %d channels, steps %d %d %d", t.count, t.c, t.xstep, t.outstep, t.addstep))
	}
	f(t)
}

func maxTapsGeneric(t *taps) {
	for i := range t.count {
		out := t.out[i*t.outstep:][:t.c]
		for j := range out {
			out[j] = float32(math.Inf(-1))
		}
		for _, o := range t.offs {
			maxGeneric(out, out, t.x[i*t.xstep+o:][:t.c])
		}
	}
}

func sumTapsGeneric(t *taps) {
	for i := range t.count {
		out := t.out[i*t.outstep:][:t.c]
		clear(out)
		for _, o := range t.offs {
			addGeneric(out, out, t.x[i*t.xstep+o:][:t.c])
		}
		for j := range out {
			out[j] *= t.hi
		}
	}
}

func filterTapsGeneric(t *taps) {
	var sums [64]float32
	for i := range t.count {
		for j0 := 0; j0 < t.c; j0 += len(sums) {
			n := min(len(sums), t.c-j0)
			sum := sums[:n]
			copy(sum, t.bias[j0:])
			for s, o := range t.offs {
				x := t.x[i*t.xstep+o+j0:][:n]
				w := t.w[t.woffs[s]+j0:][:n]
				for j := range sum {
					sum[j] += x[j] * w[j]
				}
			}
			out := t.out[i*t.outstep+j0:][:n]
			for j, v := range sum {
				if t.add != nil {
					v += t.add[i*t.addstep+j0+j]
				}
				out[j] = clamp(v, t.lo, t.hi)
			}
		}
	}
}

// rowsPerTask is how many output rows of so many operations make a task that
// does about one operation per load.
func rowsPerTask(ops, rows int) int {
	return max(1, min(rows, (1<<19)/max(1, ops)))
}

// tapRuns cuts output row y into runs of pixels that see the same taps, without
// those that fall on padding, and calls f for each.
func (c *Conv) tapRuns(y, ow int, f func(ox, count, kh0, kh1, kw0, kw1 int)) {
	kh0, kh1 := c.kernelRows(y)
	for ox := 0; ox < ow; {
		kw0, kw1 := inside(ox*c.StrideW-c.PadLeft, c.DilationW, c.KW, c.W)
		end := ox + 1
		for ; end < ow; end++ {
			if a, b := inside(end*c.StrideW-c.PadLeft, c.DilationW, c.KW, c.W); a != kw0 || b != kw1 {
				break
			}
		}
		f(ox, end-ox, kh0, kh1, kw0, kw1)
		ox = end
	}
}

// window returns x from the input pixel that tap (kh, kw) sees at output pixel
// (oy, ox) of picture n.
func (c *Conv) window(x []float32, xPitch, n, oy, ox, kh, kw int) []float32 {
	iy := oy*c.StrideH - c.PadTop + kh*c.DilationH
	ix := ox*c.StrideW - c.PadLeft + kw*c.DilationW
	if iy < 0 || iy >= c.H || ix < 0 || ix >= c.W {
		return nil // there are no taps
	}
	return x[((n*c.H+iy)*c.W+ix)*xPitch:]
}

// offsets sets the taps' inputs relative to the first of them.
func (w *workspace) offsets(c *Conv, xPitch, kh0, kh1, kw0, kw1 int) {
	t := &w.taps
	t.offs = t.offs[:0]
	for kh := range kh1 - kh0 {
		for kw := range kw1 - kw0 {
			t.offs = append(t.offs, (kh*c.DilationH*c.W+kw*c.DilationW)*xPitch)
		}
	}
}

// weights sets the taps' weights.
func (w *workspace) weights(c *Conv, kh0, kh1, kw0, kw1 int) {
	t := &w.taps
	t.woffs = t.woffs[:0]
	for kh := kh0; kh < kh1; kh++ {
		for kw := kw0; kw < kw1; kw++ {
			t.woffs = append(t.woffs, (kh*c.KW+kw)*c.C)
		}
	}
}
