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

// The three channels are computed in one 64-bit sum, each in a lane of its own and raised by 256 so that it stays
// positive: R in bits 0..15, B in 16..31, G in 32..63 with 16 fractional bits, since its two terms are rounded together.
// A channel is within 0..255 when bit 8 of its lane is set and bit 9 is not; then the low 8 bits are its value.
const (
	laneR, laneB, laneG = 0, 16, 48
	allLanes            = 1<<laneR | 1<<laneB | 1<<laneG
)

// lanesCb and lanesCr hold the chroma terms, lanesCb the raise and the rounding of G too.
var lanesCb, lanesCr = func() (cb, cr [256]uint64) {
	for i := range 256 {
		x := int64(i) - 128
		cb[i] = 256*allLanes + uint64((fixCbB*x+fix16Half)>>16<<laneB) + uint64((fix16Half-fixCbG*x)<<(laneG-16))
		cr[i] = uint64((fixCrR*x+fix16Half)>>16<<laneR) + uint64(-fixCrG*x<<(laneG-16))
	}
	return cb, cr
}()

// rgbFromYCC converts len(dst)/3 pixels.
func rgbFromYCC(dst, y, cb, cr []byte) {
	n := len(dst) / 3
	y, cb, cr = y[:n], cb[:n], cr[:n]
	const inRange, rangeBits = 256 * allLanes, 768 * allLanes
	for len(y) >= 4 && len(cb) >= 4 && len(cr) >= 4 && len(dst) >= 12 {
		s0 := uint64(y[0])*allLanes + lanesCb[cb[0]] + lanesCr[cr[0]]
		s1 := uint64(y[1])*allLanes + lanesCb[cb[1]] + lanesCr[cr[1]]
		s2 := uint64(y[2])*allLanes + lanesCb[cb[2]] + lanesCr[cr[2]]
		s3 := uint64(y[3])*allLanes + lanesCb[cb[3]] + lanesCr[cr[3]]
		if ((s0^inRange)|(s1^inRange)|(s2^inRange)|(s3^inRange))&rangeBits != 0 {
			s0, s1, s2, s3 = clampLanes(s0), clampLanes(s1), clampLanes(s2), clampLanes(s3)
		}
		s0 = s0&0xff00ff | s0>>(laneG-8)&0xff00
		s1 = s1&0xff00ff | s1>>(laneG-8)&0xff00
		s2 = s2&0xff00ff | s2>>(laneG-8)&0xff00
		s3 = s3&0xff00ff | s3>>(laneG-8)&0xff00
		binary.LittleEndian.PutUint64(dst, s0|s1<<24|s2<<48)
		binary.LittleEndian.PutUint32(dst[8:], uint32(s2>>16|s3<<8))
		y, cb, cr, dst = y[4:], cb[4:], cr[4:], dst[12:]
	}
	for i := range y {
		dst[3*i], dst[3*i+1], dst[3*i+2] = ycc(y[i], cb[i], cr[i])
	}
}

// clampLanes limits each lane to 0..255.
func clampLanes(s uint64) uint64 {
	r, g, b := int32(s&1023)-256, int32(s>>laneG&1023)-256, int32(s>>laneB&1023)-256
	return uint64(clamp8(r))<<laneR | uint64(clamp8(g))<<laneG | uint64(clamp8(b))<<laneB
}

// ycc converts one pixel, plainly.
func ycc(y, cb, cr byte) (r, g, b byte) {
	l, u, v := int32(y), int32(cb)-128, int32(cr)-128
	r = clamp8(l + (fixCrR*v+fix16Half)>>16)
	g = clamp8(l + (fix16Half-fixCbG*u-fixCrG*v)>>16)
	b = clamp8(l + (fixCbB*u+fix16Half)>>16)
	return r, g, b
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
		inks := [3]byte{c[i], m[i], y[i]}
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
