package style

import (
	"math"
	"strings"
	"testing"

	"github.com/gestalt-vision/gestalt/nets"
)

// squeezeGatys are settings for a few layers of SqueezeNet.
func squeezeGatys() GatysOptions {
	o, _ := GatysOf("squeezenet1_1")
	o.StyleLayers, o.ContentLayers = []string{"features.1", "features.4"}, []string{"features.3"}
	return o
}

// openSqueeze opens them with made-up weights.
func openSqueeze(t *testing.T, o GatysOptions) *Gatys {
	t.Helper()
	file := madeUpNetwork(t, AdaINEncoder{Network: "squeezenet1_1", Features: []string{"features.1", "features.3", "features.4"}})
	g, err := OpenGatys(cpuEngine(t), file, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.Close() })
	return g
}

func meanSquare(a nets.Array) (sum float64) {
	for _, v := range a.Values {
		sum += float64(v) * float64(v)
	}
	return sum / float64(len(a.Values))
}

func meanSquareDifference(a, b nets.Array) float64 {
	d := nets.Array{Values: make([]float32, len(a.Values))}
	for i, v := range a.Values {
		d.Values[i] = v - b.Values[i]
	}
	return meanSquare(d)
}

// The loss of a network's features is that of the formula, computed here from the features themselves, and its gradient
// is how it changes.
func TestGatysOfNetwork(t *testing.T) {
	o := squeezeGatys()
	g := openSqueeze(t, o)
	content, start := batchOf(t, drawPicture("content", 48, 40, 100)), batchOf(t, drawPicture("start", 48, 40, 80))
	style := encode(t, g, drawPicture("style", 36, 52, 128))
	if want := 64*64 + 128*128; len(style.Vector) != want {
		t.Fatalf("a style has %d numbers, want %d", len(style.Vector), want)
	}
	p, err := g.Begin(content, nil, []Style{style})
	if err != nil {
		t.Fatal(err)
	}
	g.sight.take(p.now.Pixels, start.Pixels)
	losses, gradients, err := p.evaluate()
	if err != nil {
		t.Fatal(err)
	}

	_, wanted, err := g.describe(content)
	if err != nil {
		t.Fatal(err)
	}
	grams, seen, err := g.describe(start)
	if err != nil {
		t.Fatal(err)
	}
	want := o.ContentWeight * meanSquareDifference(seen[0], wanted[0]) / meanSquare(wanted[0])
	at := 0
	for _, m := range grams {
		target := nets.Array{Values: style.Vector[at : at+len(m.Values)]}
		want += o.StyleWeight * meanSquareDifference(m, target) / meanSquare(target)
		at += len(m.Values)
	}
	across, down := 0.0, 0.0
	for y := range 48 {
		for x := range 40 * 3 {
			here := start.Pixels[y*120+x]
			if x >= 3 {
				across += math.Pow(float64(here-start.Pixels[y*120+x-3]), 2) / (48 * 39 * 3)
			}
			if y > 0 {
				down += math.Pow(float64(here-start.Pixels[(y-1)*120+x]), 2) / (47 * 40 * 3)
			}
		}
	}
	want += o.VariationWeight * (across + down)
	if off := math.Abs(losses[0]/want - 1); !(off < 1e-4) {
		t.Errorf("the loss is %g, the formula says %g", losses[0], want)
	}

	// Along the gradient the loss rises by its length; the difference of two losses shows it.
	length := 0.0
	for _, v := range gradients.Pixels {
		length += float64(v) * float64(v)
	}
	length = math.Sqrt(length)
	const step = 4 // in all, over 5,760 numbers
	along := func(sign float64) float64 {
		moved := *p
		moved.now = NewBatch(1, 48, 40)
		for i, v := range gradients.Pixels {
			moved.now.Pixels[i] = p.now.Pixels[i] + float32(sign*step*float64(v)/length)
		}
		losses, _, err := moved.evaluate()
		if err != nil {
			t.Fatal(err)
		}
		return losses[0]
	}
	if rise := (along(1) - along(-1)) / (2 * step); !(math.Abs(rise/length-1) < 0.02) {
		t.Errorf("along the gradient, which is %g long, the loss rises by %g", length, rise)
	}
}

// What is asked for of a network must be there, and be pictures.
func TestGatysOfNetworkErrors(t *testing.T) {
	if o, err := GatysOf(""); err != nil || o.Network != "" || o.VariationWeight != 0 || len(o.StyleLayers) != 5 {
		t.Errorf("VGG-19: %+v, %v", o, err)
	}
	if _, err := GatysOf("resnet50"); err == nil || !strings.Contains(err.Error(), "no layers of resnet50") {
		t.Errorf("a network that was not tried: %v", err)
	}
	file := madeUpNetwork(t, AdaINEncoder{Network: "squeezenet1_1", Features: []string{"features.1", "features.3"}})
	for says, change := range map[string]func(*GatysOptions){
		"there is no network":  func(o *GatysOptions) { o.Network = "squeezenet9" },
		"no feature":           func(o *GatysOptions) { o.StyleLayers = []string{"features.99"} },
		"missing":              func(o *GatysOptions) {}, // features.4
		"must not be negative": func(o *GatysOptions) { o.VariationWeight = -1 },
		"needs style layers":   func(o *GatysOptions) { o.StyleLayers, o.ContentLayers = nil, nil },
	} {
		o := squeezeGatys()
		change(&o)
		if _, err := OpenGatys(cpuEngine(t), file, o); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("got %v, want an error that says %q", err, says)
		}
	}
	if _, err := openSqueeze(t, squeezeGatys()).Encode(drawPicture("small", 5, 5, 128)); err == nil || !strings.Contains(err.Error(), "too small") {
		t.Errorf("a small style: %v", err)
	}
}
