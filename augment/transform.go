package augment

import (
	"fmt"

	"github.com/gestalt-vision/gestalt/pixel"
)

// Crops.
const (
	Resized = "resized" // ResizedCrop
	Padded  = "padded"  // PadCrop
	Centre  = "centre"  // nothing random: the shorter side resized, the middle cut out, as for validation
)

// Transform is what is done to a picture, in this order: a crop of the size that the network sees, a mirror image, other
// colours.
type Transform struct {
	Crop    string      // Resized, Padded or Centre
	Area    ResizedCrop // of Resized
	Padding int         // pixels, of Padded
	Short   int         // pixels of the shorter side before the crop, of Centre; 0 for the size of the crop
	Flip    float64     // probability of a mirror image
	Jitter  Jitter
}

// Check says what is wrong with the settings, for crops of size x size pixels.
func (t Transform) Check(size int) error {
	if size < 1 {
		return fmt.Errorf("augment: pictures of %d pixels", size)
	}
	if !(t.Flip >= 0 && t.Flip <= 1) {
		return fmt.Errorf("augment: a mirror image with probability %g; it must be in 0..1", t.Flip)
	}
	switch t.Crop {
	case Resized:
		if err := t.Area.Check(); err != nil {
			return err
		}
	case Padded:
		if t.Padding < 0 {
			return fmt.Errorf("augment: a border of %d pixels", t.Padding)
		}
	case Centre:
		if t.Short < 0 || t.Short > 0 && t.Short < size {
			return fmt.Errorf("augment: a crop of %d pixels out of pictures whose shorter side has %d", size, t.Short)
		}
	default:
		return fmt.Errorf("augment: there is no crop %q; it is %s, %s or %s", t.Crop, Resized, Padded, Centre)
	}
	return t.Jitter.Check()
}

// Apply makes the size x size x 3 pixels that the network sees of a picture, which stays as it is. What is drawn is a
// function of seed, epoch, key and the picture's width and height.
func (t Transform) Apply(m *pixel.Image, size int, seed uint64, epoch int, key string) *pixel.Image {
	whole := m.RGB()
	out := t.crop(whole, size, seed, epoch, key)
	if out == whole && (t.Flip > 0 || t.Jitter != Jitter{}) {
		out = Box{0, 0, out.W, out.H}.Of(out) // a copy that may be changed
	}
	if t.Flip > 0 && Random(seed, epoch, key, ForFlip).Float64() < t.Flip {
		Flip(out)
	}
	if (t.Jitter != Jitter{}) {
		for _, s := range t.Jitter.Draw(Random(seed, epoch, key, ForJitter)) {
			s.Apply(out)
		}
	}
	return out
}

func (t Transform) crop(m *pixel.Image, size int, seed uint64, epoch int, key string) *pixel.Image {
	switch t.Crop {
	case Resized:
		return resize(t.Area.Draw(Random(seed, epoch, key, ForCrop), m.W, m.H).Of(m), size)
	case Padded:
		return PadCrop(Random(seed, epoch, key, ForCrop), m.W, m.H, size, t.Padding).Of(m)
	}
	short := t.Short
	if short == 0 {
		short = size
	}
	return pixel.ResizeShortCrop(m, short, size, size, pixel.Bilinear)
}

// resize makes a picture square, which may be the picture itself.
func resize(m *pixel.Image, size int) *pixel.Image {
	if m.W == size && m.H == size {
		return m
	}
	return pixel.Resize(m, size, size, pixel.Bilinear)
}
