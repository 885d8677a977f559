package style

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"

	"github.com/gestalt-vision/gestalt/engine"
	"github.com/gestalt-vision/gestalt/internal/torchtest"
	"github.com/gestalt-vision/gestalt/nets"
	"github.com/gestalt-vision/gestalt/weights"
)

var (
	_ Stylizer = (*AdaIN)(nil)
	_ Encoder  = (*AdaIN)(nil)
)

// draw makes up numbers as testdata/make_adain.py does.
func draw(name string, n int, low, high float64) []float32 {
	h := fnv.New64a()
	h.Write([]byte(name))
	state, out := h.Sum64(), make([]float32, n)
	for i := range out {
		state += 0x9E3779B97F4A7C15
		z := state
		z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
		z = (z ^ z>>27) * 0x94D049BB133111EB
		z ^= z >> 31
		out[i] = float32(low + (high-low)*(float64(z>>40)/(1<<24)))
	}
	return out
}

func drawnPictures(name string, n, h, w int) Batch {
	return Batch{n, h, w, draw(name, n*h*w*3, 0, 1)}
}

// madeUp writes an encoder and a decoder with made-up parameters as PyTorch writes them, once for all tests.
var madeUp = sync.OnceValues(func() (files AdaINFiles, err error) {
	dir, err := os.MkdirTemp("", "adain")
	if err != nil {
		return files, err
	}
	b, err := engine.Open("go")
	if err != nil {
		return files, err
	}
	defer b.Finalize()
	var params []nets.Param
	err = engine.Catch(func() {
		g := graph.NewGraph(b, "adain")
		defer g.Finalize()
		net, scope := nets.Begin(g, nets.Inference)
		input := func(name string, dims ...int) *graph.Node {
			return graph.Parameter(g, name, shapes.Make(dtypes.Float32, dims...))
		}
		PublishedAdaIN()(scope, []*graph.Node{input("pictures", 1, 16, 16, 3), input("styles", 1, 1024)})
		params = net.Params
	})
	if err != nil {
		return files, err
	}
	parts := map[string][]weights.Tensor{}
	for _, p := range params {
		bound := 0.1
		if len(p.Shape) > 1 {
			bound = math.Sqrt(6 / float64(p.Len()/p.Shape[0]))
		}
		var data []byte
		for _, v := range draw(p.Name, p.Len(), -bound, bound) {
			data = binary.LittleEndian.AppendUint32(data, math.Float32bits(v))
		}
		part, name, _ := strings.Cut(p.Name, ".")
		parts[part] = append(parts[part], weights.Tensor{Name: name, DType: weights.F32, Shape: p.Shape, Data: data})
	}
	// The published file goes on beyond relu4_1.
	parts["encoder"] = append(parts["encoder"], weights.Tensor{Name: "31.bias", DType: weights.F32, Shape: []int{2}, Data: make([]byte, 8)})
	files = AdaINFiles{Encoder: filepath.Join(dir, "vgg_normalised.pth"), Decoder: filepath.Join(dir, "decoder.pth")}
	for path, tensors := range map[string][]weights.Tensor{files.Encoder: parts["encoder"], files.Decoder: parts["decoder"]} {
		if err := torchtest.Save(path, tensors); err != nil {
			return files, err
		}
	}
	return files, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if files, err := madeUp(); err == nil {
		os.RemoveAll(filepath.Dir(files.Encoder))
	}
	os.Exit(code)
}

func madeUpFiles(t testing.TB) AdaINFiles {
	t.Helper()
	files, err := madeUp()
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func openAdaIN(t testing.TB, o AdaINOptions) *AdaIN {
	t.Helper()
	a, err := OpenAdaIN(cpuEngine(t), madeUpFiles(t), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return a
}

type adainFixture struct {
	Stylized []struct {
		N, H, W         int
		Alpha, Largest  float32
		Pictures, Style []float32
	}
	Training []struct {
		Step             int
		VariationWeight  float64 `json:"variation_weight"`
		Content, Style   float32
		Gradients, Moves map[string][]float32
	}
}

func readAdaINFixture(t *testing.T) (f adainFixture) {
	t.Helper()
	data, err := os.ReadFile("testdata/adain.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &f); err != nil {
		t.Fatal(err)
	}
	return f
}

// some are the elements i·len/n, as the fixture shows them.
func some(values []float32, n int) []float32 {
	out := make([]float32, n)
	for i := range out {
		out[i] = values[i*len(values)/n]
	}
	return out
}

// farthest is the largest difference, as a share of the largest value.
func farthest(got, want []float32) float64 {
	most, largest := 0.0, 0.0
	for i := range want {
		most = max(most, math.Abs(float64(got[i]-want[i])))
		largest = max(largest, math.Abs(float64(want[i])))
	}
	return most / largest
}

// The published graph, from PyTorch's files, gives what PyTorch gives.
func TestAdaINParity(t *testing.T) {
	for _, c := range readAdaINFixture(t).Stylized {
		a := openAdaIN(t, AdaINOptions{Alpha: c.Alpha})
		style := drawnPictures("style", c.N, 32, 32)
		out, err := a.encode.Run(style.array()) // Encode takes pictures in bytes, the fixture's are floats
		if err != nil {
			t.Fatal(err)
		}
		if off := farthest(some(out[0].Values, len(c.Style)), c.Style); off > 1e-5 {
			t.Errorf("%d x %d: style vectors differ by %.1e", c.W, c.H, off)
		}
		styles := make([]Style, c.N)
		for i := range styles {
			styles[i].Vector = out[0].Values[i*1024 : (i+1)*1024]
		}
		got, err := a.Stylize(context.Background(), drawnPictures("content", c.N, c.H, c.W), styles)
		if err != nil {
			t.Fatal(err)
		}
		if got.N != c.N || got.H != c.H || got.W != c.W {
			t.Fatalf("the result is %d x %d x %d", got.N, got.H, got.W)
		}
		if off := farthest(some(got.Pixels, len(c.Pictures)), c.Pictures); off > 1e-4 {
			t.Errorf("%d x %d, alpha %g: pictures differ by %.1e", c.W, c.H, c.Alpha, off)
		}
	}
}

// A picture does not depend on its neighbours in the batch, and one of any size is repainted as if mirrored to the next
// multiple of 8.
func TestAdaINSizes(t *testing.T) {
	a := openAdaIN(t, AdaINOptions{Alpha: 1, StyleSide: 32})
	var styles []Style
	for i := range 2 {
		s, err := a.Encode(drawnPictures(fmt.Sprint("style ", i), 1, 40, 50).Image(0))
		if err != nil {
			t.Fatal(err)
		}
		if len(s.Vector) != 1024 {
			t.Fatalf("a style is %d numbers", len(s.Vector))
		}
		styles = append(styles, s)
	}
	stylize := func(b Batch, s ...Style) Batch {
		t.Helper()
		out, err := a.Stylize(context.Background(), b, s)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	both := drawnPictures("content", 2, 29, 18)
	out := stylize(both, styles...)
	for i := range 2 {
		alone := stylize(Batch{1, 29, 18, both.picture(i)}, styles[i])
		if off := farthest(out.picture(i), alone.Pixels); off > 1e-6 {
			t.Errorf("picture %d differs by %.1e when it is alone", i, off)
		}
		mirrored := NewBatch(1, 32, 24)
		for y := range 32 {
			for x := range 24 {
				fromY, fromX := min(y, 56-y), min(x, 34-x)
				copy(mirrored.Pixels[(y*24+x)*3:][:3], both.picture(i)[(fromY*18+fromX)*3:])
			}
		}
		whole := stylize(mirrored, styles[i])
		for y := range 29 {
			if off := farthest(out.picture(i)[y*18*3:][:18*3], whole.Pixels[y*24*3:][:18*3]); off > 1e-5 {
				t.Fatalf("picture %d, row %d differs by %.1e from the mirrored picture's", i, y, off)
			}
		}
	}
	other := stylize(Batch{1, 29, 18, both.picture(0)}, styles[1])
	if farthest(other.Pixels, out.picture(0)) < 1e-3 {
		t.Error("two styles give the same picture")
	}
}

// Alpha 0 is the decoder's picture of the content, whatever the style.
func TestAdaINAlpha(t *testing.T) {
	a := openAdaIN(t, AdaINOptions{})
	content := drawnPictures("content", 1, 16, 16)
	var results []Batch
	for i := range 2 {
		r, err := a.Stylize(context.Background(), content, []Style{{Vector: draw(fmt.Sprint("vector ", i), 1024, 0, 3)}})
		if err != nil {
			t.Fatal(err)
		}
		results = append(results, r)
	}
	if !slices.Equal(results[0].Pixels, results[1].Pixels) {
		t.Error("with alpha 0 the result depends on the style")
	}
}

// The levels of networks, found by the shapes of their features, are those that they were built with; a network that does
// not pad is shown pictures with a margin.
func TestAdaINEncoders(t *testing.T) {
	b := cpuEngine(t)
	published, err := AdaINEncoder{}.resolve(b)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		encoder AdaINEncoder
		levels  []level
		margin  int
	}{
		{AdaINEncoder{Network: "vgg19"}, []level{{64, 1, 2}, {128, 2, 2}, {256, 4, 2}, {512, 8, 1}}, 0},
		{AdaINEncoder{Network: "mobilenet_v2", Features: []string{"features.0", "features.3", "features.6"}}, []level{{32, 2, 2}, {24, 4, 2}, {32, 8, 1}}, 0},
		{AdaINEncoder{Network: "squeezenet1_1", Features: []string{"features.1", "features.4", "features.7"}}, []level{{64, 2, 2}, {128, 4, 2}, {256, 8, 1}}, 8},
	} {
		e, err := c.encoder.resolve(b)
		if err != nil {
			t.Errorf("%v: %v", c.encoder, err)
			continue
		}
		if !slices.Equal(e.levels, c.levels) || e.margin != c.margin {
			t.Errorf("%v: levels %v, margin %d; want %v, %d", c.encoder, e.levels, e.margin, c.levels, c.margin)
		}
	}
	if dims, err := published.shapes(b, 40); err != nil || fmt.Sprint(dims) != "[[1 40 40 64] [1 20 20 128] [1 10 10 256] [1 5 5 512]]" {
		t.Errorf("the published encoder's features are %v, %v", dims, err)
	}
	for says, e := range map[string]AdaINEncoder{
		"no network":            {Network: "vgg20"},
		"which features":        {Network: "resnet18"},
		"no feature \"layer9\"": {Network: "resnet18", Features: []string{"layer9"}},
		"no picture":            {Network: "resnet18", Features: []string{"relu", "avgpool"}},
		"shallow to deep":       {Network: "resnet18", Features: []string{"layer3", "relu"}},
		"as large as":           {Network: "vgg19", Features: []string{"relu1_1"}},
	} {
		if _, err := e.resolve(b); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v: got %v, want an error that says %q", e, err, says)
		}
	}
}

func TestAdaINRefuses(t *testing.T) {
	b, files := cpuEngine(t), madeUpFiles(t)
	refused := func(says string, files AdaINFiles, o AdaINOptions) {
		t.Helper()
		a, err := OpenAdaIN(b, files, o)
		if err == nil {
			a.Close()
		}
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("got %v, want an error that says %q", err, says)
		}
	}
	refused("alpha", files, AdaINOptions{Alpha: 1.5})
	refused("alpha", files, AdaINOptions{Alpha: float32(math.NaN())})
	refused("needs 16", files, AdaINOptions{StyleSide: 8})
	refused("none.pth", AdaINFiles{files.Encoder, "none.pth"}, AdaINOptions{})
	refused("none.pth", AdaINFiles{"none.pth", files.Decoder}, AdaINOptions{})
	refused("decoder.pth does not fit", AdaINFiles{files.Decoder, files.Encoder}, AdaINOptions{})

	a := openAdaIN(t, AdaINOptions{Alpha: 1})
	if _, err := a.Draw(1); err == nil || !strings.Contains(err.Error(), "bank") {
		t.Errorf("drawing without a bank: %v", err)
	}
	for name, c := range map[string]struct {
		b      Batch
		styles []Style
	}{
		"too few styles": {NewBatch(2, 16, 16), []Style{{Vector: make([]float32, 1024)}}},
		"another method": {NewBatch(1, 16, 16), []Style{{Vector: make([]float32, 100)}}},
		"tiny":           {NewBatch(1, 3, 3), []Style{{Vector: make([]float32, 1024)}}},
	} {
		if _, err := a.Stylize(context.Background(), c.b, c.styles); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// A stylizer with a bank draws the bank's styles.
func TestAdaINBank(t *testing.T) {
	a := openAdaIN(t, AdaINOptions{Alpha: 1, StyleSide: 16})
	dir := t.TempDir()
	for i := range 3 {
		paint(t, dir, fmt.Sprintf("p%d.png", i), byte(50*i))
	}
	bank, _ := makeBank(t, filepath.Join(dir, "bank.safetensors"), a, dir)
	s := bank.Stylizer(a)
	drawn, err := s.Draw(7)
	if err != nil {
		t.Fatal(err)
	}
	want, _ := bank.Draw(7)
	if drawn.Name != want.Name || !slices.Equal(drawn.Vector, want.Vector) || !strings.Contains(s.Identity(), a.Identity()) || s.Identity() == a.Identity() {
		t.Errorf("drew %s with identity %s", drawn.Name, s.Identity())
	}
	if _, err := s.Stylize(context.Background(), NewBatch(1, 16, 16), []Style{drawn}); err != nil {
		t.Error(err)
	}
}

func BenchmarkAdaIN(b *testing.B) {
	p, err := nets.RandomProgram(cpuEngine(b), "adain", PublishedAdaIN(), []int{1, 32, 32, 3}, []int{1, 1024})
	if err != nil {
		b.Fatal(err)
	}
	defer p.Close()
	content := drawnPictures("content", 4, 224, 224)
	styles := nets.Array{Dims: []int{4, 1024}, Values: draw("styles", 4*1024, 0, 2)}
	for b.Loop() {
		if _, err := p.Run(content.array(), styles); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(4*b.N), "ms/picture")
}
