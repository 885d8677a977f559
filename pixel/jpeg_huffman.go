package pixel

// Entropy-coded data: Huffman tables and the bit reader (ITU T.81, annexes C and F.2.2).
//
// A scan's data is a run of segments that end at markers. Each segment is first freed of its byte stuffing
// (FF 00 stands for FF) and followed by zeros, so that the decoding loop needs neither to look for FF nor to
// test for the end at every refill: it overruns into the zeros and the overrun is noticed once a block. That
// is also what libjpeg does with a segment that ends too early: it goes on with zero bits to the end of the
// MCU and leaves the MCUs that follow untouched until the next restart marker.
//
// The 64-bit buffer holds the next bits left-aligned. A refill reads eight bytes at once and counts only the
// whole bytes that fit; the bits of the byte that is cut are the same bits that the next refill will put
// there, so or-ing them in twice does no harm.

import (
	"bytes"
	"encoding/binary"
)

const (
	lookupBits = 10
	// A block takes at most 64 codes of 16 bits, each with at most 15 more: 248 bytes, and an MCU ten
	// blocks. The overrun is tested after every MCU.
	segmentPadding = 10*248 + 16
)

// Entry of a lookup table, indexed by the next lookupBits bits:
//
//	bits  0..7   bits to consume: the code's, and the value's too if the value is known
//	bits  8..11  run, the upper half of the symbol
//	bits 12..15  size, the lower half of the symbol
//	bits 16..31  the value, when code and value both fit into the index; a value is never 0
//
// An entry of 0 bits to consume means that the code is longer than the index.
type huffmanEntry uint32

type huffmanTable struct {
	lookup [1 << lookupBits]huffmanEntry
	// Codes of length l, left-aligned to 16 bits, are below limit[l] (and not below limit[l-1]); the
	// symbol of code c is symbols[(c >> (16-l)) + offset[l]].
	limit   [17]uint32
	offset  [17]int32
	symbols [256]byte
}

// huffmanSpec is a table as DHT gives it: the numbers of codes of length 1..16 and the symbols in order of their
// codes. The decoding table is built when a scan uses it.
type huffmanSpec struct {
	counts  [16]byte
	symbols []byte
	table   *huffmanTable
}

// decoder returns the decoding table. Code sets that overflow, or that use the code of all ones, are refused,
// and in tables for DC coefficients symbols above 15, as libjpeg does.
func (s *huffmanSpec) decoder(dc bool) (*huffmanTable, error) {
	if s == nil {
		return nil, FormatError("missing Huffman table")
	}
	if s.table != nil {
		return s.table, nil
	}
	t := new(huffmanTable)
	copy(t.symbols[:], s.symbols)
	if dc {
		for _, s := range s.symbols {
			if s > 15 {
				return nil, FormatError("Huffman table: DC symbol above 15")
			}
		}
	}
	code, index := uint32(0), int32(0)
	for i, n := range s.counts {
		length := i + 1
		t.offset[length] = index - int32(code)
		for range n {
			if code>>length != 0 {
				return nil, FormatError("Huffman table: too many codes")
			}
			if length <= lookupBits {
				t.fill(code, length, s.symbols[index])
			}
			code++
			index++
		}
		if n > 0 && code>>length != 0 {
			return nil, FormatError("Huffman table: a code of all ones")
		}
		t.limit[length] = code << (16 - length)
		code <<= 1
	}
	s.table = t
	return t, nil
}

// fill enters one code into every lookup position that begins with it.
func (t *huffmanTable) fill(code uint32, length int, symbol byte) {
	free := lookupBits - length
	base := code << free
	size := int(symbol & 15)
	entry := huffmanEntry(length) | huffmanEntry(symbol>>4)<<8 | huffmanEntry(size)<<12
	for rest := range uint32(1) << free {
		e := entry
		if size > 0 && size <= free {
			value := extend(uint64(rest>>(free-size)), uint(size))
			e = e + huffmanEntry(size) | huffmanEntry(uint16(value))<<16
		}
		t.lookup[base|rest] = e
	}
}

// long finds the code at the head of the 16 bits given when it is longer than the lookup index, and returns it
// as an entry. Bits that are no code give the symbol 0 and take 17 bits... of garbage, as in libjpeg.
func (t *huffmanTable) long(bits uint32) (e huffmanEntry, ok bool) {
	for length := lookupBits + 1; length <= 16; length++ {
		if bits < t.limit[length] {
			s := t.symbols[byte(int32(bits>>(16-length))+t.offset[length])]
			return huffmanEntry(length) | huffmanEntry(s>>4)<<8 | huffmanEntry(s&15)<<12, true
		}
	}
	return 17, false
}

// extend turns size bits into the signed value that they stand for (T.81 figure F.12).
func extend(bits uint64, size uint) int32 {
	v := int32(bits)
	if bits>>(size-1) == 0 {
		v += -1<<size + 1
	}
	return v
}

// bitReader reads one segment of entropy-coded data.
type bitReader struct {
	seg  []byte // without stuffing, followed by segmentPadding zeros
	end  int    // bits in the segment proper
	pos  int    // next byte of seg to be loaded
	buf  uint64 // next bits, left-aligned
	bits uint   // valid bits in buf
}

// reset starts reading a segment that is already in seg with its padding.
func (r *bitReader) reset() {
	r.end = (len(r.seg) - segmentPadding) * 8
	r.pos, r.buf, r.bits = 0, 0, 0
}

// overrun says whether more bits were used than the segment holds.
func (r *bitReader) overrun() bool { return r.pos*8-int(r.bits) > r.end }

// refill makes at least 56 bits available. The caller keeps each MCU's use below segmentPadding bytes and
// stops at an overrun, so there are always eight bytes to load.
func (r *bitReader) refill() {
	r.buf |= binary.BigEndian.Uint64(r.seg[r.pos:]) >> (r.bits & 63)
	r.pos += int((63 - r.bits) >> 3)
	r.bits |= 56
}

// take returns the next n bits, 0 <= n <= 16.
func (r *bitReader) take(n uint) uint32 {
	if r.bits < 16 {
		r.refill()
	}
	v := uint32(r.buf >> 32 >> (32 - n))
	r.buf <<= n
	r.bits -= n
	return v
}

// symbol decodes one Huffman code; run and size are the symbol's halves.
func (r *bitReader) symbol(t *huffmanTable, warnings *int) (run, size uint) {
	if r.bits < 32 {
		r.refill()
	}
	e := t.lookup[r.buf>>(64-lookupBits)]
	length := uint(e & 0xff)
	if length == 0 {
		var ok bool
		if e, ok = t.long(uint32(r.buf >> 48)); !ok {
			*warnings++
		}
		length = uint(e & 0xff)
	} else if e>>16 != 0 {
		length -= uint(e >> 12 & 15) // the entry counts the value's bits too
	}
	r.buf <<= length
	r.bits -= length
	return uint(e >> 8 & 15), uint(e >> 12 & 15)
}

// nextSegment copies the entropy-coded data from d.pos up to the next marker into the bit reader and leaves
// the marker in d.unread, d.pos after it. The end of the file counts as an EOI marker.
func (d *jpegDecoder) nextSegment() {
	seg := d.reader.seg[:0]
	for {
		rest := d.data[d.pos:]
		i := bytes.IndexByte(rest, 0xff)
		if i < 0 {
			i = len(rest)
		}
		seg = append(seg, rest[:i]...)
		d.pos += i
		for d.pos < len(d.data) && d.data[d.pos] == 0xff {
			d.pos++
		}
		if d.pos >= len(d.data) {
			d.unread, d.ended = markerEOI, true
			break
		}
		c := d.data[d.pos]
		d.pos++
		if c != 0 {
			d.unread = c
			break
		}
		seg = append(seg, 0xff)
	}
	d.padSegment(seg)
}

// emptySegment lets the bit reader see no data at all.
func (d *jpegDecoder) emptySegment() { d.padSegment(d.reader.seg[:0]) }

func (d *jpegDecoder) padSegment(seg []byte) {
	d.reader.seg = append(seg, zeroPadding[:]...)
	d.reader.reset()
}

var zeroPadding [segmentPadding]byte
