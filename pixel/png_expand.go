package pixel

import "encoding/binary"

// place brings the rows of a pass (w x h pixels, each row with its filter byte in
// front) to 8 bits and puts them where they belong in the picture.
func (d *pngDecoder) place(m *Image, p pngPass, w, h int, rows []byte) {
	n := len(rows) / h
	var line []byte
	if p.dx > 1 {
		line = make([]byte, w*m.C)
	}
	for y := range h {
		src, dst := rows[y*n+1:(y+1)*n], m.Row(p.y+y*p.dy)
		if p.dx == 1 {
			d.expand(dst, src, w)
			continue
		}
		d.expand(line, src, w)
		for x := range w {
			copy(dst[(p.x+x*p.dx)*m.C:][:m.C], line[x*m.C:])
		}
	}
}

// expand turns a row of w pixels as stored into 8-bit samples of the picture.
func (d *pngDecoder) expand(dst, src []byte, w int) {
	switch depth := d.info.Depth; {
	case d.colour == pngPalette:
		d.expandPalette(dst, src, w)
	case d.keyed:
		d.expandKeyed(dst, src, w)
	case depth < 8:
		for x := range w {
			dst[x] = stretch(bitsAt(src, x, depth), depth)
		}
	case d.colour == pngGreyAlpha:
		step := depth / 8
		for x := range w {
			v, a := src[2*x*step], src[(2*x+1)*step]
			copy(dst[4*x:4*x+4], []byte{v, v, v, a})
		}
	case depth == 8:
		copy(dst, src)
	default:
		for i := range dst {
			dst[i] = src[2*i] // the high byte
		}
	}
}

func (d *pngDecoder) expandPalette(dst, src []byte, w int) {
	for x := range w {
		c := &d.palette[bitsAt(src, x, d.info.Depth)]
		if d.hasAlpha {
			copy(dst[4*x:4*x+4], c[:])
		} else {
			copy(dst[3*x:3*x+3], c[:])
		}
	}
}

// expandKeyed expands grey or RGB of any depth where one colour is transparent.
// The comparison is of the samples as stored, with all their bits.
func (d *pngDecoder) expandKeyed(dst, src []byte, w int) {
	n := d.info.Components
	for x := range w {
		var v [3]byte
		alpha := byte(0)
		for c := range n {
			var sample uint16
			sample, v[c] = d.sample(src, x*n+c)
			if sample != d.key[c] {
				alpha = 255
			}
		}
		if n == 1 {
			v[1], v[2] = v[0], v[0]
		}
		copy(dst[4*x:4*x+4], []byte{v[0], v[1], v[2], alpha})
	}
}

// sample returns sample i of a row, as stored and as 8 bits.
func (d *pngDecoder) sample(src []byte, i int) (uint16, byte) {
	switch depth := d.info.Depth; depth {
	case 8:
		return uint16(src[i]), src[i]
	case 16:
		return binary.BigEndian.Uint16(src[2*i:]), src[2*i]
	default:
		v := bitsAt(src, i, depth)
		return uint16(v), stretch(v, depth)
	}
}

// bitsAt returns value i of a row of values of 1, 2, 4 or 8 bits, the first in the
// highest bits of a byte.
func bitsAt(src []byte, i, depth int) byte {
	at := i * depth
	return src[at/8] >> (8 - depth - at%8) & (1<<depth - 1)
}

// stretch maps 0..2^depth-1 linearly onto 0..255.
func stretch(v byte, depth int) byte { return v * (255 / (1<<depth - 1)) }
