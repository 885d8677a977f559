package nets

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"runtime/debug"
	"testing"

	"github.com/gomlx/compute"

	"github.com/gestalt-vision/gestalt/engine"
)

// TestMain bounds the garbage that stays between tests: the first linear layer of VGG-16 alone is 400 MB.
func TestMain(m *testing.M) {
	debug.SetMemoryLimit(1 << 30)
	os.Exit(m.Run())
}

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

// drawnModel is a network with made-up parameters.
func drawnModel(t testing.TB, b compute.Backend, name string) *Model {
	t.Helper()
	m, err := Random(b, name)
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
