package kernel

import "fmt"

// MaxGradient computes the gradient of Max with respect to its input: each
// element of dy, which has OutH*OutW pixels a picture, is added to the element of
// dx whose x was the largest of the window, the first of equals. All tensors are
// dense. Where a window has a NaN, its first input takes the gradient. It panics if
// a slice is too short.
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
		for pixel := n * c.H * c.W; pixel < (n+1)*c.H*c.W; pixel++ {
			clear(dx[pixel*c.C+c0:][:channels])
		}
		m := &w.windows
		m.c, m.xstep, m.dystep = channels, c.StrideW*c.C, c.C
		for y := range oh {
			c.tapRuns(y, ow, func(ox, count, kh0, kh1, kw0, kw1 int) {
				if kh0 == kh1 || kw0 == kw1 {
					return
				}
				w.offsets(&c, c.C, kh0, kh1, kw0, kw1)
				first := ((n*c.H+y*c.StrideH-c.PadTop+kh0*c.DilationH)*c.W+ox*c.StrideW-c.PadLeft+kw0*c.DilationW)*c.C + c0
				m.x, m.dx, m.dy = x[first:], dx[first:], dy[((n*oh+y)*ow+ox)*c.C+c0:]
				m.offs, m.count = w.taps.offs, count
				m.run(im)
			})
		}
	})
}

// maxWindows describes count neighbouring windows, each xstep after the last, whose
// gradients go to where the largest of the inputs at offs, the first of equals, is:
// the inner loop of the gradient of max pooling over c channels. All distances are in
// floats. Assembly reads the fields by their offsets, which layout_test.go checks.
type maxWindows struct {
	x, dy, dx     []float32
	offs          []int // at least one
	c, count      int
	xstep, dystep int
}

// run checks what assembly doesn't.
func (w *maxWindows) run(im *impl) {
	if w.c == 0 || w.count == 0 {
		return
	}
	last := (w.count - 1) * w.xstep
	bad := len(w.offs) == 0 || (w.count-1)*w.dystep+w.c > len(w.dy)
	for _, offset := range w.offs {
		bad = bad || offset < 0 || last+offset+w.c > min(len(w.x), len(w.dx))
	}
	if bad {
		panic(fmt.Sprintf("kernel: %d windows of %d channels out of bounds: steps %d %d, offsets %v, lengths %d %d %d",
			w.count, w.c, w.xstep, w.dystep, w.offs, len(w.x), len(w.dy), len(w.dx)))
	}
	im.maxWindows(w)
}

func maxWindowsGeneric(w *maxWindows) {
	for i := range w.count {
		for c := range w.c {
			at := i*w.xstep + c
			largest := w.x[at+w.offs[0]]
			for _, offset := range w.offs {
				largest = max(largest, w.x[at+offset])
			}
			for _, offset := range w.offs {
				if !(w.x[at+offset] < largest) {
					w.dx[at+offset] += w.dy[i*w.dystep+c]
					break
				}
			}
		}
	}
}
