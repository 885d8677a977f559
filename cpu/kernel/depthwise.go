package kernel

import "fmt"

// channelRow describes blocks of seven neighbouring output pixels of a depthwise
// convolution with a 3- or 5-wide kernel, undilated, of stride 1 or 2: the form that
// mobile networks consist of. For pixel p, channel j and kernel size width,
//
//	out[p·outCol+j] = clamp(bias[j] + Σ_r Σ_k x[r·xRow+(p·stride+k)·xCol+j]·w[r·wRow+k·c+j] + add[p·addCol+j], lo, hi)
//
// Neighbouring pixels share most of their inputs. Assembly keeps the sums of a block in
// registers and loads each input once for each kernel row, which takes 10 loads for 21
// multiply-adds (width 3, stride 1) instead of two loads for each. Seven divides the
// widths of most layers.
//
// There are two forms. The first does whole blocks side by side, all of whose inputs
// exist. The second does one block at the edge of a picture: of the block's columns of
// inputs only left, …, right-1 exist, x begins with the first of these, the others
// count as zeros; and only so many pixels are stored.
//
// All distances are in floats. Assembly reads the fields by their offsets, which
// layout_test.go checks.
type channelRow struct {
	x, out, w, bias, add []float32 // add may be nil
	c                    int       // channels
	rows                 int       // of the kernel that meet the picture
	xRow, xCol, wRow     int       // distances of rows and columns of x and of rows of w
	outCol, addCol       int       // distances of pixels of out and add
	left, right, pixels  int       // at an edge
	blocks               int       // not at an edge; assembly counts it down
	lo, hi               float32
}

// rowPixels is the number of pixels of a block.
const rowPixels = 7

// rowLoops are the loops by width of the kernel (3 or 5), stride and whether at an edge.
type rowLoops [2][2][2]func(r *channelRow)

// run checks the bounds, which assembly doesn't, and runs the loop for the width and stride.
func (r *channelRow) run(im *impl, width, stride int, edge bool) {
	columns, pixels, form := (r.blocks*rowPixels-1)*stride+width, r.blocks*rowPixels, 0
	bad := r.blocks < 1
	if edge {
		columns, pixels, form = r.right-r.left, r.pixels, 1
		bad = r.left < 0 || r.left > width || r.right > (r.pixels-1)*stride+width || columns < 1 || r.pixels < 1 || r.pixels > rowPixels
	}
	if bad || r.c < 1 || r.rows < 0 || r.xRow < 0 || r.xCol < 0 || r.wRow < 0 || r.outCol < 0 || r.addCol < 0 ||
		r.rows > 0 && (r.rows-1)*r.xRow+(columns-1)*r.xCol+r.c > len(r.x) ||
		r.rows > 0 && (r.rows-1)*r.wRow+width*r.c > len(r.w) || r.c > len(r.bias) ||
		(pixels-1)*r.outCol+r.c > len(r.out) || r.add != nil && (pixels-1)*r.addCol+r.c > len(r.add) {
		panic(fmt.Sprintf("kernel: depthwise row out of bounds: %d blocks, %d pixels, columns %d to %d, %d channels, lengths %d %d %d %d",
			r.blocks, r.pixels, r.left, r.right, r.c, len(r.x), len(r.w), len(r.out), len(r.add)))
	}
	im.rows[(width-3)/2][stride-1][form](r)
}

// rowGeneric is the loop in portable Go.
func rowGeneric(width, stride int, edge bool) func(r *channelRow) {
	return func(r *channelRow) {
		left, right, pixels := 0, (r.blocks*rowPixels-1)*stride+width, r.blocks*rowPixels
		if edge {
			left, right, pixels = r.left, r.right, r.pixels
		}
		var sums [64]float32
		for p := range pixels {
			k0, k1 := max(0, left-p*stride), min(width, right-p*stride)
			for j0 := 0; j0 < r.c; j0 += len(sums) {
				n := min(len(sums), r.c-j0)
				sum := sums[:n]
				copy(sum, r.bias[j0:])
				for row := range r.rows {
					for k := k0; k < k1; k++ {
						x := r.x[row*r.xRow+(p*stride+k-left)*r.xCol+j0:][:n]
						w := r.w[row*r.wRow+k*r.c+j0:][:n]
						for j := range sum {
							sum[j] += x[j] * w[j]
						}
					}
				}
				out := r.out[p*r.outCol+j0:][:n]
				for j, v := range sum {
					if r.add != nil {
						v += r.add[p*r.addCol+j0+j]
					}
					out[j] = clamp(v, r.lo, r.hi)
				}
			}
		}
	}
}

var rowsGeneric = func() (loops rowLoops) {
	for i := range loops {
		for j := range loops[i] {
			loops[i][j] = [2]func(*channelRow){rowGeneric(3+2*i, 1+j, false), rowGeneric(3+2*i, 1+j, true)}
		}
	}
	return loops
}()

// inRows reports whether channelRow describes the convolution.
func (c *Conv) inRows() bool {
	return (c.KW == 3 || c.KW == 5) && c.StrideW <= 2 && c.DilationW == 1 && c.PadLeft <= c.KW
}

// depthwiseFLOPs is how much a task does: enough rows that those which two tasks read
// are few.
const depthwiseFLOPs = 1 << 22

// runDepthwise runs a convolution in which each channel has a filter of its own.
func (c Conv) runDepthwise(p Parallel, x []float32, xPitch int, f *Filter, ep Epilogue, out []float32, outPitch int) {
	if !c.inRows() {
		c.runDepthwiseTaps(p, x, xPitch, f, ep, out, outPitch)
		return
	}
	im := current.Load()
	bias := paddedBias(ep.Bias, c.C)
	lo, hi := ep.bounds()
	oh, ow := c.OutH(), c.OutW()
	rows := max(1, min(oh, depthwiseFLOPs/(2*ow*c.C*c.KH*c.KW)))
	tasks := (oh + rows - 1) / rows
	rows = (oh + tasks - 1) / tasks
	tasks = (oh + rows - 1) / rows
	p(c.N*tasks, func(i int) {
		n, y0 := i/tasks, i%tasks*rows
		w := getWorkspace()
		defer w.release()
		r := &w.row
		*r = channelRow{c: c.C, bias: bias, lo: lo, hi: hi, xRow: c.DilationH * c.W * xPitch, xCol: xPitch, wRow: c.KW * c.C,
			outCol: outPitch, addCol: ep.AddPitch}
		for y := y0; y < min(oh, y0+rows); y++ {
			kh0, kh1 := c.kernelRows(y)
			r.rows, r.w = kh1-kh0, f.taps[kh0*r.wRow:]
			row := (n*c.H + y*c.StrideH - c.PadTop + kh0*c.DilationH) * c.W // the first pixel of its inputs
			for ox := 0; ox < ow; {
				first := ox*c.StrideW - c.PadLeft // column
				r.blocks = 0
				for next := first; next >= 0 && next+(rowPixels-1)*c.StrideW+c.KW <= c.W && ox+(r.blocks+1)*rowPixels <= ow; next += rowPixels * c.StrideW {
					r.blocks++
				}
				edge, pixels := r.blocks == 0, r.blocks*rowPixels
				if edge {
					pixels = min(rowPixels, ow-ox)
					r.pixels, r.left, r.right = pixels, max(0, -first), min((pixels-1)*c.StrideW+c.KW, c.W-first)
					first += r.left
				}
				o := (n*oh+y)*ow + ox
				r.out = out[o*outPitch:]
				if ep.Add != nil {
					r.add = ep.Add[o*ep.AddPitch:]
				}
				if edge && r.left >= r.right { // nothing but padding
					r.rows, r.left, r.right, first = 0, 0, 1, 0
				}
				r.x = nil
				if r.rows > 0 {
					r.x = x[(row+first)*xPitch:]
				}
				r.run(im, c.KW, c.StrideW, edge)
				r.rows = kh1 - kh0
				ox += pixels
			}
		}
	})
}

// runDepthwiseTaps runs any depthwise convolution, tap by tap.
func (c Conv) runDepthwiseTaps(p Parallel, x []float32, xPitch int, f *Filter, ep Epilogue, out []float32, outPitch int) {
	im := current.Load()
	bias := paddedBias(ep.Bias, c.C)
	lo, hi := ep.bounds()
	oh, ow := c.OutH(), c.OutW()
	rows := rowsPerTask(2*ow*c.C*c.KH*c.KW, oh)
	blocks := (oh + rows - 1) / rows
	p(c.N*blocks, func(i int) {
		w := getWorkspace()
		defer w.release()
		n, y0 := i/blocks, i%blocks*rows
		t := &w.taps
		t.w, t.bias, t.c, t.lo, t.hi = f.taps, bias, c.C, lo, hi
		for y := y0; y < min(oh, y0+rows); y++ {
			c.tapRuns(y, ow, func(ox, count, kh0, kh1, kw0, kw1 int) {
				w.offsets(&c, xPitch, kh0, kh1, kw0, kw1)
				w.weights(&c, kh0, kh1, kw0, kw1)
				t.x, t.xstep, t.count = c.window(x, xPitch, n, y, ox, kh0, kw0), c.StrideW*xPitch, count
				o := (n*oh+y)*ow + ox
				t.out, t.outstep = out[o*outPitch:], outPitch
				if ep.Add != nil {
					t.add, t.addstep = ep.Add[o*ep.AddPitch:], ep.AddPitch
				}
				t.run(im.filterTaps)
			})
		}
	})
}
