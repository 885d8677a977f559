package nets

import (
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"

	"github.com/gestalt-vision/gestalt/weights"
)

// Heads beside the last are there in training alone, and only a training graph needs a file that has them.
func TestAuxiliary(t *testing.T) {
	b := open(t, "cpu")
	a, err := Lookup("googlenet")
	if err != nil {
		t.Fatal(err)
	}
	whole := saved(t, a, nil)
	bare := saved(t, a, func(tensors map[string]weights.Tensor) {
		for name := range tensors {
			if strings.HasPrefix(name, "aux") {
				delete(tensors, name)
			}
		}
	})
	pictures := MadeUp("pictures", 40*40*3, -2, 2)
	var logits [2][]float32
	for i, path := range []string{whole, bare} {
		m, err := Load(b, a.Name, path)
		if err != nil {
			t.Fatal(err)
		}
		if logits[i], err = m.LogitsOf(pictures, 1, 40, 40); err != nil {
			t.Fatal(err)
		}
		if err := m.Close(); err != nil {
			t.Error(err)
		}
		if name, err := Identify(path); name != a.Name || err != nil {
			t.Errorf("%s is identified as %q: %v", path, name, err)
		}
	}
	if !slices.Equal(logits[0], logits[1]) {
		t.Error("the heads change the logits")
	}

	g := graph.NewGraph(b, a.Name)
	defer g.Finalize()
	net := a.Build(graph.Parameter(g, "x", shapes.Make(dtypes.Float32, 2, 64, 64, 3)), Training)
	for _, name := range []string{"aux1", "aux2"} {
		if head := net.Auxiliary[name]; head == nil || !slices.Equal(head.Shape().Dimensions, []int{2, 1000}) {
			t.Errorf("%s: %v", name, head)
		}
	}
	for _, c := range []struct{ path, want string }{{whole, ""}, {bare, "missing: aux1.conv.conv.weight"}} {
		f, err := weights.Open(c.path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := net.ReadInputs(f); (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("training with %s: %v", c.path, err)
		}
	}
}
