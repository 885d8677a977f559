package pixel

import "encoding/binary"

// block decompresses a block by the tables in place, from dst[out] on, and
// returns where it ended, at most at dst[n]. This is the loop that counts, so its
// state is in local variables.
//
// Of the 56 bits that a refill makes sure of, three codes found at the first
// look-up take 33; a fourth with its extra bits, which may be a length, takes up
// to 20; a distance then needs up to 28 of the next refill.
func (z *inflater) block(dst []byte, n, out int) (int, error) {
	src, limit := z.src, z.end+8
	pos, bits, nbits := z.pos, z.bits, z.nbits
	for {
		if out > n {
			return 0, errTooMuch
		}
		if pos > limit {
			return 0, errOverrun
		}
		bits |= binary.LittleEndian.Uint64(src[pos:]) << (nbits & 63)
		pos += int(63-nbits) >> 3
		nbits |= 56

		e := z.lit[bits&(1<<litRoot-1)]
		if e&flagLiteral != 0 {
			bits >>= e & 15
			nbits -= uint(e & 15)
			dst[out] = byte(e >> 16)
			out++
			e = z.lit[bits&(1<<litRoot-1)]
			if e&flagLiteral != 0 {
				bits >>= e & 15
				nbits -= uint(e & 15)
				dst[out] = byte(e >> 16)
				out++
				e = z.lit[bits&(1<<litRoot-1)]
				if e&flagLiteral != 0 {
					bits >>= e & 15
					nbits -= uint(e & 15)
					dst[out] = byte(e >> 16)
					out++
					continue
				}
			}
		}
		if e&flagTable != 0 {
			e = z.lit[e>>16&0x7fff+uint32(bits>>litRoot)&(1<<(e>>8&15)-1)]
		}
		bits >>= e & 15
		nbits -= uint(e & 15)
		if e&flagLiteral != 0 {
			dst[out] = byte(e >> 16)
			out++
			continue
		}
		if e&flagOther != 0 {
			if e&flagEnd == 0 {
				return 0, errDeflate
			}
			z.pos, z.bits, z.nbits = pos, bits, nbits
			if z.consumed() > z.end {
				return 0, errOverrun
			}
			return out, nil
		}
		extra := e >> 8 & 15
		length := int(e>>16) + int(bits&(1<<extra-1))
		bits >>= extra
		nbits -= uint(extra)

		bits |= binary.LittleEndian.Uint64(src[pos:]) << (nbits & 63)
		pos += int(63-nbits) >> 3
		nbits |= 56
		e = z.dist[bits&(1<<distRoot-1)]
		if e&flagTable != 0 {
			e = z.dist[e>>16&0x7fff+uint32(bits>>distRoot)&(1<<(e>>8&15)-1)]
		}
		if e&flagOther != 0 {
			return 0, errDeflate
		}
		bits >>= e & 15
		nbits -= uint(e & 15)
		extra = e >> 8 & 15
		distance := int(e>>16) + int(bits&(1<<extra-1))
		bits >>= extra
		nbits -= uint(extra)
		if distance > out {
			return 0, errDeflate
		}
		copyMatch(dst[out-distance:], distance, length)
		out += length
	}
}

// copyMatch repeats at b[distance:] the length bytes that begin at b[0], where
// the two may overlap. It may write up to 15 bytes more.
func copyMatch(b []byte, distance, length int) {
	if distance >= 8 {
		to := b[distance:]
		for i := 0; i < length; i += 16 {
			d, s := to[i:i+16], b[i:i+16]
			binary.LittleEndian.PutUint64(d, binary.LittleEndian.Uint64(s))
			binary.LittleEndian.PutUint64(d[8:], binary.LittleEndian.Uint64(s[8:]))
		}
		return
	}
	to := b[distance : distance+length]
	if distance == 1 {
		v := b[0]
		for i := range to {
			to[i] = v
		}
		return
	}
	for i := range to {
		to[i] = b[i]
	}
}
