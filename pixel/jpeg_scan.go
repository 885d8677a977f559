package pixel

// Scans: the header (T.81 B.2.3), the order of blocks in MCUs (A.2), restart intervals (E.2.4 and, for what to do
// when the markers are not those expected, the strategy of libjpeg), and the blocks of sequential scans (F.2.2).

import "encoding/binary"

// Limits on the work that a small hostile file may ask for: an end-of-band run passes 32,767 blocks for three
// bytes, so a progressive file of many scans costs far more than it weighs.
const (
	maxScans = 1000
	// Blocks that may be visited: each block of the picture so many times, and a fixed amount for small
	// pictures.
	maxVisitsPerBlock = 40
	freeVisits        = 1 << 22
)

// scan is the state of the scan in hand.
type scan struct {
	comps          []*jpegComponent
	ss, se, ah, al int // spectral selection and successive approximation
	number         int // 1 for the first scan
	visits         int // blocks visited so far, in all scans

	restartsLeft int // MCUs before the next restart marker
	nextRestart  int // 0..7
	insufficient bool
	eobRun       int // blocks that the current end-of-band run still covers
	lastGood     int // last MCU row of the frame for which there was data
}

// readScanHeader reads what follows an SOS marker.
func (d *jpegDecoder) readScanHeader() error {
	if !d.haveFrame {
		return FormatError("SOS before SOF")
	}
	b, ok := d.parameters()
	if !ok {
		d.ended = true
		return nil
	}
	if len(b) < 1 || b[0] < 1 || b[0] > 4 || len(b) != 4+2*int(b[0]) {
		return FormatError("SOS: bad length")
	}
	n := int(b[0])
	s := &d.scan
	s.comps = s.comps[:0]
	for i := range n {
		c := d.componentByID(b[1+2*i])
		if c == nil {
			return FormatError("SOS: unknown or repeated component")
		}
		c.dcSlot, c.acSlot = int(b[2+2*i]>>4), int(b[2+2*i]&15)
		s.comps = append(s.comps, c)
	}
	b = b[1+2*n:]
	s.ss, s.se, s.ah, s.al = int(b[0]), int(b[1]), int(b[2]>>4), int(b[2]&15)
	if s.number++; s.number > maxScans {
		return UnsupportedError("JPEG of more than a thousand scans")
	}
	return nil
}

// componentByID returns the component with this id that the scan has not yet, or nil.
func (d *jpegDecoder) componentByID(id byte) *jpegComponent {
search:
	for i := range d.comps {
		c := &d.comps[i]
		if c.id != id {
			continue
		}
		for _, have := range d.scan.comps {
			if have == c {
				continue search
			}
		}
		return c
	}
	return nil
}

// startScan prepares for the entropy-coded data of the scan whose header was read.
func (d *jpegDecoder) startScan() error {
	s := &d.scan
	if len(s.comps) > 1 {
		blocks := 0
		for _, c := range s.comps {
			blocks += c.h * c.v
		}
		if blocks > 10 {
			return FormatError("more than ten blocks in an MCU")
		}
	}
	for _, c := range s.comps {
		// The table in force at a component's first scan is the one that holds.
		if c.quant == nil {
			if c.tq > 3 || d.quant[c.tq] == nil {
				return FormatError("missing quantisation table")
			}
			c.quant = d.quant[c.tq]
		}
		c.pred = 0
	}
	if d.info.Progressive {
		if err := d.startProgressiveScan(); err != nil {
			return err
		}
	} else {
		for _, c := range s.comps {
			if err := d.chooseTables(c, true, true); err != nil {
				return err
			}
		}
	}
	s.restartsLeft, s.nextRestart = d.restartInterval, 0
	s.insufficient, s.eobRun = false, 0
	d.nextSegment()
	return nil
}

// chooseTables finds the Huffman tables that a component of the scan uses. A sequential file without tables
// uses those of T.81 annex K.3, as in Motion JPEG.
func (d *jpegDecoder) chooseTables(c *jpegComponent, dc, ac bool) (err error) {
	if dc && c.dcSlot > 3 || ac && c.acSlot > 3 {
		return FormatError("SOS: bad Huffman table number")
	}
	if dc {
		if d.dcSpec[c.dcSlot] == nil && !d.info.Progressive {
			d.dcSpec[c.dcSlot] = standardDC(c.dcSlot)
		}
		if c.dc, err = d.dcSpec[c.dcSlot].decoder(true); err != nil {
			return err
		}
	}
	if ac {
		if d.acSpec[c.acSlot] == nil && !d.info.Progressive {
			d.acSpec[c.acSlot] = standardAC(c.acSlot)
		}
		c.ac, err = d.acSpec[c.acSlot].decoder(false)
	}
	return err
}

// beginMCU does what is due before an MCU: at the end of a restart interval it finds the next restart marker.
func (d *jpegDecoder) beginMCU() {
	if d.restartInterval == 0 {
		return
	}
	if d.scan.restartsLeft == 0 {
		d.restart()
	}
	d.scan.restartsLeft--
}

// restart leaves the segment in hand and begins the next one. The marker that ended the segment should be the
// expected restart marker. Otherwise a marker one or two ahead means that segments are missing: they are
// treated as empty until the count fits. One or two behind, or an impossible code, is skipped together with the
// data after it. A restart marker further away is taken for the expected one. Before any other marker the rest
// of the scan is empty.
func (d *jpegDecoder) restart() {
	s := &d.scan
	want := s.nextRestart
	s.nextRestart = (want + 1) & 7
	s.restartsLeft = d.restartInterval
	s.eobRun = 0
	for _, c := range s.comps {
		c.pred = 0
	}
	if d.unread != byte(markerRST0+want) {
		d.warnings++
	}
	for {
		m := int(d.unread)
		if m < markerSOF0 {
			d.nextMarker()
			continue
		}
		if m < markerRST0 || m > markerRST7 {
			d.emptySegment()
			return
		}
		switch (m - markerRST0 - want) & 7 {
		case 1, 2:
			d.emptySegment()
			return
		case 6, 7:
			d.nextMarker()
			continue
		}
		d.unread = 0
		s.insufficient = false
		d.nextSegment()
		return
	}
}

// endMCU notices when an MCU used more bits than the segment had.
func (d *jpegDecoder) endMCU() {
	if d.reader.overrun() && !d.scan.insufficient {
		d.scan.insufficient = true
		d.warnings++
	}
}

// sequentialRows decodes the only scan of a file straight into the picture.
func (d *jpegDecoder) sequentialRows() {
	var block jpegBlock
	for my := range d.mcuHigh {
		for mx := range d.mcuWide {
			d.beginMCU()
			for i := range d.scan.comps {
				c := d.scan.comps[i]
				for by := range c.v {
					for bx := range c.h {
						var has blockContents
						if !d.scan.insufficient {
							has = d.decodeBlock(&block, c, c.quant)
						}
						x, y := mx*c.h+bx, my*c.v+by
						if x < c.wide && y < c.high {
							inverseDCT(&block, has, c.band[(1+8*by)*c.stride+8*x:], c.stride)
						}
						if has.nonzero != 0 {
							block = jpegBlock{}
						} else {
							block[0] = 0
						}
					}
				}
			}
			if !d.scan.insufficient {
				d.endMCU()
			}
		}
		d.outputBand(my)
	}
}

// decodeBlock decodes a block of a sequential scan into b, which must be zero, multiplied by the quantisers q.
func (d *jpegDecoder) decodeBlock(b *jpegBlock, c *jpegComponent, q *quantTable) (has blockContents) {
	r := &d.reader
	seg, pos, buf, bits := r.seg, r.pos, r.buf, r.bits
	if bits < 32 {
		buf |= binary.BigEndian.Uint64(seg[pos:]) >> (bits & 63)
		pos += int((63 - bits) >> 3)
		bits |= 56
	}
	e := c.dc.lookup[buf>>(64-lookupBits)]
	if e>>16 != 0 {
		c.pred += int32(e) >> 16
		buf <<= e & 63
		bits -= uint(e & 63)
	} else {
		if e == 0 {
			e = d.longCode(c.dc, buf)
		}
		buf <<= e & 63
		bits -= uint(e & 63)
		if size := uint(e>>12) & 15; size != 0 {
			c.pred += extend(buf>>((64-size)&63), size)
			buf <<= size
			bits -= size
		}
	}
	b[0] = int16(c.pred) * q[0]
	ac := c.ac
	nonzero, sum := uint64(0), int32(0)
	sum += max(int32(b[0]), -int32(b[0]))
	for k := uint(1); k < 64; k++ {
		if bits < 32 {
			buf |= binary.BigEndian.Uint64(seg[pos:]) >> (bits & 63)
			pos += int((63 - bits) >> 3)
			bits |= 56
		}
		e := ac.lookup[buf>>(64-lookupBits)]
		if e>>16 != 0 {
			// Code and value at one look.
			k += uint(e>>8) & 15
			buf <<= e & 63
			bits -= uint(e & 63)
			at := zigzag[k&127] & 63
			v := int16(e>>16) * q[k&127]
			b[at] = v
			sum += max(int32(v), -int32(v))
			nonzero |= 1 << at
			continue
		}
		if e == 0 {
			e = d.longCode(ac, buf)
		}
		buf <<= e & 63
		bits -= uint(e & 63)
		run, size := uint(e>>8)&15, uint(e>>12)&15
		if size == 0 {
			if run != 15 {
				break
			}
			k += 15
			continue
		}
		k += run
		// The value's sign is its first bit: 1 is positive.
		v := int32(buf>>((64-size)&63)) + int32(^(int64(buf)>>63))&(-1<<(size&31)+1)
		buf <<= size & 63
		bits -= size
		at := zigzag[k&127] & 63
		w := int16(v) * q[k&127]
		b[at] = w
		sum += max(int32(w), -int32(w))
		nonzero |= 1 << at
	}
	r.pos, r.buf, r.bits = pos, buf, bits
	return blockContents{nonzero, sum}
}

// longCode finds the code at the head of buf that the lookup table does not hold.
func (d *jpegDecoder) longCode(t *huffmanTable, buf uint64) huffmanEntry {
	e, ok := t.long(uint32(buf >> 48))
	if !ok {
		d.warnings++
	}
	return e
}
