package augment

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/gestalt-vision/gestalt/pixel"
)

// distribution is values, and which share of what was drawn is not above each.
type distribution struct{ At, Share []float64 }

// fixture is testdata/augment.json.
type fixture struct {
	Operations []struct {
		Name    string
		Numbers []float64
		W, H    int
	}
	Draws int
	Crops []struct {
		W, H         int
		Scale, Ratio [2]float64
		Of           map[string]distribution
	}
	Padded map[string]distribution
	Jitter map[string]distribution
	First  []float64 // how often each operation comes first
}

func readFixture(t *testing.T) (f fixture) {
	t.Helper()
	text, err := os.ReadFile("testdata/augment.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &f); err != nil {
		t.Fatal(err)
	}
	return f
}

// Each operation gives the bytes that torchvision gives on Pillow's pictures.
func TestOperationsAgainstTorchvision(t *testing.T) {
	f := readFixture(t)
	data, err := os.ReadFile("testdata/augment.png")
	if err != nil {
		t.Fatal(err)
	}
	all, _, err := pixel.Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	const w, h = 40, 32
	if all.H != h*(len(f.Operations)+1) {
		t.Fatalf("%d rows for %d operations", all.H, len(f.Operations))
	}
	for k, op := range f.Operations {
		m := Box{0, 0, w, h}.Of(all)
		want := Box{0, h * (k + 1), op.W, op.H}.Of(all)
		got := apply(t, op.Name, op.Numbers, m)
		if got.W != want.W || got.H != want.H {
			t.Errorf("%s %v: %d x %d", op.Name, op.Numbers, got.W, got.H)
			continue
		}
		wrong := 0
		for i := range want.Pix {
			if got.Pix[i] != want.Pix[i] {
				wrong++
			}
		}
		if wrong > 0 {
			t.Errorf("%s %v: %d of %d samples differ", op.Name, op.Numbers, wrong, len(want.Pix))
		}
	}
}

func apply(t *testing.T, name string, numbers []float64, m *pixel.Image) *pixel.Image {
	whole := make([]int, len(numbers))
	for i, v := range numbers {
		whole[i] = int(v)
	}
	switch name {
	case "brightness":
		Brightness(m, numbers[0])
	case "contrast":
		Contrast(m, numbers[0])
	case "saturation":
		Saturation(m, numbers[0])
	case "hue":
		Hue(m, numbers[0])
	case "flip":
		Flip(m)
	case "resized crop":
		return resize(Box{whole[0], whole[1], whole[2], whole[3]}.Of(m), whole[4])
	case "padded crop":
		return Box{whole[0], whole[1], whole[2], whole[2]}.Of(m)
	case "centre":
		return Transform{Crop: Centre, Short: whole[0]}.Apply(m, whole[1], 0, 0, "")
	default:
		t.Fatalf("no operation %q", name)
	}
	return m
}

// far is how far two shares of so many draws each may be apart: more than five standard errors of their difference.
const far = 0.02

func compare(t *testing.T, what string, want distribution, drawn []float64) {
	t.Helper()
	for k, at := range want.At {
		n := 0
		for _, v := range drawn {
			if v <= at+1e-9 {
				n++
			}
		}
		share := float64(n) / float64(len(drawn))
		if d := share - want.Share[k]; d > far || d < -far {
			t.Errorf("%s: a share of %.3f is up to %g, torchvision's is %.3f", what, share, at, want.Share[k])
		}
	}
}

// columns are the numbers of boxes whose distributions are compared.
func columns(boxes []Box) map[string][]float64 {
	c := map[string][]float64{}
	for _, b := range boxes {
		for name, v := range map[string]int{"x": b.X, "y": b.Y, "w": b.W, "h": b.H, "area": b.W * b.H, "right": b.X + b.W} {
			c[name] = append(c[name], float64(v))
		}
	}
	return c
}

// Crops and factors are distributed as torchvision's are.
func TestDistributionsOfTorchvision(t *testing.T) {
	f := readFixture(t)
	r := rand.New(rand.NewPCG(1, 2))
	for _, c := range f.Crops {
		boxes := make([]Box, f.Draws)
		for i := range boxes {
			boxes[i] = ResizedCrop{c.Scale, c.Ratio}.Draw(r, c.W, c.H)
		}
		for name, drawn := range columns(boxes) {
			compare(t, name, c.Of[name], drawn)
		}
	}
	boxes := make([]Box, f.Draws)
	for i := range boxes {
		boxes[i] = PadCrop(r, 32, 32, 32, 4)
		boxes[i].X += 4 // torchvision counts from the corner of the border
		boxes[i].Y += 4
	}
	for name, drawn := range columns(boxes) {
		compare(t, "padded "+name, f.Padded[name], drawn)
	}

	factors, first := map[string][]float64{}, map[string]int{}
	names := []string{"brightness", "contrast", "saturation", "hue"}
	for range f.Draws {
		shifts := Jitter{0.4, 0.4, 2, 0.1}.Draw(r)
		if len(shifts) != 4 {
			t.Fatalf("%d operations", len(shifts))
		}
		for k, s := range shifts {
			if k == 0 {
				first[s.Name]++
			}
			factors[s.Name] = append(factors[s.Name], s.Factor)
		}
	}
	for i, name := range names {
		compare(t, name, f.Jitter[name], factors[name])
		compare(t, name+" first", distribution{[]float64{0}, []float64{1 - f.First[i]}}, slices.Concat(make([]float64, f.Draws-first[name]), slices.Repeat([]float64{1}, first[name])))
	}
}
