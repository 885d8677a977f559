package style

import (
	"context"
	"fmt"

	"github.com/gestalt-vision/gestalt/nets"
	"github.com/gestalt-vision/gestalt/pixel"
)

// Stylizer repaints pictures by one of the methods. Its methods may be called from several goroutines.
type Stylizer interface {
	// Encode makes a style of a picture.
	Encode(picture *pixel.Image) (Style, error)
	// Draw draws a style, which is a function of the seed alone.
	Draw(seed uint64) (Style, error)
	// Stylize repaints picture i of the batch in style i. The result has the size of the batch.
	Stylize(ctx context.Context, contents Batch, styles []Style) (Batch, error)
	// Identity is all that the result's bits depend on beside picture and style: method, settings, SHA-256 of the weights.
	Identity() string
	Close() error
}

// Style is what a picture is to look like.
type Style struct {
	Name   string    // for people: the file it comes from, or how it was drawn
	Vector []float32 // the style in the method's own numbers
}

// Batch is n pictures of h x w pixels: red, green, blue on the scale 0..1, picture by picture, row by row.
type Batch struct {
	N, H, W int
	Pixels  []float32 // N·H·W·3
}

// NewBatch makes a batch of black pictures.
func NewBatch(n, h, w int) Batch { return Batch{N: n, H: h, W: w, Pixels: make([]float32, n*h*w*3)} }

// BatchOf makes a batch of pictures, which must have one size.
func BatchOf(pictures ...*pixel.Image) (Batch, error) {
	if len(pictures) == 0 {
		return Batch{}, fmt.Errorf("style: no pictures")
	}
	b := NewBatch(len(pictures), pictures[0].H, pictures[0].W)
	for i, m := range pictures {
		if m.H != b.H || m.W != b.W {
			return Batch{}, fmt.Errorf("style: pictures of %d x %d and %d x %d pixels in one batch", b.W, b.H, m.W, m.H)
		}
		dst := b.picture(i)
		for j, v := range m.RGB().Pix {
			dst[j] = float32(v) / 255
		}
	}
	return b, nil
}

// Image is picture i in bytes: values outside 0..1 are cut off, the others rounded to the nearest, halves up.
func (b Batch) Image(i int) *pixel.Image {
	m := pixel.New(b.W, b.H, 3)
	for j, v := range b.picture(i) {
		m.Pix[j] = byte(min(max(v, 0), 1)*255 + 0.5)
	}
	return m
}

// picture is the pixels of picture i.
func (b Batch) picture(i int) []float32 {
	size := b.H * b.W * 3
	return b.Pixels[i*size : (i+1)*size]
}

// check says what is wrong with a batch and its styles, whose vectors must have so many numbers.
func (b Batch) check(styles []Style, numbers int) error {
	if b.N < 1 || b.H < 1 || b.W < 1 || len(b.Pixels) != b.N*b.H*b.W*3 {
		return fmt.Errorf("style: %d values are not %d pictures of %d x %d x 3", len(b.Pixels), b.N, b.H, b.W)
	}
	if len(styles) != b.N {
		return fmt.Errorf("style: %d styles for %d pictures", len(styles), b.N)
	}
	for _, s := range styles {
		if len(s.Vector) != numbers {
			return fmt.Errorf("style: %q has %d numbers, the method takes %d; was it made by another one?", s.Name, len(s.Vector), numbers)
		}
	}
	return nil
}

func (b Batch) array() nets.Array { return nets.Array{Dims: []int{b.N, b.H, b.W, 3}, Values: b.Pixels} }

// vectors are the styles' numbers, [n, numbers].
func vectors(styles []Style) nets.Array {
	a := nets.Array{Dims: []int{len(styles), len(styles[0].Vector)}}
	for _, s := range styles {
		a.Values = append(a.Values, s.Vector...)
	}
	return a
}
