package main

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gestalt-vision/gestalt/dataset"
	"github.com/gestalt-vision/gestalt/engine"
	"github.com/gestalt-vision/gestalt/internal/sharedtest"
	"github.com/gestalt-vision/gestalt/nets"
)

// From the JPEG file to the classes: on photographs, the five most probable classes and their probabilities are
// PyTorch's (testdata/make_top5.py).
func TestPredictTop5(t *testing.T) {
	tar := sharedtest.Path(t, "data/imagenet-sample-256.tar")
	file := sharedtest.Path(t, "weights/squeezenet1_1.safetensors")
	data, err := os.ReadFile("testdata/top5.json")
	if err != nil {
		t.Fatal(err)
	}
	var want map[string]struct {
		Classes       []int
		Probabilities []float64
	}
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	backend, err := engine.Open("cpu")
	if err != nil {
		t.Fatal(err)
	}
	defer backend.Finalize()
	model, err := nets.Load(backend, "squeezenet1_1", file)
	if err != nil {
		t.Fatal(err)
	}
	defer model.Close()
	all, closeAll := gather([]string{tar})
	defer closeAll()
	pictures := slices.DeleteFunc(all, func(p picture) bool { _, ok := want[path.Base(p.name)]; return !ok })
	if len(pictures) != len(want) {
		t.Fatalf("%d of %d pictures are in the archive", len(pictures), len(want))
	}
	err = predict(t.Context(), model, pictures, predictOptions{top: 5, network: networkFlags{batch: 8, workers: 2}}, func(p prediction) error {
		want := want[path.Base(p.Picture)]
		for i, c := range p.Classes {
			if c.Index != want.Classes[i] || math.Abs(float64(c.Probability)-want.Probabilities[i]) > 1e-4 {
				t.Errorf("%s: class %d is %d with %.6f, PyTorch says %d with %.6f", p.Picture, i, c.Index, c.Probability, want.Classes[i], want.Probabilities[i])
			}
		}
		return nil
	}, func(u unseen) { t.Errorf("%s: %s", u.Picture, u.Reason) })
	if err != nil {
		t.Fatal(err)
	}
}

// The JSON document does not depend on the batches or the number of workers, and its keys are stable.
func TestPredictJSON(t *testing.T) {
	shared := sharedtest.Path(t, ".")
	t.Setenv("GESTALT_SHARED", shared)
	noWeights(t)
	set, err := dataset.Open(sharedtest.Path(t, "geirhos/edges.tar"))
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	folder := t.TempDir()
	for i := range 11 {
		data, err := set.Read(i)
		if err == nil {
			err = os.WriteFile(filepath.Join(folder, path.Base(set.Item(i).Key)), data, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	var first string
	for _, args := range [][]string{{"--batch", "8", "--workers", "1"}, {"--batch", "3", "--workers", "4"}} {
		var out, errOut bytes.Buffer
		args = append([]string{"predict", "--model", "squeezenet1_1", "--json", "--top", "2"}, args...)
		if code := run(append(args, folder), &out, &errOut); code != exitDone {
			t.Fatalf("exit code %d: %s", code, errOut.String())
		}
		if first == "" {
			first = out.String()
		}
		if out.String() != first {
			t.Errorf("%v changes the document", args)
		}
	}
	for _, key := range []string{`"model": "squeezenet1_1"`, `"weights_sha256": "`, `"engine": "cpu (`, `"index": `, `"wnid": "n`, `"probability": `, `"failed": []`} {
		if !strings.Contains(first, key) {
			t.Errorf("the document has no %s", key)
		}
	}
}

func TestTopClasses(t *testing.T) {
	p := make([]float32, 1000)
	p[7], p[3], p[999] = 0.25, 0.25, 0.5
	var got []int
	for _, c := range topClasses(&nets.Model{}, p, 5) {
		got = append(got, c.Index)
	}
	if !slices.Equal(got, []int{999, 3, 7, 0, 1}) {
		t.Errorf("top classes %v; of equal probabilities the first should come first", got)
	}
}
