package speed

import (
	"errors"
	"fmt"
	"math"
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
	// Gatys is an iteration of Gatys et al. (CVPR 2016): VGG-19 to relu5_1, the losses, their gradient with respect to the
	// picture, a step of L-BFGS.
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

// adaINWork compiles a pass of AdaIN for a batch and counts its floating-point operations.
func adaINWork(b compute.Backend, o Options, pictures []float32) (w *work, operations int64, err error) {
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
		net, scope := nets.Begin(w.graph, nets.Inference)
		y := style.PublishedAdaIN()(scope, []*graph.Node{x, input("styles", noise(o.Batch*1024), o.Batch, 1024)})[0]
		for i, values := range net.RandomInputs() {
			buffer, err := b.BufferFromFlatData(0, values, net.Inputs[i].Node.Shape())
			if err != nil {
				panic(err)
			}
			w.inputs = append(w.inputs, buffer)
		}
		operations = 2 * net.MultiplyAdds
		if err := w.graph.Compile(y); err != nil {
			panic(err)
		}
	})
	if err != nil {
		return nil, 0, errors.Join(err, w.close())
	}
	return w, operations, nil
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

// gatysWork begins an optimisation that does not end, of a batch of pictures from noise, and counts its operations.
func gatysWork(b compute.Backend, o Options) (run func() error, operations int64, done func(), err error) {
	settings := style.DefaultGatys()
	settings.Scales[0].Iterations = math.MaxInt
	settings.Noise = true
	g, err := style.RandomGatys(b, settings)
	if err != nil {
		return nil, 0, nil, err
	}
	run, operations, err = gatysStep(g, o)
	if err != nil {
		return nil, 0, nil, errors.Join(err, g.Close())
	}
	return run, operations, func() { g.Close() }, nil
}

func gatysStep(g *style.Gatys, o Options) (run func() error, operations int64, err error) {
	products, err := g.MultiplyAdds(o.Batch, o.Size, o.Size)
	if err != nil {
		return nil, 0, err
	}
	pictures := style.NewBatch(o.Batch, o.Size, o.Size)
	for i, v := range noise(len(pictures.Pixels)) {
		pictures.Pixels[i] = min(max(0.5+0.2*v, 0), 1)
	}
	s, err := g.Encode(pictures.Image(0))
	if err != nil {
		return nil, 0, err
	}
	painting, err := g.Begin(pictures, nil, slices.Repeat([]style.Style{s}, o.Batch))
	if err != nil {
		return nil, 0, err
	}
	run = func() error {
		_, err := painting.Step()
		return err
	}
	return run, 2 * products, nil
}
