package cpu

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// net records the weights that a network asks for, so that one definition gives
// both the graph and random weights for it.
type net struct {
	shapes  [][]int
	weights []*graph.Node // in the order of shapes; nil while they are counted
	next    int
}

func (n *net) weight(g *graph.Graph, dims ...int) *graph.Node {
	if n.weights == nil {
		n.shapes = append(n.shapes, dims)
		return graph.Zeros(g, shapes.Make(float32Type, dims...))
	}
	n.next++
	return n.weights[n.next-1]
}

// conv is a square convolution of NHWC with a bias.
func (n *net) conv(x *graph.Node, size, stride, pad, channels int) *graph.Node {
	g := x.Graph()
	w := n.weight(g, size, size, x.Shape().Dim(-1), channels)
	y := graph.Convolve(x, w).Strides(stride).PaddingPerDim([][2]int{{pad, pad}, {pad, pad}}).Done()
	return y
}

func (n *net) bias(x *graph.Node) *graph.Node {
	channels := x.Shape().Dim(-1)
	return graph.Add(x, graph.Reshape(n.weight(x.Graph(), channels), 1, 1, 1, channels))
}

func relu(x *graph.Node) *graph.Node { return graph.Max(x, graph.ZerosLike(x)) }

// maxPool is the 3x3 window at stride 2 that rounds its output size up.
func maxPool(x *graph.Node) *graph.Node {
	var pad [][2]int
	for axis := 1; axis <= 2; axis++ {
		size := x.Shape().Dim(axis)
		out := (size - 3 + 1) / 2 // ceil((size-3)/2)
		pad = append(pad, [2]int{0, out*2 + 3 - size})
	}
	return graph.MaxPool(x).Window(3).Strides(2).PaddingPerDim(pad).Done()
}

// squeezeNet is SqueezeNet 1.1: NHWC pictures to 1,000 logits.
func (n *net) squeezeNet(x *graph.Node) *graph.Node {
	fire := func(x *graph.Node, squeeze, expand int) *graph.Node {
		x = relu(n.bias(n.conv(x, 1, 1, 0, squeeze)))
		return graph.Concatenate([]*graph.Node{relu(n.bias(n.conv(x, 1, 1, 0, expand))), relu(n.bias(n.conv(x, 3, 1, 1, expand)))}, -1)
	}
	x = relu(n.bias(n.conv(x, 3, 2, 0, 64)))
	x = maxPool(x)
	x = fire(fire(x, 16, 64), 16, 64)
	x = maxPool(x)
	x = fire(fire(x, 32, 128), 32, 128)
	x = maxPool(x)
	x = fire(fire(fire(fire(x, 48, 192), 48, 192), 64, 256), 64, 256)
	x = relu(n.bias(n.conv(x, 1, 1, 0, 1000)))
	return graph.ReduceMean(x, 1, 2)
}

// vgg16 is VGG-16: NHWC pictures to 1,000 logits.
func (n *net) vgg16(x *graph.Node) *graph.Node {
	for _, stage := range [][]int{{64, 64}, {128, 128}, {256, 256, 256}, {512, 512, 512}, {512, 512, 512}} {
		for _, channels := range stage {
			x = relu(n.bias(n.conv(x, 3, 1, 1, channels)))
		}
		x = graph.MaxPool(x).Window(2).Strides(2).Done()
	}
	x = graph.Reshape(x, x.Shape().Dim(0), -1)
	for i, features := range []int{4096, 4096, 1000} {
		x = graph.Dot(x, n.weight(x.Graph(), x.Shape().Dim(-1), features)).Product()
		x = graph.Add(x, graph.Reshape(n.weight(x.Graph(), features), 1, features))
		if i < 2 {
			x = relu(x)
		}
	}
	return x
}

// batchNorm is that of inference, spelled out or as the operation.
func (n *net) batchNorm(x *graph.Node, spelled bool) *graph.Node {
	g := x.Graph()
	channels := x.Shape().Dim(-1)
	scale, offset := n.weight(g, channels), n.weight(g, channels)
	mean, variance := n.weight(g, channels), graph.Abs(n.weight(g, channels))
	if !spelled {
		return graph.InternalBatchNormForInference(x, scale, offset, mean, variance, 1e-5, -1)
	}
	row := func(v *graph.Node) *graph.Node { return graph.Reshape(v, 1, 1, 1, channels) }
	y := graph.Div(graph.Sub(x, row(mean)), graph.Sqrt(graph.AddScalar(row(variance), 1e-5)))
	return graph.Add(graph.Mul(y, row(scale)), row(offset))
}

// resNet is a residual network of basic blocks (bottlenecks if deep) on few
// channels.
func (n *net) resNet(x *graph.Node, width int, blocks []int, deep, spelled bool) *graph.Node {
	x = relu(n.batchNorm(n.conv(x, 7, 2, 3, width), spelled))
	x = graph.MaxPool(x).Window(3).Strides(2).PaddingPerDim([][2]int{{1, 1}, {1, 1}}).Done()
	for stage, count := range blocks {
		for i := range count {
			stride := 1
			if stage > 0 && i == 0 {
				stride = 2
			}
			channels := width << stage
			y := x
			if deep {
				y = relu(n.batchNorm(n.conv(y, 1, 1, 0, channels), spelled))
				y = relu(n.batchNorm(n.conv(y, 3, stride, 1, channels), spelled))
				channels *= 4
				y = n.batchNorm(n.conv(y, 1, 1, 0, channels), spelled)
			} else {
				y = relu(n.batchNorm(n.conv(y, 3, stride, 1, channels), spelled))
				y = n.batchNorm(n.conv(y, 3, 1, 1, channels), spelled)
			}
			if x.Shape().Dim(-1) != channels || stride != 1 {
				x = n.batchNorm(n.conv(x, 1, stride, 0, channels), spelled)
			}
			x = relu(graph.Add(y, x))
		}
	}
	x = graph.ReduceMean(x, 1, 2)
	g := x.Graph()
	logits := graph.Dot(x, n.weight(g, x.Shape().Dim(-1), 10)).Product()
	return graph.Softmax(graph.Add(logits, graph.Reshape(n.weight(g, 10), 1, 10)))
}

// weightsOf makes random weights for a network, with variances that keep the
// activations of deep networks in range.
func weightsOf(t testing.TB, b compute.Backend, define func(n *net, x *graph.Node) *graph.Node, input ...int) []*tensors.Tensor {
	t.Helper()
	n := &net{}
	exec := graph.MustNewExec(b, func(x *graph.Node) *graph.Node { return graph.ReduceAllSum(define(n, x)) })
	exec.MustExec(tensors.FromShape(shapes.Make(float32Type, input...)))
	random := rand.New(rand.NewPCG(1, 2))
	var all []*tensors.Tensor
	for _, dims := range n.shapes {
		size, fan := 1, 1
		for i, dim := range dims {
			size *= dim
			if i < len(dims)-1 {
				fan *= dim
			}
		}
		data := make([]float32, size)
		for i := range data {
			data[i] = float32(random.NormFloat64() * math.Sqrt(2/float64(fan)))
			if len(dims) == 1 {
				data[i] = 0.5 + random.Float32()
			}
		}
		all = append(all, tensors.FromFlatDataAndDimensions(data, dims...))
	}
	return all
}

// network makes an executor of a network: inputs are the pictures and the weights.
func network(b compute.Backend, define func(n *net, x *graph.Node) *graph.Node) *graph.Exec {
	return graph.MustNewExec(b, func(in []*graph.Node) *graph.Node { return define(&net{weights: in[1:]}, in[0]) })
}

func randomTensor(seed uint64, dims ...int) *tensors.Tensor {
	random := rand.New(rand.NewPCG(seed, 7))
	size := 1
	for _, dim := range dims {
		size *= dim
	}
	data := make([]float32, size)
	for i := range data {
		data[i] = float32(random.NormFloat64())
	}
	return tensors.FromFlatDataAndDimensions(data, dims...)
}

func arguments(x *tensors.Tensor, weights []*tensors.Tensor) []any {
	args := []any{x}
	for _, w := range weights {
		args = append(args, w)
	}
	return args
}

func open(t testing.TB, config string) *backend {
	t.Helper()
	b, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	return b.(*backend)
}

func floatsOf(t *tensors.Tensor) []float32 { return tensors.MustCopyFlatData[float32](t) }

// BenchmarkSqueezeNet runs SqueezeNet 1.1 with random weights through GoMLX's
// executor, input and output included.
func BenchmarkSqueezeNet(b *testing.B) {
	benchmarkNet(b, (*net).squeezeNet)
}

// BenchmarkResNet18 has the widths and depths of ResNet-18.
func BenchmarkResNet18(b *testing.B) {
	benchmarkNet(b, func(n *net, x *graph.Node) *graph.Node { return n.resNet(x, 64, []int{2, 2, 2, 2}, false, false) })
}

// BenchmarkResNet50 has the widths and depths of ResNet-50.
func BenchmarkResNet50(b *testing.B) {
	benchmarkNet(b, func(n *net, x *graph.Node) *graph.Node { return n.resNet(x, 64, []int{3, 4, 6, 3}, true, false) })
}

// BenchmarkVGG16 is VGG-16 with all its weights.
func BenchmarkVGG16(b *testing.B) { benchmarkNet(b, (*net).vgg16) }

func benchmarkNet(b *testing.B, define func(n *net, x *graph.Node) *graph.Node) {
	const batch, size = 8, 224
	engine := open(b, "")
	defer engine.Finalize()
	exec := network(engine, define)
	args := arguments(randomTensor(3, batch, size, size, 3), weightsOf(b, engine, define, 1, size, size, 3))
	exec.MustExec(args...)[0].FinalizeAll()
	pixels := floatsOf(args[0].(*tensors.Tensor))
	used := cpuTime()
	for b.Loop() {
		args[0] = tensors.FromFlatDataAndDimensions(pixels, batch, size, size, 3)
		logits := exec.MustExec(args...)[0]
		floatsOf(logits)
		logits.FinalizeAll()
		args[0].(*tensors.Tensor).FinalizeAll()
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/1e3/float64(b.N)/batch, "ms/picture")
	b.ReportMetric(float64((cpuTime()-used).Microseconds())/1e3/float64(b.N)/batch, "cpu-ms/picture")
	b.ReportMetric(0, "ns/op")
}

const float32Type = dtypes.Float32
