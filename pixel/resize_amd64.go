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
