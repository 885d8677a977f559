package cpu

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// small is a network with everything that a plan has to get right: residual
// addition, concatenation, pooling, a product.
func (n *net) small(x *graph.Node) *graph.Node {
	x = relu(n.bias(n.conv(x, 3, 2, 1, 16)))
	y := n.batchNorm(n.conv(x, 3, 1, 1, 16), false)
	x = relu(graph.Add(y, x))
	x = graph.Concatenate([]*graph.Node{relu(n.bias(n.conv(x, 1, 1, 0, 8))), n.conv(x, 3, 1, 1, 24), maxPoolSame(x), x}, -1)
	x = maxPool(x)
	x = graph.ReduceMean(x, 1, 2)
	return graph.Softmax(graph.Dot(x, n.weight(x.Graph(), x.Shape().Dim(-1), 10)).Product())
}

func maxPoolSame(x *graph.Node) *graph.Node { return graph.MaxPool(x).Window(3).PadSame().Done() }

// smallNet gives an executor of it and the weights.
func smallNet(t testing.TB, b compute.Backend) (*graph.Exec, []*tensors.Tensor) {
	return network(b, (*net).small), weightsOf(t, b, (*net).small, 1, 20, 20, 3)
}

func TestSameBitsForAnyNumberOfThreads(t *testing.T) {
	var want []float32
	for _, threads := range []int{1, 2, 3, 8} {
		b := open(t, fmt.Sprintf("threads=%d", threads))
		exec, weights := smallNet(t, b)
		got := floatsOf(exec.MustExec(arguments(randomTensor(1, 5, 33, 47, 3), weights)...)[0])
		if want == nil {
			want = got
		}
		if !slices.Equal(got, want) {
			t.Errorf("%d threads give other bits than 1", threads)
		}
		b.Finalize()
	}
}

// TestPicturesDoNotSeeEachOther shows pictures alone and in a batch.
func TestPicturesDoNotSeeEachOther(t *testing.T) {
	b := open(t, "")
	defer b.Finalize()
	exec, weights := smallNet(t, b)
	batch := randomTensor(8, 5, 33, 29, 3)
	together := floatsOf(exec.MustExec(arguments(batch, weights)...)[0])
	pixels := floatsOf(batch)
	size := len(pixels) / 5
	for i := range 5 {
		one := tensors.FromFlatDataAndDimensions(pixels[i*size:(i+1)*size], 1, 33, 29, 3)
		if got := floatsOf(exec.MustExec(arguments(one, weights)...)[0]); !slices.Equal(got, together[i*10:(i+1)*10]) {
			t.Errorf("picture %d gives %v alone and %v in a batch", i, got, together[i*10:(i+1)*10])
		}
	}
}

func TestConcurrentExecutions(t *testing.T) {
	b := open(t, "threads=2")
	defer b.Finalize()
	exec, weights := smallNet(t, b)
	_, others := smallNet(t, b)
	others[0] = randomTensor(50, others[0].Shape().Dimensions...)
	run := func(seed uint64, weights []*tensors.Tensor) []float32 {
		return floatsOf(exec.MustExec(arguments(randomTensor(seed, 2, 20, 20, 3), weights)...)[0])
	}
	var want [4][]float32
	for i := range want {
		want[i] = run(uint64(i), [][]*tensors.Tensor{weights, others}[i%2])
	}
	var group sync.WaitGroup
	for i := range want {
		group.Go(func() {
			for range 20 {
				if got := run(uint64(i), [][]*tensors.Tensor{weights, others}[i%2]); !slices.Equal(got, want[i]) {
					t.Errorf("execution %d gave other results beside others", i)
					return
				}
			}
		})
	}
	group.Wait()
}

func TestMemoryAndGoroutinesDoNotGrow(t *testing.T) {
	b := open(t, "threads=4")
	defer b.Finalize()
	exec, weights := smallNet(t, b)
	run := func(n int) {
		for range n {
			x := randomTensor(1, 2, 20, 20, 3)
			y := exec.MustExec(arguments(x, weights)...)[0]
			y.FinalizeAll()
			x.FinalizeAll()
		}
	}
	heap := func() uint64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	run(100)
	before, goroutines := heap(), runtime.NumGoroutine()
	run(1000)
	if after := heap(); after > before+1<<18 {
		t.Errorf("the heap grew from %d to %d bytes over 1,000 executions", before, after)
	}
	for range 100 { // helpers may be on their way out
		if runtime.NumGoroutine() <= goroutines {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Errorf("%d goroutines, %d before", runtime.NumGoroutine(), goroutines)
}

// record builds a computation at the level of compute.Function.
func record(t testing.TB, b *backend, build func(f compute.Function) []compute.Value) *executable {
	t.Helper()
	g := b.Builder(t.Name())
	if err := g.Main().Return(build(g.Main()), nil); err != nil {
		t.Fatal(err)
	}
	e, err := g.Compile()
	if err != nil {
		t.Fatal(err)
	}
	return e.(*executable)
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func bufferOf(b *backend, flat any, dims ...int) compute.Buffer {
	return must(b.BufferFromFlatData(0, flat, shapes.Make(elementType(flat), dims...)))
}

func TestPanicBecomesError(t *testing.T) {
	b := open(t, "threads=4")
	defer b.Finalize()
	size := 100000 // enough to be cut into pieces
	e := record(t, b, func(f compute.Function) []compute.Value {
		x := must(f.Parameter("x", shapes.Make(dtypes.Int32, size), nil))
		y := must(f.Parameter("y", shapes.Make(dtypes.Int32, size), nil))
		return []compute.Value{must(f.Div(x, y))}
	})
	x, y := make([]int32, size), make([]int32, size)
	for i := range y {
		y[i] = 1
	}
	y[77777] = 0
	for range 3 {
		_, err := e.Execute([]compute.Buffer{bufferOf(b, x, size), bufferOf(b, y, size)}, nil, 0)
		var cause runtime.Error
		if err == nil || !errors.As(err, &cause) || !strings.Contains(err.Error(), "Div #2 of (Int32)[100000]") {
			t.Fatalf("division by zero: error %v", err)
		}
	}
	y[77777] = 1
	if _, err := e.Execute([]compute.Buffer{bufferOf(b, x, size), bufferOf(b, y, size)}, nil, 0); err != nil {
		t.Errorf("after an error: %v", err)
	}
	if len(b.workers.permits) != 3 {
		t.Errorf("%d permits of 3 came back", len(b.workers.permits))
	}
}

func TestNotSupported(t *testing.T) {
	b := open(t, "")
	defer b.Finalize()
	f := b.Builder("test").Main()
	x := must(f.Parameter("x", shapes.Make(dtypes.Float32, 4), nil))
	_, fft := f.FFT(x, compute.FFTForward, []int{4})
	_, complexes := f.Parameter("z", shapes.Make(dtypes.Complex64, 4), nil)
	_, dynamic := f.Parameter("d", shapes.MakeDynamic(dtypes.Float32, []int{-1}, []string{"batch"}), nil)
	for name, err := range map[string]error{"FFT": fft, "Complex64": complexes, "dynamic": dynamic} {
		if !compute.IsNotImplemented(err) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func TestBadInputs(t *testing.T) {
	b, other := open(t, ""), open(t, "")
	defer b.Finalize()
	e := record(t, b, func(f compute.Function) []compute.Value {
		return []compute.Value{must(f.Neg(must(f.Parameter("x", shapes.Make(dtypes.Float32, 2), nil))))}
	})
	good := bufferOf(b, []float32{1, 2}, 2)
	gone := bufferOf(b, []float32{1, 2}, 2)
	gone.Finalize()
	for name, inputs := range map[string][]compute.Buffer{
		"takes 1 inputs":               {},
		"finalized":                    {gone},
		"shape (Float32)[3]":           {bufferOf(b, []float32{1, 2, 3}, 3)},
		"shape (Int32)[2]":             {bufferOf(b, []int32{1, 2}, 2)},
		"is not a buffer of this engi": {bufferOf(other, []float32{1, 2}, 2)},
	} {
		if _, err := e.Execute(inputs, nil, 0); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("error %v, want one with %q", err, name)
		}
	}
	if _, err := b.BufferFromFlatData(0, []float32{1}, shapes.Make(dtypes.Float32, 2)); err == nil {
		t.Error("one element made a buffer of two")
	}
	if _, err := b.BufferFromFlatData(1, []float32{1}, shapes.Make(dtypes.Float32, 1)); err == nil {
		t.Error("device 1 exists")
	}
	if _, err := New("threads=-1"); err == nil {
		t.Error("-1 threads")
	}
	results, err := e.Execute([]compute.Buffer{good}, []bool{true}, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := good.Shape(); err == nil {
		t.Error("a donated buffer lives on")
	}
	got := make([]float32, 2)
	if err := results[0].ToFlatData(got); err != nil || !slices.Equal(got, []float32{-1, -2}) {
		t.Errorf("-x = %v, %v", got, err)
	}
	e.Finalize()
	if _, err := e.Execute([]compute.Buffer{bufferOf(b, []float32{1, 2}, 2)}, nil, 0); err == nil {
		t.Error("a finalized executable runs")
	}
}

// TestOutputs returns what is no result of a computation, and one result twice.
func TestOutputs(t *testing.T) {
	b := open(t, "")
	defer b.Finalize()
	e := record(t, b, func(f compute.Function) []compute.Value {
		x := must(f.Parameter("x", shapes.Make(dtypes.Float32, 2, 2), nil))
		y := must(f.Neg(x))
		c := must(f.Constant([]float32{5, 6}, 2))
		return []compute.Value{x, y, y, must(f.Reshape(y, 4)), must(f.Reshape(x, 4)), c, must(f.Neg(c)), must(f.Exp(must(f.Sub(y, y))))}
	})
	results := must(e.Execute([]compute.Buffer{bufferOf(b, []float32{1, 2, 3, 4}, 2, 2)}, nil, 0))
	for i, want := range [][]float32{{1, 2, 3, 4}, {-1, -2, -3, -4}, {-1, -2, -3, -4}, {-1, -2, -3, -4}, {1, 2, 3, 4}, {5, 6}, {-5, -6}, {1, 1, 1, 1}} {
		got := make([]float32, len(want))
		if err := results[i].ToFlatData(got); err != nil || !slices.Equal(got, want) {
			t.Errorf("output %d is %v, want %v (%v)", i, got, want, err)
		}
	}
}

// TestWeightsArePackedOnce looks at the prepared values from one execution to
// the next.
func TestWeightsArePackedOnce(t *testing.T) {
	b := open(t, "")
	defer b.Finalize()
	e := record(t, b, func(f compute.Function) []compute.Value {
		x := must(f.Parameter("x", shapes.Make(dtypes.Float32, 1, 4, 4, 3), nil))
		w := must(f.Parameter("w", shapes.Make(dtypes.Float32, 3, 3, 3, 5), nil))
		m := must(f.Parameter("m", shapes.Make(dtypes.Float32, 5, 2), nil))
		axes := compute.ConvolveAxesConfig{InputBatch: 0, InputSpatial: []int{1, 2}, InputChannels: 3, KernelSpatial: []int{0, 1}, KernelInputChannels: 2,
			KernelOutputChannels: 3, OutputBatch: 0, OutputSpatial: []int{1, 2}, OutputChannels: 3}
		scaled := must(f.Mul(x, must(f.Constant([]float32{2}))))
		y := must(f.ConvGeneral(scaled, w, axes, nil, nil, nil, nil, 1, 1))
		z := must(f.DotGeneral(must(f.ReduceMax(y, 1, 2)), []int{1}, nil, m, []int{0}, nil, compute.DotGeneralConfig{}))
		return []compute.Value{z}
	})
	if len(e.slots) != 2 {
		t.Fatalf("%d values are kept, want the filter and the matrix", len(e.slots))
	}
	flat := func(seed uint64, dims ...int) compute.Buffer {
		return bufferOf(b, floatsOf(randomTensor(seed, dims...)), dims...)
	}
	run := func(in ...compute.Buffer) ([]float32, []preparedValue) {
		results := must(e.Execute(in, nil, 0))
		got := make([]float32, 2)
		if err := results[0].ToFlatData(got); err != nil {
			t.Fatal(err)
		}
		return got, *e.prepared.Load()
	}
	x, w, m := flat(1, 1, 4, 4, 3), flat(2, 3, 3, 3, 5), flat(3, 5, 2)
	first, kept := run(x, w, m)
	again, same := run(flat(1, 1, 4, 4, 3), w, m)
	if &kept[0] != &same[0] || !slices.Equal(first, again) {
		t.Error("another picture made the weights be packed again")
	}
	other, part := run(x, w, flat(4, 5, 2))
	changed := 0
	for i := range part {
		if part[i].value.object != kept[i].value.object {
			changed++
		}
	}
	if changed != 1 || slices.Equal(first, other) {
		t.Errorf("a new matrix changed %d kept values, want 1; results %v and %v", changed, first, other)
	}
	if back, _ := run(x, w, flat(3, 5, 2)); !slices.Equal(back, first) {
		t.Errorf("the old matrix in a new buffer gives %v, want %v", back, first)
	}
}

// TestConstantWeights gives the filter as a constant: it is packed once as well.
func TestConstantWeights(t *testing.T) {
	b := open(t, "")
	defer b.Finalize()
	s := &spy{backend: b}
	filter := floatsOf(randomTensor(1, 3, 3, 2, 4))
	exec := graph.MustNewExec(s, func(x *graph.Node) *graph.Node {
		w := graph.Reshape(graph.Const(x.Graph(), filter), 3, 3, 2, 4)
		return graph.Add(graph.Convolve(x, graph.MulScalar(w, 2)).PadSame().Done(), graph.Const(x.Graph(), [][][][]float32{{{{1, 2, 3, 4}}}}))
	})
	plain := open(t, "")
	plain.plain = true
	defer plain.Finalize()
	want := floatsOf(graph.MustNewExec(plain, func(x, w *graph.Node) *graph.Node {
		return graph.Add(graph.Convolve(x, graph.MulScalar(w, 2)).PadSame().Done(), graph.Const(x.Graph(), [][][][]float32{{{{1, 2, 3, 4}}}}))
	}).MustExec(randomTensor(2, 1, 5, 5, 2), tensors.FromFlatDataAndDimensions(filter, 3, 3, 2, 4))[0])
	var kept *preparedValue
	for i := range 2 {
		got := floatsOf(exec.MustExec(randomTensor(2, 1, 5, 5, 2))[0])
		if d := difference(t, want, got); d > 1e-5 {
			t.Errorf("execution %d differs by %.2g", i, d)
		}
		prepared := *s.last.prepared.Load()
		if i > 0 && &prepared[0] != kept {
			t.Error("the constant filter was packed again")
		}
		kept = &prepared[0]
	}
}

// TestInPlaceNeedsAsManyElements compares 4 numbers with 4 others, each with
// each: the 16 bools take as many bytes as the 4 numbers, but not their place.
func TestInPlaceNeedsAsManyElements(t *testing.T) {
	b := open(t, "")
	defer b.Finalize()
	got := graph.MustNewExec(b, func(x *graph.Node) *graph.Node {
		return graph.ConvertDType(graph.Equal(graph.Neg(x), graph.Neg(graph.Transpose(x, 0, 1))), dtypes.Float32)
	}).MustExec([][]int32{{1}, {2}, {3}, {4}})[0]
	if want := []float32{1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1}; !slices.Equal(floatsOf(got), want) {
		t.Errorf("got %v", floatsOf(got))
	}
}

// TestConcatenationLeavesOthersDense reads a convolution both in a concatenation
// and, under another shape, outside of it.
func TestConcatenationLeavesOthersDense(t *testing.T) {
	_, plain, fast := engines(t)
	run := func(b compute.Backend) []float32 {
		return floatsOf(graph.MustNewExec(b, func(x, w *graph.Node) *graph.Node {
			y := graph.Convolve(x, w).PadSame().Done()
			whole := graph.Concatenate([]*graph.Node{y, x}, -1)
			return graph.Add(graph.ReduceAllSum(graph.Exp(whole)), graph.Reshape(graph.Neg(graph.Reshape(y, -1)), y.Shape().Dimensions...))
		}).MustExec(randomTensor(1, 2, 5, 5, 3), randomTensor(2, 3, 3, 3, 4))[0])
	}
	if d := difference(t, run(plain), run(fast)); d > 1e-5 {
		t.Errorf("results differ by %.2g", d)
	}
}

// TestPlan checks on a real network that no two values share memory at a time,
// and what the plan is for.
func TestPlan(t *testing.T) {
	b := open(t, "")
	defer b.Finalize()
	exec, weights := smallNet(t, b)
	exec.MustExec(arguments(randomTensor(1, 2, 20, 20, 3), weights)...)
	g := newBuilder(b, "plan")
	f := g.main
	x := must(f.Parameter("x", shapes.Make(dtypes.Float32, 2, 8, 8, 4), nil))
	// Four values of 2 KiB each in a chain of additions, one read at the end.
	y := must(f.Neg(x))
	z := must(f.Transpose(y, 0, 2, 1, 3))
	for range 5 {
		z = must(f.Add(must(f.Transpose(z, 0, 2, 1, 3)), must(f.Exp(z))))
	}
	out := must(f.ReduceSum(must(f.Concatenate(3, z, y)), 0))
	must(0, f.Return([]compute.Value{out}, nil))
	e := must(g.Compile()).(*executable)
	live := map[*node]place{}
	for i, s := range e.main.steps {
		for other, at := range live {
			if s.out.space != inArena || lastRead(e.main.steps, other) < i {
				continue
			}
			overlap := s.out.offset < at.offset+at.size && at.offset < s.out.offset+s.out.size
			inPlace := lastRead(e.main.steps, other) == i && at.offset == s.out.offset && len(overwritable(s.node)) > 0
			if overlap && !inPlace {
				t.Errorf("%s is written over %s, which is still to be read", s.node, other)
			}
		}
		if s.out.space == inArena {
			live[s.node] = s.out
		}
	}
	if limit := 5 * 2048; e.main.arena > limit {
		t.Errorf("the arena has %d bytes, want at most %d", e.main.arena, limit)
	}
}

// lastRead is the last step that reads n.
func lastRead(steps []step, n *node) int {
	last := -1
	for i, s := range steps {
		for _, in := range s.node.in {
			if root(in) == n {
				last = i
			}
		}
	}
	return last
}
