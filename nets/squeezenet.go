package nets

import "github.com/gomlx/gomlx/core/graph"

// squeezeNet11 is SqueezeNet 1.1 (Iandola et al. 2016, arXiv 1602.07360; version 1.1 from the authors' repository),
// torchvision's squeezenet1_1. Pooling rounds sizes up. The logits are means after a ReLU, so never negative.
func squeezeNet11(s Scope, x *graph.Node) *graph.Node {
	f := s.In("features")
	pool := func(x *graph.Node) *graph.Node { return MaxPool(x, 3, 2, 0, true) }

	x = f.Mark("1", ReLU(f.Conv("0", x, Conv{Out: 64, Kernel: 3, Stride: 2})))
	x = pool(x)
	x = fire(f, "3", x, 16, 64)
	x = fire(f, "4", x, 16, 64)
	x = pool(x)
	x = fire(f, "6", x, 32, 128)
	x = fire(f, "7", x, 32, 128)
	x = pool(x)
	x = fire(f, "9", x, 48, 192)
	x = fire(f, "10", x, 48, 192)
	x = fire(f, "11", x, 64, 256)
	x = fire(f, "12", x, 64, 256)
	x = ReLU(s.Conv("classifier.1", x, Conv{Out: 1000, Kernel: 1})) // dropout before it acts in training only
	return GlobalMean(x)
}

// fire squeezes x to few channels and expands them to twice expand, half by 1x1 and half by 3x3 kernels.
func fire(f Scope, module string, x *graph.Node, squeeze, expand int) *graph.Node {
	s := f.In(module)
	x = ReLU(s.Conv("squeeze", x, Conv{Out: squeeze, Kernel: 1}))
	one := ReLU(s.Conv("expand1x1", x, Conv{Out: expand, Kernel: 1}))
	three := ReLU(s.Conv("expand3x3", x, Conv{Out: expand, Kernel: 3, Pad: 1}))
	return f.Mark(module, graph.Concatenate([]*graph.Node{one, three}, -1))
}
