package pixel

// Inverse DCT, the "islow" one of libjpeg: the one-dimensional algorithm of C. Loeffler, A. Ligtenberg and
// G. Moschytz, "Practical Fast 1-D DCT Algorithms with 11 Multiplications" (ICASSP 1989), figure 1 run backwards
// with 12 multiplications, no path holding more than one. Columns first, then rows.
//
// Scaled by sqrt(8), with c_k = cos(k pi/16), the outputs are a sum and a difference of an even and an odd part,
// x_n = e_n + o_n and x_(7-n) = e_n - o_n for n = 0..3. With the rotation written as three products,
//
//	e_0, e_3 = (X0 + X4) +- r_1    r_1 = (X2 + X6) c1 + X2 d1   where c1 = sqrt2 c_6, d1 = sqrt2 (c_2 - c_6)
//	e_1, e_2 = (X0 - X4) +- r_2    r_2 = (X2 + X6) c1 - X6 d2         d2 = sqrt2 (c_2 + c_6)
//
// and the odd part is the same idea twice, on the sums X7+X1, X5+X3, X7+X3, X5+X1.
//
// Arithmetic is in 32-bit integers. The constants have 13 fractional bits; the columns' results keep 2 fractional
// bits (11 are rounded off), the rows' lose those, the 13, and the 3 of the factor 8: 18 bits. Rounding is half up.
// Which coefficients are zero decides only how much is computed, never the result: with a zero AC part the sums
// collapse to X0 << 2 in a column and to (X0 + 4) >> 3 in a whole block, exactly.

const (
	dctBits     = 13
	columnShift = dctBits - 2
	rowShift    = dctBits + 2 + 3

	fix0298631336 = 2446  // sqrt2 (-c1 + c3 + c5 - c7)
	fix0390180644 = 3196  // sqrt2 (c3 - c5)
	fix0541196100 = 4433  // sqrt2 c6
	fix0765366865 = 6270  // sqrt2 (c2 - c6)
	fix0899976223 = 7373  // sqrt2 (c3 - c7)
	fix1175875602 = 9633  // sqrt2 c3
	fix1501321110 = 12299 // sqrt2 (c1 + c3 - c5 - c7)
	fix1847759065 = 15137 // sqrt2 (c2 + c6)
	fix1961570560 = 16069 // sqrt2 (c3 + c5)
	fix2053119869 = 16819 // sqrt2 (c1 + c3 - c5 + c7)
	fix2562915447 = 20995 // sqrt2 (c1 + c3)
	fix3072711026 = 25172 // sqrt2 (c1 + c3 + c5 - c7)
)

const (
	lowRows    = 0x00000000ffffffff // positions in rows 0..3
	lowColumns = 0x0f0f0f0f0f0f0f0f // positions in columns 0..3
)

// Blocks whose coefficients' magnitudes add up to more than this could overflow 16 bits somewhere in
// inverseDCTWrapped: a value between columns and rows is at most 4 sqrt2 c1 = 5.55 times the sum. No encoder makes such
// blocks (a block's coefficients have a root of the sum of squares of at most 1024), damaged data does.
const largestSafeSum = 5800

// blockContents says what is known about a block of dequantised coefficients: which AC coefficients may be other than
// zero, a bit for each position, and the sum of all magnitudes.
type blockContents struct {
	nonzero uint64
	sum     int32
}

// inverseDCT turns the dequantised coefficients b into 8x8 samples at dst, rows stride apart.
func inverseDCT(b *jpegBlock, has blockContents, dst []byte, stride int) {
	nonzero := has.nonzero
	switch {
	case has.sum > largestSafeSum:
		inverseDCTWrapped(b, nonzero, dst, stride)
	case nonzero == 0:
		flatBlock(b[0], dst, stride)
	case nonzero&^(lowRows&lowColumns) == 0:
		inverseDCT4(b, nonzero, dst, stride)
	default:
		inverseDCT8(b, nonzero, dst, stride)
	}
}

// flatBlock is the inverse DCT of a block that has only a DC coefficient.
func flatBlock(dc int16, dst []byte, stride int) {
	v := uint64(clamp8((int32(dc)+4)>>3+128)) * 0x0101010101010101
	for range 7 {
		putRow(dst, v)
		dst = dst[stride:]
	}
	putRow(dst, v)
}

// inverseDCT8 is the whole transform.
func inverseDCT8(b *jpegBlock, nonzero uint64, dst []byte, stride int) {
	var ws [64]int32
	for x := range 8 {
		if nonzero>>x&0x0101010101010100 == 0 {
			v := int32(b[x]) << 2
			for y := 0; y < 64; y += 8 {
				ws[x+y] = v
			}
			continue
		}
		x0, x1, x2, x3 := int32(b[x]), int32(b[x+8]), int32(b[x+16]), int32(b[x+24])
		x4, x5, x6, x7 := int32(b[x+32]), int32(b[x+40]), int32(b[x+48]), int32(b[x+56])

		r := (x2 + x6) * fix0541196100
		r2 := r - x6*fix1847759065
		r1 := r + x2*fix0765366865
		const half = 1 << (columnShift - 1)
		s0, s1 := (x0+x4)<<dctBits+half, (x0-x4)<<dctBits+half
		e0, e3, e1, e2 := s0+r1, s0-r1, s1+r2, s1-r2

		z1, z2, z3, z4 := x7+x1, x5+x3, x7+x3, x5+x1
		z5 := (z3 + z4) * fix1175875602
		z1, z2 = z1*-fix0899976223, z2*-fix2562915447
		z3, z4 = z3*-fix1961570560+z5, z4*-fix0390180644+z5
		o3 := x7*fix0298631336 + z1 + z3
		o2 := x5*fix2053119869 + z2 + z4
		o1 := x3*fix3072711026 + z2 + z3
		o0 := x1*fix1501321110 + z1 + z4

		ws[x] = (e0 + o0) >> columnShift
		ws[x+8] = (e1 + o1) >> columnShift
		ws[x+16] = (e2 + o2) >> columnShift
		ws[x+24] = (e3 + o3) >> columnShift
		ws[x+32] = (e3 - o3) >> columnShift
		ws[x+40] = (e2 - o2) >> columnShift
		ws[x+48] = (e1 - o1) >> columnShift
		ws[x+56] = (e0 - o0) >> columnShift
	}
	at := 0
	for y := 0; y < 64; y += 8 {
		w := (*[8]int32)(ws[y : y+8])
		x0, x1, x2, x3, x4, x5, x6, x7 := w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7]

		r := (x2 + x6) * fix0541196100
		r2 := r - x6*fix1847759065
		r1 := r + x2*fix0765366865
		const half = 1<<(rowShift-1) + 128<<rowShift
		s0, s1 := (x0+x4)<<dctBits+half, (x0-x4)<<dctBits+half
		e0, e3, e1, e2 := s0+r1, s0-r1, s1+r2, s1-r2

		z1, z2, z3, z4 := x7+x1, x5+x3, x7+x3, x5+x1
		z5 := (z3 + z4) * fix1175875602
		z1, z2 = z1*-fix0899976223, z2*-fix2562915447
		z3, z4 = z3*-fix1961570560+z5, z4*-fix0390180644+z5
		o3 := x7*fix0298631336 + z1 + z3
		o2 := x5*fix2053119869 + z2 + z4
		o1 := x3*fix3072711026 + z2 + z3
		o0 := x1*fix1501321110 + z1 + z4

		y0, y1, y2, y3 := (e0+o0)>>rowShift, (e1+o1)>>rowShift, (e2+o2)>>rowShift, (e3+o3)>>rowShift
		y4, y5, y6, y7 := (e3-o3)>>rowShift, (e2-o2)>>rowShift, (e1-o1)>>rowShift, (e0-o0)>>rowShift
		p := (*[8]byte)(dst[at : at+8])
		at += stride
		if uint32(y0|y1|y2|y3|y4|y5|y6|y7) > 255 {
			*p = clampRow(y0, y1, y2, y3, y4, y5, y6, y7)
			continue
		}
		p[0], p[1], p[2], p[3] = byte(y0), byte(y1), byte(y2), byte(y3)
		p[4], p[5], p[6], p[7] = byte(y4), byte(y5), byte(y6), byte(y7)
	}
}

// inverseDCT4 is the transform for blocks whose coefficients lie within the first four rows and columns: the terms
// of X4..X7 are left out.
func inverseDCT4(b *jpegBlock, nonzero uint64, dst []byte, stride int) {
	var ws [64]int32
	for x := range 4 {
		if nonzero>>x&0x0101010101010100 == 0 {
			v := int32(b[x]) << 2
			for y := 0; y < 64; y += 8 {
				ws[x+y] = v
			}
			continue
		}
		x0, x1, x2, x3 := int32(b[x]), int32(b[x+8]), int32(b[x+16]), int32(b[x+24])
		const half = 1 << (columnShift - 1)
		r2 := x2 * fix0541196100
		r1 := r2 + x2*fix0765366865
		s := x0<<dctBits + half
		e0, e3, e1, e2 := s+r1, s-r1, s+r2, s-r2

		z5 := (x3 + x1) * fix1175875602
		z1, z2 := x1*-fix0899976223, x3*-fix2562915447
		z3, z4 := x3*-fix1961570560+z5, x1*-fix0390180644+z5
		o3 := z1 + z3
		o2 := z2 + z4
		o1 := x3*fix3072711026 + z2 + z3
		o0 := x1*fix1501321110 + z1 + z4

		ws[x] = (e0 + o0) >> columnShift
		ws[x+8] = (e1 + o1) >> columnShift
		ws[x+16] = (e2 + o2) >> columnShift
		ws[x+24] = (e3 + o3) >> columnShift
		ws[x+32] = (e3 - o3) >> columnShift
		ws[x+40] = (e2 - o2) >> columnShift
		ws[x+48] = (e1 - o1) >> columnShift
		ws[x+56] = (e0 - o0) >> columnShift
	}
	at := 0
	for y := 0; y < 64; y += 8 {
		w := (*[4]int32)(ws[y : y+4])
		x0, x1, x2, x3 := w[0], w[1], w[2], w[3]
		const half = 1<<(rowShift-1) + 128<<rowShift
		r2 := x2 * fix0541196100
		r1 := r2 + x2*fix0765366865
		s := x0<<dctBits + half
		e0, e3, e1, e2 := s+r1, s-r1, s+r2, s-r2

		z5 := (x3 + x1) * fix1175875602
		z1, z2 := x1*-fix0899976223, x3*-fix2562915447
		z3, z4 := x3*-fix1961570560+z5, x1*-fix0390180644+z5
		o3 := z1 + z3
		o2 := z2 + z4
		o1 := x3*fix3072711026 + z2 + z3
		o0 := x1*fix1501321110 + z1 + z4

		y0, y1, y2, y3 := (e0+o0)>>rowShift, (e1+o1)>>rowShift, (e2+o2)>>rowShift, (e3+o3)>>rowShift
		y4, y5, y6, y7 := (e3-o3)>>rowShift, (e2-o2)>>rowShift, (e1-o1)>>rowShift, (e0-o0)>>rowShift
		p := (*[8]byte)(dst[at : at+8])
		at += stride
		if uint32(y0|y1|y2|y3|y4|y5|y6|y7) > 255 {
			*p = clampRow(y0, y1, y2, y3, y4, y5, y6, y7)
			continue
		}
		p[0], p[1], p[2], p[3] = byte(y0), byte(y1), byte(y2), byte(y3)
		p[4], p[5], p[6], p[7] = byte(y4), byte(y5), byte(y6), byte(y7)
	}
}

// inverseDCTWrapped is the transform with 16-bit values between its 32-bit sums, as the vector code of libjpeg-turbo
// has them: sums of two inputs wrap around, results of the columns saturate. It also is the plain form of the others.
func inverseDCTWrapped(b *jpegBlock, nonzero uint64, dst []byte, stride int) {
	var ws [64]int32
	for x := range 8 {
		var in [8]int32
		for y := range 8 {
			in[y] = int32(b[8*y+x])
		}
		for y, v := range inverseDCT1(in) {
			ws[8*y+x] = min(max((v+1<<(columnShift-1))>>columnShift, -1<<15), 1<<15-1)
		}
		if nonzero>>8 == 0 {
			// With coefficients only in the first row, the results are these, shifted and not saturated.
			for y := range 8 {
				ws[8*y+x] = int32(int16(b[x] << 2))
			}
		}
	}
	for y := range 8 {
		for x, v := range inverseDCT1([8]int32(ws[8*y : 8*y+8])) {
			dst[y*stride+x] = clamp8((v+1<<(rowShift-1))>>rowShift + 128)
		}
	}
}

// inverseDCT1 is the transform of one row or column, times 1 << dctBits.
func inverseDCT1(x [8]int32) (y [8]int32) {
	wrap := func(v int32) int32 { return int32(int16(v)) }
	r := (x[2] + x[6]) * fix0541196100
	r2 := r - x[6]*fix1847759065
	r1 := r + x[2]*fix0765366865
	s0, s1 := wrap(x[0]+x[4])<<dctBits, wrap(x[0]-x[4])<<dctBits
	e := [4]int32{s0 + r1, s1 + r2, s1 - r2, s0 - r1}

	z1, z2, z3, z4 := x[7]+x[1], x[5]+x[3], wrap(x[7]+x[3]), wrap(x[5]+x[1])
	z5 := (z3 + z4) * fix1175875602
	z1, z2 = z1*-fix0899976223, z2*-fix2562915447
	z3, z4 = z3*-fix1961570560+z5, z4*-fix0390180644+z5
	o := [4]int32{
		x[1]*fix1501321110 + z1 + z4,
		x[3]*fix3072711026 + z2 + z3,
		x[5]*fix2053119869 + z2 + z4,
		x[7]*fix0298631336 + z1 + z3,
	}
	for i := range 4 {
		y[i], y[7-i] = e[i]+o[i], e[i]-o[i]
	}
	return y
}

// clampRow limits eight samples to 0..255.
func clampRow(a, b, c, d, e, f, g, h int32) [8]byte {
	return [8]byte{clamp8(a), clamp8(b), clamp8(c), clamp8(d), clamp8(e), clamp8(f), clamp8(g), clamp8(h)}
}

func putRow(dst []byte, v uint64) {
	p := (*[8]byte)(dst)
	p[0], p[1], p[2], p[3] = byte(v), byte(v>>8), byte(v>>16), byte(v>>24)
	p[4], p[5], p[6], p[7] = byte(v>>32), byte(v>>40), byte(v>>48), byte(v>>56)
}

// clamp8 limits v to 0..255.
func clamp8(v int32) byte {
	if uint32(v) > 255 {
		v = ^(v >> 31)
	}
	return byte(v)
}
