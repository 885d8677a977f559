package nets

import (
	"flag"
	"fmt"
	"strings"
	"testing"

	"github.com/gestalt-vision/gestalt/dataset"
	"github.com/gestalt-vision/gestalt/internal/sharedtest"
	"github.com/gestalt-vision/gestalt/pixel"
	"github.com/gestalt-vision/gestalt/weights"
)

// tolerance of logits against torchvision's, relative to the largest.
const tolerance = 1e-4

// expectation is what testdata knows of a network with made-up parameters.
type expectation struct {
	Parameters int
	Batches    []struct {
		Size    [3]int // pictures, height, width
		Largest float64
		Logits  [][]float32 // the first ones of each picture
	}
}

// shown is what testdata knows of a photograph's logits.
type shown struct {
	Resize, Crop int
	Largest      float64
	Logits       []float32 // the first ones
}

// full is for `make parity`.
var full = flag.Bool("full", false, "tests every network whole and on both engines, which takes some minutes, and prints the table of TestParity")

// quick are networks that the slow engine computes in no time, of several families.
func quick(name string) bool {
	return name == "squeezenet1_1" || name == "shufflenet_v2_x0_5" || name == "resnet10_slim" || strings.HasPrefix(name, "mobilenet")
}

// hasLargeClassifier is true for VGGs, whose first linear layer alone has 100 million weights.
func hasLargeClassifier(name string) bool { return strings.HasPrefix(name, "vgg") }

// Every network, with made-up parameters, gives the logits of its PyTorch model: on made-up pictures of odd size, and on a
// photograph, prepared as the network wants it for the engine cpu and small for the engine go. Without the flag full the
// engine go and photographs are for the quick ones, and of the VGGs one is run to its end; TestVGGFeatures has the others'
// features.
func TestParity(t *testing.T) {
	want, photographs := fixture[map[string]expectation](t, "parity.json"), fixture[map[string][]shown](t, "photograph.json")
	table := func(format string, args ...any) {
		if *full {
			fmt.Printf(format, args...)
		}
	}
	table("largest difference of the logits from PyTorch's, relative to the largest logit\n\n%-20s%-8s%-18s%s\n", "network", "engine", "made-up pictures", "photograph")
	for _, name := range Names() {
		expected, ok := want[name]
		if !ok {
			t.Errorf("testdata has no logits of %s", name)
			continue
		}
		for i, engine := range []string{"cpu", "go"} {
			wholeIsTooMuch := hasLargeClassifier(name) && name != "vgg16"
			if !*full && !quick(name) && (engine == "go" || wholeIsTooMuch || testing.Short()) {
				continue
			}
			t.Run(name+"/"+engine, func(t *testing.T) {
				m, row := drawnModel(t, open(t, engine), name), [2]string{"", "-"}
				batches := expected.Batches
				if engine == "go" {
					batches = batches[:1]
					batches[0].Size[0] = 1
				}
				madeUp := 0.0
				for _, batch := range batches {
					s := size{batch.Size[0], batch.Size[1], batch.Size[2]}
					got, err := m.logits(MadeUp("pictures", s.n*s.h*s.w*3, -2, 2), s)
					if err != nil {
						t.Fatal(err)
					}
					for i, want := range batch.Logits[:s.n] {
						madeUp = max(madeUp, difference(t, got[i*1000:][:len(want)], want)/batch.Largest)
					}
				}
				if row[0] = fmt.Sprintf("%.1e", madeUp); !(madeUp <= tolerance) {
					t.Errorf("logits differ by %s of the largest, allowed %g", row[0], tolerance)
				}
				if *full || quick(name) {
					t.Run("photograph", func(t *testing.T) {
						want, p := photographs[name][i], m.Preprocess
						if engine == "cpu" && (want.Resize != p.Resize || want.Crop != p.Crop) {
							t.Errorf("prepared by %v; testdata has it resized to %d and cropped to %d", p, want.Resize, want.Crop)
						}
						p.Resize, p.Crop = want.Resize, want.Crop
						got, err := m.LogitsOf(photograph(t, p), 1, p.Crop, p.Crop)
						if err != nil {
							t.Fatal(err)
						}
						d := difference(t, got[:len(want.Logits)], want.Logits) / want.Largest
						if row[1] = fmt.Sprintf("%.1e", d); !(d <= tolerance) {
							t.Errorf("logits of the photograph differ by %s of the largest, allowed %g", row[1], tolerance)
						}
					})
				}
				table("%-20s%-8s%-18s%s\n", name, engine, row[0], row[1])
			})
		}
	}
}

// photograph is the one that make_fixtures.py shows, as a network takes it.
func photograph(t *testing.T, p Preprocess) []float32 {
	t.Helper()
	set, err := dataset.Open(sharedtest.Path(t, "data/imagenet-sample-256.tar"))
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	const cinema = 498 // its class, and so its place among the sorted names
	if key := set.Item(cinema).Key; !strings.HasSuffix(key, "n03032252_cinema.jpg") {
		t.Fatalf("picture %d is %s", cinema, key)
	}
	data, err := set.Read(cinema)
	if err != nil {
		t.Fatal(err)
	}
	m, _, err := pixel.Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	input := make([]float32, p.Crop*p.Crop*3)
	if err := p.Tensor(m, input); err != nil {
		t.Fatal(err)
	}
	return input
}

func TestParameterCounts(t *testing.T) {
	want := fixture[map[string]expectation](t, "parity.json")
	for _, name := range Names() {
		a, err := Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		params, err := a.Parameters()
		if err != nil {
			t.Fatal(err)
		}
		count, seen := 0, map[string]bool{}
		for _, p := range params {
			if seen[p.Name] {
				t.Errorf("%s: parameter %s twice", name, p.Name)
			}
			seen[p.Name] = true
			if p.Learned {
				count += p.Len()
			}
		}
		if count != want[name].Parameters {
			t.Errorf("%s has %d learned parameters, torchvision's %d", name, count, want[name].Parameters)
		}
	}
}

// Published weights on four photographs give the logits that PyTorch gave, through both engines (without the flag full one
// network through the slow one).
func TestPublishedWeights(t *testing.T) {
	f, err := weights.Open(sharedtest.Path(t, "weights/fixture_classifiers.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	images, err := f.Tensor("images_u8")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"squeezenet1_1", "shufflenet_v2_x1_0", "mobilenet_v2"} {
		want, _, err := f.Float32(name)
		if err != nil {
			t.Fatal(err)
		}
		for engine, n := range map[string]int{"cpu": images.Shape[0], "go": 1} {
			if engine == "go" && name != "shufflenet_v2_x1_0" && !*full { // it takes seconds a picture
				continue
			}
			t.Run(name+"/"+engine, func(t *testing.T) {
				m, err := Load(open(t, engine), name, sharedtest.Path(t, "weights/"+name+".safetensors"))
				if err != nil {
					t.Fatal(err)
				}
				defer m.Close()
				side := images.Shape[1]
				batch := make([]float32, n*side*side*3)
				for i := range n {
					picture := &pixel.Image{W: side, H: side, C: 3, Pix: images.Data[i*side*side*3 : (i+1)*side*side*3]}
					if err := m.Preprocess.Tensor(picture, batch[i*side*side*3:(i+1)*side*side*3]); err != nil {
						t.Fatal(err)
					}
				}
				got, err := m.Logits(batch, n)
				if err != nil {
					t.Fatal(err)
				}
				worst := difference(t, got, want[:n*1000]) / largest(want)
				t.Logf("largest relative difference %.2g", worst)
				if !(worst <= tolerance) {
					t.Errorf("logits differ by %g of the largest, allowed %g", worst, tolerance)
				}
			})
		}
	}
}

// ToTensor and Normalize give torchvision's floats to the last bit.
func TestNormalize(t *testing.T) {
	want := fixture[[3][]float32](t, "normalize.json")
	p := imageNet
	p.Crop = 16
	m := pixel.New(16, 16, 3)
	for i := range 256 {
		m.Pix[3*i], m.Pix[3*i+1], m.Pix[3*i+2] = byte(i), byte(i), byte(i)
	}
	got := make([]float32, 256*3)
	if err := p.Tensor(m, got); err != nil {
		t.Fatal(err)
	}
	for i := range 256 {
		for c := range 3 {
			if got[3*i+c] != want[c][i] {
				t.Errorf("channel %d, value %d: got %g, want %g", c, i, got[3*i+c], want[c][i])
			}
		}
	}
	for _, bad := range []struct {
		m   *pixel.Image
		dst []float32
	}{{m, got[1:]}, {m, nil}, {pixel.New(0, 5, 3), got}} {
		if err := p.Tensor(bad.m, bad.dst); err == nil {
			t.Errorf("a picture of %d x %d into %d floats: no error", bad.m.W, bad.m.H, len(bad.dst))
		}
	}
}
