package nets

import (
	"fmt"

	"github.com/gomlx/gomlx/core/graph"
)

// denseNet is a DenseNet-BC (Huang et al. 2017, arXiv 1608.06993, table 1) as torchvision has it: blocks of so many
// layers, each of which adds growth channels to all that came before it in the block; between blocks the channels and
// the picture are halved. Normalisation and ReLU come before each convolution.
func denseNet(growth int, depths ...int) func(Scope, *graph.Node) *graph.Node {
	return func(s Scope, x *graph.Node) *graph.Node {
		f := s.In("features")
		x = f.Mark("relu0", ReLU(f.ConvNorm("conv0", "norm0", x, Conv{Out: 2 * growth, Kernel: 7, Stride: 2, Pad: 3})))
		x = f.Mark("pool0", MaxPool(x, 3, 2, 1, false))
		for i, depth := range depths {
			if i > 0 {
				t := f.In(fmt.Sprintf("transition%d", i))
				x = t.ConvOnly("conv", ReLU(t.BatchNorm("norm", x)), Conv{Out: x.Shape().Dim(-1) / 2, Kernel: 1})
				x = f.Mark(fmt.Sprintf("transition%d", i), MeanPool(x, 2, 2, 0))
			}
			block := fmt.Sprintf("denseblock%d", i+1)
			for j := range depth {
				x = graph.Concatenate([]*graph.Node{x, denseLayer(f.In(block).In(fmt.Sprintf("denselayer%d", j+1)), x, growth)}, -1)
			}
			f.Mark(block, x)
		}
		x = f.Mark("norm5", f.BatchNorm("norm5", x))
		return s.Linear("classifier", GlobalMean(ReLU(x)), s.classes)
	}
}

// denseLayer is a 1x1 convolution to four times growth channels, the bottleneck, and a 3x3 convolution to growth.
func denseLayer(s Scope, x *graph.Node, growth int) *graph.Node {
	x = ReLU(s.BatchNorm("norm1", x))
	x = ReLU(s.ConvNorm("conv1", "norm2", x, Conv{Out: 4 * growth, Kernel: 1}))
	return s.ConvOnly("conv2", x, Conv{Out: growth, Kernel: 3, Pad: 1})
}
