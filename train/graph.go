package train

import (
	"fmt"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"

	"github.com/gestalt-vision/gestalt/nets"
)

// stepGraph is a training step compiled for batches of one size. Its inputs are pixels, labels, the seed of dropout, the
// optimiser's numbers, the network's parameters, and for each of the optimiser's running values that of every learned
// parameter. Its outputs are the loss, the number of right answers, and all but the first inputs as they are afterwards.
type stepGraph struct {
	size  [3]int // pictures, height, width
	parts int    // of the batch, see sharing
	graph *graph.Graph
}

// compileStep panics as graph code does.
func compileStep(b compute.Backend, a nets.Architecture, l Learning, o optimiser, size [3]int) *stepGraph {
	g := graph.NewGraph(b, "training "+a.Name)
	defer func() {
		if thrown := recover(); thrown != nil {
			g.Finalize()
			panic(thrown)
		}
	}()
	devices := share(g, l.Devices, size[0])
	pixels := graph.ShardedParameter(g, "pixels", shapes.Make(dtypes.Uint8, size[0], size[1], size[2], 3), devices.pictures)
	labels := graph.ShardedParameter(g, "labels", shapes.Make(dtypes.Int32, size[0]), devices.pictures)
	seed := graph.Parameter(g, "seed", shapes.Make(dtypes.Uint64))
	var numbers []*graph.Node
	for i := range o.numbers(1, 1) {
		numbers = append(numbers, graph.Parameter(g, fmt.Sprintf("number %d", i), shapes.Make(dtypes.Float32)))
	}
	net := a.Build(normalised(pixels, l), nets.Training, nets.Dropout(seed))
	loss := totalLoss(net, labels, l.LabelSmoothing)

	var learned []*graph.Node
	for _, in := range net.Inputs {
		if net.Statistics[in.Name] == nil {
			learned = append(learned, in.Node)
		}
	}
	gradients := graph.Gradient(loss, learned...)
	running := make([][]*graph.Node, len(o.running())) // by kind, of each learned parameter
	for kind, name := range o.running() {
		for _, in := range net.Inputs {
			if net.Statistics[in.Name] == nil {
				running[kind] = append(running[kind], graph.Parameter(g, name+" of "+in.Name, in.Node.Shape()))
			}
		}
	}
	outputs := []*graph.Node{loss, rightAnswers(net.Logits, labels)}
	at := 0
	for _, in := range net.Inputs {
		if after := net.Statistics[in.Name]; after != nil {
			outputs = append(outputs, after)
			continue
		}
		of := make([]*graph.Node, len(running))
		for kind := range running {
			of[kind] = running[kind][at]
		}
		after, runningAfter := o.update(in.Node, gradients[at], numbers, of)
		for kind := range running {
			running[kind][at] = runningAfter[kind]
		}
		outputs = append(outputs, after)
		at++
	}
	devices.compile(g, append(outputs, slices.Concat(running...)...))
	return &stepGraph{size: size, parts: devices.parts, graph: g}
}

// normalised is torchvision's ToTensor and Normalize of bytes, in float32 and in the same order of operations.
func normalised(pixels *graph.Node, l Learning) *graph.Node {
	along := func(v [3]float32) *graph.Node {
		return graph.ExpandLeftToRank(graph.Const(pixels.Graph(), v[:]), 4)
	}
	x := graph.DivScalar(graph.ConvertDType(pixels, dtypes.Float32), 255)
	return graph.Div(graph.Sub(x, along(l.Mean)), along(l.Std))
}
