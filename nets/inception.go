package nets

import "github.com/gomlx/gomlx/core/graph"

// inceptionV3 is Inception v3 (Szegedy et al. 2015, arXiv 1512.00567, table 1) as torchvision has it, for pictures of
// 299 x 299. In Training mode they may not be smaller, for the sake of the auxiliary head.
func inceptionV3(s Scope, x *graph.Node) *graph.Node {
	s = s.Epsilon(1e-3)
	x = tensorFlowInput(x)
	x = s.Mark("Conv2d_1a_3x3", s.unit("Conv2d_1a_3x3", x, Conv{Out: 32, Kernel: 3, Stride: 2}))
	x = s.Mark("Conv2d_2a_3x3", s.unit("Conv2d_2a_3x3", x, Conv{Out: 32, Kernel: 3}))
	x = s.Mark("Conv2d_2b_3x3", s.unit("Conv2d_2b_3x3", x, Conv{Out: 64, Kernel: 3, Pad: 1}))
	x = s.Mark("maxpool1", MaxPool(x, 3, 2, 0, false))
	x = s.Mark("Conv2d_3b_1x1", s.unit("Conv2d_3b_1x1", x, Conv{Out: 80, Kernel: 1}))
	x = s.Mark("Conv2d_4a_3x3", s.unit("Conv2d_4a_3x3", x, Conv{Out: 192, Kernel: 3}))
	x = s.Mark("maxpool2", MaxPool(x, 3, 2, 0, false))
	x = s.Mark("Mixed_5b", inceptionA(s.In("Mixed_5b"), x, 32))
	x = s.Mark("Mixed_5c", inceptionA(s.In("Mixed_5c"), x, 64))
	x = s.Mark("Mixed_5d", inceptionA(s.In("Mixed_5d"), x, 64))
	x = s.Mark("Mixed_6a", inceptionB(s.In("Mixed_6a"), x))
	x = s.Mark("Mixed_6b", inceptionC(s.In("Mixed_6b"), x, 128))
	x = s.Mark("Mixed_6c", inceptionC(s.In("Mixed_6c"), x, 160))
	x = s.Mark("Mixed_6d", inceptionC(s.In("Mixed_6d"), x, 160))
	x = s.Mark("Mixed_6e", inceptionC(s.In("Mixed_6e"), x, 192))
	x6e := x
	x = s.Mark("Mixed_7a", inceptionD(s.In("Mixed_7a"), x))
	x = s.Mark("Mixed_7b", inceptionE(s.In("Mixed_7b"), x))
	x = s.Mark("Mixed_7c", inceptionE(s.In("Mixed_7c"), x))
	x = s.Mark("avgpool", GlobalMean(x))
	logits := s.Linear("fc", s.Dropout("dropout", x, 0.5), s.classes)
	s.Auxiliary("AuxLogits", x6e, inceptionHead)
	return logits
}

// inceptionA is figure 5 of the paper, with 5x5 kernels in one branch.
func inceptionA(s Scope, x *graph.Node, pool int) *graph.Node {
	five := s.unit("branch5x5_1", x, Conv{Out: 48, Kernel: 1})
	five = s.unit("branch5x5_2", five, Conv{Out: 64, Kernel: 5, Pad: 2})
	double := s.unit("branch3x3dbl_1", x, Conv{Out: 64, Kernel: 1})
	double = s.unit("branch3x3dbl_2", double, Conv{Out: 96, Kernel: 3, Pad: 1})
	double = s.unit("branch3x3dbl_3", double, Conv{Out: 96, Kernel: 3, Pad: 1})
	return graph.Concatenate([]*graph.Node{
		s.unit("branch1x1", x, Conv{Out: 64, Kernel: 1}), five, double,
		s.unit("branch_pool", MeanPool(x, 3, 1, 1), Conv{Out: pool, Kernel: 1}),
	}, -1)
}

// inceptionB halves the picture from 35 to 17 (figure 10).
func inceptionB(s Scope, x *graph.Node) *graph.Node {
	double := s.unit("branch3x3dbl_1", x, Conv{Out: 64, Kernel: 1})
	double = s.unit("branch3x3dbl_2", double, Conv{Out: 96, Kernel: 3, Pad: 1})
	double = s.unit("branch3x3dbl_3", double, Conv{Out: 96, Kernel: 3, Stride: 2})
	return graph.Concatenate([]*graph.Node{
		s.unit("branch3x3", x, Conv{Out: 384, Kernel: 3, Stride: 2}), double, MaxPool(x, 3, 2, 0, false),
	}, -1)
}

// Rows and columns of the factorised kernels.
func row(out, n int) Conv    { return Conv{Out: out, Kernel: 1, KernelW: n, PadW: n / 2} }
func column(out, n int) Conv { return Conv{Out: out, Kernel: n, Pad: n / 2, KernelW: 1} }

// inceptionC has 7x7 kernels made of rows and columns (figure 6).
func inceptionC(s Scope, x *graph.Node, width int) *graph.Node {
	seven := s.unit("branch7x7_1", x, Conv{Out: width, Kernel: 1})
	seven = s.unit("branch7x7_2", seven, row(width, 7))
	seven = s.unit("branch7x7_3", seven, column(192, 7))
	double := s.unit("branch7x7dbl_1", x, Conv{Out: width, Kernel: 1})
	double = s.unit("branch7x7dbl_2", double, column(width, 7))
	double = s.unit("branch7x7dbl_3", double, row(width, 7))
	double = s.unit("branch7x7dbl_4", double, column(width, 7))
	double = s.unit("branch7x7dbl_5", double, row(192, 7))
	return graph.Concatenate([]*graph.Node{
		s.unit("branch1x1", x, Conv{Out: 192, Kernel: 1}), seven, double,
		s.unit("branch_pool", MeanPool(x, 3, 1, 1), Conv{Out: 192, Kernel: 1}),
	}, -1)
}

// inceptionD halves the picture from 17 to 8.
func inceptionD(s Scope, x *graph.Node) *graph.Node {
	three := s.unit("branch3x3_1", x, Conv{Out: 192, Kernel: 1})
	three = s.unit("branch3x3_2", three, Conv{Out: 320, Kernel: 3, Stride: 2})
	seven := s.unit("branch7x7x3_1", x, Conv{Out: 192, Kernel: 1})
	seven = s.unit("branch7x7x3_2", seven, row(192, 7))
	seven = s.unit("branch7x7x3_3", seven, column(192, 7))
	seven = s.unit("branch7x7x3_4", seven, Conv{Out: 192, Kernel: 3, Stride: 2})
	return graph.Concatenate([]*graph.Node{three, seven, MaxPool(x, 3, 2, 0, false)}, -1)
}

// inceptionE has branches that end in a row beside a column (figure 7).
func inceptionE(s Scope, x *graph.Node) *graph.Node {
	three := s.unit("branch3x3_1", x, Conv{Out: 384, Kernel: 1})
	double := s.unit("branch3x3dbl_1", x, Conv{Out: 448, Kernel: 1})
	double = s.unit("branch3x3dbl_2", double, Conv{Out: 384, Kernel: 3, Pad: 1})
	return graph.Concatenate([]*graph.Node{
		s.unit("branch1x1", x, Conv{Out: 320, Kernel: 1}),
		s.unit("branch3x3_2a", three, row(384, 3)), s.unit("branch3x3_2b", three, column(384, 3)),
		s.unit("branch3x3dbl_3a", double, row(384, 3)), s.unit("branch3x3dbl_3b", double, column(384, 3)),
		s.unit("branch_pool", MeanPool(x, 3, 1, 1), Conv{Out: 192, Kernel: 1}),
	}, -1)
}

// inceptionHead is the classifier beside the last, after Mixed_6e.
func inceptionHead(s Scope, x *graph.Node) *graph.Node {
	x = s.unit("conv0", MeanPool(x, 5, 3, 0), Conv{Out: 128, Kernel: 1})
	x = s.unit("conv1", x, Conv{Out: 768, Kernel: 5})
	return s.Linear("fc", GlobalMean(x), s.classes)
}
