package style

import (
	"context"
	"math"
	"slices"
	"testing"

	"github.com/gomlx/compute"

	"github.com/gestalt-vision/gestalt/engine"
	"github.com/gestalt-vision/gestalt/internal/sharedtest"
	"github.com/gestalt-vision/gestalt/weights"
)

var _ Stylizer = (*Ghiasi)(nil)

func cpuEngine(t testing.TB) compute.Backend {
	t.Helper()
	b, err := engine.Open("cpu")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Finalize)
	return b
}

func published(t testing.TB) GhiasiFiles {
	return GhiasiFiles{
		Transformer: sharedtest.Path(t, "weights/style_transformer.safetensors"),
		Predictor:   sharedtest.Path(t, "weights/style_predictor.safetensors"),
		Embeddings:  sharedtest.Path(t, "weights/style_embeddings.safetensors"),
	}
}

func openGhiasi(t testing.TB, alpha float32) *Ghiasi {
	t.Helper()
	g, err := OpenGhiasi(cpuEngine(t), published(t), alpha)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.Close() })
	return g
}

// nhwc reads pictures that a file holds as PyTorch does, [n, 3, h, w].
func nhwc(t *testing.T, values []float32, n, h, w int) Batch {
	t.Helper()
	b := NewBatch(n, h, w)
	if len(values) != len(b.Pixels) {
		t.Fatalf("%d values are not %d pictures of %d x %d", len(values), n, h, w)
	}
	for i := range n {
		for c := range 3 {
			for at := range h * w {
				b.picture(i)[at*3+c] = values[((i*3+c)*h*w)+at]
			}
		}
	}
	return b
}

// difference is the largest one, relative to the largest value.
func difference(got, want []float32) float64 {
	worst, largest := 0.0, 0.0
	for i := range want {
		worst = max(worst, math.Abs(float64(got[i]-want[i])))
		largest = max(largest, math.Abs(float64(want[i])))
	}
	if len(got) != len(want) || math.IsNaN(worst) {
		return math.Inf(1)
	}
	return worst / largest
}

// Published weights give PyTorch's style vectors and pictures.
func TestGhiasiEqualsPyTorch(t *testing.T) {
	g := openGhiasi(t, 1)
	f, err := weights.Open(sharedtest.Path(t, "weights/fixture_style.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	read := func(name string) []float32 {
		values, _, err := f.Float32(name)
		if err != nil {
			t.Fatal(err)
		}
		return values
	}
	paintings, want := nhwc(t, read("predictor.input"), 3, 256, 256), read("predictor.output")
	z, err := g.predict(paintings)
	if err != nil {
		t.Fatal(err)
	}
	if d := difference(z, want); !(d <= 1e-4) {
		t.Errorf("style vectors differ by %g of the largest", d)
	}
	contents := nhwc(t, read("transformer.content"), 2, 256, 256)
	output := read("transformer.output")
	for i := range 3 {
		s := Style{Vector: want[i*ghiasiNumbers : (i+1)*ghiasiNumbers]}
		got, err := g.Stylize(context.Background(), contents, []Style{s, s})
		if err != nil {
			t.Fatal(err)
		}
		size := len(output) / 3
		if d := difference(got.Pixels, nhwc(t, output[i*size:(i+1)*size], 2, 256, 256).Pixels); !(d <= 1e-4) {
			t.Errorf("style %d: pictures differ by %g of the largest value", i, d)
		}
	}
}

// A picture's result does not depend on its neighbours in the batch, and pictures of any size keep it.
func TestGhiasiBatches(t *testing.T) {
	g := openGhiasi(t, 1)
	contents := NewBatch(3, 37, 50)
	for i := range contents.Pixels {
		contents.Pixels[i] = float32(i%251) / 250
	}
	var styles []Style
	for seed := range uint64(3) {
		s, err := g.Draw(seed)
		if err != nil {
			t.Fatal(err)
		}
		styles = append(styles, s)
	}
	together, err := g.Stylize(context.Background(), contents, styles)
	if err != nil {
		t.Fatal(err)
	}
	if together.H != 37 || together.W != 50 || len(together.Pixels) != len(contents.Pixels) {
		t.Fatalf("result is %d x %d with %d values", together.W, together.H, len(together.Pixels))
	}
	for i := range contents.N {
		alone, err := g.Stylize(context.Background(), Batch{1, 37, 50, contents.picture(i)}, styles[i:i+1])
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(alone.Pixels, together.picture(i)) {
			t.Errorf("picture %d depends on its neighbours: %g", i, difference(alone.Pixels, together.picture(i)))
		}
	}
}

// With alpha 0 the style given does not matter, and half-way is the mean of the two vectors.
func TestGhiasiAlpha(t *testing.T) {
	contents := NewBatch(1, 64, 64)
	for i := range contents.Pixels {
		contents.Pixels[i] = float32(i%97) / 96
	}
	none := openGhiasi(t, 0)
	var results []Batch
	for seed := range uint64(2) {
		s, err := none.Draw(seed)
		if err != nil {
			t.Fatal(err)
		}
		r, err := none.Stylize(context.Background(), contents, []Style{s})
		if err != nil {
			t.Fatal(err)
		}
		results = append(results, r)
	}
	if !slices.Equal(results[0].Pixels, results[1].Pixels) {
		t.Error("with alpha 0 the result depends on the style")
	}
	own, err := none.Encode(contents.Image(0))
	if err != nil {
		t.Fatal(err)
	}
	drawn, err := none.Draw(5)
	if err != nil {
		t.Fatal(err)
	}
	mean := Style{Vector: make([]float32, ghiasiNumbers)}
	for i := range mean.Vector {
		mean.Vector[i] = 0.5*drawn.Vector[i] + 0.5*own.Vector[i]
	}
	half, err := openGhiasi(t, 0.5).Stylize(context.Background(), contents, []Style{drawn})
	if err != nil {
		t.Fatal(err)
	}
	want, err := openGhiasi(t, 1).Stylize(context.Background(), contents, []Style{mean})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(half.Pixels, want.Pixels) {
		t.Error("alpha 0.5 is not the mean of the two styles")
	}
}

// Drawn vectors have the distribution's mean and covariance.
func TestGhiasiDraw(t *testing.T) {
	e, err := readEmbeddings(sharedtest.Path(t, "weights/style_embeddings.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	g := e.paintings
	const draws = 20000
	n := len(g.mean)
	mean, square := make([]float64, n), make([]float64, n)
	for seed := range uint64(draws) {
		for i, v := range g.draw(seed) {
			d := float64(v - g.mean[i])
			mean[i] += d / draws
			square[i] += d * d / draws
		}
	}
	for i := range n {
		variance := 0.0
		for j := range i + 1 {
			variance += float64(g.root[i*n+j]) * float64(g.root[i*n+j])
		}
		if off := math.Abs(mean[i]) / math.Sqrt(variance/draws); off > 5 {
			t.Errorf("number %d: mean is %.1f standard errors off", i, off)
		}
		if ratio := square[i] / variance; math.Abs(ratio-1) > 5*math.Sqrt(2.0/draws) {
			t.Errorf("number %d: variance is %.3f of what it should be", i, ratio)
		}
	}
	if !slices.Equal(g.draw(3), g.draw(3)) || slices.Equal(g.draw(3), g.draw(4)) {
		t.Error("a draw is not a function of its seed")
	}
}

func TestGhiasiRefuses(t *testing.T) {
	b, files := cpuEngine(t), published(t)
	for _, alpha := range []float32{-0.1, 1.1, float32(math.NaN())} {
		if _, err := OpenGhiasi(b, files, alpha); err == nil {
			t.Errorf("alpha %g: no error", alpha)
		}
	}
	if _, err := OpenGhiasi(b, GhiasiFiles{Transformer: files.Transformer}, 0.5); err == nil {
		t.Error("alpha 0.5 without predictor: no error")
	}
	if _, err := OpenGhiasi(b, GhiasiFiles{Transformer: files.Predictor}, 1); err == nil {
		t.Error("the predictor as transformer: no error")
	}
	g := openGhiasi(t, 1)
	s, err := g.Draw(1)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		b      Batch
		styles []Style
	}{
		"too few styles": {NewBatch(2, 16, 16), []Style{s}},
		"another method": {NewBatch(1, 16, 16), []Style{{Vector: make([]float32, 8)}}},
		"no pictures":    {Batch{}, nil},
		"tiny":           {NewBatch(1, 3, 3), []Style{s}},
		"wrong length":   {Batch{1, 16, 16, make([]float32, 5)}, []Style{s}},
	} {
		if _, err := g.Stylize(context.Background(), c.b, c.styles); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
