//go:build !noasm

package pixel

// What the assembly works in, see asm/resize.go.
const (
	rowGroup    = 4  // old pixels per step
	rowPixels   = 4  // new pixels at once
	rowRead     = 16 // bytes read per step
	columnBlock = 32 // samples at once
)

// rowPlan holds the weights of a horizontal pass in the layout of the assembly.
type rowPlan struct {
	offsets []int32 // of the first old pixel, in bytes
	weights []int16 // per new pixel: groups times 4 high and 4 low parts
	groups  int
}

// newRowPlan returns nil when the assembly can't do the pass: for fewer than 4 new
// pixels, and for what would not fit its integers.
func newRowPlan(w *weights, channels int) *rowPlan {
	n := len(w.first)
	if !hasAVX2 || n < rowPixels || w.first[n-1] > 1<<28 {
		return nil
	}
	most := 0
	for _, c := range w.count {
		most = max(most, c)
	}
	p := &rowPlan{offsets: make([]int32, n), groups: (most + rowGroup - 1) / rowGroup}
	p.weights = make([]int16, n*p.groups*2*rowGroup)
	for x := range n {
		first, value := w.of(x)
		p.offsets[x] = int32(first * channels)
		group := p.weights[x*p.groups*2*rowGroup:]
		for i, v := range value {
			high, low := v>>11, v&(1<<11-1)
			if int32(int16(high)) != high {
				return nil
			}
			at := i/rowGroup*2*rowGroup + i%rowGroup
			group[at], group[at+rowGroup] = int16(high), int16(low)
		}
	}
	return p
}

// row makes as many pixels of dst from the left as may be, and returns how many.
// src begins with the row and goes on as far as there is memory to read; dst must
// have 16 bytes of room for each 4 pixels.
func (p *rowPlan) row(dst, src []byte, channels int) int {
	n := len(p.offsets)
	need := (p.groups-1)*rowGroup*channels + rowRead
	for n > 0 && int(p.offsets[n-1])+need > len(src) { // only near the picture's end
		n--
	}
	if n < rowPixels {
		return 0
	}
	f := resampleRow3AVX2
	if channels == 4 {
		f = resampleRow4AVX2
	}
	whole := n &^ (rowPixels - 1)
	f(&dst[0], &src[0], &p.offsets[0], &p.weights[0], whole, p.groups)
	if n > whole { // once more, for the last four
		at := n - rowPixels
		f(&dst[at*channels], &src[0], &p.offsets[at], &p.weights[at*p.groups*2*rowGroup], rowPixels, p.groups)
	}
	return n
}

// resampleColumnsFast makes the row dst out of the rows of src from the given one
// on, or returns false.
func resampleColumnsFast(dst []byte, src *Image, row int, value []int32) bool {
	n := len(dst)
	if !hasAVX2 || n < columnBlock || len(value) == 0 {
		return false
	}
	s := src.Pix[row*n : (row+len(value))*n]
	resampleColumnsAVX2(&dst[0], &s[0], n, &value[0], len(value), n&^(columnBlock-1))
	if n%columnBlock != 0 {
		at := n - columnBlock
		resampleColumnsAVX2(&dst[at], &s[at], n, &value[0], len(value), columnBlock)
	}
	return true
}

// nearestPlan holds what a row of pixels is made of.
type nearestPlan struct {
	offsets []int32 // in bytes; the last one repeated up to a multiple of what is done at once
	copy    func(dst, src *byte, offsets *int32, n int)
}

// newNearestPlan returns nil when the assembly can't do it. The whole steps that
// it works in fill up the row with copies of its last pixel: 7 of 1 byte at most,
// 3 of 3 bytes and 4 bytes more, 3 of 4 bytes. That fits rowRoom.
func newNearestPlan(offsets []int, channels int) *nearestPlan {
	n := len(offsets)
	if !hasAVX2 || n == 0 || offsets[n-1] > 1<<30 {
		return nil
	}
	p, step := &nearestPlan{}, 4
	switch channels {
	case 1:
		p.copy, step = nearestRow1AVX2, 8
	case 3:
		p.copy = nearestRow3AVX2
	case 4:
		p.copy = nearestRow4AVX2
	default:
		return nil
	}
	p.offsets = make([]int32, (n+step-1)/step*step)
	for x := range p.offsets {
		p.offsets[x] = int32(offsets[min(x, n-1)])
	}
	return p
}

// row makes a row. src begins with the old row and goes on for a byte or more
// beyond it; dst has rowRoom bytes beyond the new one.
func (p *nearestPlan) row(dst, src []byte) {
	p.copy(&dst[0], &src[0], &p.offsets[0], len(p.offsets))
}

// premultiplyFast premultiplies as many pixels as may be from the first on, and
// returns how many bytes those are.
func premultiplyFast(dst, src []byte) int {
	const step = 8
	n := len(src) / 4 / step * step
	if !hasAVX2 || n == 0 {
		return 0
	}
	_ = dst[4*n-1]
	premultiplyAVX2(&dst[0], &src[0], n)
	return 4 * n
}
