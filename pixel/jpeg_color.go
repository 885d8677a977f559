package pixel

// Colour conversion (JFIF, section "conversion to and from RGB"), in the 16-bit fixed point of libjpeg:
//
//	R = Y + 1.402 (Cr-128)
//	G = Y - 0.344136 (Cb-128) - 0.714136 (Cr-128)
//	B = Y + 1.772 (Cb-128)
//
// Each chroma term is rounded to a whole level before it is added to Y, with half a level for rounding; for G the two
// terms are added first.

import "encoding/binary"

type colorSpace int

const (
	colorGrey colorSpace = iota
	colorYCC
	colorRGB
	colorCMYK
	colorYCCK
)

const (
	fix16Half = 1 << 15
	fixCrR    = 91881  // 1.40200 * 2^16
	fixCbB    = 116130 // 1.77200 * 2^16
	fixCrG    = 46802  // 0.71414 * 2^16
	fixCbG    = 22554  // 0.34414 * 2^16
)

// chooseColor guesses the colour space, as libjpeg does, from the markers JFIF and Adobe, then from the component
// ids.
func (d *jpegDecoder) chooseColor() colorSpace {
	switch len(d.comps) {
	case 1:
		return colorGrey
	case 4:
		if !d.adobe || d.adobeTransform == 0 {
			return colorCMYK
		}
		return colorYCCK
	}
	switch {
	case d.jfif:
		return colorYCC
	case d.adobe:
		if d.adobeTransform == 0 {
			return colorRGB
		}
		return colorYCC
	case d.comps[0].id == 'R' && d.comps[1].id == 'G' && d.comps[2].id == 'B':
		return colorRGB
	}
	return colorYCC
}

// rgbFromYCC converts len(dst)/3 pixels.
func rgbFromYCC(dst, y, cb, cr []byte) {
	n := len(dst) / 3
	if n == 0 {
		return
	}
	y, cb, cr = y[:n], cb[:n], cr[:n]
	// Pixels are stored as four bytes, the fourth of which the next pixel overwrites.
	for i := range n - 1 {
		r, g, b := ycc(y[i], cb[i], cr[i])
		binary.LittleEndian.PutUint32(dst[3*i:], r|g<<8|b<<16)
	}
	r, g, b := ycc(y[n-1], cb[n-1], cr[n-1])
	dst = dst[3*n-3:]
	dst[0], dst[1], dst[2] = byte(r), byte(g), byte(b)
}

// ycc converts one pixel.
func ycc(y, cb, cr byte) (r, g, b uint32) {
	l, u, v := int32(y), int32(cb)-128, int32(cr)-128
	rr := l + (fixCrR*v+fix16Half)>>16
	gg := l + (fix16Half-fixCbG*u-fixCrG*v)>>16
	bb := l + (fixCbB*u+fix16Half)>>16
	if uint32(rr|gg|bb) > 255 {
		return uint32(clamp8(rr)), uint32(clamp8(gg)), uint32(clamp8(bb))
	}
	return uint32(rr), uint32(gg), uint32(bb)
}

// rgbFromPlanes interleaves three rows.
func rgbFromPlanes(dst, r, g, b []byte) {
	n := len(dst) / 3
	r, g, b = r[:n], g[:n], b[:n]
	for i := range n {
		d := dst[3*i : 3*i+3 : 3*i+3]
		d[0], d[1], d[2] = r[i], g[i], b[i]
	}
}

// rgbFromInks converts four-colour rows to RGB as Pillow does. Its reader takes the samples as inverted, as Adobe
// writes them: 255 is no ink. In YCCK the first three samples are the YCC form of the inverted inks, which libjpeg
// turns into 255 minus RGB. Then each of red, green and blue is the light that the black ink leaves, less the coloured
// ink's share of it.
func rgbFromInks(dst []byte, c, m, y, k []byte, ycck bool) {
	for i := range len(dst) / 3 {
		light := int32(k[i]) // 255 less the black ink
		inks := [3]uint32{uint32(c[i]), uint32(m[i]), uint32(y[i])}
		if ycck {
			inks[0], inks[1], inks[2] = ycc(c[i], m[i], y[i])
			inks[0], inks[1], inks[2] = 255-inks[0], 255-inks[1], 255-inks[2]
		}
		for j, ink := range inks {
			t := (255-int32(ink))*light + 128
			dst[3*i+j] = clamp8(light - (t>>8+t)>>8)
		}
	}
}
