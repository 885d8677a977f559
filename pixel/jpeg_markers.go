package pixel

// Markers (T.81 annex B): finding them, tables, the frame header, application segments.

import (
	"encoding/binary"
	"fmt"
)

// Markers (T.81 table B.1).
const (
	markerSOF0  = 0xc0
	markerSOF2  = 0xc2
	markerDHT   = 0xc4
	markerJPG   = 0xc8
	markerDAC   = 0xcc
	markerSOF15 = 0xcf
	markerRST0  = 0xd0
	markerRST7  = 0xd7
	markerSOI   = 0xd8
	markerEOI   = 0xd9
	markerSOS   = 0xda
	markerDQT   = 0xdb
	markerDNL   = 0xdc
	markerDRI   = 0xdd
	markerAPP0  = 0xe0
	markerAPP1  = 0xe1
	markerAPP14 = 0xee
	markerAPP15 = 0xef
	markerCOM   = 0xfe
	markerTEM   = 0x01
)

// nextMarker finds the next marker and leaves it in d.unread, d.pos after it. Fill bytes before it are legal,
// anything else is skipped with a warning. The end of the file counts as EOI.
func (d *jpegDecoder) nextMarker() {
	d.unread = 0
	skipped := false
	for d.pos < len(d.data) {
		c := d.data[d.pos]
		d.pos++
		if c != 0xff {
			skipped = true
			continue
		}
		for d.pos < len(d.data) && d.data[d.pos] == 0xff {
			d.pos++
		}
		if d.pos == len(d.data) {
			break
		}
		c = d.data[d.pos]
		d.pos++
		if c != 0 {
			if skipped {
				d.warnings++
			}
			d.unread = c
			return
		}
		skipped = true
	}
	d.unread, d.ended = markerEOI, true
}

// readMarkers acts upon the markers up to and including the next SOS (done is false) or EOI (true).
func (d *jpegDecoder) readMarkers() (done bool, err error) {
	for {
		if d.unread == 0 {
			d.nextMarker()
		}
		switch d.unread {
		case markerEOI:
			return true, nil
		case markerSOS:
			d.unread = 0
			err := d.readScanHeader()
			return d.ended, err
		}
		if err := d.readMarker(); err != nil {
			return false, err
		}
		if d.ended {
			return true, nil
		}
		d.unread = 0
	}
}

// readMarker acts upon the marker in d.unread, which is neither SOS nor EOI.
func (d *jpegDecoder) readMarker() error {
	m := d.unread
	switch {
	case m >= markerRST0 && m <= markerRST7 || m == markerTEM:
		return nil // these have no parameters
	case m == markerSOI:
		return FormatError("a second SOI marker")
	case m < markerSOF0 || m > markerDRI && m < markerAPP0 || m > markerAPP15 && m != markerCOM:
		return FormatError(fmt.Sprintf("unknown marker 0x%02x", m))
	case m != markerDHT && m != markerDAC && m > markerSOF2 && m <= markerSOF15:
		return UnsupportedError(fmt.Sprintf("JPEG process SOF%d (lossless, hierarchical or arithmetic coding)", m-markerSOF0))
	}
	segment, ok := d.parameters()
	if !ok {
		d.ended = true
		return nil
	}
	switch {
	case m >= markerSOF0 && m <= markerSOF2:
		return d.readFrameHeader(segment, m == markerSOF2)
	case m == markerDHT:
		return d.readHuffmanTables(segment)
	case m == markerDQT:
		return d.readQuantTables(segment)
	case m == markerDRI:
		if len(segment) != 2 {
			return FormatError("DRI: bad length")
		}
		d.restartInterval = int(binary.BigEndian.Uint16(segment))
	case m == markerAPP0:
		d.jfif = d.jfif || len(segment) >= 14 && string(segment[:5]) == "JFIF\x00"
	case m == markerAPP1:
		d.readEXIF(segment)
	case m == markerAPP14:
		if len(segment) >= 12 && string(segment[:5]) == "Adobe" {
			d.adobe, d.adobeTransform = true, segment[11]
		}
	}
	return nil
}

// parameters returns the parameters of the marker before d.pos and goes past them. A length below 2 is taken as
// no parameters at all; ok is false when the file ends within.
func (d *jpegDecoder) parameters() (segment []byte, ok bool) {
	if len(d.data)-d.pos < 2 {
		d.pos = len(d.data)
		return nil, false
	}
	n := int(binary.BigEndian.Uint16(d.data[d.pos:]))
	if n < 2 {
		n = 2
	}
	if len(d.data)-d.pos < n {
		d.pos = len(d.data)
		return nil, false
	}
	segment = d.data[d.pos+2 : d.pos+n]
	d.pos += n
	return segment, true
}

func (d *jpegDecoder) readHuffmanTables(b []byte) error {
	for len(b) > 0 {
		if len(b) < 17 {
			return FormatError("DHT: bad length")
		}
		class, slot := b[0]>>4, b[0]&15
		if class > 1 || slot > 3 {
			return FormatError("DHT: bad table number")
		}
		counts := (*[16]byte)(b[1:17])
		total := 0
		for _, n := range counts {
			total += int(n)
		}
		b = b[17:]
		if total > 256 || total > len(b) {
			return FormatError("DHT: bad number of codes")
		}
		spec := &huffmanSpec{counts: *counts, symbols: b[:total]}
		if class == 0 {
			d.dcSpec[slot] = spec
		} else {
			d.acSpec[slot] = spec
		}
		b = b[total:]
	}
	return nil
}

func (d *jpegDecoder) readQuantTables(b []byte) error {
	for len(b) > 0 {
		size, slot := 1+int(b[0]>>4), b[0]&15
		if size > 2 {
			size = 2
		}
		if slot > 3 || len(b) < 1+64*size {
			return FormatError("DQT: bad table number or length")
		}
		q := new(quantTable)
		for k := range q {
			i := min(k, 63)
			if size == 1 {
				q[k] = int16(b[1+i])
			} else {
				q[k] = int16(binary.BigEndian.Uint16(b[1+2*i:]))
			}
		}
		d.quant[slot] = q
		b = b[1+64*size:]
	}
	return nil
}

func (d *jpegDecoder) readFrameHeader(b []byte, progressive bool) error {
	if d.haveFrame {
		return FormatError("a second SOF marker")
	}
	if len(b) < 6 || len(b) != 6+3*int(b[5]) {
		return FormatError("SOF: bad length")
	}
	if b[0] != 8 {
		return UnsupportedError(fmt.Sprintf("JPEG with %d bits per sample", b[0]))
	}
	h, w := int(binary.BigEndian.Uint16(b[1:])), int(binary.BigEndian.Uint16(b[3:]))
	n := int(b[5])
	d.info.W, d.info.H = w, h
	d.info.Components, d.info.Depth, d.info.Progressive = n, 8, progressive
	if err := checkSize(w, h); err != nil {
		return err
	}
	if n != 1 && n != 3 && n != 4 {
		return UnsupportedError(fmt.Sprintf("JPEG with %d components", n))
	}
	d.comps = make([]jpegComponent, n)
	d.maxH, d.maxV = 1, 1
	for i := range d.comps {
		c := &d.comps[i]
		c.id, c.h, c.v, c.tq = b[6+3*i], int(b[7+3*i]>>4), int(b[7+3*i]&15), int(b[8+3*i])
		if c.h < 1 || c.h > 4 || c.v < 1 || c.v > 4 {
			return FormatError("SOF: sampling factor not in 1..4")
		}
		d.maxH, d.maxV = max(d.maxH, c.h), max(d.maxV, c.v)
		for k := range c.coefBits {
			c.coefBits[k] = -1
		}
	}
	if n == 1 {
		// The factors of a single component say nothing, and its blocks come one by one.
		c := &d.comps[0]
		c.h, c.v, d.maxH, d.maxV = 1, 1, 1, 1
	}
	for i := range d.comps {
		c := &d.comps[i]
		c.w, c.ht = ceilDiv(w*c.h, d.maxH), ceilDiv(h*c.v, d.maxV)
		c.wide, c.high = ceilDiv(w*c.h, 8*d.maxH), ceilDiv(h*c.v, 8*d.maxV)
		d.blocks += c.wide * c.high
	}
	d.mcuWide, d.mcuHigh = ceilDiv(w, 8*d.maxH), ceilDiv(h, 8*d.maxV)
	d.haveFrame = true
	return nil
}

func ceilDiv(a, b int) int { return (a + b - 1) / b }
