package pixel

import (
	"encoding/binary"
	"sync"
)

// resamplePool lends the picture between the two passes.
var resamplePool = sync.Pool{New: func() any { return new(Image) }}

// resample makes a part of the picture as it is at w x h pixels, first along the
// rows and then along the columns. Between the two the samples are rounded to 8
// bits, as Pillow does it. The first pass leaves out the rows that the second
// doesn't need, and a pass that would change nothing is left out.
func resample(m *Image, w, h int, part window, f Filter) *Image {
	first, end := part.y, part.y+part.h
	var vertical *weights
	if h != m.H {
		vertical = newWeights(m.H, h, part.y, part.h, f)
		first, end = vertical.span()
	}
	if w == m.W {
		skip := 0
		if part.w < m.W {
			m, skip = cut(m, window{part.x, first, part.w, end - first}), first
		}
		out := New(part.w, part.h, m.C)
		resampleColumns(out, m, skip, vertical)
		return out
	}
	horizontal := newWeights(m.W, w, part.x, part.w, f)
	if vertical == nil {
		out := newWithRoom(nil, part.w, part.h, m.C)
		resampleRows(out, m, first, horizontal)
		return out
	}
	between := resamplePool.Get().(*Image)
	defer resamplePool.Put(between)
	*between = *newWithRoom(between.Pix, part.w, end-first, m.C)
	resampleRows(between, m, first, horizontal)
	out := New(part.w, part.h, m.C)
	resampleColumns(out, between, first, vertical)
	return out
}

// rowRoom is how far the fast loops may write beyond a row.
const rowRoom = 16

// newWithRoom returns a picture of undefined contents, in the memory of pix if
// that suffices, with room after its last row.
func newWithRoom(pix []byte, w, h, c int) *Image {
	n := w * h * c
	return &Image{W: w, H: h, C: c, Pix: grow(pix, n+rowRoom)[:n]}
}

// resampleRows makes each row of dst, which has room after its last row, from the
// row of src that stands skip rows lower.
func resampleRows(dst, src *Image, skip int, w *weights) {
	if dst.C == 1 {
		resampleGrey(dst, src, skip, w)
		return
	}
	plan := newRowPlan(w, dst.C)
	size := dst.W * dst.C
	for y := range dst.H {
		room := dst.Pix[y*size : (y+1)*size+rowRoom]
		resampleRow(room, src.Pix[(y+skip)*src.W*src.C:], dst.C, w, plan)
	}
}

// resampleRow makes a row of 3 or 4 channels. dst has room beyond the row, src
// goes on after it as far as there is memory.
func resampleRow(dst, src []byte, channels int, w *weights, plan *rowPlan) {
	done := 0
	if plan != nil {
		done = plan.row(dst, src, channels)
	}
	if channels == 3 {
		resampleRow3(dst, src, w, done)
	} else {
		resampleRow4(dst, src, w, done)
	}
}

// resampleGrey makes rows of one channel. With a plan, four of them at a time are
// woven into one row of four channels.
func resampleGrey(dst, src *Image, skip int, w *weights) {
	y := 0
	if plan := newRowPlan(w, 4); plan != nil && dst.H >= 4 {
		from, to := make([]byte, 4*src.W+rowRoom), make([]byte, 4*dst.W+rowRoom)
		for ; y+4 <= dst.H; y += 4 {
			weave(from, src.Row(y+skip), src.Row(y+skip+1), src.Row(y+skip+2), src.Row(y+skip+3))
			resampleRow(to, from, 4, w, plan)
			unweave(dst.Row(y), dst.Row(y+1), dst.Row(y+2), dst.Row(y+3), to)
		}
	}
	for ; y < dst.H; y++ {
		resampleRow1(dst.Row(y), src.Row(y+skip), w)
	}
}

func weave(to, a, b, c, d []byte) {
	n := len(a)
	b, c, d = b[:n], c[:n], d[:n]
	for i := range a {
		binary.LittleEndian.PutUint32(to[4*i:4*i+4], uint32(a[i])|uint32(b[i])<<8|uint32(c[i])<<16|uint32(d[i])<<24)
	}
}

func unweave(a, b, c, d, from []byte) {
	n := len(a)
	b, c, d = b[:n], c[:n], d[:n]
	for i := range a {
		v := binary.LittleEndian.Uint32(from[4*i : 4*i+4])
		a[i], b[i], c[i], d[i] = byte(v), byte(v>>8), byte(v>>16), byte(v>>24)
	}
}

const weightHalf = 1 << (weightBits - 1)

func resampleRow1(dst, src []byte, w *weights) {
	for x := range dst {
		first, value := w.of(x)
		s := src[first:]
		sum := int32(weightHalf)
		for i, v := range value[:min(len(value), len(s))] {
			sum += v * int32(s[i])
		}
		dst[x] = clip8(sum)
	}
}

func resampleRow3(dst, src []byte, w *weights, from int) {
	for x := from; x < len(w.first); x++ {
		first, value := w.of(x)
		s := src[3*first:]
		r, g, b := int32(weightHalf), int32(weightHalf), int32(weightHalf)
		for len(value) >= 2 && len(s) >= 6 {
			v0, v1 := value[0], value[1]
			r += v0*int32(s[0]) + v1*int32(s[3])
			g += v0*int32(s[1]) + v1*int32(s[4])
			b += v0*int32(s[2]) + v1*int32(s[5])
			value, s = value[2:], s[6:]
		}
		if len(value) > 0 && len(s) >= 3 {
			r += value[0] * int32(s[0])
			g += value[0] * int32(s[1])
			b += value[0] * int32(s[2])
		}
		d := dst[3*x : 3*x+3]
		d[0], d[1], d[2] = clip8(r), clip8(g), clip8(b)
	}
}

func resampleRow4(dst, src []byte, w *weights, from int) {
	for x := from; x < len(w.first); x++ {
		first, value := w.of(x)
		s := src[4*first:]
		r, g, b, a := int32(weightHalf), int32(weightHalf), int32(weightHalf), int32(weightHalf)
		for _, v := range value {
			if len(s) < 4 {
				break
			}
			r += v * int32(s[0])
			g += v * int32(s[1])
			b += v * int32(s[2])
			a += v * int32(s[3])
			s = s[4:]
		}
		d := dst[4*x : 4*x+4]
		d[0], d[1], d[2], d[3] = clip8(r), clip8(g), clip8(b), clip8(a)
	}
}

// resampleColumns makes each row of dst as a weighed sum of whole rows of src,
// where row 0 of src is row skip of what the weights were made for. Channels make
// no difference here.
func resampleColumns(dst, src *Image, skip int, w *weights) {
	sums := make([]int32, dst.W*dst.C)
	for y := range dst.H {
		first, value := w.of(y)
		if resampleColumnsFast(dst.Row(y), src, first-skip, value) {
			continue
		}
		for i := range sums {
			sums[i] = weightHalf
		}
		row := first - skip
		for ; len(value) >= 2; value, row = value[2:], row+2 {
			addRows2(sums, src.Row(row), src.Row(row+1), value[0], value[1])
		}
		if len(value) > 0 {
			addRow(sums, src.Row(row), value[0])
		}
		d := dst.Row(y)
		for i, v := range sums[:len(d)] {
			d[i] = clip8(v)
		}
	}
}

func addRow(sums []int32, a []byte, v int32) {
	for i, s := range a[:len(sums)] {
		sums[i] += v * int32(s)
	}
}

func addRows2(sums []int32, a, b []byte, v, w int32) {
	a, b = a[:len(sums)], b[:len(sums)]
	for i := range sums {
		sums[i] += v*int32(a[i]) + w*int32(b[i])
	}
}

// clip8 rounds a sum down to a sample.
func clip8(sum int32) byte {
	v := sum >> weightBits
	if uint32(v) > 255 {
		return byte(^v >> 31) // all ones above, zero below
	}
	return byte(v)
}
