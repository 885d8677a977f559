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
	return resized(m, w, h, window{0, 0, w, h}, f)
}

// window is a part of a picture: w x h pixels from column x and row y on.
type window struct{ x, y, w, h int }

// resized returns a part of the picture as it is at w x h pixels.
func resized(m *Image, w, h int, part window, f Filter) *Image {
	switch {
	case w == m.W && h == m.H:
		return cut(m, part)
	case f == Nearest:
		return resizeNearest(m, w, h, part)
	case m.C == 4:
		out := resample(premultiplied(m), w, h, part, f)
		unmultiply(out)
		return out
	}
	return resample(m, w, h, part, f)
}

// ResizeShort makes the shorter side of the picture so many pixels long, by the
// rule of torchvision.transforms.Resize(side): the longer side is
// side*longer/shorter, rounded down. A picture whose shorter side is right
// already is returned itself, not a copy.
func ResizeShort(m *Image, side int, f Filter) *Image {
	w, h := shortSize(m, side)
	if w == m.W && h == m.H {
		return m
	}
	return Resize(m, w, h, f)
}

// shortSize is the size of m when its shorter side is made so long.
func shortSize(m *Image, side int) (w, h int) {
	if m.W <= m.H {
		return side, scaled(side, m.H, m.W)
	}
	return scaled(side, m.W, m.H), side
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
	return cut(m, window{cropMargin(m.W, w), cropMargin(m.H, h), w, h})
}

// ResizeShortCrop returns CenterCrop(ResizeShort(m, side, f), w, h), the same
// bytes, without making the pixels that the crop throws away. That saves time,
// and for a picture a thousand times as long as it is wide, much memory.
func ResizeShortCrop(m *Image, side, w, h int, f Filter) *Image {
	if m.W <= 0 || m.H <= 0 || side <= 0 {
		return CenterCrop(ResizeShort(m, side, f), w, h) // which panics
	}
	fullW, fullH := shortSize(m, side)
	if w <= 0 || h <= 0 || w > fullW || h > fullH || fullW == m.W && fullH == m.H {
		return CenterCrop(ResizeShort(m, side, f), w, h)
	}
	return resized(m, fullW, fullH, window{cropMargin(fullW, w), cropMargin(fullH, h), w, h}, f)
}

// Crop copies w x h pixels from column x and row y on; what lies outside of the picture is black (transparent black with 4
// channels), as in Pillow's Image.crop. It panics when w or h is not positive.
func Crop(m *Image, x, y, w, h int) *Image {
	if w <= 0 || h <= 0 {
		panic(fmt.Sprintf("pixel: a picture can't be cropped to %d x %d", w, h))
	}
	return cut(m, window{x, y, w, h})
}

// cut copies a part of the picture; what lies outside of it is black.
func cut(m *Image, part window) *Image {
	out := New(part.w, part.h, m.C)
	x0, x1 := max(part.x, 0), min(part.x+part.w, m.W)
	for y := max(part.y, 0); y < min(part.y+part.h, m.H); y++ {
		copy(out.Row(y - part.y)[(x0-part.x)*m.C:], m.Row(y)[x0*m.C:x1*m.C])
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
