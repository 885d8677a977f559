package augment

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/gestalt-vision/gestalt/pixel"
)

// Box is a part of a picture: W x H pixels from column X and row Y on.
type Box struct{ X, Y, W, H int }

// Of copies the part; what lies outside of the picture is black.
func (b Box) Of(m *pixel.Image) *pixel.Image { return pixel.Crop(m, b.X, b.Y, b.W, b.H) }

// ResizedCrop takes a part of random area and shape, which then gets the size that the network sees: torchvision's
// RandomResizedCrop, the crop of Inception (Szegedy et al. 2014), with which networks are trained on ImageNet.
type ResizedCrop struct {
	Scale [2]float64 // least and largest share of the picture's area
	Ratio [2]float64 // least and largest width / height
}

// ImageNetCrop is torchvision's default.
var ImageNetCrop = ResizedCrop{Scale: [2]float64{0.08, 1}, Ratio: [2]float64{3.0 / 4, 4.0 / 3}}

// Check says what is wrong with the settings.
func (c ResizedCrop) Check() error {
	if s := c.Scale; !(s[0] > 0 && s[0] <= s[1] && s[1] <= 1) {
		return fmt.Errorf("augment: a crop of %g to %g of the area; two ascending shares above 0 and up to 1 are needed", s[0], s[1])
	}
	if r := c.Ratio; !(r[0] > 0 && r[0] <= r[1]) || math.IsInf(r[1], 1) {
		return fmt.Errorf("augment: a crop with width / height from %g to %g; two ascending numbers above 0 are needed", r[0], r[1])
	}
	return nil
}

// attempts is how often torchvision draws before it gives up.
const attempts = 10

// Draw draws the part of a picture of w x h pixels: its area uniformly, the logarithm of its width / height uniformly, its
// place uniformly. What does not fit into the picture is drawn again; after ten times it is the largest part in the
// middle whose width / height is allowed.
func (c ResizedCrop) Draw(r *rand.Rand, w, h int) Box {
	low, high := math.Log(c.Ratio[0]), math.Log(c.Ratio[1])
	for range attempts {
		area := float64(w*h) * uniform(r, c.Scale[0], c.Scale[1])
		ratio := math.Exp(uniform(r, low, high))
		b := Box{W: round(math.Sqrt(area * ratio)), H: round(math.Sqrt(area / ratio))}
		if 0 < b.W && b.W <= w && 0 < b.H && b.H <= h {
			b.Y, b.X = r.IntN(h-b.H+1), r.IntN(w-b.W+1)
			return b
		}
	}
	b := Box{W: w, H: h}
	switch ratio := float64(w) / float64(h); {
	case ratio < c.Ratio[0]:
		b.H = min(max(round(float64(w)/c.Ratio[0]), 1), h)
	case ratio > c.Ratio[1]:
		b.W = min(max(round(float64(h)*c.Ratio[1]), 1), w)
	}
	b.X, b.Y = (w-b.W)/2, (h-b.H)/2
	return b
}

// round rounds to the nearest, halves to even, as Python does.
func round(v float64) int { return int(math.RoundToEven(v)) }

// PadCrop draws the place of a part of size x size pixels in a picture of w x h pixels with a black border of so many
// pixels around it: torchvision's RandomCrop(size, padding), with which networks are trained on CIFAR. A picture that
// is too small even with the border gets, on both sides, as much more as it lacks (pad_if_needed).
func PadCrop(r *rand.Rand, w, h, size, padding int) Box {
	place := func(n int) int {
		pad := padding + max(size-n-2*padding, 0)
		return r.IntN(n+2*pad-size+1) - pad
	}
	y := place(h)
	return Box{X: place(w), Y: y, W: size, H: size}
}

// Flip mirrors a picture left to right, in place.
func Flip(m *pixel.Image) {
	for y := range m.H {
		row := m.Row(y)
		for a, b := 0, len(row)-m.C; a < b; a, b = a+m.C, b-m.C {
			for c := range m.C {
				row[a+c], row[b+c] = row[b+c], row[a+c]
			}
		}
	}
}
