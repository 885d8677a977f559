package pixel

// resizeNearest takes for each new pixel the one that its centre falls into. It
// makes a part of the picture as it is at w x h pixels.
func resizeNearest(m *Image, w, h int, part window) *Image {
	out := newWithRoom(nil, part.w, part.h, m.C)
	pickPixels(out, m, nearest(m.W, w, part.x, part.w), nearest(m.H, h, part.y, part.h))
	return out
}

// pickPixels sets the first pixels of out, which is black and has room after its
// last row, to those of m in the columns and rows given.
func pickPixels(out, m *Image, columns, rows []int) {
	for x := range columns {
		columns[x] *= m.C
	}
	var plan *nearestPlan
	if len(columns) == out.W && len(rows) == out.H { // it writes beyond the last pixel: black ones would suffer
		plan = newNearestPlan(columns, m.C)
	}
	before, size := -1, out.W*out.C
	for y, from := range rows {
		dst, src := out.Row(y), m.Row(from)
		switch {
		case from == before:
			copy(dst, out.Row(y-1))
		case plan != nil && from < m.H-1: // it reads beyond the last pixel
			plan.row(out.Pix[y*size:(y+1)*size+rowRoom], m.Pix[from*len(src):])
		default:
			pickRow(dst, src, m.C, columns)
		}
		before = from
	}
}

// pickRow sets the first pixels of dst to those of src at the byte offsets given.
func pickRow(dst, src []byte, channels int, offsets []int) {
	switch channels {
	case 1:
		for x, at := range offsets {
			dst[x] = src[at]
		}
	case 3:
		for _, at := range offsets {
			d, s := dst[:3:len(dst)], src[at:at+3:len(src)]
			d[0], d[1], d[2] = s[0], s[1], s[2]
			dst = dst[3:]
		}
	default:
		for x, at := range offsets {
			copy(dst[4*x:4*x+4], src[at:at+4])
		}
	}
}

// nearest returns the index of the old pixel for each of count new ones beginning
// with from, of the size that there are. The position is summed up, not multiplied out, because
// Pillow sums it up and the rounding errors show. When they carry the last
// positions beyond the end, those pixels stay black.
func nearest(n, size, from, count int) []int {
	step := float64(n) / float64(size)
	at := float64(step * 0.5)
	index := make([]int, 0, count)
	for i := range from + count {
		if int(at) >= n {
			break
		}
		if i >= from {
			index = append(index, int(at))
		}
		at += step
	}
	return index
}
