package nets

import "github.com/gomlx/gomlx/core/graph"

// alexNet is AlexNet as torchvision has it: one tower and no normalisation (Krizhevsky 2014, arXiv 1404.5997), 64 and not
// 96 channels first.
func alexNet(s Scope, x *graph.Node) *graph.Node {
	f, c := s.In("features"), s.In("classifier")
	x = f.Mark("1", ReLU(f.Conv("0", x, Conv{Out: 64, Kernel: 11, Stride: 4, Pad: 2})))
	x = f.Mark("2", MaxPool(x, 3, 2, 0, false))
	x = f.Mark("4", ReLU(f.Conv("3", x, Conv{Out: 192, Kernel: 5, Pad: 2})))
	x = f.Mark("5", MaxPool(x, 3, 2, 0, false))
	x = f.Mark("7", ReLU(f.Conv("6", x, Conv{Out: 384, Kernel: 3, Pad: 1})))
	x = f.Mark("9", ReLU(f.Conv("8", x, Conv{Out: 256, Kernel: 3, Pad: 1})))
	x = f.Mark("11", ReLU(f.Conv("10", x, Conv{Out: 256, Kernel: 3, Pad: 1})))
	x = f.Mark("12", MaxPool(x, 3, 2, 0, false))
	x = c.Dropout("0", s.Mark("avgpool", AdaptiveMean(x, 6)), 0.5)
	x = c.Dropout("3", c.Mark("2", ReLU(c.Linear("1", x, 4096))), 0.5)
	x = c.Mark("5", ReLU(c.Linear("4", x, 4096)))
	return c.Linear("6", x, s.classes)
}
