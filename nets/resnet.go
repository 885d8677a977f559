package nets

import (
	"fmt"

	"github.com/gomlx/gomlx/core/graph"
)

// resNet is a residual network (He et al. 2015, arXiv 1512.03385, table 1) as torchvision has it: a stem, and four layers
// of so many blocks, the first as wide as the stem, each other twice as wide as the one before and halving the picture.
func resNet(first stem, block residualBlock, depths ...int) func(Scope, *graph.Node) *graph.Node {
	return func(s Scope, x *graph.Node) *graph.Node {
		x = s.Mark("relu", ReLU(s.ConvNorm("conv1", "bn1", x, first.conv)))
		if first.pool {
			x = s.Mark("maxpool", MaxPool(x, 3, 2, 1, false))
		}
		for i, depth := range depths {
			layer := fmt.Sprintf("layer%d", i+1)
			for j := range depth {
				stride := 1
				if i > 0 && j == 0 {
					stride = 2
				}
				x = residual(s.In(layer).In(fmt.Sprint(j)), x, block, first.conv.Out<<i, stride)
			}
			x = s.Mark(layer, x)
		}
		return s.Linear("fc", s.Mark("avgpool", GlobalMean(x)), s.classes)
	}
}

// stem is what comes before a ResNet's layers: a convolution, and perhaps a pooling.
type stem struct {
	conv Conv
	pool bool // by 3x3 windows, to half the size
}

// wholeStem is torchvision's, which takes a picture of 224 pixels to 56 and one of 64 to 16.
var wholeStem = stem{Conv{Out: 64, Kernel: 7, Stride: 2, Pad: 3}, true}

// The stems for small pictures have a 3x3 kernel. That of ResNets for CIFAR's 32 pixels (He et al., section 4.2) keeps the
// picture's size, which at 64 pixels makes every layer compute 16 times as much as behind wholeStem. halvingStem takes 64
// pixels to 32: four times as much (ResNet-18: a training step of 10 ms a picture on two cores), and the last layer still
// sees 4 x 4 places. quarterStem takes them to 16 as wholeStem does, for its price (3.3 ms). The size is halved by the
// convolution's own stride and not by a pooling behind one that keeps it: the layers see as many places, and the stem,
// whose activations are the largest of all, costs a quarter.
var (
	halvingStem = stem{Conv{Out: 64, Kernel: 3, Stride: 2, Pad: 1}, false}
	quarterStem = stem{Conv{Out: 64, Kernel: 3, Stride: 2, Pad: 1}, true}
	slimStem    = stem{Conv{Out: 16, Kernel: 3, Stride: 2, Pad: 1}, false}
)

// residualBlock is the branch beside the shortcut: it takes the picture to expansion times width channels, and its size
// down by stride.
type residualBlock struct {
	expansion int
	branch    func(s Scope, x *graph.Node, width, stride int) *graph.Node
}

// basicBlock is two 3x3 convolutions: ResNet-18 and -34.
var basicBlock = residualBlock{1, func(s Scope, x *graph.Node, width, stride int) *graph.Node {
	x = ReLU(s.ConvNorm("conv1", "bn1", x, Conv{Out: width, Kernel: 3, Stride: stride, Pad: 1}))
	return s.ConvNorm("conv2", "bn2", x, Conv{Out: width, Kernel: 3, Pad: 1})
}}

// bottleneck is 1x1, 3x3, 1x1: ResNet-50, -101 and -152. The stride is in the 3x3 convolution ("version 1.5"), not in
// the first 1x1 as in the paper.
var bottleneck = residualBlock{4, func(s Scope, x *graph.Node, width, stride int) *graph.Node {
	x = ReLU(s.ConvNorm("conv1", "bn1", x, Conv{Out: width, Kernel: 1}))
	x = ReLU(s.ConvNorm("conv2", "bn2", x, Conv{Out: width, Kernel: 3, Stride: stride, Pad: 1}))
	return s.ConvNorm("conv3", "bn3", x, Conv{Out: 4 * width, Kernel: 1})
}}

// residual adds the shortcut: x itself, or where the shape changes, a 1x1 convolution of it.
func residual(s Scope, x *graph.Node, block residualBlock, width, stride int) *graph.Node {
	y := block.branch(s, x, width, stride)
	out := block.expansion * width
	if stride != 1 || x.Shape().Dim(-1) != out {
		x = s.ConvNorm("downsample.0", "downsample.1", x, Conv{Out: out, Kernel: 1, Stride: stride})
	}
	return ReLU(graph.Add(y, x))
}
