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
//	jpeg.go              from file to picture
//	jpeg_markers.go      markers, tables, frame header
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

import "fmt"

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
