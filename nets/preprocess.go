package nets

import (
	"fmt"

	"github.com/gestalt-vision/gestalt/pixel"
)

// Preprocess turns a picture into what a network takes, step by step as torchvision's transforms do: Resize of the
// shorter side, CenterCrop, ToTensor, Normalize.
type Preprocess struct {
	Resize, Crop int          // pixels: the shorter side after resizing; both sides of the crop
	Filter       pixel.Filter // of the resizing
	Mean, Std    [3]float32   // of red, green, blue on the scale 0..1
}

// String says it in torchvision's words, complete enough to tell results of different preprocessing apart.
func (p Preprocess) String() string {
	return fmt.Sprintf("Resize(%d, %v) and CenterCrop(%d) unless %dx%d, ToTensor, Normalize(%v, %v)",
		p.Resize, p.Filter, p.Crop, p.Crop, p.Crop, p.Mean, p.Std)
}

// Tensor writes the normalised picture into dst, which has room for Crop x Crop x 3 floats: rows from the top, each
// pixel red, green, blue. A picture that is Crop x Crop already is neither resized nor cropped, which is how stimuli
// are shown.
func (p Preprocess) Tensor(m *pixel.Image, dst []float32) error {
	if len(dst) != p.Crop*p.Crop*3 {
		return fmt.Errorf("nets: a picture of %d x %d x 3 needs %d values, not %d", p.Crop, p.Crop, p.Crop*p.Crop*3, len(dst))
	}
	if m.W < 1 || m.H < 1 {
		return fmt.Errorf("nets: a picture of %d x %d pixels shows nothing", m.W, m.H)
	}
	m = m.RGB()
	if m.W != p.Crop || m.H != p.Crop {
		m = pixel.ResizeShortCrop(m, p.Resize, p.Crop, p.Crop, p.Filter)
	}
	// There are only 256 values for each channel. In float32 and in the same order of operations as torchvision, so
	// that the results are the same to the last bit.
	var table [3][256]float32
	for c := range table {
		for v := range table[c] {
			table[c][v] = (float32(v)/255 - p.Mean[c]) / p.Std[c]
		}
	}
	red, green, blue := &table[0], &table[1], &table[2]
	for pix := m.Pix; len(pix) >= 3 && len(dst) >= 3; pix, dst = pix[3:], dst[3:] {
		dst[0], dst[1], dst[2] = red[pix[0]], green[pix[1]], blue[pix[2]]
	}
	return nil
}
