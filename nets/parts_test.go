package nets

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/gestalt-vision/gestalt/engine"
	"github.com/gestalt-vision/gestalt/weights"
)

// A program's parts read their parameters from files of their own, and what is missing is named.
func TestParts(t *testing.T) {
	code := func(s Scope, in []*graph.Node) []*graph.Node {
		x := s.In("first").Linear("fc", in[0], 2)
		return []*graph.Node{s.In("second").Linear("fc", x, 1)}
	}
	write := func(name string, tensors ...weights.Tensor) *weights.File {
		t.Helper()
		path := filepath.Join(t.TempDir(), name)
		if err := weights.Write(path, tensors, nil); err != nil {
			t.Fatal(err)
		}
		f, err := weights.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		return f
	}
	half := func(name string, values ...float32) weights.Tensor { // as F16, in which 1, 2 and 3 are 0x3C00, 0x4000, 0x4200
		w := weights.Tensor{Name: name, DType: weights.F16, Shape: []int{len(values)}}
		for _, v := range values {
			w.Data = append(w.Data, 0, map[float32]byte{0: 0, 1: 0x3C, 2: 0x40, 3: 0x42}[v])
		}
		return w
	}
	matrix := func(w weights.Tensor, out int) weights.Tensor {
		w.Shape = []int{out, w.Shape[0] / out}
		return w
	}
	first := write("first", matrix(half("fc.weight", 1, 2, 3, 0), 2), half("fc.bias", 0, 1), half("surplus", 1))
	second := write("second", matrix(half("fc.weight", 1, 2), 1), half("fc.bias", 3))

	b, err := engine.Open("go")
	if err != nil {
		t.Fatal(err)
	}
	defer b.Finalize()
	p, err := NewProgramOf(b, "two", map[string]*weights.File{"first": first, "second": second}, code, []int{1, 2})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	out, err := p.Run(Array{Dims: []int{1, 2}, Values: []float32{5, 7}})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := out[0].Values[0], float32(1*(5+2*7)+2*(3*5+1)+3); got != want {
		t.Errorf("got %g, want %g", got, want)
	}
	for says, parts := range map[string]map[string]*weights.File{
		"second.fc.weight":    {"first": first},
		"second does not fit": {"first": second, "second": second},
		"first does not fit":  {"first": first, "second": first},
	} {
		if _, err := NewProgramOf(b, "two", parts, code, []int{1, 2}); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("got %v, want an error that says %q", err, says)
		}
	}
}

// Several features of one pass are those that the network has of these names, in the order asked for.
func TestTrunks(t *testing.T) {
	a, err := Lookup("vgg11")
	if err != nil {
		t.Fatal(err)
	}
	b, err := engine.Open("go")
	if err != nil {
		t.Fatal(err)
	}
	defer b.Finalize()
	code := func(s Scope, in []*graph.Node) []*graph.Node {
		var means []*graph.Node
		for _, x := range s.Trunks(a, in[0], "relu2_1", "relu1_1") {
			means = append(means, GlobalMean(x))
		}
		return means
	}
	p, err := RandomProgram(b, "trunks", code, []int{1, 16, 16, 3})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	picture := Array{Dims: []int{1, 16, 16, 3}, Values: MadeUp("picture", 16*16*3, -1, 1)}
	got, err := p.Run(picture)
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range []string{"relu2_1", "relu1_1"} {
		one, err := RandomProgram(b, name, func(s Scope, in []*graph.Node) []*graph.Node {
			return []*graph.Node{GlobalMean(s.Trunk(a, in[0], name))}
		}, []int{1, 16, 16, 3})
		if err != nil {
			t.Fatal(err)
		}
		defer one.Close()
		want, err := one.Run(picture)
		if err != nil {
			t.Fatal(err)
		}
		if len(got[i].Values) != len(want[0].Values) {
			t.Fatalf("%s has %d channels, want %d", name, len(got[i].Values), len(want[0].Values))
		}
		for c, v := range want[0].Values {
			if got[i].Values[c] != v {
				t.Fatalf("%s, channel %d: %g, want %g", name, c, got[i].Values[c], v)
			}
		}
	}
}
