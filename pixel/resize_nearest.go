package pixel

// resizeNearest takes for each new pixel the one that its centre falls into.
func resizeNearest(m *Image, w, h int) *Image {
	out := New(w, h, m.C)
	columns, rows := nearest(m.W, w), nearest(m.H, h)
	for y, from := range rows {
		if from < 0 {
			continue
		}
		dst, src := out.Row(y), m.Row(from)
		for x, from := range columns {
			if from < 0 {
				continue
			}
			switch m.C {
			case 1:
				dst[x] = src[from]
			case 3:
				d, s := dst[3*x:3*x+3], src[3*from:3*from+3]
				d[0], d[1], d[2] = s[0], s[1], s[2]
			case 4:
				copy(dst[4*x:4*x+4], src[4*from:4*from+4])
			}
		}
	}
	return out
}

// nearest returns the index of the old pixel for each of size new ones. The
// position is summed up, not multiplied out, because Pillow sums it up and the
// rounding errors show: when they carry the last position beyond the end, the
// index is -1 and the pixel stays black.
func nearest(n, size int) []int {
	step := float64(n) / float64(size)
	at := float64(step * 0.5)
	index := make([]int, size)
	for i := range index {
		index[i] = int(at)
		if index[i] >= n {
			index[i] = -1
		}
		at += step
	}
	return index
}
