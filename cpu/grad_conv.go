package cpu

import (
	"slices"

	"github.com/gestalt-vision/gestalt/cpu/kernel"
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
)

// GoMLX writes the gradients of a convolution down as convolutions: that of the
// input with dilated input and a filter that was reversed and had its channels
// exchanged, that of the filter with pictures and channels exchanged, the
// gradient of the output being the filter. Both are recognised here by their
// form, and computed from the tensors before they were turned.

// gradientAttr is the convolution, that of the forward pass, which is differentiated.
// With an addend, an opInputGradient has a third input, which is added: where a
// network branches, gradients add up.
type gradientAttr struct {
	conv   kernel.Conv
	addend bool
}

// gradient gives the fast form of a convolution that is the gradient of one, or nil.
func (f *fuser) gradient(n *node, in []*node) *node {
	attr := n.attr.(convAttr)
	if n.dtype() != dtypes.Float32 || len(n.dims()) != 4 || attr.groups != 1 || attr.batchGroups != 1 ||
		n.size() == 0 || in[0].size() == 0 || in[1].size() == 0 {
		return nil
	}
	// With one picture and one channel the two look alike but for the filter.
	if x := in[0].dims(); x[0] == 1 && x[3] == 1 && root(in[1]).op == compute.OpTypeReverse {
		if g := f.inputGradient(n, attr, in); g != nil {
			return g
		}
	}
	if g := f.filterGradient(n, attr, in); g != nil {
		return g
	}
	return f.inputGradient(n, attr, in)
}

// filterGradient recognises x [c, h, w, n] and the output's gradient [oh, ow, n, k],
// both turned, with result [c, kh, kw, k].
func (f *fuser) filterGradient(n *node, attr convAttr, in []*node) *node {
	if !slices.Equal(attr.inDilation, []int{1, 1}) {
		return nil
	}
	x, dy := f.transposed(in[0], 3, 1, 2, 0), f.transposed(in[1], 2, 0, 1, 3)
	if x.op == compute.OpTypeTranspose || dy.op == compute.OpTypeTranspose {
		return nil
	}
	out := n.dims()
	c := kernel.Conv{N: x.dims()[0], H: x.dims()[1], W: x.dims()[2], C: x.dims()[3], KH: out[1], KW: out[2], K: out[3],
		StrideH: attr.dilation[0], StrideW: attr.dilation[1], DilationH: attr.stride[0], DilationW: attr.stride[1], Groups: 1,
		PadTop: attr.pad[0][0], PadLeft: attr.pad[1][0]}
	closePadding(&c, dy.dims()[1], dy.dims()[2])
	dw := f.node(opFilterGradient, shapes.Make(n.dtype(), c.KH, c.KW, c.C, c.K), gradientAttr{conv: c}, x, dy)
	return f.transposed(dw, 2, 0, 1, 3)
}

// inputGradient recognises a filter that was reversed and had its channels
// exchanged. Any other filter is turned for the purpose if the input is dilated:
// that is a transposed convolution.
func (f *fuser) inputGradient(n *node, attr convAttr, in []*node) *node {
	if !slices.Equal(attr.stride, []int{1, 1}) {
		return nil
	}
	dilated := attr.inDilation[0] > 1 || attr.inDilation[1] > 1
	window := in[1].dims()[:2]
	w := f.transposed(in[1], 0, 1, 3, 2)
	var flipped []int
	for axis, size := range window {
		if size > 1 {
			flipped = append(flipped, axis)
		}
	}
	switch {
	case len(flipped) == 0:
		if w.op == compute.OpTypeTranspose || in[1].op != compute.OpTypeTranspose && !dilated {
			return nil
		}
	case w.op == compute.OpTypeReverse && slices.Equal(w.attr.(axesAttr).axes, flipped):
		w = w.in[0]
	case dilated:
		w = f.node(compute.OpTypeReverse, w.shape, axesAttr{flipped}, w)
	default:
		return nil
	}
	dy, dx := in[0].dims(), n.dims()
	c := kernel.Conv{N: dx[0], H: dx[1], W: dx[2], C: dx[3], KH: window[0], KW: window[1], K: dy[3],
		StrideH: attr.inDilation[0], StrideW: attr.inDilation[1], DilationH: attr.dilation[0], DilationW: attr.dilation[1], Groups: 1,
		PadTop: (window[0]-1)*attr.dilation[0] - attr.pad[0][0], PadLeft: (window[1]-1)*attr.dilation[1] - attr.pad[1][0]}
	closePadding(&c, dy[1], dy[2])
	packed := f.node(opPackInputFilter, w.shape, gradientAttr{conv: c}, w)
	return f.node(opInputGradient, n.shape, gradientAttr{conv: c}, in[0], packed)
}

// accumulated lets the gradient of a convolution's input add what comes from
// another branch, or gives nil.
func (f *fuser) accumulated(n *node, in []*node) *node {
	if n.op != compute.OpTypeAdd {
		return nil
	}
	for i, dx := range in {
		other := in[1-i]
		if dx.op != opInputGradient || f.uses[n.in[i]] != 1 || !slices.Equal(dx.dims(), other.dims()) || other.op == compute.OpTypeBroadcastInDim {
			continue
		}
		attr := dx.attr.(gradientAttr)
		if attr.addend || !attr.conv.AddsInputGradient() {
			continue
		}
		attr.addend = true
		return f.node(opInputGradient, n.shape, attr, append(slices.Clone(dx.in), other)...)
	}
	return nil
}

// closePadding sets the padding at the end so that the output has the given size.
func closePadding(c *kernel.Conv, outH, outW int) {
	c.PadBottom = (outH-1)*c.StrideH + (c.KH-1)*c.DilationH + 1 - c.H - c.PadTop
	c.PadRight = (outW-1)*c.StrideW + (c.KW-1)*c.DilationW + 1 - c.W - c.PadLeft
}

func lowerFilterGradient(n *node) runner {
	c := n.attr.(gradientAttr).conv
	return func(w *workers, out *operand, in []operand) {
		c.FilterGradient(w.Do, as[float32](in[0].data), in[0].rowPitch(c.C), as[float32](in[1].data), in[1].rowPitch(c.K), as[float32](out.data))
	}
}

func lowerInputGradient(n *node) runner {
	attr := n.attr.(gradientAttr)
	c := attr.conv
	return func(w *workers, out *operand, in []operand) {
		var add []float32
		if attr.addend {
			add = as[float32](in[2].data)
		}
		c.AddInputGradient(w.Do, as[float32](in[0].data), in[0].rowPitch(c.K), in[1].object.(*kernel.InputFilter), add, as[float32](out.data), c.C)
	}
}

func lowerPackInputFilter(n *node) runner {
	c := n.attr.(gradientAttr).conv
	return func(w *workers, out *operand, in []operand) {
		old, _ := out.object.(*kernel.InputFilter) // of weights that have changed
		out.object = kernel.RepackInputFilter(w.Do, old, c, as[float32](in[0].data))
	}
}
