package nets

import (
	"github.com/gomlx/gomlx/core/graph"

	"github.com/gestalt-vision/gestalt/weights"
)

// Conv is the shape of a convolution with square kernels. Stride and Groups count as 1 where they are 0.
type Conv struct {
	Out, Kernel, Stride, Pad, Groups int
}

// Conv is PyTorch's Conv2d with a bias: parameters name.weight and name.bias.
func (s Scope) Conv(name string, x *graph.Node, c Conv) *graph.Node {
	weight := s.declare(name+".weight", true, c.kernelShape(x)...)
	bias := s.declare(name+".bias", true, c.Out)
	kernel := s.input(weight.Name, c.inputShape(x), func(param func(string) []float32) []float32 {
		return hwio(weight, param(weight.Name))
	})
	shift := s.input(bias.Name, bias.Shape, func(param func(string) []float32) []float32 { return param(bias.Name) })
	return graph.Add(s.convolve(c, x, kernel), alongChannels(shift, 4))
}

// ConvNorm is Conv2d without a bias followed by BatchNorm2d: parameters conv.weight, norm.weight, norm.bias and the
// running statistics norm.running_mean and norm.running_var.
func (s Scope) ConvNorm(conv, norm string, x *graph.Node, c Conv) *graph.Node {
	weight := s.declare(conv+".weight", true, c.kernelShape(x)...)
	if s.net.mode == Training {
		kernel := s.input(weight.Name, c.inputShape(x), func(param func(string) []float32) []float32 {
			return hwio(weight, param(weight.Name))
		})
		return s.BatchNorm(norm, s.convolve(c, x, kernel))
	}
	bn := s.declareNorm(norm, c.Out)
	kernel := s.input(weight.Name, c.inputShape(x), func(param func(string) []float32) []float32 {
		scale, _ := bn.affine(param)
		return hwio(weight, scaleOut(param(weight.Name), scale))
	})
	shift := s.input(bn.bias.Name, bn.bias.Shape, func(param func(string) []float32) []float32 {
		_, shift := bn.affine(param)
		return shift
	})
	return graph.Add(s.convolve(c, x, kernel), alongChannels(shift, 4))
}

// Linear is PyTorch's Linear on x [batch, in]: parameters name.weight and name.bias.
func (s Scope) Linear(name string, x *graph.Node, out int) *graph.Node {
	in := x.Shape().Dim(-1)
	weight := s.declare(name+".weight", true, out, in)
	bias := s.declare(name+".bias", true, out)
	matrix := s.input(weight.Name, []int{in, out}, func(param func(string) []float32) []float32 {
		return weights.OutInToInOut(param(weight.Name), out, in)
	})
	shift := s.input(bias.Name, bias.Shape, func(param func(string) []float32) []float32 { return param(bias.Name) })
	return graph.Add(s.count(graph.MatMul(x, matrix), in), alongChannels(shift, 2))
}

// ReLU is max(x, 0).
func ReLU(x *graph.Node) *graph.Node { return graph.MaxScalar(x, 0) }

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

// GlobalMean is the mean over height and width: [batch, height, width, channels] to [batch, channels].
func GlobalMean(x *graph.Node) *graph.Node { return graph.ReduceMean(x, 1, 2) }

// kernelShape is the kernel's shape in files, [out, in/groups, height, width].
func (c Conv) kernelShape(x *graph.Node) []int {
	return []int{c.Out, x.Shape().Dim(-1) / max(c.Groups, 1), c.Kernel, c.Kernel}
}

// inputShape is the kernel's shape in graphs, [height, width, in/groups, out].
func (c Conv) inputShape(x *graph.Node) []int {
	return []int{c.Kernel, c.Kernel, x.Shape().Dim(-1) / max(c.Groups, 1), c.Out}
}

func (s Scope) convolve(c Conv, x, kernel *graph.Node) *graph.Node {
	b := graph.Convolve(x, kernel).Strides(max(c.Stride, 1)).PaddingPerDim([][2]int{{c.Pad, c.Pad}, {c.Pad, c.Pad}})
	if c.Groups > 1 {
		b = b.ChannelGroupCount(c.Groups)
	}
	return s.count(b.Done(), c.Kernel*c.Kernel*kernel.Shape().Dim(2))
}

func hwio(p Param, values []float32) []float32 {
	return weights.OIHWToHWIO(values, p.Shape[0], p.Shape[1], p.Shape[2], p.Shape[3])
}

// alongChannels reshapes a vector so that it broadcasts along the last of rank axes.
func alongChannels(v *graph.Node, rank int) *graph.Node { return graph.ExpandLeftToRank(v, rank) }
