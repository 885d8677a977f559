package nets

import "github.com/gomlx/gomlx/core/graph"

// googLeNet is GoogLeNet (Szegedy et al. 2014, arXiv 1409.4842, table 1) as torchvision has it, with weights from
// TensorFlow: batch norm after each convolution, pooling that rounds sizes up, and 3x3 kernels where the paper has 5x5.
func googLeNet(s Scope, x *graph.Node) *graph.Node {
	s = s.Epsilon(1e-3)
	x = tensorFlowInput(x)
	x = s.Mark("conv1", s.unit("conv1", x, Conv{Out: 64, Kernel: 7, Stride: 2, Pad: 3}))
	x = s.Mark("maxpool1", MaxPool(x, 3, 2, 0, true))
	x = s.Mark("conv2", s.unit("conv2", x, Conv{Out: 64, Kernel: 1}))
	x = s.Mark("conv3", s.unit("conv3", x, Conv{Out: 192, Kernel: 3, Pad: 1}))
	x = s.Mark("maxpool2", MaxPool(x, 3, 2, 0, true))
	//                                      1x1  3x3       5x5      pool
	x = inception(s, "inception3a", x, 64, 96, 128, 16, 32, 32)
	x = inception(s, "inception3b", x, 128, 128, 192, 32, 96, 64)
	x = s.Mark("maxpool3", MaxPool(x, 3, 2, 0, true))
	x = inception(s, "inception4a", x, 192, 96, 208, 16, 48, 64)
	x4a := x
	x = inception(s, "inception4b", x, 160, 112, 224, 24, 64, 64)
	x = inception(s, "inception4c", x, 128, 128, 256, 24, 64, 64)
	x = inception(s, "inception4d", x, 112, 144, 288, 32, 64, 64)
	x4d := x
	x = inception(s, "inception4e", x, 256, 160, 320, 32, 128, 128)
	x = s.Mark("maxpool4", MaxPool(x, 2, 2, 0, true))
	x = inception(s, "inception5a", x, 256, 160, 320, 32, 128, 128)
	x = inception(s, "inception5b", x, 384, 192, 384, 48, 128, 128)
	x = s.Mark("avgpool", GlobalMean(x))
	logits := s.Linear("fc", s.Dropout("dropout", x, 0.2), s.classes)
	s.Auxiliary("aux1", x4a, googLeNetHead)
	s.Auxiliary("aux2", x4d, googLeNetHead)
	return logits
}

// inception concatenates four branches: 1x1; 1x1 and 3x3; 1x1 and (in the paper) 5x5; pooling and 1x1.
func inception(s Scope, name string, x *graph.Node, one, reduce3, three, reduce5, five, pool int) *graph.Node {
	in := s.In(name)
	return s.Mark(name, graph.Concatenate([]*graph.Node{
		in.unit("branch1", x, Conv{Out: one, Kernel: 1}),
		in.unit("branch2.1", in.unit("branch2.0", x, Conv{Out: reduce3, Kernel: 1}), Conv{Out: three, Kernel: 3, Pad: 1}),
		in.unit("branch3.1", in.unit("branch3.0", x, Conv{Out: reduce5, Kernel: 1}), Conv{Out: five, Kernel: 3, Pad: 1}),
		in.unit("branch4.1", MaxPool(x, 3, 1, 1, true), Conv{Out: pool, Kernel: 1}),
	}, -1))
}

// googLeNetHead is a classifier beside the last, after an inner module.
func googLeNetHead(s Scope, x *graph.Node) *graph.Node {
	x = s.unit("conv", AdaptiveMean(x, 4), Conv{Out: 128, Kernel: 1})
	x = s.Dropout("dropout", ReLU(s.Linear("fc1", x, 1024)), 0.7)
	return s.Linear("fc2", x, s.classes)
}

// unit is torchvision's BasicConv2d: a convolution without a bias, batch norm and ReLU.
func (s Scope) unit(name string, x *graph.Node, c Conv) *graph.Node {
	return ReLU(s.ConvNorm(name+".conv", name+".bn", x, c))
}

// tensorFlowInput takes pictures normalised by ImageNet's mean and deviation to the range -1 to 1 of weights that were
// trained in TensorFlow: torchvision's transform_input.
func tensorFlowInput(x *graph.Node) *graph.Node {
	var scale, shift [3]float32
	for c := range scale {
		scale[c] = imageNet.Std[c] / 0.5
		shift[c] = (imageNet.Mean[c] - 0.5) / 0.5
	}
	g := x.Graph()
	return graph.Add(graph.Mul(x, alongChannels(graph.Const(g, scale[:]), 4)), alongChannels(graph.Const(g, shift[:]), 4))
}
