package augment

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/gestalt-vision/gestalt/pixel"
)

// kolmogorov compares n numbers that are drawn with a distribution function.
func kolmogorov(t *testing.T, what string, n int, draw func() float64, cdf func(v float64) float64) {
	t.Helper()
	// The largest distance between the two distribution functions, looked at in 200 places; beyond 1.95/√n with
	// probability below 0.001 (Kolmogorov), and the seed is fixed.
	const places = 200
	drawn := make([]float64, n)
	low, high := math.Inf(1), math.Inf(-1)
	for i := range drawn {
		drawn[i] = draw()
		low, high = min(low, drawn[i]), max(high, drawn[i])
	}
	worst := 0.0
	for p := range places {
		v := low + (high-low)*float64(p)/(places-1)
		below := 0
		for _, d := range drawn {
			if d <= v {
				below++
			}
		}
		worst = max(worst, math.Abs(float64(below)/float64(n)-cdf(v)))
	}
	if limit := 1.95 / math.Sqrt(float64(n)); worst > limit {
		t.Errorf("%s: the distribution is off by %.4f, more than %.4f", what, worst, limit)
	}
}

func uniformCDF(low, high float64) func(float64) float64 {
	return func(v float64) float64 { return min(max((v-low)/(high-low), 0), 1) }
}

// Where every crop fits, area, logarithm of width / height and place have the distributions of the formulas.
func TestCropFormulas(t *testing.T) {
	const side, n = 20000, 20000 // so large that rounding to pixels does not show
	c := ResizedCrop{Scale: [2]float64{0.1, 0.5}, Ratio: [2]float64{0.8, 1.25}}
	r := rand.New(rand.NewPCG(5, 6))
	draw := func(of func(Box) float64) func() float64 {
		return func() float64 { return of(c.Draw(r, side, side)) }
	}
	kolmogorov(t, "area", n, draw(func(b Box) float64 { return float64(b.W) * float64(b.H) / (side * side) }), uniformCDF(0.1, 0.5))
	kolmogorov(t, "shape", n, draw(func(b Box) float64 { return math.Log(float64(b.W) / float64(b.H)) }), uniformCDF(math.Log(0.8), math.Log(1.25)))
	kolmogorov(t, "column", n, draw(func(b Box) float64 { return float64(b.X) / float64(side-b.W) }), uniformCDF(0, 1))
	kolmogorov(t, "row", n, draw(func(b Box) float64 { return float64(b.Y) / float64(side-b.H) }), uniformCDF(0, 1))
}

// Every crop lies inside of the picture, also of those that few crops fit into.
func TestCropsLieInside(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 20000 {
		w, h := 1+r.IntN(40), 1+r.IntN(40)
		low, aspect := 0.01+r.Float64()/2, 0.2+3*r.Float64()
		b := ResizedCrop{[2]float64{low, low + r.Float64()/2}, [2]float64{aspect, aspect * (1 + r.Float64())}}.Draw(r, w, h)
		if b.X < 0 || b.Y < 0 || b.W < 1 || b.H < 1 || b.X+b.W > w || b.Y+b.H > h {
			t.Fatalf("%+v of %d x %d", b, w, h)
		}
	}
}

// What is drawn depends on all of seed, epoch, key and purpose, and on nothing else.
func TestRandom(t *testing.T) {
	seen := map[uint64]string{}
	for seed := range uint64(3) {
		for epoch := range 3 {
			for _, key := range []string{"", "a", "b/a"} {
				for _, purpose := range []string{ForCrop, ForFlip, ForJitter} {
					id := fmt.Sprint(seed, epoch, key, purpose)
					v := Random(seed, epoch, key, purpose).Uint64()
					if v != Random(seed, epoch, key, purpose).Uint64() {
						t.Errorf("%s: two numbers", id)
					}
					if before, twice := seen[v]; twice {
						t.Errorf("%s and %s draw the same", before, id)
					}
					seen[v] = id
				}
			}
		}
	}
	if got := Random(1, 2, "bear/1.jpg", ForCrop).Uint64(); got != 0x7e0985cff2199cd1 {
		t.Errorf("%#x: what recipes draw has changed", got)
	}
}

func noise(w, h, c int) *pixel.Image {
	m := pixel.New(w, h, c)
	r := rand.New(rand.NewPCG(uint64(w), uint64(h)))
	for i := range m.Pix {
		m.Pix[i] = byte(r.Uint32())
	}
	return m
}

// A transform leaves its picture as it is, gives the size asked for in three channels, and mirrors as often as it says.
func TestApply(t *testing.T) {
	jitter := Jitter{0.4, 0.4, 0.4, 0.1}
	for _, tr := range []Transform{
		{Crop: Resized, Area: ImageNetCrop, Flip: 0.5, Jitter: jitter},
		{Crop: Padded, Padding: 4, Flip: 0.5, Jitter: jitter},
		{Crop: Padded, Flip: 1, Jitter: jitter},
		{Crop: Centre, Jitter: jitter},
		{Crop: Centre, Short: 40, Flip: 1},
	} {
		for _, m := range []*pixel.Image{noise(32, 32, 3), noise(50, 33, 1), noise(20, 70, 4), noise(1, 1, 3)} {
			if err := tr.Check(32); err != nil {
				t.Fatal(err)
			}
			before := bytes.Clone(m.Pix)
			for epoch := range 20 {
				out := tr.Apply(m, 32, 1, epoch, "key")
				if out.W != 32 || out.H != 32 || out.C != 3 {
					t.Fatalf("%+v: %d x %d x %d", tr, out.W, out.H, out.C)
				}
				if again := tr.Apply(m, 32, 1, epoch, "key"); !bytes.Equal(again.Pix, out.Pix) {
					t.Fatalf("%+v: the second time it is another", tr)
				}
			}
			if !bytes.Equal(before, m.Pix) {
				t.Fatalf("%+v changes the picture that it is given", tr)
			}
		}
	}

	m := noise(8, 8, 3)
	flipped := pixel.CenterCrop(m, 8, 8)
	flipped = Box{0, 0, 8, 8}.Of(flipped)
	Flip(flipped)
	n := 0
	const epochs = 4000
	for epoch := range epochs {
		switch out := (Transform{Crop: Centre, Flip: 0.3}).Apply(m, 8, 1, epoch, "k"); {
		case bytes.Equal(out.Pix, flipped.Pix):
			n++
		case !bytes.Equal(out.Pix, m.Pix):
			t.Fatal("neither the picture nor its mirror image")
		}
	}
	if share := float64(n) / epochs; math.Abs(share-0.3) > 4*math.Sqrt(0.3*0.7/epochs) {
		t.Errorf("a share of %.3f is mirrored, not 0.3", share)
	}
}

// Operations that are off are not drawn, and order and factors of the others change from epoch to epoch.
func TestJitterDraw(t *testing.T) {
	first := map[string]int{}
	for epoch := range 500 {
		shifts := Jitter{Contrast: 0.2, Hue: 0.05}.Draw(Random(1, epoch, "k", ForJitter))
		if len(shifts) != 2 {
			t.Fatal(shifts)
		}
		first[shifts[0].Name]++
	}
	if len(first) != 2 || first["hue"] < 180 || first["contrast"] < 180 {
		t.Error(first)
	}
}

func TestCheck(t *testing.T) {
	for want, tr := range map[string]Transform{
		"no crop":                {},
		"two ascending shares":   {Crop: Resized, Area: ResizedCrop{Scale: [2]float64{0.5, 0.2}, Ratio: ImageNetCrop.Ratio}},
		"two ascending numbers":  {Crop: Resized, Area: ResizedCrop{Scale: ImageNetCrop.Scale}},
		"border of -1":           {Crop: Padded, Padding: -1},
		"shorter side has 20":    {Crop: Centre, Short: 20},
		"probability 1.2":        {Crop: Centre, Flip: 1.2},
		"none may be less":       {Crop: Centre, Jitter: Jitter{Contrast: -1}},
		"hue by up to 0.7":       {Crop: Centre, Jitter: Jitter{Hue: 0.7}},
		"probability NaN":        {Crop: Centre, Flip: math.NaN()},
		"saturation of 0, NaN a": {Crop: Centre, Jitter: Jitter{Contrast: math.NaN()}},
	} {
		if err := tr.Check(32); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", want, err)
		}
	}
}

func BenchmarkApply(b *testing.B) {
	for _, side := range []int{64, 224} {
		m := noise(side*5/4, side, 3)
		for name, tr := range map[string]Transform{
			"crop and flip": {Crop: Resized, Area: ImageNetCrop, Flip: 0.5},
			"jitter too":    {Crop: Resized, Area: ImageNetCrop, Flip: 0.5, Jitter: Jitter{0.4, 0.4, 0.4, 0.1}},
		} {
			b.Run(fmt.Sprintf("%s at %d", name, side), func(b *testing.B) {
				for i := range b.N {
					tr.Apply(m, side, 1, i, "key")
				}
			})
		}
	}
}
