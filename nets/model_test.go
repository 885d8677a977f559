package nets

import (
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gestalt-vision/gestalt/weights"
)

// saved writes a file of made-up parameters in torchvision's layout, after change had its way with them.
func saved(t *testing.T, a Architecture, change func(map[string]weights.Tensor)) string {
	t.Helper()
	return savedDeclaring(t, a, nil, change)
}

// savedDeclaring is saved with metadata.
func savedDeclaring(t *testing.T, a Architecture, metadata map[string]string, change func(map[string]weights.Tensor)) string {
	t.Helper()
	params, err := a.Parameters()
	if err != nil {
		t.Fatal(err)
	}
	tensors := map[string]weights.Tensor{}
	for _, p := range params {
		tensors[p.Name] = weights.FromFloat32(p.Name, p.Shape, p.MadeUp())
	}
	if change != nil {
		change(tensors)
	}
	var list []weights.Tensor
	for name, tensor := range tensors {
		tensor.Name = name
		list = append(list, tensor)
	}
	path := filepath.Join(t.TempDir(), "w.safetensors")
	if err := weights.Write(path, list, metadata); err != nil {
		t.Fatal(err)
	}
	return path
}

// A file saved from a state_dict loads, with the counters of its batch norms, and gives the logits of its parameters.
func TestLoad(t *testing.T) {
	a, err := Lookup("resnet18")
	if err != nil {
		t.Fatal(err)
	}
	b := open(t, "cpu")
	path := saved(t, a, func(tensors map[string]weights.Tensor) {
		tensors["bn1.num_batches_tracked"] = weights.Tensor{DType: weights.I64, Data: make([]byte, 8)}
	})
	m, err := Load(b, "resnet18", path)
	if err != nil {
		t.Fatal(err)
	}
	pictures := MadeUp("pictures", 2*64*64*3, -2, 2)
	got, err := m.logits(pictures, size{2, 64, 64})
	if err != nil {
		t.Fatal(err)
	}
	want, err := drawnModel(t, b, "resnet18").logits(pictures, size{2, 64, 64})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got, want) {
		t.Error("logits of the file's parameters are not those of the parameters")
	}
	f, err := weights.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if m.WeightsSHA256 != f.SHA256() || m.Name != "resnet18" {
		t.Errorf("model %s of %s", m.Name, m.WeightsSHA256)
	}
	if err := m.Close(); err != nil {
		t.Error(err)
	}
	if _, err := m.logits(pictures, size{2, 64, 64}); err == nil || !strings.Contains(err.Error(), "closed") {
		t.Errorf("a closed model: %v", err)
	}
	if err := m.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
}

func TestLoadNamesWhatIsWrong(t *testing.T) {
	cases := []struct {
		name   string
		change func(map[string]weights.Tensor)
		want   []string
	}{
		{"another name", func(m map[string]weights.Tensor) {
			m["features.0.wieght"] = m["features.0.weight"]
			delete(m, "features.0.weight")
		}, []string{"1 are missing", "missing: features.0.weight [64 3 3 3]; the file has features.0.wieght", "not in the network: features.0.wieght [64 3 3 3] (near features.0.weight)"}},
		{"another shape", func(m map[string]weights.Tensor) {
			m["classifier.1.bias"] = weights.FromFloat32("", []int{10}, make([]float32, 10))
		}, []string{"1 have another shape", "classifier.1.bias is [10], should be [1000]"}},
		{"another network", func(m map[string]weights.Tensor) {
			for _, name := range slices.Collect(maps.Keys(m)) {
				m["fc."+name] = m[name]
				delete(m, name)
			}
		}, []string{"52 are missing", "… and 44 more", "missing: features.0.weight [64 3 3 3]; the file has fc.features.0.weight", "not in the network: fc.classifier.1.bias [1000] (near classifier.1.bias)"}},
		{"integers", func(m map[string]weights.Tensor) {
			m["classifier.1.bias"] = weights.Tensor{DType: weights.I32, Shape: []int{1000}, Data: make([]byte, 4000)}
		}, []string{`tensor "classifier.1.bias" holds I32`}},
		{"a counter of no batch norm", func(m map[string]weights.Tensor) {
			m["bn1.num_batches_tracked"] = weights.Tensor{DType: weights.I64, Data: make([]byte, 8)}
		}, []string{"not in the network: bn1.num_batches_tracked"}},
	}
	a, err := Lookup("squeezenet1_1")
	if err != nil {
		t.Fatal(err)
	}
	b := open(t, "go")
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			path := saved(t, a, c.change)
			_, err := Load(b, a.Name, path)
			if err == nil {
				t.Fatal("loaded")
			}
			for _, want := range append(c.want, path, a.Name) {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the error does not say %q:\n%v", want, err)
				}
			}
		})
	}
	if _, err := Load(b, "resnet-18", ""); err == nil || !strings.Contains(err.Error(), `did you mean "resnet18"`) {
		t.Errorf("resnet-18: %v", err)
	}
	if _, err := Load(b, "resnet18", filepath.Join(t.TempDir(), "absent")); err == nil || !strings.Contains(err.Error(), "absent") {
		t.Errorf("absent file: %v", err)
	}
}

// A picture's logits do not depend on the pictures beside it, nor on how many there are, to the last bit.
func TestBatchesAgree(t *testing.T) {
	m := drawnModel(t, open(t, "cpu"), "squeezenet1_1")
	const h, w, most = 64, 64, 9
	pictures := MadeUp("pictures", most*h*w*3, -2, 2)
	whole, err := m.logits(pictures, size{most, h, w})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{1, 2, 4, 5, 8} { // up to 4 compiled, 5 and 8 filled up to 9
		at := most - n
		part, err := m.logits(pictures[at*h*w*3:], size{n, h, w})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(part, whole[at*1000:]) {
			t.Errorf("%d pictures: logits differ by %g", n, difference(t, part, whole[at*1000:]))
		}
	}
	if len(m.sizes) != 4 {
		t.Errorf("compiled for %v, want 9, 1, 2 and 4 pictures", m.sizes)
	}
}

// Goroutines that share a model get what each would get alone. Run with the race detector too.
func TestConcurrentCalls(t *testing.T) {
	for engine, rounds := range map[string]int{"cpu": 3, "go": 1} {
		m := drawnModel(t, open(t, engine), "squeezenet1_1")
		pictures := MadeUp("pictures", 4*33*33*3, -2, 2)
		want, err := m.logits(pictures, size{4, 33, 33})
		if err != nil {
			t.Fatal(err)
		}
		var group sync.WaitGroup
		for n := range 4 {
			group.Go(func() {
				for range rounds {
					got, err := m.logits(pictures[:(n+1)*33*33*3], size{n + 1, 33, 33})
					if err != nil {
						t.Error(err)
						return
					}
					if d := difference(t, got, want[:len(got)]); d > 1e-5 {
						t.Errorf("%s, %d pictures: logits differ by %g", engine, n+1, d)
					}
				}
			})
		}
		group.Wait()
	}
}

func TestProbabilities(t *testing.T) {
	for _, row := range [][]float32{{0, 0, 0, 0}, {1000, 999, -1000}, {-1e30, 0, 1e30}, {3}} {
		p := slices.Clone(row)
		softmax(p)
		sum := 0.0
		for i := range p {
			want := 0.0
			for j := range row {
				want += math.Exp(float64(row[j]) - float64(row[i]))
			}
			if math.Abs(float64(p[i])-1/want) > 1e-7 {
				t.Errorf("softmax of %v is %v", row, p)
			}
			sum += float64(p[i])
		}
		if math.Abs(sum-1) > 1e-6 {
			t.Errorf("softmax of %v sums to %g", row, sum)
		}
	}
}

func TestLogitsRefuses(t *testing.T) {
	m := drawnModel(t, open(t, "go"), "squeezenet1_1")
	for _, c := range []struct{ n, values int }{{0, 0}, {1, 5}, {-1, 0}, {2, 224 * 224 * 3}} {
		if _, err := m.Probabilities(make([]float32, c.values), c.n); err == nil {
			t.Errorf("%d values for %d pictures: no error", c.values, c.n)
		}
	}
	// Too small for the network: what the graph code says becomes an error that names network and engine.
	if _, err := m.logits(make([]float32, 2*2*3), size{1, 2, 2}); err == nil || !strings.Contains(err.Error(), "squeezenet1_1 on engine") {
		t.Errorf("a picture of 2 x 2: %v", err)
	}
}

func TestNearest(t *testing.T) {
	if got := nearest("perceiver", Names()); got != "" {
		t.Errorf("%q is not like perceiver", got)
	}
}
