package pixel

import "fmt"

// unfilter undoes the filters of h rows in place. Each row is a byte that names
// the filter and then samples, which the filter replaced by the difference from a
// prediction out of the pixel to the left (a), the one above (b) and the one
// above that (c); bpp is the distance in bytes from a pixel to the one at its
// left.
func unfilter(rows []byte, h, bpp int) error {
	n := len(rows) / h
	above := make([]byte, n-1, n) // above the first row there are zeros
	for y := range h {
		filter, row := rows[y*n], rows[y*n+1:(y+1)*n]
		switch filter {
		case 0:
		case 1:
			unfilterSub(row, bpp)
		case 2:
			for i, b := range above[:len(row)] {
				row[i] += b
			}
		case 3:
			unfilterAverage(row, above, bpp)
		case 4:
			switch {
			case unfilterPaethFast(row, above, bpp):
			case bpp == 3:
				unfilterPaeth3(row, above)
			default:
				unfilterPaeth(row, above, bpp)
			}
		default:
			return FormatError(fmt.Sprintf("there is no filter %d", filter))
		}
		above = row
	}
	return nil
}

func unfilterSub(row []byte, bpp int) {
	if bpp == 3 { // a chain for each of the samples, all three under way at once
		var r, g, b byte
		for ; len(row) >= 3; row = row[3:] {
			r += row[0]
			g += row[1]
			b += row[2]
			row[0], row[1], row[2] = r, g, b
		}
		return
	}
	for i := bpp; i < len(row); i++ {
		row[i] += row[i-bpp]
	}
}

func unfilterAverage(row, above []byte, bpp int) {
	above = above[:len(row)]
	for i := range min(bpp, len(row)) {
		row[i] += above[i] / 2
	}
	for i := bpp; i < len(row); i++ {
		row[i] += byte((int(row[i-bpp]) + int(above[i])) / 2)
	}
}

func unfilterPaeth(row, above []byte, bpp int) {
	above = above[:len(row)]
	for i := range min(bpp, len(row)) {
		row[i] += above[i] // with a = c = 0 the prediction is b
	}
	for i := bpp; i < len(row); i++ {
		row[i] += byte(paeth(int32(row[i-bpp]), int32(above[i]), int32(above[i-bpp])))
	}
}

// unfilterPaeth3 is unfilterPaeth for 8-bit RGB, the usual case: neighbours stay
// in registers, and the chains of the three samples overlap.
func unfilterPaeth3(row, above []byte) {
	var a0, a1, a2, c0, c1, c2 int32
	for len(row) >= 3 && len(above) >= 3 {
		b0, b1, b2 := int32(above[0]), int32(above[1]), int32(above[2])
		a0 = (int32(row[0]) + paeth(a0, b0, c0)) & 255
		a1 = (int32(row[1]) + paeth(a1, b1, c1)) & 255
		a2 = (int32(row[2]) + paeth(a2, b2, c2)) & 255
		row[0], row[1], row[2] = byte(a0), byte(a1), byte(a2)
		c0, c1, c2 = b0, b1, b2
		row, above = row[3:], above[3:]
	}
}

// paeth returns whichever of a, b and c is nearest to p = a+b-c, the first of
// them when they are equally near.
//
// Say a <= b. If c lies between them, the distances of a, b and c from p are b-c,
// c-a and the difference of these two, which is the least just if each of the two
// is less than twice the other: b-c < 2(c-a), which is a < 3c-a-b, and
// c-a < 2(b-c), which is 3c-a-b < b. Where the former fails b is nearest, where the
// latter fails a; and so it is on either side if c lies outside. This takes fewer
// steps than three distances do, and the compiler makes conditional moves of them;
// in photographs branches can't be predicted.
func paeth(a, b, c int32) int32 {
	t := 3*c - a - b
	low, high := min(a, b), max(a, b)
	best := c
	if t >= high {
		best = low
	}
	if t <= low {
		best = high
	}
	return best
}
