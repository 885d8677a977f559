package pixel

// JPEG decoding, after ITU T.81 (baseline, extended sequential and progressive DCT with Huffman coding, 8 bits),
// JFIF, and Adobe's APP14 for the colour space.
//
// The standard fixes the inverse DCT only to a tolerance and leaves chroma upsampling, colour conversion and
// the treatment of damaged files to the decoder. What the field calls "the pixels of a JPEG" are those of
// libjpeg-turbo with its default settings (Pillow, OpenCV and most browsers use it), so where there is a choice
// this decoder makes the same: the "islow" integer DCT, triangle-filter upsampling, 16-bit fixed-point colour
// conversion, interblock smoothing of unfinished progressive files, zero bits after the end of a segment,
// resynchronisation at restart markers. The pixels are the same bytes.
//
// Stages, one file each:
//
//	jpeg.go              markers, frame header, from file to picture
//	jpeg_huffman.go      entropy-coded segments, Huffman tables, bit reader
//	jpeg_scan.go         scan header, MCU loop, restarts, sequential blocks
//	jpeg_progressive.go  progressive blocks, coefficients of the whole picture
//	jpeg_smooth.go       interblock smoothing
//	jpeg_idct.go         inverse DCT
//	jpeg_output.go       bands of samples to rows of pixels
//	jpeg_upsample.go     chroma upsampling
//	jpeg_color.go        colour conversion
//	jpeg_exif.go         orientation
//
// A file with one scan is decoded in one pass: one row of MCUs goes through the DCT into a band of samples, and
// the band's rows through upsampling and colour conversion into the picture while they are in the cache. Other
// files keep all coefficients until the last scan is read.

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

// A block takes at least one bit, the DC coefficient's, so that a file cannot hold more than maxPixelsPerByte. One that
// claims to gets no picture at all when it would be a large one: memory stays in proportion to the file.
const (
	maxPixelsPerByte = 8 * 64
	hopelessPixels   = 1 << 24
)

// zigzag[k] is the position, row by row, of the k-th coefficient in zigzag order (T.81 figure A.6). Runs in
// damaged data lead up to 15 positions too far; they land on the last one, as in libjpeg. The length is a power
// of two so that an index can be masked instead of checked.
var zigzag = [128]uint8{
	0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5,
	12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
	35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51,
	58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
	63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63,
}

// quantTable holds quantisers in zigzag order; the entries beyond 63 repeat the last for runs that lead too far.
type quantTable [128]int16

// jpegComponent is one colour component of the frame.
type jpegComponent struct {
	id    byte
	h, v  int // sampling factors
	tq    int // quantisation table slot
	wide  int // width in blocks, without the padding to whole MCUs
	high  int // height in blocks, likewise
	w, ht int // width and height in samples
	quant *quantTable

	// Huffman tables of the current scan: slots and decoding tables, and the DC prediction.
	dcSlot, acSlot int
	dc, ac         *huffmanTable
	pred           int32

	// Coefficients of the whole picture, for files of several scans: rows of blocks, padded to whole MCUs,
	// allocated when data for them comes. coefBits[k] is how many low bits of coefficient k are still unknown
	// (-1: all), prevBits the same before the current scan.
	coef     []coefficientRow
	coefBits [64]int8
	prevBits [64]int8

	// Samples of the MCU row in hand: row 0 is the last row of the MCU row before, then 8*v rows.
	band   []byte
	stride int
	up     upsampling
	upRow  []byte
}

// jpegBlock is 8x8 coefficients row by row.
type jpegBlock [64]int16

type jpegDecoder struct {
	data   []byte
	pos    int
	unread byte // marker read but not yet acted upon, 0 if none
	ended  bool // the file's end was met where something was still expected

	info     Info
	warnings int

	haveFrame  bool
	comps      []jpegComponent
	maxH, maxV int
	mcuWide    int // frame in MCUs, interleaved
	mcuHigh    int
	blocks     int // of all components, without padding

	quant           [4]*quantTable
	dcSpec, acSpec  [4]*huffmanSpec
	restartInterval int
	jfif, adobe     bool
	adobeTransform  byte
	color           colorSpace
	exif            bool

	scan    scan
	reader  bitReader
	out     *Image
	nextRow int // first row of out not yet written
}

// DecodeJPEG decodes a JPEG file to the pixels that libjpeg-turbo, and so Pillow, gives: one channel for a grey
// file, else red, green and blue; CMYK and YCCK files are converted as Pillow's convert("RGB") does.
//
// A file that ends too early gives the picture as far as it goes, the rest grey or as coarse as the progressive
// scans leave it, together with an error for which errors.Is(err, ErrTruncated); when the end comes before the first
// scan, or a picture of many megapixels has next to no data, the picture is nil. Damaged entropy-coded data is
// no error; Info.Warnings counts what was noticed. What T.81 has and this decoder has not (12 bits, arithmetic
// coding, lossless and hierarchical modes, fractional sampling ratios) gives an [UnsupportedError], anything
// else that is wrong a [FormatError].
func DecodeJPEG(data []byte) (*Image, Info, error) {
	d := &jpegDecoder{data: data}
	d.info.Format = "jpeg"
	m, err := d.decode()
	d.info.Warnings = d.warnings
	if err != nil {
		err = fmt.Errorf("decoding JPEG: %w", err)
	}
	return m, d.info, err
}

func (d *jpegDecoder) decode() (*Image, error) {
	if len(d.data) < 2 || d.data[0] != 0xff || d.data[1] != markerSOI {
		return nil, FormatError("no SOI marker at the beginning")
	}
	d.pos = 2
	if done, err := d.readMarkers(); err != nil {
		return nil, err
	} else if done {
		if d.ended {
			return nil, ErrTruncated
		}
		return nil, FormatError("no scan")
	}
	if n := d.info.W * d.info.H; n > hopelessPixels && n/maxPixelsPerByte > len(d.data) {
		return nil, fmt.Errorf("%d bytes for %d x %d pixels: %w", len(d.data), d.info.W, d.info.H, ErrTruncated)
	}
	if err := d.prepareOutput(); err != nil {
		return nil, err
	}
	var err error
	if len(d.scan.comps) == len(d.comps) && !d.info.Progressive {
		err = d.decodeOnePass()
	} else {
		err = d.decodeScans()
	}
	if err != nil {
		return nil, err
	}
	if d.ended {
		return d.out, ErrTruncated
	}
	return d.out, nil
}

// decodeOnePass decodes a file whose first scan holds everything.
func (d *jpegDecoder) decodeOnePass() error {
	if err := d.startScan(); err != nil {
		return err
	}
	d.sequentialRows()
	// What follows the data matters only for whether the file is complete. libjpeg reads on to EOI; other
	// trailing matter is common and harmless.
	for d.unread != markerEOI && !d.ended {
		if d.unread == markerSOS {
			d.warnings++ // a second scan where none can be
			return nil
		}
		if err := d.readMarker(); err != nil {
			return err
		}
		d.nextMarker()
	}
	return nil
}

// decodeScans reads all scans, then makes the picture.
func (d *jpegDecoder) decodeScans() error {
	d.allocateCoefficients()
	for {
		if err := d.startScan(); err != nil {
			return err
		}
		if err := d.coefficientRows(); err != nil {
			return err
		}
		done, err := d.readMarkers()
		if err != nil {
			return err
		}
		if done {
			break
		}
	}
	d.outputCoefficients()
	return nil
}

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
