package kernel

import "fmt"

// Border is what lies around the input of a convolution, where it is padded.
type Border int

const (
	Zeros  Border = iota // zeros
	Mirror               // the input mirrored at the centre of its outermost pixels: 2 1 | 0 1 2 3 | 2 1
	Repeat               // the outermost pixels: 0 0 | 0 1 2 3 | 3 3
)

// source is the place of the pixel that stands at place i of a row or column of n, which
// i may lie outside of; -1 stands for a zero.
func (b Border) source(i, n int) int {
	switch {
	case i >= 0 && i < n:
		return i
	case b == Mirror && i < 0:
		i = -i
	case b == Mirror:
		i = 2*n - 2 - i
	case b == Repeat:
		i = min(max(i, 0), n-1)
	}
	if i < 0 || i >= n {
		return -1
	}
	return i
}

// bordered reports whether padding is anything but zeros.
func (c *Conv) bordered() bool {
	return c.Border != Zeros && (c.PadTop != 0 || c.PadBottom != 0 || c.PadLeft != 0 || c.PadRight != 0)
}

// checkBorder panics if the input is too small for its border.
func (c *Conv) checkBorder() {
	down, across := max(c.PadTop, c.PadBottom), max(c.PadLeft, c.PadRight)
	fits := map[Border]bool{Mirror: c.H > down && c.W > across, Repeat: c.H > 0 && c.W > 0}
	if c.bordered() && (!fits[c.Border] || c.depthwise()) {
		panic(fmt.Sprintf("kernel: impossible border of convolution %+v", *c))
	}
}

// copyRow copies the pixels of an input row from place x on to dst, densely, so many
// channels of each, with the border.
func (c *Conv) copyRow(dst []float32, channels int, row []float32, pitch, x int) {
	pixels := len(dst) / channels
	left := min(pixels, max(0, -x))
	inside := max(0, min(pixels-left, c.W-max(0, x)))
	if inside > 0 {
		copyPixels(dst[left*channels:], channels, row[max(0, x)*pitch:], pitch, inside, channels)
	}
	if c.Border == Zeros {
		clear(dst[:left*channels])
		clear(dst[(left+inside)*channels:])
		return
	}
	border := func(i int) {
		to := dst[i*channels:][:channels]
		if from := c.Border.source(x+i, c.W); from < 0 {
			clear(to)
		} else {
			copy(to, row[from*pitch:])
		}
	}
	for i := range left {
		border(i)
	}
	for i := left + inside; i < pixels; i++ {
		border(i)
	}
}

// copyPixels copies pixels of so many channels.
func copyPixels(dst []float32, dstPitch int, src []float32, srcPitch, pixels, channels int) {
	if dstPitch == channels && srcPitch == channels {
		copy(dst[:pixels*channels], src[:pixels*channels])
		return
	}
	for i := range pixels {
		copy(dst[i*dstPitch:][:channels], src[i*srcPitch:][:channels])
	}
}
