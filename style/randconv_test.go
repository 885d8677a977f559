package style

import (
	"context"
	"math"
	"slices"
	"testing"

	"github.com/gestalt-vision/gestalt/pixel"
)

var _ Stylizer = (*RandConv)(nil)

func openRandConv(t testing.TB, alpha float32) *RandConv {
	t.Helper()
	r, err := OpenRandConv(cpuEngine(t), alpha)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

// disc is a picture with a shape and two textures.
func disc(side int) *pixel.Image {
	m := pixel.New(side, side, 3)
	for y := range side {
		for x := range side {
			v := byte(60 + 40*(x/2%2))
			if dx, dy := x-side/2, y-side/2; dx*dx+dy*dy < side*side/9 {
				v = byte(160 + 60*(y/3%2))
			}
			copy(m.Row(y)[3*x:], []byte{v, v / 2, 255 - v})
		}
	}
	return m
}

// What comes out has the palette that the style says, differs from style to style, and is the same for the same seed, alone
// or in a batch.
func TestRandConv(t *testing.T) {
	r := openRandConv(t, 1)
	contents, err := BatchOf(disc(48), disc(48), disc(48), disc(48))
	if err != nil {
		t.Fatal(err)
	}
	var styles []Style
	for seed := range uint64(4) {
		s, err := r.Draw(seed)
		if err != nil {
			t.Fatal(err)
		}
		copy(s.Vector[2:], []float32{0.5, 0.5, 0.5, 0.1, 0.1, 0.1}) // so narrow that little is cut off
		styles = append(styles, s)
	}
	out, err := r.Stylize(context.Background(), contents, styles)
	if err != nil {
		t.Fatal(err)
	}
	for i := range out.N {
		alone, err := r.Stylize(context.Background(), Batch{1, 48, 48, contents.picture(i)}, styles[i:i+1])
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(alone.Pixels, out.picture(i)) {
			t.Errorf("picture %d depends on its neighbours", i)
		}
		if i > 0 && difference(out.picture(i), out.picture(0)) < 0.1 {
			t.Errorf("styles 0 and %d give the same", i)
		}
		for c := range 3 {
			sum, squares := 0.0, 0.0
			for at := range 48 * 48 {
				v := float64(out.picture(i)[at*3+c])
				sum += v / (48 * 48)
				squares += v * v / (48 * 48)
			}
			if deviation := math.Sqrt(squares - sum*sum); math.Abs(sum-0.5) > 0.01 || math.Abs(deviation-0.1) > 0.01 {
				t.Errorf("picture %d, channel %d: mean %.3f, deviation %.3f", i, c, sum, deviation)
			}
		}
	}
}

// With alpha 0 the picture stays as it is.
func TestRandConvAlpha(t *testing.T) {
	r := openRandConv(t, 0)
	contents, err := BatchOf(disc(32))
	if err != nil {
		t.Fatal(err)
	}
	s, err := r.Encode(disc(20))
	if err != nil {
		t.Fatal(err)
	}
	out, err := r.Stylize(context.Background(), contents, []Style{s})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(out.Pixels, contents.Pixels) {
		t.Error("alpha 0 changes the picture")
	}
}

// The palette of a picture goes into its style, and two pictures have different kernels.
func TestRandConvEncode(t *testing.T) {
	r := openRandConv(t, 1)
	grey := pixel.New(8, 8, 3)
	for i := range grey.Pix {
		grey.Pix[i] = 51
	}
	a, err := r.Encode(grey)
	if err != nil {
		t.Fatal(err)
	}
	if d := difference(a.Vector[2:], []float32{0.2, 0.2, 0.2, 0, 0, 0}); d > 1e-4 {
		t.Errorf("palette of a grey picture: %v", a.Vector[2:])
	}
	b, err := r.Encode(disc(30))
	if err != nil {
		t.Fatal(err)
	}
	if a.Vector[0] == b.Vector[0] {
		t.Error("two pictures have the same seed")
	}
	if _, err := r.Encode(pixel.New(0, 3, 3)); err == nil {
		t.Error("an empty picture: no error")
	}
}
