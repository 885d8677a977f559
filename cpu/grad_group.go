package cpu

import (
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/shapes"
)

// GoMLX writes the gradients of a convolution with groups of channels down as those
// of as many convolutions, one for each slice of the channels, and puts their
// results side by side again: for a depthwise convolution of 960 channels, 960 of
// each. Here they become one gradient of a convolution with groups.

// grouped gives the fast form of a concatenation of gradients, or nil.
func (f *fuser) grouped(n *node, in []*node) *node {
	last := len(n.dims()) - 1
	if n.op != compute.OpTypeConcatenate || last != 3 || n.attr.(axisAttr).axis != last || len(in) < 2 {
		return nil
	}
	first := in[0]
	for _, g := range in {
		if g.op != first.op || len(g.in) != 2 || !slices.Equal(g.dims(), first.dims()) {
			return nil
		}
	}
	switch first.op {
	case opInputGradient:
		attr := first.attr.(gradientAttr)
		packed := operandsOf(in, 1)
		dy, w := sliced(operandsOf(in, 0)), sliced(operandsOf(packed, 0))
		if dy == nil || w == nil || attr.conv.Groups != 1 || !alike(in) {
			return nil
		}
		attr.conv.Groups = len(in)
		attr.conv.C, attr.conv.K = n.dims()[last], dy.dims()[last]
		return f.node(opInputGradient, n.shape, attr, dy, f.node(opPackInputFilter, w.shape, attr, w))
	case opFilterGradient:
		attr := first.attr.(gradientAttr)
		x, dy := sliced(operandsOf(in, 0)), sliced(operandsOf(in, 1))
		if x == nil || dy == nil || attr.conv.Groups != 1 || !alike(in) {
			return nil
		}
		attr.conv.Groups = len(in)
		attr.conv.C, attr.conv.K = x.dims()[last], dy.dims()[last]
		return f.node(opFilterGradient, shapes.Make(n.dtype(), n.dims()...), attr, x, dy)
	}
	return nil
}

// alike reports whether all gradients are those of the same convolution.
func alike(gradients []*node) bool {
	for _, g := range gradients {
		if g.attr != gradients[0].attr {
			return false
		}
	}
	return true
}

// operandsOf lists operand i of each node.
func operandsOf(nodes []*node, i int) []*node {
	all := make([]*node, len(nodes))
	for k, n := range nodes {
		all[k] = n.in[i]
	}
	return all
}

// sliced gives the tensor that the parts are, cut along the last axis into pieces of
// equal size in their order; nil if they are not.
func sliced(parts []*node) *node {
	var whole *node
	at := 0
	for _, part := range parts {
		if part.op != compute.OpTypeSlice || whole != nil && part.in[0] != whole || !slices.Equal(part.dims(), parts[0].dims()) {
			return nil
		}
		whole = part.in[0]
		attr, last := part.attr.(sliceAttr), len(part.dims())-1
		for axis, dim := range part.dims() {
			if attr.strides[axis] != 1 || axis < last && dim != whole.dims()[axis] || axis == last && attr.starts[axis] != at {
				return nil
			}
		}
		at += part.dims()[last]
	}
	if at != whole.dims()[len(whole.dims())-1] {
		return nil
	}
	return whole
}
