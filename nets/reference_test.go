package nets

import (
	"encoding/json"
	"hash/fnv"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gomlx/compute"

	"github.com/gestalt-vision/gestalt/engine"
)

// fixture reads a file of testdata, made by make_fixtures.py.
func fixture[T any](t testing.TB, name string) (v T) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return v
}

func open(t testing.TB, name string) compute.Backend {
	t.Helper()
	b, err := engine.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Finalize)
	return b
}

// draw makes up n numbers between low and high; make_fixtures.py explains and does the same.
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

// drawParam makes up a parameter.
func drawParam(p Param) []float32 {
	switch {
	case len(p.Shape) > 1:
		bound := math.Sqrt(6 / float64(p.Len()/p.Shape[0]))
		return draw(p.Name, p.Len(), -bound, bound)
	case strings.HasSuffix(p.Name, "weight"):
		return draw(p.Name, p.Len(), 0.4, 1)
	case strings.HasSuffix(p.Name, "running_var"):
		return draw(p.Name, p.Len(), 0.5, 1.5)
	}
	return draw(p.Name, p.Len(), -0.1, 0.1)
}

// drawn gives parameters by name, made up.
func drawn(net *Net) func(name string) []float32 {
	byName := map[string]Param{}
	for _, p := range net.Params {
		byName[p.Name] = p
	}
	return func(name string) []float32 { return drawParam(byName[name]) }
}

// drawnModel is a network with made-up parameters.
func drawnModel(t testing.TB, b compute.Backend, name string) *Model {
	t.Helper()
	a, err := Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	net, err := a.trace(b)
	if err != nil {
		t.Fatal(err)
	}
	m, err := newModel(b, a, net, drawn(net))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	return m
}

// difference is the largest absolute difference.
func difference(t testing.TB, got, want []float32) float64 {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d values, want %d", len(got), len(want))
	}
	worst := 0.0
	for i := range got {
		d := math.Abs(float64(got[i]) - float64(want[i]))
		if !(d <= worst) { // a NaN is the worst
			worst = d
		}
	}
	return worst
}

// largest is the largest absolute value.
func largest(values []float32) float64 {
	m := 0.0
	for _, v := range values {
		m = max(m, math.Abs(float64(v)))
	}
	return m
}
