package cpu

import (
	"github.com/gestalt-vision/gestalt/cpu/kernel"
	"github.com/gomlx/compute"
)

// Pictures are padded by mirroring or by repeating their outermost pixels with a
// concatenation: rows (or columns) of the picture, the picture, rows of the picture. A
// convolution of such a picture makes the border while it reads the picture.

// withBorder takes the border off x, the input of a convolution without padding of its own,
// and gives it to the convolution; both stay as they are if there is none.
func withBorder(c kernel.Conv, x *node) (kernel.Conv, *node) {
	if c.Groups > 1 || c.KH*c.KW == 1 || c.PadTop != 0 || c.PadBottom != 0 || c.PadLeft != 0 || c.PadRight != 0 {
		return c, x
	}
	for range 2 { // one axis after the other
		inner, axis, before, after, border := borderOf(x)
		if border == kernel.Zeros || c.Border != kernel.Zeros && c.Border != border {
			break
		}
		switch {
		case axis == 1 && c.PadTop == 0 && c.PadBottom == 0:
			c.PadTop, c.PadBottom = before, after
		case axis == 2 && c.PadLeft == 0 && c.PadRight == 0:
			c.PadLeft, c.PadRight = before, after
		default:
			return c, x
		}
		c.Border, x = border, inner
		c.H, c.W = x.dims()[1], x.dims()[2]
	}
	return c, x
}

// borderOf recognises x as a picture with a border along one axis, so many rows before and
// after; kernel.Zeros says that it is none.
func borderOf(x *node) (picture *node, axis, before, after int, border kernel.Border) {
	if x.op != compute.OpTypeConcatenate {
		return nil, 0, 0, 0, kernel.Zeros
	}
	axis = x.attr.(axisAttr).axis
	var rows []int // which row of the picture each operand but the picture is
	at := -1
	for i, in := range x.in {
		if in.op == compute.OpTypeSlice && in.dims()[axis] == 1 && (picture == nil || in.in[0] == picture) && rowOf(in, axis) {
			picture = in.in[0]
			rows = append(rows, in.attr.(sliceAttr).starts[axis])
			continue
		}
		if at >= 0 {
			return nil, 0, 0, 0, kernel.Zeros
		}
		at = i
	}
	if picture == nil || at < 0 || x.in[at] != picture {
		return nil, 0, 0, 0, kernel.Zeros
	}
	n := picture.dims()[axis]
	mirror, repeat := true, true
	for i, row := range rows {
		far := at - i // of the picture's first row, or of its last
		first, inward := 0, 1
		if i >= at {
			far, first, inward = i-at+1, n-1, -1
		}
		mirror = mirror && row == first+inward*far
		repeat = repeat && row == first
	}
	switch {
	case mirror:
		border = kernel.Mirror
	case repeat:
		border = kernel.Repeat
	}
	return picture, axis, at, len(rows) - at, border
}

// rowOf reports whether a slice is all of its operand but for one axis.
func rowOf(slice *node, axis int) bool {
	for i, dim := range slice.in[0].dims() {
		if i != axis && slice.dims()[i] != dim {
			return false
		}
	}
	return true
}
