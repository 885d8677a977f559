package speed

import (
	"testing"

	"github.com/gestalt-vision/gestalt/engine"
	"github.com/gestalt-vision/gestalt/nets"
)

func TestMeasure(t *testing.T) {
	b, err := engine.Open("cpu")
	if err != nil {
		t.Fatal(err)
	}
	defer b.Finalize()
	for _, mode := range []Mode{Infer, Train} {
		r, err := Measure(b, Options{Net: "resnet18", Mode: mode, Batch: 2, Size: 64, Rounds: 3}, 100)
		if err != nil {
			t.Fatal(err)
		}
		if r.Net != "resnet18" || r.Mode != mode || r.Batch != 2 || r.Size != 64 || !(r.MSPerImage > 0) {
			t.Errorf("%+v", r)
		}
		// The three figures describe one time: GFLOP/s = operations / time.
		forward := 2 * 148.3e6 // of ResNet-18 at 64 pixels: a twelfth of the 1.8 G of 224 pixels, as areas are
		if mode == Train {
			forward *= 3
		}
		if operations := r.GFLOPS * 1e9 * r.MSPerImage * 1e-3; operations < 0.95*forward || operations > 1.1*forward {
			t.Errorf("%s: %.4g operations a picture, want about %.4g", mode, operations, forward)
		}
		if r.ShareOfPeak != r.GFLOPS/100 {
			t.Errorf("share of peak %g of %g GFLOP/s", r.ShareOfPeak, r.GFLOPS)
		}
	}
	if _, err := Measure(b, Options{Net: "resnet18", Mode: "dream", Batch: 1, Rounds: 1}, 1); err == nil {
		t.Error("an unknown mode was measured")
	}
}

// The works of style transfer run, and count the operations that VGG-19 has up to there: 12.7 G multiply-adds up to
// relu4_1 at 224 pixels (as many in the decoder, whose layers mirror those), 18.1 G up to relu5_1.
func TestStyleWork(t *testing.T) {
	b, err := engine.Open("cpu")
	if err != nil {
		t.Fatal(err)
	}
	defer b.Finalize()
	for name, want := range map[string]float64{AdaIN: 2 * 2 * 12.68e9, Gatys: 2 * 2 * 18.05e9} {
		r, err := Measure(b, Options{Net: name, Mode: Infer, Batch: 1, Size: 64, Rounds: 1}, 100)
		if err != nil {
			t.Fatal(err)
		}
		want *= 64 * 64.0 / (224 * 224)
		if operations := r.GFLOPS * 1e9 * r.MSPerImage * 1e-3; operations < 0.95*want || operations > 1.05*want {
			t.Errorf("%s: %.4g operations, want about %.4g", name, operations, want)
		}
		if _, err := Measure(b, Options{Net: name, Mode: Train, Batch: 1, Rounds: 1}, 1); err == nil {
			t.Errorf("%s was trained", name)
		}
	}
}

// The published counts of multiply-adds of torchvision's models at 224 pixels.
func TestMultiplyAdds(t *testing.T) {
	b, err := engine.Open("cpu")
	if err != nil {
		t.Fatal(err)
	}
	defer b.Finalize()
	for name, want := range map[string]float64{
		"squeezenet1_1": 0.35e9, "resnet18": 1.81e9, "resnet34": 3.66e9, "resnet50": 4.09e9, "resnet101": 7.80e9, "resnet152": 11.51e9,
	} {
		a, err := nets.Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		got, err := a.MultiplyAdds(b, 1, 224, 224)
		if err != nil {
			t.Fatal(err)
		}
		if r := float64(got) / want; r < 0.99 || r > 1.01 {
			t.Errorf("%s: %d multiply-adds, want about %g", name, got, want)
		}
	}
}
