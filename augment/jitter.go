package augment

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/gestalt-vision/gestalt/pixel"
)

// Jitter says how far the colours of a picture are shifted: torchvision's ColorJitter. Factors of brightness, contrast and
// saturation are uniform in max(0, 1-x) … 1+x, the turn of the hue in -x … x of a full circle; 0 is off.
type Jitter struct {
	Brightness, Contrast, Saturation float64
	Hue                              float64 // at most 0.5
}

// Check says what is wrong with the settings.
func (j Jitter) Check() error {
	for _, x := range []float64{j.Brightness, j.Contrast, j.Saturation} {
		if !(x >= 0) || math.IsInf(x, 1) {
			return fmt.Errorf("augment: brightness, contrast and saturation of %g, %g and %g; none may be less than 0", j.Brightness, j.Contrast, j.Saturation)
		}
	}
	if !(j.Hue >= 0 && j.Hue <= 0.5) {
		return fmt.Errorf("augment: a turn of the hue by up to %g; it must be in 0..0.5", j.Hue)
	}
	return nil
}

// Shift is one of the operations of [Jitter], with its factor.
type Shift struct {
	Name   string // brightness, contrast, saturation or hue
	Factor float64
	change func(m *pixel.Image, factor float64)
}

// Apply changes an RGB picture, in place.
func (s Shift) Apply(m *pixel.Image) { s.change(m, s.Factor) }

// Draw draws the operations that are on, in random order, each with a factor.
func (j Jitter) Draw(r *rand.Rand) (shifts []Shift) {
	of := [...]Shift{
		{"brightness", uniform(r, max(0, 1-j.Brightness), 1+j.Brightness), Brightness},
		{"contrast", uniform(r, max(0, 1-j.Contrast), 1+j.Contrast), Contrast},
		{"saturation", uniform(r, max(0, 1-j.Saturation), 1+j.Saturation), Saturation},
		{"hue", uniform(r, -j.Hue, j.Hue), Hue},
	}
	on := [...]bool{j.Brightness > 0, j.Contrast > 0, j.Saturation > 0, j.Hue > 0}
	for _, i := range r.Perm(len(of)) {
		if on[i] {
			shifts = append(shifts, of[i])
		}
	}
	return shifts
}

// Brightness multiplies all samples of an RGB picture, in place: Pillow's ImageEnhance.Brightness.
func Brightness(m *pixel.Image, factor float64) {
	var table [256]byte
	for v := range table {
		table[v] = blend(0, byte(v), float32(factor))
	}
	look(m.Pix, &table)
}

// Contrast moves all samples of an RGB picture away from its mean grey, or towards it, in place: Pillow's
// ImageEnhance.Contrast.
func Contrast(m *pixel.Image, factor float64) {
	sum := 0
	for i := 0; i+3 <= len(m.Pix); i += 3 {
		sum += int(luma(m.Pix[i : i+3 : i+3]))
	}
	mean := byte(float64(sum)/float64(m.W*m.H) + 0.5)
	var table [256]byte
	for v := range table {
		table[v] = blend(mean, byte(v), float32(factor))
	}
	look(m.Pix, &table)
}

// Saturation moves the colours of an RGB picture away from grey, or towards it, in place: Pillow's ImageEnhance.Color.
func Saturation(m *pixel.Image, factor float64) {
	f := float32(factor)
	for i := 0; i+3 <= len(m.Pix); i += 3 {
		p := m.Pix[i : i+3 : i+3]
		grey := luma(p)
		p[0], p[1], p[2] = blend(grey, p[0], f), blend(grey, p[1], f), blend(grey, p[2], f)
	}
}

// Hue turns the colours of an RGB picture by so much of a circle, in place, as torchvision's adjust_hue does it by way of
// Pillow's conversion to HSV in bytes and back, whose roundings it has.
func Hue(m *pixel.Image, turn float64) {
	by := byte(int(turn * 255)) // the fraction is cut off, and what is negative goes round
	for i := 0; i+3 <= len(m.Pix); i += 3 {
		p := m.Pix[i : i+3 : i+3]
		h, s, v := hsv(p[0], p[1], p[2])
		p[0], p[1], p[2] = rgb(h+by, s, v)
	}
}

// luma is the grey of a pixel in Pillow's convert("L").
func luma(p []byte) byte {
	return byte((19595*uint32(p[0]) + 38470*uint32(p[1]) + 7471*uint32(p[2]) + 0x8000) >> 16)
}

// blend is a + f(b-a) in single precision, cut to 0..255 and its fraction cut off: Pillow's Image.blend.
func blend(a, b byte, f float32) byte {
	v := float32(a) + float32(f*float32(int(b)-int(a)))
	if v <= 0 {
		return 0
	}
	if v >= 255 {
		return 255
	}
	return byte(int32(v))
}

func look(pix []byte, table *[256]byte) {
	for i, v := range pix {
		pix[i] = table[v]
	}
}

// hsv is hue, saturation and value of a colour in bytes: Python's colorsys, of which Pillow rounds saturation and hue down.
func hsv(r, g, b byte) (h, s, v byte) {
	high, low := max(r, g, b), min(r, g, b)
	if high == low {
		return 0, 0, high
	}
	spread := float32(high - low)
	saturation := spread / float32(high)
	below := func(c byte) float32 { return float32(high-c) / spread }
	var sector float32 // hue in sixths of the circle
	switch high {
	case r:
		sector = below(b) - below(g)
	case g:
		sector = float32(2 + float64(below(r)) - float64(below(b)))
	default:
		sector = float32(4 + float64(below(g)) - float64(below(r)))
	}
	turns := float64(sector)/6 + 1 // 5/6 to 11/6
	if turns >= 1 {
		turns--
	}
	return byte(int32(float64(float32(turns)) * 255)), byte(int32(float64(saturation) * 255)), high
}

// rgb is the colour of a hue, saturation and value.
func rgb(h, s, v byte) (r, g, b byte) {
	if s == 0 {
		return v, v, v
	}
	sixths := float64(h) * 6 / 255
	sector := int(sixths)
	f, saturation := float64(float32(sixths-float64(sector))), float64(float32(float64(s)/255))
	level := func(share float64) byte { return byte(int32(float64(float64(v)*(1-share)) + 0.5)) }
	p, q, t := level(saturation), level(float64(saturation*f)), level(float64(saturation*(1-f)))
	switch sector % 6 {
	case 0:
		return v, t, p
	case 1:
		return q, v, p
	case 2:
		return p, v, t
	case 3:
		return p, q, v
	case 4:
		return t, p, v
	}
	return v, p, q
}
