package kernel

import "fmt"

// dots describes the filter gradient of a depthwise convolution over some lines of
// output pixels that see the same taps: for at most 3 rows r and 3 columns q of taps
// and c channels j, with i over the count pixels of each of the lines l,
//
//	sum[r·sumRow+q·sumCol+j] += Σ_l Σ_i x[l·xline+i·xstep+r·row+q·col+j] · dy[l·dyline+i·dystep+j]
//
// the products added one after the other in that order, their sum to what is there.
// xgap is xline - count·xstep, what is left to the next line, dygap likewise. All
// distances are in floats. Assembly reads the fields by their offsets, which
// layout_test.go checks.
type dots struct {
	x, dy, sum     []float32
	c, count       int
	xstep, dystep  int
	row, col       int
	sumRow, sumCol int
	lines          int
	xgap, dygap    int
}

// run checks the bounds, which assembly doesn't, and adds the sums of rows x cols taps.
func (d *dots) run(im *impl, rows, cols int) {
	if d.c == 0 || d.count == 0 || d.lines == 0 {
		return
	}
	last := d.lines - 1
	reach := func(step, gap, r, q, row, col int) int {
		return last*(d.count*step+gap) + (d.count-1)*step + (r-1)*row + (q-1)*col + d.c
	}
	if min(d.c, d.count, d.lines, d.xstep, d.dystep, d.row, d.col, d.sumRow, d.sumCol) < 0 || d.count*d.xstep+d.xgap < 0 || d.count*d.dystep+d.dygap < 0 ||
		reach(d.xstep, d.xgap, rows, cols, d.row, d.col) > len(d.x) || reach(d.dystep, d.dygap, 1, 1, 0, 0) > len(d.dy) ||
		(rows-1)*d.sumRow+(cols-1)*d.sumCol+d.c > len(d.sum) {
		panic(fmt.Sprintf("kernel: depthwise sums out of bounds: %d lines of %d pixels of %d channels", d.lines, d.count, d.c))
	}
	im.dots[rows-1][cols-1](d)
}

// dotsGeneric is the sum for so many rows and columns of taps.
func dotsGeneric(rows, cols int) func(d *dots) {
	return func(d *dots) {
		var sums [64]float32
		for tap := range rows * cols {
			r, q := tap/cols, tap%cols
			for j0 := 0; j0 < d.c; j0 += len(sums) {
				n := min(len(sums), d.c-j0)
				sum := sums[:n]
				clear(sum)
				x, dy := r*d.row+q*d.col+j0, j0
				for range d.lines {
					for range d.count {
						a, b := d.x[x:x+n], d.dy[dy:dy+n]
						for j := range sum {
							sum[j] += a[j] * b[j]
						}
						x, dy = x+d.xstep, dy+d.dystep
					}
					x, dy = x+d.xgap, dy+d.dygap
				}
				to := d.sum[r*d.sumRow+q*d.sumCol+j0:][:n]
				for j, v := range sum {
					to[j] += v
				}
			}
		}
	}
}

var dotsGenerics = [3][3]func(d *dots){
	{dotsGeneric(1, 1), dotsGeneric(1, 2), dotsGeneric(1, 3)},
	{dotsGeneric(2, 1), dotsGeneric(2, 2), dotsGeneric(2, 3)},
	{dotsGeneric(3, 1), dotsGeneric(3, 2), dotsGeneric(3, 3)},
}

// depthwiseChannels is how many channels make what a panel is to other convolutions.
const depthwiseChannels = 64

// depthwiseTask sums the blocks of a part for channels from 64·q0 to 64·q1 if each
// channel has a filter of its own.
func (f *filterGradient) depthwiseTask(part, _, q0, q1, _, _ int, dw []float32) {
	w := getWorkspace()
	defer w.release()
	c0 := q0 * depthwiseChannels
	d := &w.dots
	d.c = min(f.C, q1*depthwiseChannels) - c0
	for tap := range f.KH * f.KW {
		clear(dw[tap*f.C+c0:][:d.c])
	}
	d.xstep, d.dystep, d.row, d.col = f.StrideW*f.xPitch, f.dyPitch, f.DilationH*f.W*f.xPitch, f.DilationW*f.xPitch
	d.sumRow, d.sumCol = f.KW*f.C, f.C
	f.blocksOf(part, func(r0, r1 int) {
		for r := r0; r < r1; r += d.lines {
			// Lines of a picture that see the same rows of taps.
			oy := r % f.oh
			kh0, kh1 := f.kernelRows(oy)
			d.lines = 1
			for oy+d.lines < f.oh && r+d.lines < r1 {
				if a, b := f.kernelRows(oy + d.lines); a != kh0 || b != kh1 {
					break
				}
				d.lines++
			}
			f.tapRuns(oy, f.ow, func(ox, count, kh0, kh1, kw0, kw1 int) {
				d.count = count
				d.xgap, d.dygap = f.StrideH*f.W*f.xPitch-count*d.xstep, (f.ow-count)*f.dyPitch
				for kh := kh0; kh < kh1; kh += len(dotsGenerics) {
					for kw := kw0; kw < kw1; kw += len(dotsGenerics) {
						d.x = f.window(f.x, f.xPitch, r/f.oh, oy, ox, kh, kw)[c0:]
						d.dy, d.sum = f.dy[(r*f.ow+ox)*f.dyPitch+c0:], dw[(kh*f.KW+kw)*f.C+c0:]
						d.run(f.im, min(len(dotsGenerics), kh1-kh), min(len(dotsGenerics), kw1-kw))
					}
				}
			})
		}
	})
}
