package style

import (
	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
)

// The first and the last layers of a transformer have pictures at full size and very few channels. An engine computes 16
// channels of a pixel at once, so that with 3 channels out four fifths of its work are lost, and upsampled pictures are
// written and read only to be read again. The layers here compute the same sums in another order.

// convolution is a way to apply a kernel [height, width, in, out] to pictures.
type convolution func(x, kernel *graph.Node) *graph.Node

// reflectConv is the plain one, with the picture mirrored at its edges.
func reflectConv(x, kernel *graph.Node) *graph.Node {
	return graph.Convolve(reflect(x, kernel.Shape().Dim(0)/2), kernel).NoPadding().Done()
}

// lastConv is reflectConv to 3 channels, with lastBlock pixels of a row as channels of one; see rowConv.
func lastConv(x, kernel *graph.Node) *graph.Node {
	return rowConv(reflect(x, kernel.Shape().Dim(0)/2), kernel, lastBlock)
}

// lastBlock pixels with 3 channels nearly fill a vector, and divide every width: see ghiasiStep.
const lastBlock = 4

// rowConv is a convolution without padding whose result has block neighbouring pixels of a row as channels of one,
// [batch, height, width/block, block·out], pixel by pixel: the same numbers in the same order as [batch, height, width, out].
// The kernel is as wide as all that these pixels see, and moves by block columns; each pixel's part of it is the kernel
// given, shifted, with zeros around it. The width of the result must be a multiple of block.
func rowConv(x, kernel *graph.Node, block int) *graph.Node {
	zero := graph.ScalarZero(kernel.Graph(), kernel.DType())
	var pixels []*graph.Node
	for i := range block {
		pixels = append(pixels, graph.Pad(kernel, zero, compute.PadAxis{}, compute.PadAxis{Start: i, End: block - 1 - i}))
	}
	return graph.Convolve(x, graph.Concatenate(pixels, -1)).StridePerAxis(1, block).NoPadding().Done()
}

// ofRows are the pictures that rowConv has made.
func ofRows(x *graph.Node, block int) *graph.Node {
	d := x.Shape().Dimensions
	return graph.Reshape(x, d[0], d[1], d[2]*block, d[3]/block)
}

// upConv is upsample, reflect by 1 and a convolution of 3 x 3, with the four pixels that come of each as its channels,
// [batch, height, width, 4·out]: upper left, upper right, lower left, lower right.
//
// Of three neighbours in an upsampled row two are the same pixel, so that their weights can be added: the left one of two
// pixels sees the pixel before with the first weight and itself with the sum of the others, the right one itself with the
// sum of the first two and the pixel after with the third. At the edge reflection leads to the same pixel again.
func upConv(x, kernel *graph.Node) *graph.Node {
	sums := graph.Const(x.Graph(), [][][]float32{ // which of two pixels, pixel seen, weight
		{{1, 0, 0}, {0, 1, 1}, {0, 0, 0}},
		{{0, 0, 0}, {1, 1, 0}, {0, 0, 1}},
	})
	rows := graph.Einsum("ayu,uvio->yavio", sums, kernel)
	both := graph.Einsum("bxv,yavio->yxiabo", sums, rows)
	in, out := kernel.Shape().Dim(2), kernel.Shape().Dim(3)
	x = repeatEdge(repeatEdge(x, 1), 2)
	return graph.Convolve(x, graph.Reshape(both, 3, 3, in, 4*out)).NoPadding().Done()
}

// repeatEdge pads an axis by its first and its last row.
func repeatEdge(x *graph.Node, axis int) *graph.Node {
	n := x.Shape().Dim(axis)
	return graph.Concatenate([]*graph.Node{
		graph.SliceAxis(x, axis, graph.AxisRange(0, 1)), x, graph.SliceAxis(x, axis, graph.AxisRange(n-1, n)),
	}, axis)
}

// fourfold puts the pixels that upConv has made into their places, [batch, 2·height, 2·width, channels/4].
func fourfold(x *graph.Node) *graph.Node {
	d := x.Shape().Dimensions
	n, h, w, c := d[0], d[1], d[2], d[3]/4
	x = graph.Reshape(x, n, h, w, 2, 2*c)
	return graph.Reshape(graph.TransposeAllAxes(x, 0, 1, 3, 2, 4), n, 2*h, 2*w, c)
}
