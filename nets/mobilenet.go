package nets

import (
	"fmt"

	"github.com/gomlx/gomlx/core/graph"
)

// mobileNetV2 is MobileNetV2 (Sandler et al. 2018, arXiv 1801.04381, table 2) as torchvision has it, its 3x3
// convolutions padded by one of two habits. All are padded alike at stride 1; at stride 2 they look at pixels one apart.
func mobileNetV2(pad func(Conv) Conv) func(Scope, *graph.Node) *graph.Node {
	return func(s Scope, x *graph.Node) *graph.Node {
		f := s.In("features")
		x = f.Mark("0", ReLU6(f.ConvNorm("0.0", "0.1", x, pad(Conv{Out: 32, Kernel: 3, Stride: 2}))))
		module := 1
		for _, row := range []struct{ expansion, channels, blocks, stride int }{
			{1, 16, 1, 1},
			{6, 24, 2, 2},
			{6, 32, 3, 2},
			{6, 64, 4, 2},
			{6, 96, 3, 1},
			{6, 160, 3, 2},
			{6, 320, 1, 1},
		} {
			for block := range row.blocks {
				depthwise := pad(Conv{Out: row.expansion * x.Shape().Dim(-1), Kernel: 3, Stride: row.stride})
				if block > 0 {
					depthwise.Stride = 1
				}
				x = f.Mark(fmt.Sprint(module), invertedResidual(f.In(fmt.Sprint(module)).In("conv"), x, depthwise, row.channels))
				module++
			}
		}
		x = f.Mark(fmt.Sprint(module), ReLU6(f.ConvNorm(fmt.Sprintf("%d.0", module), fmt.Sprintf("%d.1", module), x, Conv{Out: 1280, Kernel: 1})))
		c := s.In("classifier")
		return c.Linear("1", c.Dropout("0", GlobalMean(x), 0.2), s.classes)
	}
}

// symmetric pads 3x3 kernels by one pixel on every side, as torchvision does.
func symmetric(c Conv) Conv { c.Pad = 1; return c }

// same pads as TensorFlow does, which the published weights of the paper's authors need: of a picture of even size
// with stride 2 only the bottom and the right.
func same(c Conv) Conv { c.Same = true; return c }

// invertedResidual widens x by a 1x1 convolution (unless it has the width already), filters each channel by itself and
// narrows it to out channels, with no activation there. The shortcut joins the narrow ends where they have one shape.
func invertedResidual(s Scope, x *graph.Node, depthwise Conv, out int) *graph.Node {
	y, layer := x, 0
	if depthwise.Out != x.Shape().Dim(-1) {
		y = ReLU6(s.ConvNorm("0.0", "0.1", y, Conv{Out: depthwise.Out, Kernel: 1}))
		layer++
	}
	depthwise.Groups = depthwise.Out
	y = ReLU6(s.ConvNorm(fmt.Sprintf("%d.0", layer), fmt.Sprintf("%d.1", layer), y, depthwise))
	y = s.ConvNorm(fmt.Sprint(layer+1), fmt.Sprint(layer+2), y, Conv{Out: out, Kernel: 1})
	if depthwise.Stride != 1 || x.Shape().Dim(-1) != out {
		return y
	}
	return graph.Add(x, y)
}
