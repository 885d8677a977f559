package style

import (
	"slices"

	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"

	"github.com/gestalt-vision/gestalt/nets"
)

// The graph code of Gatys' method. One program holds the weights for both of its uses, which it tells apart by their
// inputs:
//
//	pictures [n, h, w, 3] → the Gram matrices [n, c, c] of the style layers, the features of the content layers
//	pictures; Gram matrices; features, each with its mask [n, h, w, 1] → losses [n]; their gradients [n, h, w, 3]
func (g *Gatys) code(s nets.Scope, in []*graph.Node) []*graph.Node {
	x, targets := in[0], in[1:]
	o := g.options
	features := map[string]*graph.Node{}
	for i, f := range g.sight.features(s, x, o.layers()) {
		features[o.layers()[i]] = f
	}
	if len(targets) == 0 {
		var out []*graph.Node
		for _, layer := range o.StyleLayers {
			out = append(out, gram(features[layer]))
		}
		for _, layer := range o.ContentLayers {
			out = append(out, features[layer])
		}
		return out
	}
	var total loss
	for i, layer := range o.StyleLayers {
		weight := o.StyleWeight
		if !g.sight.relative {
			c := float64(g.sight.channels[layer])
			weight /= c * c
		}
		total.style(features[layer], targets[i], g.size(targets[i]), weight)
	}
	targets = targets[len(o.StyleLayers):]
	for i, layer := range o.ContentLayers {
		total.content(features[layer], targets[2*i], targets[2*i+1], g.size(targets[2*i]), o.ContentWeight)
	}
	if o.VariationWeight > 0 {
		total.variation(x, o.VariationWeight)
	}
	return []*graph.Node{total.value, graph.Gradient(total.carrier, x)[0]}
}

// size is what a layer's loss is relative to: the mean square of its target over each picture, [n, 1, …]; nil where the
// loss is not relative.
func (g *Gatys) size(target *graph.Node) *graph.Node {
	if !g.sight.relative {
		return nil
	}
	var axes []int
	for axis := 1; axis < target.Rank(); axis++ {
		axes = append(axes, axis)
	}
	size := graph.ReduceAndKeep(graph.Square(target), graph.ReduceMean, axes...)
	return graph.AddScalar(size, 1e-12) // features that are 0 everywhere have no say
}

// per divides by a size, where there is one.
func per(x, size *graph.Node) *graph.Node {
	if size == nil {
		return x
	}
	return graph.Div(x, graph.BroadcastToShape(size, x.Shape()))
}

// loss is a sum of losses of each picture of a batch.
//
// Of each layer's loss we know the gradient with respect to the features F, and write it down: automatic differentiation
// would take F'F apart into two products where, the matrix being symmetric, one does. The carrier's value means nothing;
// it is the sum of all F · that gradient, with the gradient taken for constant, so that its own gradient with respect to
// the pictures is that of the loss.
type loss struct {
	value   *graph.Node // [n]
	carrier *graph.Node // a scalar
}

func (l *loss) add(value, features, gradient *graph.Node) {
	carrier := graph.ReduceAllSum(graph.Mul(features, graph.StopGradient(gradient)))
	if l.value != nil {
		value, carrier = graph.Add(l.value, value), graph.Add(l.carrier, carrier)
	}
	l.value, l.carrier = value, carrier
}

// style adds weight · mean (G - target)² / size with G = F'F / places over the places of a picture. With D for the gradient
// with respect to G, that is 2 · weight / c² / size · (G - target), the gradient with respect to F is F (D + D') / places,
// and D is symmetric.
func (l *loss) style(features, target, size *graph.Node, weight float64) {
	dims := features.Shape().Dimensions
	c := dims[3]
	difference := graph.Sub(gram(features), target)
	relative := per(difference, size)
	value := graph.MulScalar(graph.ReduceMean(graph.Mul(difference, relative), 1, 2), weight)
	rows := graph.Reshape(features, dims[0], -1, c)
	scale := 4 * weight / (float64(c) * float64(c) * float64(rows.Shape().Dim(1)))
	gradient := graph.Einsum("npc,ncd->npd", rows, graph.MulScalar(relative, scale))
	l.add(value, features, graph.Reshape(gradient, dims...))
}

// content adds weight · mean (mask · (F - target)²) / size.
func (l *loss) content(features, target, mask, size *graph.Node, weight float64) {
	difference := graph.Sub(features, target)
	masked := per(graph.Mul(difference, graph.BroadcastToShape(mask, difference.Shape())), size)
	value := graph.MulScalar(graph.ReduceMean(graph.Mul(masked, difference), 1, 2, 3), weight)
	places := features.Shape().Size() / features.Shape().Dim(0)
	l.add(value, features, graph.MulScalar(masked, 2*weight/float64(places)))
}

// variation adds weight times the variation of pixels on the scale 0..255, taken to 0..1.
func (l *loss) variation(x *graph.Node, weight float64) {
	value := graph.MulScalar(variation(x), weight/(255*255))
	l.value, l.carrier = graph.Add(l.value, value), graph.Add(l.carrier, graph.ReduceAllSum(value))
}

// variation is the mean square of the differences between neighbours to the right, and that between neighbours below, of
// each picture: [n].
func variation(x *graph.Node) *graph.Node {
	along := func(axis int) *graph.Node {
		last := x.Shape().Dim(axis)
		if last < 2 {
			return graph.Zeros(x.Graph(), shapes.Make(x.DType(), x.Shape().Dim(0)))
		}
		after, before := graph.SliceAxis(x, axis, graph.AxisRange(1, last)), graph.SliceAxis(x, axis, graph.AxisRange(0, last-1))
		return graph.ReduceMean(graph.Square(graph.Sub(after, before)), 1, 2, 3)
	}
	return graph.Add(along(1), along(2))
}

// gram is F'F / places of the features F of each picture, a row for each place: [n, h, w, c] to [n, c, c].
func gram(x *graph.Node) *graph.Node {
	d := x.Shape().Dimensions
	rows := graph.Reshape(x, d[0], -1, d[3])
	return graph.MulScalar(graph.Einsum("npc,npd->ncd", rows, rows), 1/float64(d[1]*d[2]))
}

// layers are all layers that the losses look at, each once.
func (o GatysOptions) layers() []string {
	all := slices.Concat(o.StyleLayers, o.ContentLayers)
	slices.Sort(all)
	return slices.Compact(all)
}
