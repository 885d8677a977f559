// Package pixel holds pictures: what they are in memory, how they are read
// from JPEG and PNG, written, resized and cropped.
//
// Everything here is measured against what the field's published numbers were
// made with. A network sees the picture that libjpeg decoded and Pillow
// resized; another decoder or another resampling moves thousands of pixels by
// a few levels, and now and then an answer. So the decoders, [Resize],
// [ResizeShort] and [CenterCrop] give the same bytes as Pillow and torchvision
// do (libjpeg-turbo with its default settings below them), and tests with
// fixtures made by those programs hold them there.
//
// Samples are 8 bits, 0..255, in the encoded (gamma-compressed) values of the
// file; no colour management is done, as Pillow does none.
package pixel

import (
	"errors"
	"fmt"
)

// MaxPixels is the largest width times height that a decoder accepts. A header
// that promises more is refused before anything is allocated: a file of a few
// kilobytes can claim a picture of many gigabytes. The figure is the one at
// which Pillow refuses too (twice its MAX_IMAGE_PIXELS).
const MaxPixels = 178_956_970

// Image is a picture of W x H pixels with C interleaved 8-bit channels: 1 grey,
// 3 red-green-blue, 4 red-green-blue-alpha (alpha not premultiplied). The rows
// follow one another from the top without padding, so that the sample of
// channel c at column x of row y is Pix[(y*W+x)*C+c] and len(Pix) is W*H*C.
type Image struct {
	W, H, C int
	Pix     []byte
}

// New returns a black picture (with C = 4: transparent black). It panics when w
// or h is negative or c is not 1, 3 or 4.
func New(w, h, c int) *Image {
	if w < 0 || h < 0 || c != 1 && c != 3 && c != 4 {
		panic(fmt.Sprintf("pixel: no picture can have %d x %d pixels and %d channels", w, h, c))
	}
	return &Image{W: w, H: h, C: c, Pix: make([]byte, w*h*c)}
}

// Row returns the samples of row y, W*C bytes of the picture itself.
func (m *Image) Row(y int) []byte {
	n := m.W * m.C
	return m.Pix[y*n : (y+1)*n : (y+1)*n]
}

// RGB returns the picture with three channels, as Pillow's convert("RGB"): grey
// is repeated, alpha is dropped without being blended against anything. When
// the picture has three channels already, it is returned itself, not a copy.
func (m *Image) RGB() *Image {
	if m.C == 3 {
		return m
	}
	out := New(m.W, m.H, 3)
	dst := out.Pix
	switch m.C {
	case 1:
		for _, v := range m.Pix {
			d := dst[:3:len(dst)]
			d[0], d[1], d[2] = v, v, v
			dst = dst[3:]
		}
	case 4:
		for src := m.Pix; len(src) >= 4; src = src[4:] {
			d := dst[:3:len(dst)]
			d[0], d[1], d[2] = src[0], src[1], src[2]
			dst = dst[3:]
		}
	default:
		panic(fmt.Sprintf("pixel: a picture of %d channels cannot become RGB", m.C))
	}
	return out
}

// Info says what the header of a file says.
type Info struct {
	Format string // "jpeg" or "png"
	W, H   int    // pixels as stored, before any orientation is applied

	// Orientation is the EXIF tag of the same name, 1..8, or 0 when the file has
	// none. It is data only: the decoders never turn a picture, as Pillow and
	// torchvision never do.
	Orientation int

	Components  int  // samples per pixel as stored: 1, 2 (grey with alpha), 3 or 4; 1 for a palette
	Depth       int  // bits per sample as stored
	Progressive bool // progressive JPEG, interlaced PNG
	Warnings    int  // what was noticed to be wrong with a JPEG and passed over
}

// FormatError reports that a file is not valid for its format.
type FormatError string

func (e FormatError) Error() string { return "invalid picture: " + string(e) }

// UnsupportedError reports that a file is of a kind, or uses a feature of its
// format, that this package does not read.
type UnsupportedError string

func (e UnsupportedError) Error() string { return "unsupported picture: " + string(e) }

// ErrTruncated reports that a file ends before its picture does. A truncated
// JPEG comes with the part that could be decoded, a truncated PNG does not.
var ErrTruncated = errors.New("truncated picture: the file ends before the picture is whole")

// checkSize refuses dimensions that are empty or beyond [MaxPixels].
func checkSize(w, h int) error {
	if w <= 0 || h <= 0 {
		return FormatError(fmt.Sprintf("it is said to have %d x %d pixels", w, h))
	}
	if int64(w) > MaxPixels || int64(h) > MaxPixels || int64(w)*int64(h) > MaxPixels {
		return UnsupportedError(fmt.Sprintf("%d x %d pixels are more than the limit of %d", w, h, MaxPixels))
	}
	return nil
}
