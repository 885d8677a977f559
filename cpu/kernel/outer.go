package kernel

import "fmt"

// outer describes a register tile that sums outer products of pixels, the inner
// loop of filter gradients. For rows r (input channels) and columns j (output
// channels), with v over the runs and i over the pixels of each,
//
//	c[r·ldc+j] = Σ_v Σ_i a[v.a+i·astep+r] · b[(v.b+i)·width+j]   ( + c[r·ldc+j] if add )
//
// the products added one after the other in that order. Where tile walks along
// the channels of a pixel, outer walks along the pixels: elements of a that lie
// side by side belong to different rows, so that neither matrix is turned. b is a
// packed panel of 32 or 16 columns.
//
// All distances but run.b are in floats. Assembly reads the fields by their offsets, which
// layout_test.go checks.
type outer struct {
	a, b, c []float32
	runs    []run
	astep   int
	ldc     int
	cols    int // columns to be stored, at most the width
	add     int // 1 to add to c, else 0
	mask    [panelCols]int32
	// While the pixels are summed, what will be needed next is brought into the
	// level-2 cache: for each pixel the line that ahead points to, which moves on by
	// aheadStep. What it points to need not exist.
	ahead     *float32
	aheadStep int
	rows      int
	width     int     // of b's panel: 32 or 16
	next      []lines // of which each tile takes the first
}

// lines are cache lines that will be needed next, one for each pixel, a constant
// distance apart.
type lines struct {
	first *float32
	step  int
}

// run is n pixels, at least one: from float a of a, at a constant distance, and
// from row b of the panel.
type run struct{ a, b, n int }

// setCols sets the columns of the panel.
func (o *outer) setCols(cols int) {
	o.cols, o.width = cols, panelWidth(0, cols)
	for j := range o.mask {
		o.mask[j] = 0
		if j < cols {
			o.mask[j] = -1
		}
	}
}

// strip computes the given number of rows as tiles whose heights differ by at
// most one. Row r of c belongs to float r of each pixel of a.
func (o *outer) strip(im *impl, rows int) {
	if rows == 0 || o.cols == 0 {
		return
	}
	o.check(rows)
	n := (rows + im.tileRows - 1) / im.tileRows
	low, high := rows/n, rows%n // high tiles have one row more than low ones
	a, c := o.a, o.c
	for i := range n {
		o.rows = low
		if i < high {
			o.rows++
		}
		o.ahead, o.aheadStep = &o.b[0], 0
		if len(o.next) > 0 {
			o.ahead, o.aheadStep, o.next = o.next[0].first, o.next[0].step, o.next[1:]
		}
		im.outer(o)
		if i < n-1 {
			o.c = o.c[o.rows*o.ldc:]
			if len(o.runs) > 0 {
				o.a = o.a[o.rows:]
			}
		}
	}
	o.a, o.c, o.ahead = a, c, nil
}

// check panics if a strip would reach beyond a slice; assembly doesn't check.
func (o *outer) check(rows int) {
	bad := (rows-1)*o.ldc+o.cols > len(o.c) || o.cols > o.width || o.astep < 0 || o.ldc < 0
	for _, v := range o.runs {
		bad = bad || v.n < 1 || v.a < 0 || v.b < 0 || v.a+(v.n-1)*o.astep+rows > len(o.a) || (v.b+v.n)*o.width > len(o.b)
	}
	if bad {
		panic(fmt.Sprintf("kernel: outer products out of bounds: %d rows, %d columns, pitches %d %d, lengths %d %d %d, runs %v",
			rows, o.cols, o.astep, o.ldc, len(o.a), len(o.b), len(o.c), o.runs))
	}
}

// outerGeneric is outer in portable Go, four columns at a time.
func outerGeneric(o *outer) {
	for r := range o.rows {
		for j := 0; j < o.cols; j += 4 {
			var s0, s1, s2, s3 float32
			for _, v := range o.runs {
				a, b := v.a+r, v.b*o.width+j
				for range v.n {
					x, y := o.a[a], (*[4]float32)(o.b[b:])
					s0 += x * y[0]
					s1 += x * y[1]
					s2 += x * y[2]
					s3 += x * y[3]
					a, b = a+o.astep, b+o.width
				}
			}
			sums := [4]float32{s0, s1, s2, s3}
			out := o.c[r*o.ldc+j : r*o.ldc+min(j+4, o.cols)]
			for i := range out {
				if o.add != 0 {
					out[i] += sums[i]
				} else {
					out[i] = sums[i]
				}
			}
		}
	}
}

func packRowsGeneric(dst, src []float32, pitch, rows, width int) {
	for i := range rows {
		copy(dst[i*width:][:width], src[i*pitch:][:width])
	}
}
