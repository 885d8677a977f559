package nets

import (
	"fmt"

	"github.com/gomlx/gomlx/core/graph"
)

// vgg is a VGG (Simonyan and Zisserman 2014, arXiv 1409.1556, table 1) as torchvision has it: five stages of so many 3x3
// convolutions, of 64, 128, 256, 512 and 512 channels, each ended by a pooling that halves the picture, then three linear
// layers. The networks with batch norm have one after each convolution, which keeps its bias.
//
// Beside torchvision's names the features have those of the literature: convI_J (what the J-th convolution of stage I puts
// out, before the ReLU; not with batch norm), reluI_J and poolI.
func vgg(batchNorm bool, depths ...int) func(Scope, *graph.Node) *graph.Node {
	return func(s Scope, x *graph.Node) *graph.Node {
		module, f := 0, s.In("features")
		mark := func(x *graph.Node, literature string, args ...any) *graph.Node { // as the next module
			f.Mark(fmt.Sprint(module), x)
			module++
			return s.Mark(fmt.Sprintf(literature, args...), x)
		}
		for i, depth := range depths {
			conv := Conv{Out: min(64<<i, 512), Kernel: 3, Pad: 1}
			for j := range depth {
				name := fmt.Sprint(module)
				if batchNorm {
					module++
					x = f.ConvBiasNorm(name, fmt.Sprint(module), x, conv)
					x = mark(x, "norm%d_%d", i+1, j+1)
				} else {
					x = mark(f.Conv(name, x, conv), "conv%d_%d", i+1, j+1)
				}
				x = mark(ReLU(x), "relu%d_%d", i+1, j+1)
			}
			x = mark(MaxPool(x, 2, 2, 0, false), "pool%d", i+1)
		}
		x = s.Mark("avgpool", AdaptiveMean(x, 7))
		c := s.In("classifier")
		x = c.Dropout("2", c.Mark("1", ReLU(c.Linear("0", x, 4096))), 0.5)
		x = c.Dropout("5", c.Mark("4", ReLU(c.Linear("3", x, 4096))), 0.5)
		return c.Linear("6", x, s.classes)
	}
}
