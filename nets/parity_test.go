package nets

import (
	"testing"

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

// Every network, with made-up parameters on made-up pictures, gives torchvision's logits.
func TestParity(t *testing.T) {
	want := fixture[map[string]expectation](t, "parity.json")
	for _, name := range Names() {
		expected, ok := want[name]
		if !ok {
			t.Errorf("testdata has no logits of %s", name)
			continue
		}
		engines := []string{"cpu"}
		switch name {
		case "squeezenet1_1", "resnet18": // the others take the go engine too long
			engines = append(engines, "go")
		}
		for _, engine := range engines {
			t.Run(name+"/"+engine, func(t *testing.T) {
				m := drawnModel(t, open(t, engine), name)
				worst := 0.0
				for _, batch := range expected.Batches {
					s := size{batch.Size[0], batch.Size[1], batch.Size[2]}
					got, err := m.logits(draw("pictures", s.n*s.h*s.w*3, -2, 2), s)
					if err != nil {
						t.Fatal(err)
					}
					for i, row := range batch.Logits {
						worst = max(worst, difference(t, got[i*1000:i*1000+len(row)], row)/batch.Largest)
					}
				}
				t.Logf("largest relative difference %.2g", worst)
				if !(worst <= tolerance) {
					t.Errorf("logits differ by %g of the largest, allowed %g", worst, tolerance)
				}
			})
		}
	}
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

// Published weights on four photographs give the logits that PyTorch gave, through both engines.
func TestPublishedWeights(t *testing.T) {
	path := sharedtest.Path(t, "weights/squeezenet1_1.safetensors")
	f, err := weights.Open(sharedtest.Path(t, "weights/fixture_classifiers.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	images, err := f.Tensor("images_u8")
	if err != nil {
		t.Fatal(err)
	}
	want, _, err := f.Float32("squeezenet1_1")
	if err != nil {
		t.Fatal(err)
	}
	n, side := images.Shape[0], images.Shape[1]
	for engine, n := range map[string]int{"cpu": n, "go": 1} { // the go engine takes seconds a picture
		t.Run(engine, func(t *testing.T) {
			m, err := Load(open(t, engine), "squeezenet1_1", path)
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
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
