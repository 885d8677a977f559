package cpu

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/gobackend"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// engines opens GoMLX's portable engine, ours without passes, and ours.
func engines(t testing.TB) (portable, plain, fast compute.Backend) {
	t.Helper()
	unfused := open(t, "threads=2")
	unfused.plain = true
	if raceDetector {
		// Its product fails the pointer checks that come with the race detector.
		reference := open(t, "threads=1")
		reference.plain = true
		portable = reference
	} else {
		reference, err := gobackend.New("")
		if err != nil {
			t.Fatal(err)
		}
		portable = reference
	}
	fast = open(t, "threads=3")
	t.Cleanup(func() { portable.Finalize(); unfused.Finalize(); fast.Finalize() })
	return portable, unfused, fast
}

// difference is the largest distance of two lists, relative to the largest value.
func difference(t testing.TB, a, b []float32) float64 {
	t.Helper()
	if len(a) != len(b) {
		t.Fatalf("%d and %d values", len(a), len(b))
	}
	var worst, largest float64
	for i := range a {
		x, y := float64(a[i]), float64(b[i])
		if math.IsNaN(x) != math.IsNaN(y) {
			return math.Inf(1)
		}
		if x == y || math.IsNaN(x) {
			continue
		}
		worst = max(worst, math.Abs(x-y))
		largest = max(largest, math.Abs(x))
	}
	if worst == 0 {
		return 0
	}
	return worst / largest
}

// clone copies a tensor: one tensor cannot be on two engines.
func clones(all []*tensors.Tensor) []*tensors.Tensor {
	result := make([]*tensors.Tensor, len(all))
	for i, t := range all {
		result[i] = tensors.FromFlatDataAndDimensions(floatsOf(t), t.Shape().Dimensions...)
	}
	return result
}

func TestNetworks(t *testing.T) {
	type define = func(n *net, x *graph.Node) *graph.Node
	for _, test := range []struct {
		name            string
		define, spelled define // spelled: in operations that the portable engine has
		input           []int
	}{
		{"squeezenet", (*net).squeezeNet, (*net).squeezeNet, []int{2, 63, 63, 3}},
		{"basic blocks",
			func(n *net, x *graph.Node) *graph.Node { return n.resNet(x, 8, []int{2, 2, 1}, false, false) },
			func(n *net, x *graph.Node) *graph.Node { return n.resNet(x, 8, []int{2, 2, 1}, false, true) }, []int{3, 40, 36, 3}},
		{"bottlenecks",
			func(n *net, x *graph.Node) *graph.Node { return n.resNet(x, 8, []int{2, 1, 2}, true, false) },
			func(n *net, x *graph.Node) *graph.Node { return n.resNet(x, 8, []int{2, 1, 2}, true, true) }, []int{2, 33, 33, 3}},
	} {
		t.Run(test.name, func(t *testing.T) {
			portable, plain, fast := engines(t)
			weights := weightsOf(t, fast, test.spelled, test.input...)
			x := randomTensor(5, test.input...)
			run := func(b compute.Backend, d define) []float32 {
				args := clones(append([]*tensors.Tensor{x}, weights...))
				return floatsOf(network(b, d).MustExec(arguments(args[0], args[1:])...)[0])
			}
			want := run(portable, test.spelled)
			for name, got := range map[string][]float32{
				"plain": run(plain, test.define), "fused": run(fast, test.define),
				"plain, spelled": run(plain, test.spelled), "fused, spelled": run(fast, test.spelled),
			} {
				if d := difference(t, want, got); d > 2e-5 {
					t.Errorf("%s differs from the portable engine by %.2g of the largest value", name, d)
				}
			}
		})
	}
}

// TestEpilogues checks each operation that a convolution can take up, alone and
// in short chains, on both sides of it.
func TestEpilogues(t *testing.T) {
	portable, plain, fast := engines(t)
	random := rand.New(rand.NewPCG(11, 12))
	const channels = 21
	steps := []struct {
		name  string
		apply func(y, x *graph.Node, v *graph.Node) *graph.Node // v has one number per channel, x the shape of y
	}{
		{"y+v", func(y, x, v *graph.Node) *graph.Node { return graph.Add(y, v) }},
		{"v+y", func(y, x, v *graph.Node) *graph.Node { return graph.Add(v, y) }},
		{"y-v", func(y, x, v *graph.Node) *graph.Node { return graph.Sub(y, v) }},
		{"v-y", func(y, x, v *graph.Node) *graph.Node { return graph.Sub(v, y) }},
		{"y*v", func(y, x, v *graph.Node) *graph.Node { return graph.Mul(y, v) }},
		{"y/v", func(y, x, v *graph.Node) *graph.Node { return graph.Div(y, v) }},
		{"v/y", func(y, x, v *graph.Node) *graph.Node { return graph.Div(v, graph.AddScalar(graph.Abs(y), 1)) }},
		{"y+x", func(y, x, v *graph.Node) *graph.Node { return graph.Add(y, x) }},
		{"x+y", func(y, x, v *graph.Node) *graph.Node { return graph.Add(x, y) }},
		{"x-y", func(y, x, v *graph.Node) *graph.Node { return graph.Sub(x, y) }},
		{"y*x", func(y, x, v *graph.Node) *graph.Node { return graph.Mul(y, x) }},
		{"y+y", func(y, x, v *graph.Node) *graph.Node { return graph.Add(y, y) }},
		{"2*y", func(y, x, v *graph.Node) *graph.Node { return graph.MulScalar(y, 2) }},
		{"y+1", func(y, x, v *graph.Node) *graph.Node { return graph.AddScalar(y, 1) }},
		{"relu", func(y, x, v *graph.Node) *graph.Node { return relu(y) }},
		{"max 0.2", func(y, x, v *graph.Node) *graph.Node { return graph.MaxScalar(y, 0.2) }},
		{"min 0.7", func(y, x, v *graph.Node) *graph.Node { return graph.MinScalar(y, 0.7) }},
		{"clip", func(y, x, v *graph.Node) *graph.Node { return graph.ClipScalar(y, -0.4, 0.5) }},
		{"exp", func(y, x, v *graph.Node) *graph.Node { return graph.Exp(y) }},
	}
	for i := range 150 {
		var chain []int
		if i < len(steps) {
			chain = []int{i}
		} else {
			for range 1 + random.IntN(5) {
				chain = append(chain, random.IntN(len(steps)))
			}
		}
		explicit := random.IntN(2) == 0
		name := ""
		for _, k := range chain {
			name += "; " + steps[k].name
		}
		build := func(in []*graph.Node) *graph.Node {
			x, w, shortcut, v := in[0], in[1], in[2], in[3]
			y := graph.Convolve(x, w).PadSame().Done()
			v = graph.Reshape(v, 1, 1, 1, channels)
			if explicit {
				v = graph.BroadcastToShape(v, y.Shape())
			}
			for _, k := range chain {
				y = steps[k].apply(y, shortcut, v)
			}
			return y
		}
		run := func(b compute.Backend) []float32 {
			return floatsOf(graph.MustNewExec(b, build).MustExec(randomTensor(1, 2, 5, 4, 3), randomTensor(2, 3, 3, 3, channels),
				randomTensor(3, 2, 5, 4, channels), randomTensor(4, channels))[0])
		}
		want := run(portable)
		if d := difference(t, want, run(plain)); d > 5e-5 {
			t.Errorf("conv%s: plain differs by %.2g", name, d)
		}
		if d := difference(t, want, run(fast)); d > 5e-5 {
			t.Errorf("conv%s: fused differs by %.2g", name, d)
		}
	}
}

// TestRandomGraphs compares graphs of random operations in several dtypes.
func TestRandomGraphs(t *testing.T) {
	portable, plain, fast := engines(t)
	for seed := range uint64(60) {
		random := rand.New(rand.NewPCG(seed, 99))
		dtype := []dtypes.DType{dtypes.Float32, dtypes.Float32, dtypes.Float64, dtypes.Int32, dtypes.Int64, dtypes.Uint8, dtypes.BFloat16, dtypes.Float16}[random.IntN(8)]
		var trace string
		build := func(x, y *graph.Node) []*graph.Node {
			trace = dtype.String()
			r := rand.New(rand.NewPCG(seed, 5))
			pool := []*graph.Node{graph.ConvertDType(x, dtype), graph.ConvertDType(y, dtype)}
			for range 3 + r.IntN(10) {
				op := randomOp(r, pool[r.IntN(len(pool))], pool[r.IntN(len(pool))], &trace)
				pool = append(pool, op)
			}
			outputs := []*graph.Node{pool[len(pool)-1], pool[r.IntN(len(pool))], pool[len(pool)-2]}
			for i := range outputs {
				outputs[i] = graph.ConvertDType(outputs[i], dtypes.Float32)
			}
			return outputs
		}
		run := func(b compute.Backend) [][]float32 {
			x, y := randomTensor(seed, 2, 6, 5, 4), randomTensor(seed+1, 2, 6, 5, 4)
			for _, in := range []*tensors.Tensor{x, y} {
				in.MustMutableFlatData(func(flat any) {
					for i, v := range flat.([]float32) {
						flat.([]float32)[i] = float32(math.Round(math.Abs(float64(v))*4)) / 2
					}
				})
			}
			var all [][]float32
			for _, out := range graph.MustNewExec(b, build).MustExec(x, y) {
				all = append(all, floatsOf(out))
			}
			return all
		}
		want := run(portable)
		tolerance := 1e-5
		if dtype.IsHalfPrecision() {
			tolerance = 0.02
		}
		for name, got := range map[string][][]float32{"plain": run(plain), "fast": run(fast)} {
			for i := range want {
				if d := difference(t, want[i], got[i]); d > tolerance {
					t.Errorf("seed %d, %s: output %d of %s differs by %.2g", seed, trace, i, name, d)
				}
			}
		}
	}
}

// randomOp applies an operation that keeps values moderate. a and b have rank 4.
func randomOp(r *rand.Rand, a, b *graph.Node, trace *string) *graph.Node {
	dtype := a.DType()
	note := func(format string, args ...any) { *trace += "; " + fmt.Sprintf(format, args...) }
	same := a.Shape().Equal(b.Shape())
	axis := r.IntN(4)
	switch k := r.IntN(16); {
	case k == 0 && same:
		note("where")
		return graph.Where(graph.LessThan(a, b), a, graph.Identity(b))
	case k <= 3 && same:
		op := []func(a, b *graph.Node) *graph.Node{graph.Add, graph.Max, graph.Min, graph.Mul}[k]
		note("binary %d", k)
		return graph.Min(op(a, b), graph.Scalar(a.Graph(), dtype, 50))
	case k == 4:
		note("transpose")
		return graph.TransposeAllDims(a, 2, 0, 3, 1)
	case k == 5:
		note("reverse %d", axis)
		return graph.Reverse(a, axis)
	case k == 6:
		note("pad %d", axis)
		pads := make([]graph.PadAxis, 4)
		pads[axis] = graph.PadAxis{Start: r.IntN(3), End: r.IntN(2), Interior: r.IntN(2)}
		return graph.Pad(a, graph.Scalar(a.Graph(), dtype, 3), pads...)
	case k == 7 && a.Shape().Dim(axis) > 2:
		note("slice %d", axis)
		ranges := []graph.SliceAxisSpec{graph.AxisRange(), graph.AxisRange(), graph.AxisRange(), graph.AxisRange()}
		ranges[axis] = graph.AxisRange(1, a.Shape().Dim(axis))
		return graph.Slice(a, ranges...)
	case k == 8 && same && a.Shape().Size() < 4000:
		note("concatenate %d", axis)
		return graph.Concatenate([]*graph.Node{a, b, a}, axis)
	case k == 9:
		note("reduce max %d", axis)
		return graph.ReduceAndKeep(a, graph.ReduceMax, axis)
	case k == 10:
		note("reduce sum %d", axis)
		sum := graph.ReduceAndKeep(a, graph.ReduceSum, axis, (axis+2)%4)
		return graph.Min(sum, graph.Scalar(a.Graph(), dtype, 9))
	case k == 11:
		note("broadcast difference")
		return graph.Sub(graph.Max(a, graph.ReduceAndKeep(a, graph.ReduceMax, axis)), a)
	case k == 12:
		note("iota %d", axis)
		return graph.Add(graph.Min(a, graph.Scalar(a.Graph(), dtype, 20)), graph.Iota(a.Graph(), a.Shape(), axis))
	case k == 13 && a.Shape().Dim(1) > 1 && a.Shape().Dim(2) > 1:
		note("max pool")
		return graph.MaxPool(a).Window(2).Strides(1).Done()
	case k == 14 && dtype.IsFloat() && a.Shape().Dim(1) > 1:
		note("mean pool")
		return graph.MeanPool(a).WindowPerAxis(2, 1).Strides(1).PaddingPerDim([][2]int{{1, 0}, {0, 0}}).Done()
	case k == 15 && dtype == dtypes.Float32:
		note("exp")
		return graph.Exp(graph.Neg(graph.Abs(a)))
	}
	note("reshape")
	d := a.Shape().Dimensions
	return graph.Reshape(a, d[1], d[0], d[2], d[3])
}

// TestDotGeneral compares products with random axes.
func TestDotGeneral(t *testing.T) {
	portable, plain, fast := engines(t)
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 3))
		sizes := [4]int{1 + r.IntN(3), 1 + r.IntN(40), 1 + r.IntN(9), 1 + r.IntN(70)} // batch, contracted, free on either side
		if r.IntN(2) == 0 {
			sizes[0] = 1
		}
		a, b := r.Perm(3), r.Perm(3) // where batch, contracted and free axes lie
		left, right := make([]int, 3), make([]int, 3)
		for i, axis := range a {
			left[axis] = []int{sizes[0], sizes[1], sizes[2]}[i]
		}
		for i, axis := range b {
			right[axis] = []int{sizes[0], sizes[1], sizes[3]}[i]
		}
		build := func(x, y *graph.Node) *graph.Node {
			return relu(graph.AddScalar(graph.DotGeneral(x, []int{a[1]}, []int{a[0]}, y, []int{b[1]}, []int{b[0]}), 0.25))
		}
		run := func(e compute.Backend) []float32 {
			return floatsOf(graph.MustNewExec(e, build).MustExec(randomTensor(seed, left...), randomTensor(seed+1, right...))[0])
		}
		want := run(portable)
		for name, got := range map[string][]float32{"plain": run(plain), "fast": run(fast)} {
			if d := difference(t, want, got); d > 1e-5 {
				t.Errorf("%v %v by %v %v: %s differs by %.2g", left, a, right, b, name, d)
			}
		}
	}
}

// TestRandomNets compares random networks with and without passes: what reads
// what, and how often, is what fusing and placing have to get right.
func TestRandomNets(t *testing.T) {
	_, plain, fast := engines(t)
	for seed := range uint64(150) {
		define := func(n *net, x *graph.Node) *graph.Node {
			r := rand.New(rand.NewPCG(seed, 17))
			pool := []*graph.Node{n.conv(x, 3, 1, 1, 8)}
			pick := func() *graph.Node { return pool[max(0, len(pool)-1-r.IntN(3))] }
			for range 3 + r.IntN(9) {
				y := pick()
				switch r.IntN(9) {
				case 0:
					y = n.conv(y, 1, 1, 0, 1+r.IntN(20))
				case 1:
					y = n.conv(y, 3, 1, 1, 8)
				case 2:
					y = n.bias(y)
				case 3:
					y = relu(y)
				case 4:
					if z := pick(); z.Shape().Equal(y.Shape()) {
						y = graph.Add(y, z)
					}
				case 5:
					y = graph.Concatenate([]*graph.Node{y, pick()}, -1)
				case 6:
					y = maxPoolSame(y)
				case 7:
					d := y.Shape().Dimensions
					y = graph.Reshape(graph.Tanh(graph.Reshape(y, -1, d[3])), d...)
				case 8:
					y = n.batchNorm(y, r.IntN(2) == 0)
				}
				pool = append(pool, y)
			}
			return graph.Concatenate([]*graph.Node{pick(), pool[len(pool)-1], pick()}, -1)
		}
		weights := weightsOf(t, fast, define, 2, 6, 5, 3)
		run := func(b compute.Backend) []float32 {
			return floatsOf(network(b, define).MustExec(arguments(randomTensor(seed, 2, 6, 5, 3), clones(weights))...)[0])
		}
		if d := difference(t, run(plain), run(fast)); d > 2e-5 {
			t.Errorf("seed %d: results differ by %.2g", seed, d)
		}
	}
}

// TestGradients compares the gradients of a network by all of its weights.
func TestGradients(t *testing.T) {
	portable, plain, fast := engines(t)
	define := func(n *net, x *graph.Node) *graph.Node {
		x = relu(n.bias(n.conv(x, 3, 2, 1, 8)))
		x = relu(graph.Add(n.batchNorm(n.conv(x, 3, 1, 1, 8), true), x))
		x = graph.Concatenate([]*graph.Node{n.conv(x, 1, 1, 0, 4), n.bias(n.conv(x, 3, 1, 1, 6))}, -1)
		x = graph.MeanPool(x).Window(2).Done()
		return graph.Dot(graph.ReduceMean(x, 1, 2), n.weight(x.Graph(), 10, 5)).Product()
	}
	weights := weightsOf(t, fast, define, 2, 9, 9, 3)
	run := func(b compute.Backend) [][]float32 {
		exec := graph.MustNewExec(b, func(in []*graph.Node) []*graph.Node {
			loss := graph.ReduceAllSum(graph.Square(define(&net{weights: in[1:]}, in[0])))
			return append(graph.Gradient(loss, in...), loss)
		})
		var all [][]float32
		for _, out := range exec.MustExec(arguments(randomTensor(6, 2, 9, 9, 3), clones(weights))...) {
			all = append(all, floatsOf(out))
		}
		return all
	}
	want := run(portable)
	for name, got := range map[string][][]float32{"plain": run(plain), "fast": run(fast)} {
		for i := range want {
			if d := difference(t, want[i], got[i]); d > 1e-4 {
				t.Errorf("gradient %d of %s differs by %.2g", i, name, d)
			}
		}
	}
}

// TestMaxPoolGradient compares the gradient of pooling with finite differences:
// all values are different, so a small step never changes which is the largest.
func TestMaxPoolGradient(t *testing.T) {
	b := open(t, "threads=3")
	defer b.Finalize()
	const step = 1e-3
	random := rand.New(rand.NewPCG(1, 1))
	x := make([]float64, 3*5*6*2)
	for i, v := range random.Perm(len(x)) {
		x[i] = float64(v) / 10
	}
	for _, pool := range []func(x *graph.Node) *graph.PoolBuilder{graph.MaxPool, graph.MinPool} {
		loss := func(x *graph.Node) *graph.Node {
			y := pool(x).Window(3).Strides(2).PaddingPerDim([][2]int{{1, 1}, {0, 2}}).Done()
			return graph.ReduceAllSum(graph.Mul(y, graph.Iota(x.Graph(), y.Shape(), 3)))
		}
		value := graph.MustNewExec(b, loss)
		at := func() *tensors.Tensor { return tensors.FromFlatDataAndDimensions(x, 3, 5, 6, 2) }
		got := tensors.MustCopyFlatData[float64](graph.MustNewExec(b, func(x *graph.Node) *graph.Node {
			return graph.Gradient(loss(x), x)[0]
		}).MustExec(at())[0])
		for i := range x {
			was := x[i]
			x[i] = was + step
			up := tensors.ToScalar[float64](value.MustExec(at())[0])
			x[i] = was - step
			down := tensors.ToScalar[float64](value.MustExec(at())[0])
			x[i] = was
			if want := (up - down) / (2 * step); math.Abs(got[i]-want) > 1e-9 {
				t.Errorf("element %d: gradient %g, want %g", i, got[i], want)
			}
		}
	}
}
