package pixel

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"slices"
	"sync"
)

// PNG (W3C Recommendation, third edition): a signature, then chunks of length,
// type, contents and CRC. IHDR comes first and says what the samples are; the
// contents of the IDAT chunks joined are one zlib stream of filtered rows
// (png_filter.go), which are brought to 8 bits here (png_expand.go).

const pngSignature = "\x89PNG\r\n\x1a\n"

// Colour types of IHDR.
const (
	pngGrey      = 0
	pngRGB       = 2
	pngPalette   = 3
	pngGreyAlpha = 4
	pngRGBA      = 6
)

// pngDecoder holds what the chunks have said so far.
type pngDecoder struct {
	info     Info
	colour   int
	palette  [256][4]byte // red, green, blue, alpha
	hasPLTE  bool
	key      [3]uint16 // tRNS of grey and RGB: the transparent sample values
	keyed    bool      // there is such a key
	hasAlpha bool      // the picture gets an alpha channel
	idat     [][]byte  // contents of the IDAT chunks
	idatDone bool      // a chunk of another type came after them
}

// DecodePNG decodes a PNG picture of any colour type, depth and interlacing, with
// the values that Pillow gives: 16-bit samples lose their low byte, samples of
// 1, 2 and 4 bits are stretched to 0..255, palettes are looked up, gamma is
// ignored. The picture has 1 channel for grey, 3 for RGB and palettes, and 4 if
// there is an alpha channel or a transparent colour (tRNS chunk), where grey is
// repeated; [Image.RGB] then drops the alpha as Pillow's convert("RGB") does.
//
// In one thing Pillow is not followed: it reads 16-bit grey as integers and
// clips those at 255 on the way to RGB, which turns nearly every such picture
// white. Here 16-bit grey loses its low byte like all other 16-bit samples.
//
// Errors are [FormatError] (a wrong checksum among them), [UnsupportedError] for
// more than [MaxPixels], and [ErrTruncated]; no part of a damaged picture is
// returned.
func DecodePNG(data []byte) (*Image, Info, error) {
	d := new(pngDecoder)
	m, err := d.decode(data)
	if err != nil {
		return nil, d.info, fmt.Errorf("PNG: %w", err)
	}
	return m, d.info, nil
}

func (d *pngDecoder) decode(data []byte) (*Image, error) {
	if len(data) < len(pngSignature) && pngSignature[:len(data)] == string(data) {
		return nil, ErrTruncated
	}
	if len(data) < len(pngSignature) || string(data[:len(pngSignature)]) != pngSignature {
		return nil, FormatError("it does not begin with the PNG signature")
	}
	rest := data[len(pngSignature):]
	for first := true; ; first = false {
		if len(rest) < 12 {
			return nil, ErrTruncated
		}
		n := uint64(binary.BigEndian.Uint32(rest))
		if n > 1<<31-1 {
			return nil, FormatError("a chunk is longer than the format allows")
		}
		if uint64(len(rest)) < n+12 {
			return nil, ErrTruncated
		}
		kind, body := string(rest[4:8]), rest[8:8+n]
		if crc32.ChecksumIEEE(rest[4:8+n]) != binary.BigEndian.Uint32(rest[8+n:]) {
			return nil, FormatError(fmt.Sprintf("the checksum of chunk %q is wrong", kind))
		}
		rest = rest[n+12:]
		if first != (kind == "IHDR") {
			return nil, FormatError("there is not one IHDR chunk at the beginning")
		}
		if kind == "IEND" {
			return d.picture()
		}
		if err := d.chunk(kind, body); err != nil {
			return nil, err
		}
	}
}

func (d *pngDecoder) chunk(kind string, body []byte) error {
	if kind != "IDAT" && len(d.idat) > 0 {
		d.idatDone = true
	}
	switch kind {
	case "IHDR":
		return d.readHeader(body)
	case "PLTE":
		return d.readPalette(body)
	case "tRNS":
		return d.readTransparency(body)
	case "eXIf":
		d.info.Orientation = tiffOrientation(body)
	case "IDAT":
		if d.idatDone {
			return FormatError("there are other chunks between the IDAT chunks")
		}
		d.idat = append(d.idat, body)
	}
	return nil
}

func (d *pngDecoder) readHeader(b []byte) error {
	if len(b) != 13 {
		return FormatError("the IHDR chunk has not 13 bytes")
	}
	w, h := binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:])
	depth, colour, interlace := b[8], b[9], b[12]
	d.info = Info{Format: "png", W: int(w), H: int(h), Depth: int(depth), Progressive: interlace == 1}
	d.colour = int(colour)
	if err := checkSize(d.info.W, d.info.H); err != nil {
		return err
	}
	var depths []byte
	switch d.colour {
	case pngGrey:
		d.info.Components, depths = 1, []byte{1, 2, 4, 8, 16}
	case pngRGB:
		d.info.Components, depths = 3, []byte{8, 16}
	case pngPalette:
		d.info.Components, depths = 1, []byte{1, 2, 4, 8}
	case pngGreyAlpha:
		d.info.Components, depths = 2, []byte{8, 16}
		d.hasAlpha = true
	case pngRGBA:
		d.info.Components, depths = 4, []byte{8, 16}
		d.hasAlpha = true
	}
	switch {
	case !slices.Contains(depths, depth):
		return FormatError(fmt.Sprintf("there is no colour type %d with %d bits", colour, depth))
	case b[10] != 0 || b[11] != 0:
		return FormatError(fmt.Sprintf("there is no compression method %d with filter method %d", b[10], b[11]))
	case interlace > 1:
		return FormatError(fmt.Sprintf("there is no interlace method %d", interlace))
	}
	return nil
}

// readPalette reads the colours of a palette picture; for the other types the
// chunk is only a suggestion. Indices beyond the palette are the grey of the same
// value, as Pillow has it; the standard leaves them undefined.
func (d *pngDecoder) readPalette(b []byte) error {
	if d.colour != pngPalette {
		return nil
	}
	if len(b)%3 != 0 || len(b) > 3*256 || len(b) == 0 {
		return FormatError(fmt.Sprintf("the palette has %d bytes", len(b)))
	}
	for i := range d.palette {
		d.palette[i] = [4]byte{byte(i), byte(i), byte(i), 255}
		if 3*i < len(b) {
			copy(d.palette[i][:3], b[3*i:])
		}
	}
	d.hasPLTE = true
	return nil
}

func (d *pngDecoder) readTransparency(b []byte) error {
	switch {
	case d.colour == pngPalette && d.hasPLTE && len(b) <= 256:
		for i, a := range b {
			d.palette[i][3] = a
		}
	case d.colour == pngGrey && len(b) == 2, d.colour == pngRGB && len(b) == 6:
		d.keyed = true
		for i := range len(b) / 2 {
			// What is above the depth must be ignored, says the standard.
			d.key[i] = binary.BigEndian.Uint16(b[2*i:]) & (1<<d.info.Depth - 1)
		}
	default:
		return FormatError(fmt.Sprintf("a tRNS chunk of %d bytes does not suit the colour type", len(b)))
	}
	d.hasAlpha = true
	return nil
}

// pngPass is one of the sub-pictures that the pixels are stored in: those at
// columns x, x+dx, … of rows y, y+dy, ….
type pngPass struct{ x, y, dx, dy int }

var (
	pngWhole = []pngPass{{0, 0, 1, 1}}
	pngAdam7 = []pngPass{{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}}
)

// size returns the width and height of the pass in a picture of w x h pixels.
func (p pngPass) size(w, h int) (int, int) {
	return (w - p.x + p.dx - 1) / p.dx, (h - p.y + p.dy - 1) / p.dy
}

// pngBuffers hold the compressed and the filtered bytes of a picture.
type pngBuffers struct {
	packed, raw []byte
	inflater    inflater
}

var pngPool = sync.Pool{New: func() any { return new(pngBuffers) }}

// pngKeep is the largest buffer that is kept for the next picture.
const pngKeep = 64 << 20

// grow returns a slice of n bytes with any contents, b if that is large enough.
func grow(b []byte, n int) []byte {
	if cap(b) < n {
		return make([]byte, n)
	}
	return b[:n]
}

// picture decodes what the chunks held.
func (d *pngDecoder) picture() (*Image, error) {
	if d.colour == pngPalette && !d.hasPLTE {
		return nil, FormatError("there is no palette")
	}
	passes := pngWhole
	if d.info.Progressive {
		passes = pngAdam7
	}
	bits := d.info.Depth * d.info.Components
	raw := 0
	for _, p := range passes {
		if w, h := p.size(d.info.W, d.info.H); w > 0 && h > 0 {
			raw += h * (1 + (w*bits+7)/8)
		}
	}
	packed := 0
	for _, b := range d.idat {
		packed += len(b)
	}
	// Deflate packs at most 1032 to 1. Less than that can't be the picture, and
	// a tiny file must not have gigabytes allocated.
	if raw/1032 > packed {
		return nil, FormatError(fmt.Sprintf("%d bytes can't hold the picture", packed))
	}

	buf := pngPool.Get().(*pngBuffers)
	defer func() {
		if cap(buf.raw) <= pngKeep && cap(buf.packed) <= pngKeep {
			pngPool.Put(buf)
		}
	}()
	buf.packed = grow(buf.packed, packed+inflatePadding)[:0]
	for _, b := range d.idat {
		buf.packed = append(buf.packed, b...)
	}
	buf.packed = append(buf.packed, make([]byte, inflatePadding)...)
	buf.raw = grow(buf.raw, raw+inflateSlack)
	if err := buf.inflater.inflateZlib(buf.raw, raw, buf.packed); err != nil {
		return nil, err
	}
	m := New(d.info.W, d.info.H, d.channels())
	rows := buf.raw[:raw]
	for _, p := range passes {
		w, h := p.size(m.W, m.H)
		if w <= 0 || h <= 0 {
			continue
		}
		n := h * (1 + (w*bits+7)/8)
		if err := unfilter(rows[:n], h, max(bits/8, 1)); err != nil {
			return nil, err
		}
		d.place(m, p, w, h, rows[:n])
		rows = rows[n:]
	}
	return m, nil
}

// channels is the number of channels that the picture gets.
func (d *pngDecoder) channels() int {
	switch {
	case d.hasAlpha:
		return 4
	case d.colour == pngGrey:
		return 1
	}
	return 3
}
