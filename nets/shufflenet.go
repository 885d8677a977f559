package nets

import (
	"fmt"

	"github.com/gomlx/gomlx/core/graph"
)

// shuffleNetV2 is ShuffleNet V2 (Ma et al. 2018, arXiv 1807.11164, table 5) as torchvision has it: a stem, three stages
// of 4, 8 and 4 units, the first of each halving the picture, and a last 1x1 convolution, of so many channels.
func shuffleNetV2(stem, stage2, stage3, stage4, last int) func(Scope, *graph.Node) *graph.Node {
	return func(s Scope, x *graph.Node) *graph.Node {
		x = s.Mark("conv1", ReLU(s.ConvNorm("conv1.0", "conv1.1", x, Conv{Out: stem, Kernel: 3, Stride: 2, Pad: 1})))
		x = s.Mark("maxpool", MaxPool(x, 3, 2, 1, false))
		for _, stage := range []struct {
			name            string
			units, channels int
		}{{"stage2", 4, stage2}, {"stage3", 8, stage3}, {"stage4", 4, stage4}} {
			x = shuffleDown(s.In(stage.name).In("0"), x, stage.channels)
			for unit := 1; unit < stage.units; unit++ {
				x = shuffleUnit(s.In(stage.name).In(fmt.Sprint(unit)), x)
			}
			s.Mark(stage.name, x)
		}
		x = s.Mark("conv5", ReLU(s.ConvNorm("conv5.0", "conv5.1", x, Conv{Out: last, Kernel: 1})))
		return s.Linear("fc", GlobalMean(x), s.classes)
	}
}

// shuffleUnit is the paper's figure 3c: one half of the channels passes unchanged, the other through three convolutions.
func shuffleUnit(s Scope, x *graph.Node) *graph.Node {
	halves := graph.Split(x, -1, 2)
	return ChannelShuffle(halves[0], shuffleBranch(s.In("branch2"), halves[1], halves[1].Shape().Dim(-1), 1))
}

// shuffleDown is figure 3d: all channels pass through both branches, which halve the picture.
func shuffleDown(s Scope, x *graph.Node, out int) *graph.Node {
	left, in := s.In("branch1"), x.Shape().Dim(-1)
	y := left.ConvNorm("0", "1", x, Conv{Out: in, Kernel: 3, Stride: 2, Pad: 1, Groups: in})
	y = ReLU(left.ConvNorm("2", "3", y, Conv{Out: out / 2, Kernel: 1}))
	return ChannelShuffle(y, shuffleBranch(s.In("branch2"), x, out/2, 2))
}

// shuffleBranch is 1x1, depthwise 3x3, 1x1. Nothing is rectified after the depthwise convolution.
func shuffleBranch(s Scope, x *graph.Node, out, stride int) *graph.Node {
	x = ReLU(s.ConvNorm("0", "1", x, Conv{Out: out, Kernel: 1}))
	x = s.ConvNorm("3", "4", x, Conv{Out: out, Kernel: 3, Stride: stride, Pad: 1, Groups: out})
	return ReLU(s.ConvNorm("5", "6", x, Conv{Out: out, Kernel: 1}))
}
