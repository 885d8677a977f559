package pixel

import (
	"encoding/binary"
	"errors"
	"hash/adler32"
)

// Inflate (RFC 1951) in its zlib wrapping (RFC 1950), for PNG. Decoding a PNG is
// mostly this. A decoder that has all input and all room for output at hand needs
// no state between calls and few checks: it takes 56 bits at a time into a
// register, looks codes of up to 11 bits up in one step, and copies matches by
// eights, beyond their end if need be. compress/flate, which the tests compare
// with, can do none of that for a stream.

const (
	inflatePadding = 32       // zero bytes that must follow the input
	inflateSlack   = 258 + 32 // bytes of any value that must follow the room for the output

	litRoot  = 11 // bits of the first look-up of a literal or length
	distRoot = 8  // … of a distance

	maxLit  = 286 // symbols that a stream may use, of 288
	maxDist = 30  // … of 32
)

// Table entries: bits 0-3 the length of the code, 8-11 the number of extra bits
// that follow it, 16-30 the value they are added to (a literal, a length, a
// distance, the place of a second table), and flags.
const (
	flagLiteral = 1 << 31
	flagOther   = 1 << 12 // neither a literal nor a number; invalid if nothing else
	flagEnd     = 1 << 13 // the end of the block
	flagTable   = 1 << 14 // extra bits index a second table
)

var errDeflate = FormatError("the compressed data are corrupt")

// errOverrun is for a stream that goes on where its data have ended.
var errOverrun = FormatError("the compressed data are cut short")

var litEntries, distEntries = func() (lit [288]uint32, dist [32]uint32) {
	for i := range 256 {
		lit[i] = flagLiteral | uint32(i)<<16
	}
	lit[256] = flagOther | flagEnd
	// Lengths from 3 and distances from 1: the first few codes stand for
	// themselves, then every four (every two) have one more extra bit.
	numbers := func(entries []uint32, base, plain, group uint32) {
		for i := range entries {
			extra := uint32(0)
			if n := uint32(i); n >= plain {
				extra = (n-plain)/group + 1
			}
			entries[i] = base<<16 | extra<<8
			base += 1 << extra
		}
	}
	numbers(lit[257:285], 3, 8, 4)
	lit[285] = 258 << 16 // a code of its own, not 227+31
	lit[286], lit[287] = flagOther, flagOther
	numbers(dist[:30], 1, 4, 2)
	dist[30], dist[31] = flagOther, flagOther
	return lit, dist
}()

// inflater holds the input and the tables of the block in hand.
type inflater struct {
	src   []byte // with padding
	end   int    // where the padding begins
	pos   int
	bits  uint64 // the next bits, the first one lowest
	nbits uint   // how many of them count; there may be right ones above

	lit     [1<<litRoot + 1024]uint32
	dist    [1<<distRoot + 512]uint32
	lengths [maxLit + maxDist]uint8
}

// refill makes at least 56 bits available.
func (z *inflater) refill() {
	z.bits |= binary.LittleEndian.Uint64(z.src[z.pos:]) << z.nbits
	z.pos += int(63-z.nbits) >> 3
	z.nbits |= 56
}

// take returns the next n bits, n <= 32, after making sure of them.
func (z *inflater) take(n uint) (uint32, error) {
	if z.pos > z.end+8 {
		return 0, errOverrun
	}
	z.refill()
	v := uint32(z.bits & (1<<n - 1))
	z.bits >>= n
	z.nbits -= n
	return v, nil
}

// consumed is the number of input bytes used, the last perhaps in part.
func (z *inflater) consumed() int { return z.pos - int(z.nbits/8) }

// inflateZlib decompresses a zlib stream into exactly dst[:n]. dst must have
// inflateSlack bytes more, and src end in inflatePadding zeros.
func (z *inflater) inflateZlib(dst []byte, n int, src []byte) error {
	z.src, z.end, z.pos, z.bits, z.nbits = src, len(src)-inflatePadding, 2, 0, 0
	defer func() { z.src = nil }()
	if z.end < 2 {
		return errOverrun
	}
	if head := binary.BigEndian.Uint16(src); head%31 != 0 || head>>8&15 != 8 || head>>12 > 7 || head&0x20 != 0 {
		return FormatError("the compressed data are not a zlib stream")
	}
	out := 0
	for last := false; !last; {
		head, err := z.take(3)
		if err != nil {
			return err
		}
		last = head&1 != 0
		switch head >> 1 {
		case 0:
			out, err = z.stored(dst[:n], out)
		case 1:
			if err = z.fixedTables(); err == nil {
				out, err = z.block(dst, n, out)
			}
		case 2:
			if err = z.readTables(); err == nil {
				out, err = z.block(dst, n, out)
			}
		default:
			err = errDeflate
		}
		if err != nil {
			return err
		}
	}
	at := z.consumed()
	switch {
	case at+4 > z.end:
		return errOverrun
	case out < n:
		return FormatError("the compressed data hold less than the picture")
	case adler32.Checksum(dst[:n]) != binary.BigEndian.Uint32(src[at:]):
		return FormatError("the checksum of the compressed data is wrong")
	}
	return nil
}

var errTooMuch = FormatError("the compressed data hold more than the picture")

// stored copies a block that is not compressed.
func (z *inflater) stored(dst []byte, out int) (int, error) {
	z.pos, z.bits, z.nbits = z.consumed(), 0, 0
	if z.pos+4 > z.end {
		return 0, errOverrun
	}
	n := int(binary.LittleEndian.Uint16(z.src[z.pos:]))
	if n^0xffff != int(binary.LittleEndian.Uint16(z.src[z.pos+2:])) {
		return 0, errDeflate
	}
	z.pos += 4
	switch {
	case z.pos+n > z.end:
		return 0, errOverrun
	case out+n > len(dst):
		return 0, errTooMuch
	}
	copy(dst[out:], z.src[z.pos:z.pos+n])
	z.pos += n
	return out + n, nil
}

// fixedTables sets up the code that the format itself defines.
func (z *inflater) fixedTables() error {
	var lengths [288]uint8
	for i := range lengths {
		switch {
		case i < 144:
			lengths[i] = 8
		case i < 256:
			lengths[i] = 9
		case i < 280:
			lengths[i] = 7
		default:
			lengths[i] = 8
		}
	}
	var five [32]uint8
	for i := range five {
		five[i] = 5
	}
	return errors.Join(buildTable(z.lit[:], litRoot, lengths[:], litEntries[:]),
		buildTable(z.dist[:], distRoot, five[:], distEntries[:]))
}

// codeOrder is the order in which the lengths of the code for code lengths come.
var codeOrder = [19]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

// codeEntries are the symbols of that code, each its own value.
var codeEntries = func() (e [19]uint32) {
	for i := range e {
		e[i] = uint32(i) << 16
	}
	return e
}()

// readTables reads the codes that come with a block.
func (z *inflater) readTables() error {
	head, err := z.take(14)
	if err != nil {
		return err
	}
	nlit, ndist, ncode := int(head&31)+257, int(head>>5&31)+1, int(head>>10)+4
	if nlit > maxLit || ndist > maxDist {
		return errDeflate
	}
	var code [19]uint8
	for _, i := range codeOrder[:ncode] {
		n, err := z.take(3)
		if err != nil {
			return err
		}
		code[i] = uint8(n)
	}
	const root = 7 // as long as these codes get
	var table [1 << root]uint32
	if err := buildTable(table[:], root, code[:], codeEntries[:]); err != nil {
		return err
	}
	lengths := z.lengths[:nlit+ndist]
	for i := 0; i < len(lengths); {
		if z.pos > z.end+8 {
			return errOverrun
		}
		z.refill()
		e := table[z.bits&(1<<root-1)]
		if e&flagOther != 0 {
			return errDeflate
		}
		n := uint(e & 15)
		z.bits >>= n
		z.nbits -= n
		var value uint8
		var repeat int
		switch symbol := e >> 16; symbol {
		default:
			lengths[i] = uint8(symbol)
			i++
			continue
		case 16:
			if i == 0 {
				return errDeflate
			}
			value, repeat, n = lengths[i-1], 3, 2
		case 17:
			repeat, n = 3, 3
		case 18:
			repeat, n = 11, 7
		}
		repeat += int(z.bits & (1<<n - 1))
		z.bits >>= n
		z.nbits -= n
		if i+repeat > len(lengths) {
			return errDeflate
		}
		for range repeat {
			lengths[i] = value
			i++
		}
	}
	return errors.Join(buildTable(z.lit[:], litRoot, lengths[:nlit], litEntries[:]),
		buildTable(z.dist[:], distRoot, lengths[nlit:], distEntries[:]))
}
