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
	"github.com/gestalt-vision/gestalt/style"
)

// The works of style transfer that can be measured beside the networks.
const (
	// AdaIN is a pass of Huang and Belongie (ICCV 2017) for given styles, as package style defines it: VGG-19 to relu4_1,
	// its statistics replaced, the decoder.
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
		var net *nets.Net
		var y *graph.Node
		if o.Net == Gatys {
			net, y = gatys(x)
		} else {
			var scope nets.Scope
			styles := input("styles", noise(o.Batch*1024), o.Batch, 1024)
			net, scope = nets.Begin(w.graph, nets.Inference)
			y = style.PublishedAdaIN()(scope, []*graph.Node{x, styles})[0]
		}
		for i, values := range net.RandomInputs() {
			buffer, err := b.BufferFromFlatData(0, values, net.Inputs[i].Node.Shape())
			if err != nil {
				panic(err)
			}
			w.inputs = append(w.inputs, buffer)
		}
		operations = 2 * net.MultiplyAdds
		if o.Net == Gatys {
			operations *= 2 // the gradient with respect to the input costs as much again
		}
		if err := w.graph.Compile(y); err != nil {
			panic(err)
		}
	})
	if err != nil {
		return nil, 0, errors.Join(err, w.close())
	}
	return w, operations, nil
}

// gatys is VGG-19 to relu5_1 and the gradient of its sum.
func gatys(x *graph.Node) (*nets.Net, *graph.Node) {
	a, err := nets.Lookup("vgg19")
	if err != nil {
		panic(err)
	}
	net := a.Build(x, nets.Inference, nets.UpTo("relu5_1"))
	return net, graph.Gradient(graph.ReduceAllSum(net.Features["relu5_1"]), x)[0]
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
