package style

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"

	"strings"
	"testing"

	"github.com/gestalt-vision/gestalt/engine"
	"github.com/gestalt-vision/gestalt/internal/torchtest"
	"github.com/gestalt-vision/gestalt/pixel"
	"github.com/gestalt-vision/gestalt/weights"
)

var (
	_ Stylizer = (*Gatys)(nil)
	_ Encoder  = (*Gatys)(nil)
)

func randomGatys(t testing.TB, o GatysOptions) *Gatys {
	t.Helper()
	g, err := RandomGatys(cpuEngine(t), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.Close() })
	return g
}

// drawPicture draws bytes from 128 - contrast up to 128 + contrast as testdata/make_gatys.py does.
func drawPicture(name string, h, w int, contrast float64) *pixel.Image {
	m := pixel.New(w, h, 3)
	for i, v := range draw(name, len(m.Pix), 128-contrast, 128+contrast) {
		m.Pix[i] = byte(v)
	}
	return m
}

func batchOf(t testing.TB, pictures ...*pixel.Image) Batch {
	t.Helper()
	b, err := BatchOf(pictures...)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func encode(t testing.TB, s Stylizer, picture *pixel.Image) Style {
	t.Helper()
	style, err := s.Encode(picture)
	if err != nil {
		t.Fatal(err)
	}
	return style
}

// gatysFixture is what testdata knows of PyTorch's optimisations.
type gatysFixture struct {
	Runs map[string]struct {
		Losses []float64
		Pixels []float32
	}
	Visited []struct {
		X, Gradient []byte
		Loss        float64
	}
}

// The loss of each iteration is that of the same optimisation in PyTorch, and so is the picture.
func TestGatysEqualsPyTorch(t *testing.T) {
	mask := pixel.New(48, 32, 1)
	for y := 8; y < 24; y++ {
		for x := 4; x < 20; x++ {
			mask.Row(y)[x] = 255
		}
	}
	for name, want := range readJSON[gatysFixture](t, "gatys.json").Runs {
		o := DefaultGatys()
		o.Scales[0].Iterations = len(want.Losses)
		if strings.Contains(name, "adam") {
			o.Optimizer = Adam
		}
		if strings.Contains(name, "mean") {
			o.Pooling = MeanPooling
		}
		var masks []*pixel.Image
		if strings.Contains(name, "mask") {
			masks = []*pixel.Image{mask}
		}
		contrast := 128.0
		if strings.Contains(name, "pale") {
			contrast = 32
		}
		var losses []float64
		o.Progress = func(p GatysProgress) { losses = append(losses, p.Losses[0]) }
		g := randomGatys(t, o)
		p, err := g.Begin(batchOf(t, drawPicture("content", 32, 48, contrast)), masks, []Style{encode(t, g, drawPicture("style", 40, 36, contrast))})
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(name, "noise") {
			p.now.Pixels = draw("noise", len(p.now.Pixels), -1.5, 1.5)
		}
		for more := true; more; {
			if more, err = p.Step(); err != nil {
				t.Fatal(err)
			}
		}
		if len(losses) != len(want.Losses) {
			t.Fatalf("%s: %d iterations", name, len(losses))
		}
		worst := 0.0
		for i, loss := range losses {
			worst = max(worst, math.Abs(loss/want.Losses[i]-1))
		}
		if !(worst <= 1e-3) {
			t.Errorf("%s: the loss is off by up to %g:\n%v\n%v", name, worst, losses, want.Losses)
		}
		t.Logf("%s: losses are equal to within %.2g", name, worst)
		if len(want.Pixels) == 0 {
			continue
		}
		var pixels []float32
		for i := 0; i < len(p.now.Pixels); i += len(p.now.Pixels) / 50 {
			pixels = append(pixels, p.now.Pixels[i])
		}
		// Adam divides by the size of the gradient, and so moves a pixel whose gradient is all but nothing either way.
		off, all := 0.0, 0.0
		for i, v := range want.Pixels {
			off += float64(pixels[i]-v) * float64(pixels[i]-v)
			all += float64(v) * float64(v)
		}
		if d := math.Sqrt(off / all); !(d <= 1e-2) {
			t.Errorf("%s: the picture is off by %g of its size", name, d)
		}
	}
}

// Of L-BFGS from the content, at each picture that PyTorch's visits, loss and gradient are PyTorch's, and so is where the
// method goes from there. (By itself it would go elsewhere, as PyTorch does with other rounding: testdata/make_gatys.py.)
func TestGatysFollowsPyTorch(t *testing.T) {
	g := randomGatys(t, DefaultGatys())
	p, err := g.Begin(batchOf(t, drawPicture("content", 16, 16, 128)), nil, []Style{encode(t, g, drawPicture("style", 40, 36, 128))})
	if err != nil {
		t.Fatal(err)
	}
	l := newLBFGS(1)
	next := slices.Clone(p.now.Pixels)
	for i, at := range readJSON[gatysFixture](t, "gatys.json").Visited {
		p.now.Pixels = floats(at.X)
		if d := difference(next, p.now.Pixels); !(d <= 1e-5) {
			t.Errorf("step %d leads to a picture that is off by %g of the largest value", i, d)
		}
		losses, gradients, err := p.evaluate()
		if err != nil {
			t.Fatal(err)
		}
		if !(math.Abs(losses[0]/at.Loss-1) <= 1e-5) {
			t.Errorf("step %d: the loss is %g, PyTorch's %g", i, losses[0], at.Loss)
		}
		if d := difference(gradients.Pixels, floats(at.Gradient)); !(d <= 1e-4) {
			t.Errorf("step %d: the gradient is off by %g of the largest value", i, d)
		}
		copy(next, p.now.Pixels)
		l.step(next, floats(at.Gradient))
	}
}

// floats reads little-endian bytes.
func floats(b []byte) []float32 {
	out := make([]float32, len(b)/4)
	for i := range out {
		out[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return out
}

// fewLayers are settings that need only the first layers.
func fewLayers(iterations int) GatysOptions {
	o := DefaultGatys()
	o.StyleLayers, o.ContentLayers = []string{"relu1_1", "relu2_1"}, []string{"relu1_2"}
	o.Scales[0].Iterations = iterations
	return o
}

func stylize(t testing.TB, g *Gatys, contents Batch, styles ...Style) Batch {
	t.Helper()
	out, err := g.Stylize(context.Background(), contents, styles)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// A picture's result depends neither on what is beside it in the batch nor on the number of threads.
func TestGatysBatchesAndThreads(t *testing.T) {
	for _, noise := range []bool{false, true} {
		o := DefaultGatys()
		o.Scales[0].Iterations, o.Noise = 3, noise
		var want []Batch
		for _, threads := range []int{1, 2} {
			b, err := engine.Open(fmt.Sprintf("cpu:threads=%d", threads))
			if err != nil {
				t.Fatal(err)
			}
			defer b.Finalize()
			g, err := RandomGatys(b, o)
			if err != nil {
				t.Fatal(err)
			}
			defer g.Close()
			styles := []Style{encode(t, g, drawPicture("a", 20, 33, 128)), encode(t, g, drawPicture("b", 16, 16, 60))}
			together := stylize(t, g, batchOf(t, drawPicture("one", 35, 32, 100), drawPicture("two", 35, 32, 128)), styles...)
			if want = append(want, together); !slices.Equal(together.Pixels, want[0].Pixels) {
				t.Errorf("another result with %d threads: %g", threads, difference(together.Pixels, want[0].Pixels))
			}
			alone := stylize(t, g, batchOf(t, drawPicture("two", 35, 32, 128)), styles[1])
			if !slices.Equal(alone.Pixels, together.picture(1)) {
				t.Errorf("the second picture depends on the first: %g", difference(alone.Pixels, together.picture(1)))
			}
		}
	}
}

// Both publications of VGG-19 load, and see the same where their weights are the same but for names, order of colours and
// scale.
func TestGatysWeights(t *testing.T) {
	caffe, torchvision := map[string]weights.Tensor{}, map[string]weights.Tensor{}
	channels := 3
	for i, out := range []int{64, 64, 128} {
		bound := math.Sqrt(6 / float64(9*channels))
		kernel, bias := draw(fmt.Sprint("kernel", i), out*channels*9, -bound, bound), draw(fmt.Sprint("bias", i), out, -0.1, 0.1)
		other := slices.Clone(kernel)
		if i == 0 { // torchvision's network sees red, green, blue, divided by the deviation
			for o := range out {
				for c := range 3 {
					for at := range 9 {
						other[(o*3+2-c)*9+at] = kernel[(o*3+c)*9+at] * vggTorchvision.spread[2-c]
					}
				}
			}
		}
		for _, f := range []struct {
			to     map[string]weights.Tensor
			name   string
			kernel []float32
		}{{caffe, vggCaffe.names[i], kernel}, {torchvision, vggTorchvision.names[i], other}} {
			f.to[f.name+".weight"] = float32s(f.name+".weight", f.kernel, out, channels, 3, 3)
			f.to[f.name+".bias"] = float32s(f.name+".bias", bias, out)
		}
		channels = out
	}
	picture := drawPicture("picture", 24, 24, 128)
	var results []Style
	for name, tensors := range map[string]map[string]weights.Tensor{"vgg_conv.pth": caffe, "vgg19-dcbb9e9d.pth": torchvision} {
		path := filepath.Join(t.TempDir(), name)
		var list []weights.Tensor
		for _, tensor := range tensors {
			list = append(list, tensor)
		}
		if err := torchtest.Save(path, list); err != nil {
			t.Fatal(err)
		}
		g, err := OpenGatys(cpuEngine(t), path, fewLayers(1))
		if err != nil {
			t.Fatal(err)
		}
		defer g.Close()
		results = append(results, encode(t, g, picture))
		f, err := weights.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(g.Identity(), f.SHA256()) || !strings.Contains(g.EncoderIdentity(), f.SHA256()) {
			t.Errorf("identities %q and %q do not name the weights", g.Identity(), g.EncoderIdentity())
		}
		f.Close()
		deep := DefaultGatys()
		if _, err := OpenGatys(cpuEngine(t), path, deep); err == nil || !strings.Contains(err.Error(), "missing") {
			t.Errorf("layers that the file lacks: %v", err)
		}
	}
	// The means that the two publish differ by up to half a step of a pixel.
	if d := difference(results[0].Vector, results[1].Vector); !(d <= 1e-2) {
		t.Errorf("the two see %g different things", d)
	}
	if _, err := OpenGatys(cpuEngine(t), otherNetwork(t), fewLayers(1)); err == nil || !strings.Contains(err.Error(), "vgg_conv.pth") {
		t.Errorf("a file of another network: %v", err)
	}
}

// otherNetwork writes a file with a tensor that VGG-19 has not.
func otherNetwork(t *testing.T) string {
	path := filepath.Join(t.TempDir(), "other.safetensors")
	if err := weights.Write(path, []weights.Tensor{float32s("x", []float32{1}, 1)}, nil); err != nil {
		t.Fatal(err)
	}
	return path
}

// Each scale has its iterations, from the picture that the one before it made, and the loss goes down at each.
func TestGatysScales(t *testing.T) {
	o := fewLayers(0)
	o.Scales = []GatysScale{{0.25, 4}, {0.5, 3}, {1, 5}}
	o.Optimizer = Adam
	seen := map[int][]float64{}
	o.Progress = func(p GatysProgress) {
		if p.Iteration != len(seen[p.Scale]) {
			t.Errorf("iteration %d of scale %d after %d", p.Iteration, p.Scale, len(seen[p.Scale]))
		}
		seen[p.Scale] = append(seen[p.Scale], p.Losses[0])
	}
	g := randomGatys(t, o)
	style := encode(t, g, drawPicture("style", 40, 48, 20))
	if want := 3 * (64*64 + 128*128); len(style.Vector) != want {
		t.Errorf("a style has %d numbers, want %d", len(style.Vector), want)
	}
	out := stylize(t, g, batchOf(t, drawPicture("content", 45, 34, 128)), style)
	if out.H != 45 || out.W != 34 {
		t.Errorf("the result is %d x %d", out.W, out.H)
	}
	for scale, want := range o.Scales {
		losses := seen[scale]
		if len(losses) != want.Iterations || !(losses[len(losses)-1] < losses[0]) {
			t.Errorf("scale %d has the losses %v", scale, losses)
		}
	}
}

// Where the mask is 0 the content does not count: with content alone to keep, and noise to begin from, only the masked part
// comes to look like it.
func TestGatysMask(t *testing.T) {
	o := fewLayers(60)
	o.StyleWeight, o.Noise, o.Seed, o.Optimizer, o.Rate = 0, true, 3, Adam, 8
	g := randomGatys(t, o)
	content := drawPicture("content", 32, 32, 100)
	mask := pixel.New(32, 32, 1)
	for y := range 32 {
		for x := range 16 {
			mask.Row(y)[x] = 255
		}
	}
	out, err := g.StylizeMasked(context.Background(), batchOf(t, content), []*pixel.Image{mask}, []Style{encode(t, g, content)})
	if err != nil {
		t.Fatal(err)
	}
	apart := func(from, to int) (sum float64) {
		for y := range 32 {
			for x := from; x < to; x++ {
				for c := range 3 {
					at := (y*32+x)*3 + c
					sum += math.Abs(float64(out.Pixels[at]) - float64(content.Pix[at])/255)
				}
			}
		}
		return sum / float64(32*(to-from)*3)
	}
	if kept, free := apart(0, 12), apart(20, 32); !(kept < free/3) {
		t.Errorf("kept part is off by %.3f, free part by %.3f", kept, free)
	}
}

// What cannot be done is an error that says why.
func TestGatysErrors(t *testing.T) {
	b := cpuEngine(t)
	for want, change := range map[string]func(*GatysOptions){
		"no layer \"r11\"":   func(o *GatysOptions) { o.StyleLayers = []string{"r11"} },
		"needs style layers": func(o *GatysOptions) { o.StyleLayers, o.ContentLayers = nil, nil },
		"not be negative":    func(o *GatysOptions) { o.StyleWeight = -1 },
		"no pooling":         func(o *GatysOptions) { o.Pooling = "median" },
		"no optimiser":       func(o *GatysOptions) { o.Optimizer = "sgd" },
		"rate":               func(o *GatysOptions) { o.Rate = math.NaN() },
		"last scale":         func(o *GatysOptions) { o.Scales = []GatysScale{{0.5, 1}} },
		"at least one":       func(o *GatysOptions) { o.Scales = []GatysScale{{1, 0}} },
		"styles of":          func(o *GatysOptions) { o.StyleSize = -3 },
	} {
		o := DefaultGatys()
		change(&o)
		if _, err := RandomGatys(b, o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	g := randomGatys(t, fewLayers(2))
	if _, err := g.Draw(1); err == nil {
		t.Error("a style was drawn")
	}
	if _, err := g.Encode(pixel.New(0, 4, 3)); err == nil {
		t.Error("an empty style")
	}
	if _, err := g.Encode(pixel.New(9, 1, 3)); err == nil || !strings.Contains(err.Error(), "too small") {
		t.Errorf("a style of one row: %v", err)
	}
	content, style := batchOf(t, drawPicture("content", 32, 32, 128)), encode(t, g, drawPicture("style", 32, 32, 128))
	if _, err := g.Begin(content, []*pixel.Image{pixel.New(31, 32, 1)}, []Style{style}); err == nil || !strings.Contains(err.Error(), "mask") {
		t.Errorf("a mask of another size: %v", err)
	}
	if _, err := g.Begin(content, nil, []Style{{Vector: style.Vector[1:]}}); err == nil {
		t.Error("a style of another length")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := g.Stylize(ctx, content, []Style{style}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	o := fewLayers(50)
	o.Optimizer, o.Rate = Adam, 1e30
	if _, err := randomGatys(t, o).Stylize(context.Background(), content, []Style{style}); err == nil || !strings.Contains(err.Error(), "smaller rate") {
		t.Errorf("a loss that is no number: %v", err)
	}
}

// A style picture gets the shorter side that was asked for, and a picture that has the style already has nothing to do.
func TestGatysStyleSize(t *testing.T) {
	o := fewLayers(50)
	o.StyleSize = 32
	g := randomGatys(t, o)
	picture := drawPicture("style", 64, 80, 128)
	resized := encode(t, g, pixel.Resize(picture, 40, 32, pixel.Bilinear))
	style := encode(t, g, picture)
	if !slices.Equal(style.Vector, resized.Vector) {
		t.Error("the style is not that of the picture of 32 pixels")
	}
	content := batchOf(t, pixel.Resize(picture, 40, 32, pixel.Bilinear))
	p, err := g.Begin(content, nil, []Style{style})
	if err != nil {
		t.Fatal(err)
	}
	if more, err := p.Step(); more || err != nil {
		t.Errorf("more to do: %v, %v", more, err)
	}
	if d := difference(p.Pictures().Pixels, content.Pixels); !(d < 1e-6) {
		t.Errorf("the picture changed by %g", d)
	}
}

// An iteration as DefaultGatys does it, of a picture of 224 pixels.
func BenchmarkGatys(b *testing.B) {
	o := DefaultGatys()
	o.Noise, o.Scales[0].Iterations = true, math.MaxInt
	g := randomGatys(b, o)
	content := drawPicture("content", 224, 224, 128)
	p, err := g.Begin(batchOf(b, content), nil, []Style{encode(b, g, drawPicture("style", 224, 224, 128))})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := p.Step(); err != nil {
			b.Fatal(err)
		}
	}
}
