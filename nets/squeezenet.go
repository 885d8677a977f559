package nets

import (
	"fmt"

	"github.com/gomlx/gomlx/core/graph"
)

// fires are the sizes of the eight fire modules, the same in both versions: channels after squeezing and of each half after
// expanding.
var fires = [][2]int{{16, 64}, {16, 64}, {32, 128}, {32, 128}, {48, 192}, {48, 192}, {64, 256}, {64, 256}}

// squeezeNet is a SqueezeNet (Iandola et al. 2016, arXiv 1602.07360, table 1) as torchvision has it: a convolution, then
// pooling and fire modules by turns, so many modules after each pooling. Version 1.1, from the authors' repository, has a
// smaller first convolution and pools earlier. Pooling rounds sizes up. The logits are means after a ReLU, so never
// negative.
func squeezeNet(first Conv, firesPerPool ...int) func(Scope, *graph.Node) *graph.Node {
	return func(s Scope, x *graph.Node) *graph.Node {
		f, module, done := s.In("features"), 1, 0
		x = f.Mark("1", ReLU(f.Conv("0", x, first)))
		for _, n := range firesPerPool {
			module++
			x = f.Mark(fmt.Sprint(module), MaxPool(x, 3, 2, 0, true))
			for range n {
				module++
				x = f.Mark(fmt.Sprint(module), fire(f.In(fmt.Sprint(module)), x, fires[done][0], fires[done][1]))
				done++
			}
		}
		c := s.In("classifier")
		return GlobalMean(c.Mark("2", ReLU(c.Conv("1", c.Dropout("0", x, 0.5), Conv{Out: s.classes, Kernel: 1}))))
	}
}

// fire squeezes x to few channels and expands them to twice expand, half by 1x1 and half by 3x3 kernels.
func fire(s Scope, x *graph.Node, squeeze, expand int) *graph.Node {
	x = ReLU(s.Conv("squeeze", x, Conv{Out: squeeze, Kernel: 1}))
	one := ReLU(s.Conv("expand1x1", x, Conv{Out: expand, Kernel: 1}))
	three := ReLU(s.Conv("expand3x3", x, Conv{Out: expand, Kernel: 3, Pad: 1}))
	return graph.Concatenate([]*graph.Node{one, three}, -1)
}
