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

// inverseDCT turns the dequantised coefficients b into 8x8 samples at dst, rows stride apart. nonzero has a bit
// for each position, other than the first, whose coefficient may be other than zero.
func inverseDCT(b *jpegBlock, nonzero uint64, dst []byte, stride int) {
	switch {
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

		putSamples(dst,
			(e0+o0)>>rowShift, (e1+o1)>>rowShift, (e2+o2)>>rowShift, (e3+o3)>>rowShift,
			(e3-o3)>>rowShift, (e2-o2)>>rowShift, (e1-o1)>>rowShift, (e0-o0)>>rowShift)
		if y < 56 {
			dst = dst[stride:]
		}
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

		putSamples(dst,
			(e0+o0)>>rowShift, (e1+o1)>>rowShift, (e2+o2)>>rowShift, (e3+o3)>>rowShift,
			(e3-o3)>>rowShift, (e2-o2)>>rowShift, (e1-o1)>>rowShift, (e0-o0)>>rowShift)
		if y < 56 {
			dst = dst[stride:]
		}
	}
}

// putSamples clamps eight samples and stores them.
func putSamples(dst []byte, a, b, c, d, e, f, g, h int32) {
	if uint32(a|b|c|d|e|f|g|h) > 255 {
		a, b, c, d = int32(clamp8(a)), int32(clamp8(b)), int32(clamp8(c)), int32(clamp8(d))
		e, f, g, h = int32(clamp8(e)), int32(clamp8(f)), int32(clamp8(g)), int32(clamp8(h))
	}
	p := (*[8]byte)(dst)
	p[0], p[1], p[2], p[3] = byte(a), byte(b), byte(c), byte(d)
	p[4], p[5], p[6], p[7] = byte(e), byte(f), byte(g), byte(h)
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
