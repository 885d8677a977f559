package nets

import (
	"fmt"

	"github.com/gomlx/gomlx/core/graph"
)

// bagNet is a BagNet (Brendel and Bethge, ICLR 2019, arXiv 1904.00760, appendix A.1) with the names of the authors'
// PyTorch model, so that their weights fit: a ResNet-50 in which few kernels are larger than 1x1 and none is padded, so
// that no unit of the last layer sees more than a small patch of the picture and the logits are the mean of what all
// patches say. wide tells of each of the four layers whether its first block has a 3x3 kernel. The patch is
//
//	3 for the stem, and 2 more for every 3x3 kernel times the stride before it: 1, 2, 4, 8
//
// which makes 9, 17 and 33 for two, three and four wide layers: 3+2+4, +8, +16.
func bagNet(wide ...bool) func(Scope, *graph.Node) *graph.Node {
	return func(s Scope, x *graph.Node) *graph.Node {
		x = s.ConvOnly("conv1", x, Conv{Out: 64, Kernel: 1})
		x = s.Mark("relu", ReLU(s.Momentum(0.001).ConvNorm("conv2", "bn1", x, Conv{Out: 64, Kernel: 3})))
		for i, depth := range []int{3, 4, 6, 3} {
			layer := fmt.Sprintf("layer%d", i+1)
			for j := range depth {
				kernel, stride := 1, 1
				if j == 0 && wide[i] {
					kernel = 3
				}
				if j == 0 && i < 3 {
					stride = 2
				}
				x = patchResidual(s.In(layer).In(fmt.Sprint(j)), x, Conv{Out: 64 << i, Kernel: kernel, Stride: stride})
			}
			s.Mark(layer, x)
		}
		return s.Linear("fc", s.Mark("avgpool", GlobalMean(x)), s.classes)
	}
}

// patchResidual is ResNet's bottleneck block with an unpadded convolution in the middle. What that takes off the
// picture's size the shortcut loses at the bottom and the right, so that the two are not centred on each other: the
// authors' choice.
func patchResidual(s Scope, x *graph.Node, middle Conv) *graph.Node {
	y := ReLU(s.ConvNorm("conv1", "bn1", x, Conv{Out: middle.Out, Kernel: 1}))
	y = ReLU(s.ConvNorm("conv2", "bn2", y, middle))
	out := 4 * middle.Out
	y = s.ConvNorm("conv3", "bn3", y, Conv{Out: out, Kernel: 1})
	if middle.Stride != 1 || x.Shape().Dim(-1) != out {
		x = s.ConvNorm("downsample.0", "downsample.1", x, Conv{Out: out, Kernel: 1, Stride: middle.Stride})
	}
	if h, w := y.Shape().Dim(1), y.Shape().Dim(2); h != x.Shape().Dim(1) || w != x.Shape().Dim(2) {
		x = graph.Slice(x, graph.AxisRange(), graph.AxisRangeFromStart(h), graph.AxisRangeFromStart(w), graph.AxisRange())
	}
	return ReLU(graph.Add(y, x))
}
