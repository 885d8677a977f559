package nets

import (
	"github.com/gomlx/gomlx/core/graph"

	"github.com/gestalt-vision/gestalt/weights"
)

// Conv is the shape of a convolution. Stride and Groups count as 1 where they are 0; with as many groups as input channels
// it is a depthwise one. Kernel and Pad hold for both axes, unless KernelW is given: then Kernel and Pad are those of the
// height, KernelW and PadW those of the width.
type Conv struct {
	Out, Kernel, Stride, Pad, Groups int
	KernelW, PadW                    int
	// Same pads as TensorFlow's "SAME" does, whatever Pad says: as little as gives size/Stride outputs, rounded up; of an
	// odd number of pixels the odd one goes to the bottom and the right.
	Same bool
}

// Conv is PyTorch's Conv2d with a bias: parameters name.weight and name.bias.
func (s Scope) Conv(name string, x *graph.Node, c Conv) *graph.Node {
	return graph.Add(s.ConvOnly(name, x, c), alongChannels(s.vector(name+".bias", true, c.Out), 4))
}

// ConvOnly is PyTorch's Conv2d without a bias: the parameter name.weight.
func (s Scope) ConvOnly(name string, x *graph.Node, c Conv) *graph.Node {
	return s.convolve(c, x, s.kernel(s.declareKernel(name, x, c)))
}

// Kernel is the weight of a Conv2d on x, parameter name.weight, as graphs have it, [height, width, in, out]: for layers that
// use it in another way than the convolution that it was trained in. Stride and padding are of no account.
func (s Scope) Kernel(name string, x *graph.Node, c Conv) *graph.Node {
	return s.kernel(s.declareKernel(name, x, c))
}

// Bias is the bias of a Conv2d with n channels out, parameter name.bias, [n].
func (s Scope) Bias(name string, n int) *graph.Node { return s.vector(name+".bias", true, n) }

// ConvNorm is Conv2d without a bias followed by BatchNorm2d: parameters conv.weight, norm.weight, norm.bias and the
// running statistics norm.running_mean and norm.running_var.
func (s Scope) ConvNorm(conv, norm string, x *graph.Node, c Conv) *graph.Node {
	if s.net.mode == Training {
		return s.BatchNorm(norm, s.ConvOnly(conv, x, c))
	}
	return s.convNormFolded(s.declareKernel(conv, x, c), nil, norm, x, c)
}

// ConvBiasNorm is Conv2d with a bias followed by BatchNorm2d: parameters as of ConvNorm, and conv.bias.
func (s Scope) ConvBiasNorm(conv, norm string, x *graph.Node, c Conv) *graph.Node {
	if s.net.mode == Training {
		return s.BatchNorm(norm, s.Conv(conv, x, c))
	}
	weight := s.declareKernel(conv, x, c)
	bias := s.declare(conv+".bias", true, c.Out)
	return s.convNormFolded(weight, &bias, norm, x, c)
}

// convNormFolded is a convolution whose kernel has taken in the normalisation that follows.
func (s Scope) convNormFolded(weight Param, bias *Param, norm string, x *graph.Node, c Conv) *graph.Node {
	bn := s.declareNorm(norm, c.Out)
	kernel := s.input(weight.Name, hwio(weight), func(param source) []float32 {
		scale, _ := bn.affine(param)
		p := weight.Shape
		return weights.OIHWToHWIO(scaleOut(param(weight.Name), scale), p[0], p[1], p[2], p[3])
	})
	shift := s.input(bn.bias.Name, bn.bias.Shape, func(param source) []float32 {
		scale, shift := bn.affine(param)
		if bias != nil {
			for i, b := range param(bias.Name) {
				shift[i] += b * scale[i]
			}
		}
		return shift
	})
	return graph.Add(s.convolve(c, x, kernel), alongChannels(shift, 4))
}

// Linear is PyTorch's Linear: parameters name.weight and name.bias. x is [batch, in], or activations [batch, height, width,
// channels], which PyTorch flattens channel by channel; the weight is reordered to go with ours when it is read.
func (s Scope) Linear(name string, x *graph.Node, out int) *graph.Node {
	h, w, c := 1, 1, x.Shape().Dim(-1)
	if x.Rank() == 4 {
		h, w = x.Shape().Dim(1), x.Shape().Dim(2)
		x = graph.Reshape(x, x.Shape().Dim(0), h*w*c)
	}
	in := h * w * c
	matrix := s.weight(s.declare(name+".weight", true, out, in), out, c, h, w, in, out)
	return graph.Add(s.count(graph.MatMul(x, matrix), in), alongChannels(s.vector(name+".bias", true, out), 2))
}

// ReLU is max(x, 0).
func ReLU(x *graph.Node) *graph.Node { return graph.MaxScalar(x, 0) }

// ReLU6 is x limited to 0..6.
func ReLU6(x *graph.Node) *graph.Node { return graph.ClipScalar(x, 0, 6) }

// ChannelShuffle puts two pictures [batch, height, width, channels] into one whose channels are taken from them in turn:
// first the first of a, then the first of b, then the second of a. It is the concatenation followed by ShuffleNet's
// shuffle of two groups.
func ChannelShuffle(a, b *graph.Node) *graph.Node {
	dims := a.Shape().Clone().Dimensions
	dims[3] *= 2
	return graph.Reshape(graph.Stack([]*graph.Node{a, b}, -1), dims...)
}

// MaxPool is PyTorch's MaxPool2d with square windows. With ceil, a last window that is only partly inside the picture
// counts too (ceil_mode), as long as it begins inside the picture or its left padding.
func MaxPool(x *graph.Node, window, stride, pad int, ceil bool) *graph.Node {
	var paddings [2][2]int
	for axis := range paddings {
		size := x.Shape().Dim(1 + axis)
		paddings[axis] = [2]int{pad, pad}
		if ceil {
			windows := (size+2*pad-window+stride-1)/stride + 1
			if (windows-1)*stride >= size+pad {
				windows--
			}
			paddings[axis][1] = max(pad, (windows-1)*stride+window-size-pad)
		}
	}
	return graph.MaxPool(x).Window(window).Strides(stride).PaddingPerDim(paddings[:]).Done()
}

// MeanPool is PyTorch's AvgPool2d with square windows. The zeros of the padding count (count_include_pad).
func MeanPool(x *graph.Node, window, stride, pad int) *graph.Node {
	sum := graph.SumPool(x).Window(window).Strides(stride).PaddingPerDim([][2]int{{pad, pad}, {pad, pad}}).Done()
	return graph.MulScalar(sum, 1/float64(window*window))
}

// GlobalMean is the mean over height and width: [batch, height, width, channels] to [batch, channels].
func GlobalMean(x *graph.Node) *graph.Node { return graph.ReduceMean(x, 1, 2) }

// AdaptiveMean is PyTorch's AdaptiveAvgPool2d to side x side: output i of an axis of n is the mean of the inputs from
// floor(i·n/side) up to ceil((i+1)·n/side). Such windows overlap where side does not divide n, and repeat inputs where n is
// smaller; both axes are products with a constant matrix then.
func AdaptiveMean(x *graph.Node, side int) *graph.Node {
	if h := x.Shape().Dim(1); h != side {
		x = graph.Einsum("bhwc,ih->biwc", x, graph.Const(x.Graph(), adaptiveMeans(h, side)))
	}
	if w := x.Shape().Dim(2); w != side {
		x = graph.Einsum("bhwc,jw->bhjc", x, graph.Const(x.Graph(), adaptiveMeans(w, side)))
	}
	return x
}

// adaptiveMeans is the matrix [side, n] whose row i takes the mean of the inputs of output i.
func adaptiveMeans(n, side int) [][]float32 {
	rows := make([][]float32, side)
	for i := range rows {
		rows[i] = make([]float32, n)
		from, to := i*n/side, ((i+1)*n+side-1)/side
		for j := from; j < to; j++ {
			rows[i][j] = 1 / float32(to-from)
		}
	}
	return rows
}

// kernelSize is the kernel's height and width.
func (c Conv) kernelSize() (h, w int) {
	if c.KernelW > 0 {
		return c.Kernel, c.KernelW
	}
	return c.Kernel, c.Kernel
}

// padding is that of x at top and bottom, and at left and right.
func (c Conv) padding(x *graph.Node) [][2]int {
	h, w := c.kernelSize()
	switch {
	case c.Same:
		return [][2]int{c.same(x.Shape().Dim(1), h), c.same(x.Shape().Dim(2), w)}
	case c.KernelW > 0:
		return [][2]int{{c.Pad, c.Pad}, {c.PadW, c.PadW}}
	}
	return [][2]int{{c.Pad, c.Pad}, {c.Pad, c.Pad}}
}

// same is the padding "SAME" of an axis, before and after.
func (c Conv) same(size, kernel int) [2]int {
	stride := max(c.Stride, 1)
	outputs := (size + stride - 1) / stride
	both := max((outputs-1)*stride+kernel-size, 0)
	return [2]int{both / 2, both - both/2}
}

// declareKernel declares name.weight, [out, in/groups, height, width].
func (s Scope) declareKernel(name string, x *graph.Node, c Conv) Param {
	h, w := c.kernelSize()
	return s.declare(name+".weight", true, c.Out, x.Shape().Dim(-1)/max(c.Groups, 1), h, w)
}

// kernel adds the input for a kernel.
func (s Scope) kernel(p Param) *graph.Node {
	return s.weight(p, p.Shape[0], p.Shape[1], p.Shape[2], p.Shape[3], hwio(p)...)
}

// hwio is a kernel's shape in graphs, [height, width, in/groups, out].
func hwio(p Param) []int { return []int{p.Shape[2], p.Shape[3], p.Shape[1], p.Shape[0]} }

func (s Scope) convolve(c Conv, x, kernel *graph.Node) *graph.Node {
	b := graph.Convolve(x, kernel).Strides(max(c.Stride, 1)).PaddingPerDim(c.padding(x))
	if c.Groups > 1 {
		b = b.ChannelGroupCount(c.Groups)
	}
	h, w := c.kernelSize()
	return s.count(b.Done(), h*w*kernel.Shape().Dim(2))
}

// alongChannels reshapes a vector so that it broadcasts along the last of rank axes.
func alongChannels(v *graph.Node, rank int) *graph.Node { return graph.ExpandLeftToRank(v, rank) }
