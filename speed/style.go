package speed

import (
	"errors"
	"fmt"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"

	"github.com/gestalt-vision/gestalt/engine"
	"github.com/gestalt-vision/gestalt/nets"
)

// The works of style transfer that can be measured beside the networks.
const (
	// AdaIN is a pass of Huang and Belongie (ICCV 2017) for a given style: VGG-19 to relu4_1, its statistics replaced,
	// the decoder.
	AdaIN = "adain"
	// Gatys is a step of Gatys et al. (CVPR 2016) without its losses: VGG-19 to relu5_1 and the gradient of that with
	// respect to the picture.
	Gatys = "vgg19_gatys"
)

// Names are the names of all that [Measure] knows: the networks, then the works of style transfer.
func Names() []string { return append(nets.Names(), AdaIN, Gatys) }

// Known reports whether [Measure] can measure the name in the mode, by an error that says what there is.
func Known(name string, mode Mode) error {
	if name == AdaIN || name == Gatys {
		if mode != Infer {
			return fmt.Errorf("%s is measured in mode %s only", name, Infer)
		}
		return nil
	}
	_, err := nets.Lookup(name)
	return err
}

// work is a compiled computation with its inputs.
type work struct {
	graph  *graph.Graph
	inputs []compute.Buffer
}

// styleWork compiles one of the works of style transfer for a batch and counts its floating-point operations.
func styleWork(b compute.Backend, o Options, pictures []float32) (w *work, operations int64, err error) {
	a, err := nets.Lookup("vgg19")
	if err != nil {
		return nil, 0, err
	}
	w = &work{}
	err = engine.Catch(func() {
		w.graph = graph.NewGraph(b, o.Net)
		input := func(name string, values []float32, dims ...int) *graph.Node {
			shape := shapes.Make(dtypes.Float32, dims...)
			buffer, err := b.BufferFromFlatData(0, values, shape)
			if err != nil {
				panic(err)
			}
			w.inputs = append(w.inputs, buffer)
			return graph.Parameter(w.graph, name, shape)
		}
		x := input("pictures", pictures, o.Batch, o.Size, o.Size, 3)
		last := map[string]string{AdaIN: "relu4_1", Gatys: "relu5_1"}[o.Net]
		net := a.Build(x, nets.Inference, nets.UpTo(last))
		for i, values := range net.RandomInputs() {
			buffer, err := b.BufferFromFlatData(0, values, net.Inputs[i].Node.Shape())
			if err != nil {
				panic(err)
			}
			w.inputs = append(w.inputs, buffer)
		}
		y, products := net.Features[last], net.MultiplyAdds
		if o.Net == Gatys {
			y = graph.Gradient(graph.ReduceAllSum(y), x)[0]
			products *= 2 // the gradient with respect to the input costs as much again
		} else {
			var more int64
			y, more = decode(adapt(y, input), input)
			products += more
		}
		if err := w.graph.Compile(y); err != nil {
			panic(err)
		}
		operations = 2 * products
	})
	if err != nil {
		return nil, 0, errors.Join(err, w.close())
	}
	return w, operations, nil
}

// adapt gives each channel of each picture the mean and the deviation of a style.
func adapt(x *graph.Node, input func(name string, values []float32, dims ...int) *graph.Node) *graph.Node {
	channels := x.Shape().Dim(3)
	mean := graph.ReduceAndKeep(x, graph.ReduceMean, 1, 2)
	centred := graph.Sub(x, mean)
	variance := graph.ReduceAndKeep(graph.Square(centred), graph.ReduceMean, 1, 2)
	normal := graph.Mul(centred, graph.Rsqrt(graph.AddScalar(variance, 1e-5)))
	return graph.Add(graph.Mul(normal, input("style deviation", noise(channels), 1, 1, 1, channels)), input("style mean", noise(channels), 1, 1, 1, channels))
}

// decode is the decoder of Huang and Belongie, VGG-19 to relu4_1 backwards: 3x3 convolutions of pictures with reflected
// borders, nearest neighbours for pooling. It counts its multiply-adds.
func decode(x *graph.Node, input func(name string, values []float32, dims ...int) *graph.Node) (y *graph.Node, products int64) {
	for i, stage := range [][]int{{256}, {256, 256, 256, 128}, {128, 64}, {64, 3}} {
		if i > 0 {
			x = twice(x)
		}
		for j, out := range stage {
			in := x.Shape().Dim(3)
			kernel := noise(9 * in * out)
			for k := range kernel {
				kernel[k] /= float32(9 * in)
			}
			name := fmt.Sprintf("decoder %d.%d", i, j)
			products += int64(9 * in * out * x.Shape().Size() / in)
			x = graph.Convolve(reflect(reflect(x, 1), 2), input(name, kernel, 3, 3, in, out)).NoPadding().Done()
			x = graph.Add(x, graph.ExpandLeftToRank(input(name+" bias", noise(out), out), 4))
			if out > 3 {
				x = nets.ReLU(x)
			}
		}
	}
	return x, products
}

// reflect adds one row or column at both ends of an axis, each a copy of the last but one.
func reflect(x *graph.Node, axis int) *graph.Node {
	n := x.Shape().Dim(axis)
	at := func(i int) *graph.Node { return graph.SliceAxis(x, axis, graph.AxisRange(i, i+1)) }
	return graph.Concatenate([]*graph.Node{at(1), x, at(n - 2)}, axis)
}

// twice repeats each pixel to a square of four.
func twice(x *graph.Node) *graph.Node {
	d := x.Shape().Dimensions
	x = graph.BroadcastToDims(graph.Reshape(x, d[0], d[1], 1, d[2], 1, d[3]), d[0], d[1], 2, d[2], 2, d[3])
	return graph.Reshape(x, d[0], 2*d[1], 2*d[2], d[3])
}

// run does the work once.
func (w *work) run() error {
	outputs, err := w.graph.Executable().Execute(w.inputs, slices.Repeat([]bool{false}, len(w.inputs)), 0)
	for _, out := range outputs {
		err = errors.Join(err, out.Finalize())
	}
	return err
}

func (w *work) close() (err error) {
	for _, b := range w.inputs {
		err = errors.Join(err, b.Finalize())
	}
	if w.graph != nil {
		w.graph.Finalize()
	}
	return err
}
