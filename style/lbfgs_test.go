package style

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"
)

// readJSON reads a file of testdata.
func readJSON[T any](t *testing.T, name string) (v T) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// L-BFGS goes where PyTorch's goes, given the same losses and gradients, beyond the length of its history and past steps
// along which a function curves the wrong way.
func TestLBFGSEqualsPyTorch(t *testing.T) {
	type visited struct {
		X, Gradient []float32
		Loss        float64
	}
	for name, path := range readJSON[map[string][]visited](t, "lbfgs.json") {
		l := newLBFGS(map[string]float64{"quadratic": 1, "rosenbrock": 0.5}[name])
		l.history = 5
		x := append([]float32{}, path[0].X...)
		for i, at := range path {
			for j := range x {
				if !(math.Abs(float64(x[j]-at.X[j])) <= 1e-5*largest(path[0].X)) {
					t.Fatalf("%s: step %d is at %v, PyTorch at %v", name, i, x, at.X)
				}
			}
			if done := l.step(x, at.Gradient); done && i < len(path)-2 {
				t.Errorf("%s: done after %d steps, PyTorch after %d", name, i, len(path))
			}
		}
		if name == "rosenbrock" && len(l.pairs) != 5 {
			t.Errorf("%s: a history of %d pairs", name, len(l.pairs))
		}
	}
}

// Both methods find the minimum of a bowl by themselves, and L-BFGS knows when it is there.
func TestOptimizersDescend(t *testing.T) {
	bowl := func(x []float32) (loss float64, gradient []float32) {
		for i, v := range x {
			k := float32(i + 1)
			loss += float64(k*(v-3)*(v-3)) / 2
			gradient = append(gradient, k*(v-3))
		}
		return loss, gradient
	}
	for name, o := range map[string]optimizer{"lbfgs": newLBFGS(1), "adam": newAdam(0.3)} {
		x, done := make([]float32, 20), false
		for i := 0; i < 400 && !done; i++ {
			_, gradient := bowl(x)
			done = o.step(x, gradient)
		}
		if loss, _ := bowl(x); !(loss < 1e-6) {
			t.Errorf("%s: a loss of %g is left", name, loss)
		}
		if done != (name == "lbfgs") {
			t.Errorf("%s: done is %v", name, done)
		}
	}
	if !newLBFGS(1).step([]float32{1}, []float32{0}) {
		t.Error("no gradient: not done")
	}
}

// The fast loops are the plain ones, at every length.
func TestVectorLoops(t *testing.T) {
	for _, n := range []int{0, 1, 3, 7, 8, 9, 1023, 1024, 1033, 5000} {
		a, b, sum := make([]float32, n), make([]float32, n), 0.0
		want := make([]float32, n)
		for i := range a {
			a[i], b[i] = float32(math.Sin(float64(i))), float32(math.Cos(float64(3*i)))
			sum += float64(a[i]) * float64(b[i])
			want[i] = b[i] + float32(0.5*a[i])
		}
		if got := dot(a, b); math.Abs(got-sum) > 1e-5*(1+math.Abs(sum)) {
			t.Errorf("dot of %d: %g, want %g", n, got, sum)
		}
		addScaled(b, 0.5, a)
		if n > 0 && !(difference(b, want) <= 1e-6) {
			t.Errorf("addScaled of %d differs", n)
		}
	}
}

// A direction from a full history, of a picture of 224 pixels.
func BenchmarkLBFGS(b *testing.B) {
	const n = 224 * 224 * 3
	l := newLBFGS(1)
	l.direction = make([]float32, n)
	for i := range l.history {
		s, y := draw("s", n, -1, 1), draw("y", n, -1, 1)
		s[i], y[i] = 2, 2
		l.pairs = append(l.pairs, curvature{s, y, 1e-6})
	}
	gradient := draw("gradient", n, -1, 1)
	for b.Loop() {
		l.recur(gradient)
	}
}
