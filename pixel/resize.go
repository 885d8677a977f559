package pixel

import (
	"fmt"
	"math"
)

// Filter says how [Resize] weighs the pixels around a point.
type Filter int

// The filters of Pillow. All but Nearest are antialiased: when a picture gets
// smaller the filter grows wider by the same factor, so that every pixel counts.
const (
	Nearest  Filter = iota // the pixel at that point, no weighing
	Box                    // mean over the area of the new pixel
	Bilinear               // triangle of 2 pixels' width; torchvision's default
	Hamming                // sharper than Bilinear, of the same width
	Bicubic                // Keys' cubic of 4 pixels' width, a = -1/2
	Lanczos                // sinc windowed by sinc, 6 pixels' width
)

var filterNames = [...]string{"nearest", "box", "bilinear", "hamming", "bicubic", "lanczos"}

// String returns the name in lower case, such as "bilinear".
func (f Filter) String() string {
	if f < 0 || int(f) >= len(filterNames) {
		return fmt.Sprintf("Filter(%d)", int(f))
	}
	return filterNames[f]
}

// Resize returns the picture at w x h pixels, bit by bit what Pillow's
// Image.resize gives with the same filter (without reducing_gap). A picture that
// has the size already is copied. With 4 channels the colours are multiplied with
// alpha before and divided by it after, as Pillow does, so that invisible pixels
// lend no colour to their neighbours (not for Nearest, which mixes nothing).
//
// It panics when w, h or a side of m is not positive, or for an unknown filter.
func Resize(m *Image, w, h int, f Filter) *Image {
	if w <= 0 || h <= 0 || m.W <= 0 || m.H <= 0 {
		panic(fmt.Sprintf("pixel: a picture of %d x %d can't be resized to %d x %d", m.W, m.H, w, h))
	}
	if f < Nearest || f > Lanczos {
		panic(fmt.Sprintf("pixel: there is no filter %d", int(f)))
	}
	switch {
	case w == m.W && h == m.H:
		out := New(w, h, m.C)
		copy(out.Pix, m.Pix)
		return out
	case f == Nearest:
		return resizeNearest(m, w, h)
	case m.C == 4:
		out := resample(premultiplied(m), w, h, f)
		unmultiply(out)
		return out
	}
	return resample(m, w, h, f)
}

// ResizeShort makes the shorter side of the picture so many pixels long, by the
// rule of torchvision.transforms.Resize(side): the longer side is
// side*longer/shorter, rounded down. A picture whose shorter side is right
// already is returned itself, not a copy.
func ResizeShort(m *Image, side int, f Filter) *Image {
	switch {
	case m.W <= m.H && m.W == side, m.H <= m.W && m.H == side:
		return m
	case m.W <= m.H:
		return Resize(m, side, scaled(side, m.H, m.W), f)
	}
	return Resize(m, scaled(side, m.W, m.H), side, f)
}

// scaled is int(side * long / short) in Python: an exact product, a division in
// floating point, rounded down. Where the quotient is below a whole number by
// less than floating point can tell, that gives the whole number.
func scaled(side, long, short int) int {
	return int(float64(side*long) / float64(short))
}

// CenterCrop cuts w x h pixels out of the middle of the picture as
// torchvision.transforms.CenterCrop((h, w)) does; where the picture is smaller,
// it is first put on black (transparent black with 4 channels). The margins at
// the top and the left are half of what goes, rounded to even: of 5 rows too many
// 2 go at the top, of 3 rows 2 as well. A picture that has the size already is
// returned itself, not a copy.
func CenterCrop(m *Image, w, h int) *Image {
	if w <= 0 || h <= 0 {
		panic(fmt.Sprintf("pixel: a picture can't be cropped to %d x %d", w, h))
	}
	if w == m.W && h == m.H {
		return m
	}
	left, top := cropMargin(m.W, w), cropMargin(m.H, h)
	out := New(w, h, m.C)
	x0, x1 := max(left, 0), min(left+w, m.W)
	for y := max(top, 0); y < min(top+h, m.H); y++ {
		copy(out.Row(y - top)[(x0-left)*m.C:], m.Row(y)[x0*m.C:x1*m.C])
	}
	return out
}

// cropMargin returns how many of n pixels come before the middle size of them;
// less than zero where size is larger, and then it is the part of the border
// that goes before.
func cropMargin(n, size int) int {
	if size > n {
		return -((size - n) / 2)
	}
	return int(math.RoundToEven(float64(n-size) / 2))
}
