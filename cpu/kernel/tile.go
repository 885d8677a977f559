package kernel

import "fmt"

// tile describes a vertical run of register tiles, the inner loop of
// convolutions and matrix products. It computes, for output rows r (pixels) and
// columns j (output channels),
//
//	c[r][j] = clamp(bias[j] + Σ_s Σ_i a[r][segs[s]+i]·b[s·klen+i][j] + add[r][j], lo, hi)
//
// with the products added one after the other in the order of s and i. A row r of a
// begins at a[r*lda]; in a convolution, neighbouring rows overlap. Segments are
// what makes im2col unnecessary: segment s of a row, klen floats that begin
// segs[s] after the row's begin, holds the inputs of one kernel row (or of one
// filter tap, if those of a kernel row aren't contiguous).
//
// The AVX-512 tile is 14 rows by 32 columns: 28 accumulators, two registers for a
// row of b and two for elements of a, 32 in all. A step of k costs 28 fused
// multiply-adds, which keep the multiply-add units busy, against 2 loads of b and
// 14 broadcasts of a. A tile of 7 rows is as fast.
//
// All distances are in floats. Assembly reads the fields by their offsets, which
// layout_test.go checks.
type tile struct {
	a, b, c, add    []float32 // add may be nil
	bias            *[panelCols]float32
	segs            []int
	klen            int
	ldb             int // width of b's panel: 32 or 16
	lda, ldc, ldadd int // distance of rows in a, c, add
	count           int // tiles, one below the other
	astep, cstep    int // distance of tiles in a, c
	addstep         int // and add
	rows            int // of one tile
	cols            int // columns to be stored, at most ldb
	lo, hi          float32
	mask            [panelCols]int32 // -1 in the columns to be stored, else 0
	cpos, addpos    int              // assembly's own: the current tile in c and add
	// While a tile is computed, a is prefetched from aheadAt floats after the
	// tile's first row on, ahead bytes for each four steps of k.
	ahead, aheadAt int
	cold           bool // a isn't in the cache yet
}

// setCols sets the panel that the tile works with.
func (t *tile) setCols(b []float32, cols, width int) {
	t.b, t.cols, t.ldb = b, cols, width
	for j := range t.mask {
		if j < cols {
			t.mask[j] = -1
		} else {
			t.mask[j] = 0
		}
	}
}

// strip computes the given number of rows, all a constant distance apart, as
// tiles whose heights differ by at most one: 29 rows as 10+10+9 and not as 14+14+1,
// since low tiles wait for the latency of multiply-add.
func (t *tile) strip(im *impl, rows int) {
	if rows == 0 || t.cols == 0 {
		return
	}
	t.check(rows)
	n := (rows + im.tileRows - 1) / im.tileRows
	low, high := rows/n, rows%n // high tiles have one row more than low ones
	a, c, add := t.a, t.c, t.add
	if high > 0 {
		t.run(im, low+1, high)
		done := high * (low + 1)
		if len(t.segs) > 0 {
			t.a = a[done*t.lda:]
		}
		t.c = c[done*t.ldc:]
		if add != nil {
			t.add = add[done*t.ldadd:]
		}
	}
	t.run(im, low, n-high)
	t.a, t.c, t.add = a, c, add
}

// run computes count tiles of the given height, one below the other.
func (t *tile) run(im *impl, rows, count int) {
	t.rows, t.count = rows, count
	t.astep, t.cstep, t.addstep = rows*t.lda, rows*t.ldc, rows*t.ldadd
	t.ahead, t.aheadAt = 0, 0
	if t.cold && len(t.segs) == 1 {
		t.ahead, t.aheadAt = (rows+3)/4*64, t.astep
	}
	im.tile(t)
}

// check panics if a strip would reach beyond a slice; assembly doesn't check.
func (t *tile) check(rows int) {
	last := 0
	for _, s := range t.segs {
		last = max(last, s)
		if s < 0 {
			panic("kernel: negative segment")
		}
	}
	reach := func(pitch, length int) int { return (rows-1)*pitch + length }
	if len(t.segs) > 0 && t.klen > 0 && reach(t.lda, last+t.klen) > len(t.a) ||
		len(t.segs)*t.klen*t.ldb > len(t.b) ||
		reach(t.ldc, t.cols) > len(t.c) ||
		t.add != nil && reach(t.ldadd, t.cols) > len(t.add) ||
		t.cols > t.ldb || t.klen < 0 || t.lda < 0 || t.ldc < 0 || t.ldadd < 0 {
		panic(fmt.Sprintf("kernel: tile out of bounds: %d rows, %d columns, pitches %d %d %d, lengths %d %d %d %d",
			rows, t.cols, t.lda, t.ldc, t.ldadd, len(t.a), len(t.b), len(t.c), len(t.add)))
	}
}
