package cpu

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
)

// descent records a step of gradient descent with momentum: w and m are donated
// and come back changed.
func descent(t testing.TB, b *backend, n int) *executable {
	return record(t, b, func(f compute.Function) []compute.Value {
		shape := shapes.Make(dtypes.Float32, n)
		w, m, g := must(f.Parameter("w", shape, nil)), must(f.Parameter("m", shape, nil)), must(f.Parameter("g", shape, nil))
		m = must(f.Add(must(f.Mul(m, must(f.Constant([]float32{0.5}, 1)))), g))
		return []compute.Value{must(f.Sub(w, must(f.Mul(m, must(f.Constant([]float32{0.25}, 1)))))), m}
	})
}

// TestDonation checks that donated buffers become the results, that nothing else
// does, and that the numbers are right all the same.
func TestDonation(t *testing.T) {
	b := open(t, "")
	defer b.Finalize()
	const n = 3000
	e := descent(t, b, n)
	for _, donate := range [][]bool{nil, {true, true, false}, {false, true, false}} {
		w, m, g := make([]float32, n), make([]float32, n), make([]float32, n)
		for i := range w {
			w[i], m[i], g[i] = float32(i), float32(2*i), 8
		}
		in := []compute.Buffer{bufferOf(b, w, n), bufferOf(b, m, n), bufferOf(b, g, n)}
		storage := []*byte{&in[0].(*buffer).data[0], &in[1].(*buffer).data[0], &in[2].(*buffer).data[0]}
		out := must(e.Execute(in, donate, 0))
		for i := range n {
			newM := float32(i) + 8
			if got := as[float32](out[1].(*buffer).data)[i]; got != newM {
				t.Fatalf("donating %v: momentum %d is %v, want %v", donate, i, got, newM)
			}
			if got, want := as[float32](out[0].(*buffer).data)[i], float32(i)-newM/4; got != want {
				t.Fatalf("donating %v: weight %d is %v, want %v", donate, i, got, want)
			}
		}
		reused, given := 0, 0
		for i, result := range out {
			if slices.Contains(storage, &result.(*buffer).data[0]) {
				reused++
			}
			gone := donate != nil && donate[i]
			if gone {
				given++
			}
			if _, err := in[i].Shape(); (err != nil) != gone {
				t.Errorf("donating %v: input %d: error %v", donate, i, err)
			}
		}
		if reused != given {
			t.Errorf("donating %v: %d results lie in inputs", donate, reused)
		}
	}
	// One buffer for two parameters: it cannot become one of them.
	twice := bufferOf(b, make([]float32, n), n)
	out := must(e.Execute([]compute.Buffer{twice, twice, bufferOf(b, slices.Repeat([]float32{8}, n), n)}, []bool{true, true, false}, 0))
	if got := as[float32](out[0].(*buffer).data)[n-1]; got != -2 {
		t.Errorf("one buffer donated twice: %v, want -2", got)
	}
}

// TestDonatedAndReadLater keeps an input that a later step reads.
func TestDonatedAndReadLater(t *testing.T) {
	b := open(t, "")
	defer b.Finalize()
	e := record(t, b, func(f compute.Function) []compute.Value {
		x := must(f.Parameter("x", shapes.Make(dtypes.Float32, 4, 4), nil))
		sorted := must(f.Transpose(x, 1, 0))
		return []compute.Value{must(f.Neg(x)), must(f.Reverse(x, 0)), sorted, x}
	})
	x := make([]float32, 16)
	for i := range x {
		x[i] = float32(i)
	}
	out := must(e.Execute([]compute.Buffer{bufferOf(b, x, 4, 4)}, []bool{true}, 0))
	for k, want := range [][]float32{{-1, -2}, {13, 14}, {4, 8}, {1, 2}} {
		if got := as[float32](out[k].(*buffer).data)[1:3]; !slices.Equal(got, want) {
			t.Errorf("result %d: %v, want %v", k, got, want)
		}
	}
}

// TestNoGrowth runs 10,000 training steps and looks for memory and goroutines that stay:
// of a small network with convolutions, batch normalisation, pooling and SGD with
// momentum, whose weights change at every step.
func TestNoGrowth(t *testing.T) {
	b := open(t, "threads=3")
	defer b.Finalize()
	steps := 10000
	if raceDetector {
		steps = 100
	}
	dims := []int{2, 8, 8, 3}
	define := func(n *net, x *graph.Node) *graph.Node {
		x = relu(trainNorm(n, n.conv(x, 3, 1, 1, 8), false))
		x = graph.MaxPool(x).Window(2).Strides(2).Done()
		x = relu(graph.Add(x, trainNorm(n, n.conv(x, 3, 1, 1, 8), false)))
		return graph.ReduceMean(n.bias(n.conv(x, 1, 1, 0, 4)), 1, 2)
	}
	weights := weightsOf(t, b, define, dims...)
	g := graph.NewGraph(b, "training")
	x := graph.Parameter(g, "x", shapes.Make(float32Type, dims...))
	var in, momenta []*graph.Node
	var state []compute.Buffer
	for i, w := range weights {
		in = append(in, graph.Parameter(g, fmt.Sprint("w", i), w.Shape()))
		state = append(state, bufferOf(b, floatsOf(w), w.Shape().Dimensions...))
	}
	gradients := graph.Gradient(graph.ReduceAllMean(graph.Square(define(&net{weights: in}, x))), in...)
	for i, w := range weights {
		m := graph.Parameter(g, fmt.Sprint("m", i), w.Shape())
		state = append(state, bufferOf(b, make([]float32, w.Size()), w.Shape().Dimensions...))
		momenta = append(momenta, graph.Add(graph.MulScalar(m, 0.9), gradients[i]))
	}
	var changed []*graph.Node
	for i, m := range momenta {
		changed = append(changed, graph.Sub(in[i], graph.MulScalar(m, 0.01)))
	}
	if err := g.Compile(append(changed, momenta...)...); err != nil {
		t.Fatal(err)
	}
	pixels := floatsOf(randomTensor(1, dims...))
	step := func() {
		inputs := append([]compute.Buffer{bufferOf(b, pixels, dims...)}, state...)
		state = must(g.Executable().Execute(inputs, slices.Repeat([]bool{true}, len(inputs)), 0))
	}
	heap := func() int {
		var stats runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&stats)
		return int(stats.HeapAlloc)
	}
	for range 50 {
		step()
	}
	before, goroutines := heap(), runtime.NumGoroutine()
	for range steps {
		step()
	}
	if grown := heap() - before; grown > 1<<19 {
		t.Errorf("%d steps left %d bytes behind", steps, grown)
	}
	if left := runtime.NumGoroutine() - goroutines; left > 0 {
		t.Errorf("%d steps left %d goroutines behind", steps, left)
	}
	after := make([]float32, weights[0].Size())
	if err := state[0].ToFlatData(after); err != nil {
		t.Fatal(err)
	}
	if slices.Equal(after, floatsOf(weights[0])) || slices.ContainsFunc(after, func(v float32) bool { return v != v }) {
		t.Errorf("weights after %d steps: %v", steps, after)
	}
}

// TestFinalized uses what is gone.
func TestFinalized(t *testing.T) {
	b := open(t, "")
	e := descent(t, b, 2)
	buffers := func() []compute.Buffer {
		return []compute.Buffer{bufferOf(b, []float32{1, 2}, 2), bufferOf(b, []float32{1, 2}, 2), bufferOf(b, []float32{1, 2}, 2)}
	}
	gone := buffers()
	gone[1].Finalize()
	_, buffer := e.Execute(gone, nil, 0)
	data := gone[1].ToFlatData(make([]float32, 2))
	_, copied := gone[1].CopyToDevice(0)
	in := buffers()
	e.Finalize()
	_, executable := e.Execute(in, nil, 0)
	other := descent(t, b, 2)
	b.Finalize()
	_, engine := other.Execute(in, nil, 0)
	_, made := b.BufferFromFlatData(0, []float32{1}, shapes.Make(dtypes.Float32, 1))
	for name, err := range map[string]error{"buffer": buffer, "data": data, "copy": copied, "executable": executable, "engine": engine, "new buffer": made} {
		if err == nil || !strings.Contains(err.Error(), "finalized") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

// TestThreadsByDefault follows GOMAXPROCS, which the Go runtime sets by the CPU
// limit of a container.
func TestThreadsByDefault(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(3))
	b := open(t, "")
	defer b.Finalize()
	if b.workers.n != 3 {
		t.Errorf("%d threads with GOMAXPROCS=3", b.workers.n)
	}
}
