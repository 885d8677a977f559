package pixel

// resizeNearest takes for each new pixel the one that its centre falls into. It
// makes a part of the picture as it is at w x h pixels.
func resizeNearest(m *Image, w, h int, part window) *Image {
	out := New(part.w, part.h, m.C)
	columns := nearest(m.W, w, part.x, part.w)
	for x := range columns {
		columns[x] *= m.C
	}
	before := -1
	for y, from := range nearest(m.H, h, part.y, part.h) {
		dst, src := out.Row(y), m.Row(from)
		switch {
		case from == before:
			copy(dst, out.Row(y-1))
		case m.C == 1:
			for x, at := range columns {
				dst[x] = src[at]
			}
		case m.C == 3:
			for _, at := range columns {
				d, s := dst[:3:len(dst)], src[at:at+3:len(src)]
				d[0], d[1], d[2] = s[0], s[1], s[2]
				dst = dst[3:]
			}
		default:
			for x, at := range columns {
				copy(dst[4*x:4*x+4], src[at:at+4])
			}
		}
		before = from
	}
	return out
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
