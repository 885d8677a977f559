package style

import (
	"fmt"

	"github.com/gomlx/gomlx/core/graph"
)

// normEpsilon is added to variances, as PyTorch's and TensorFlow's instance normalisations do.
const normEpsilon = 1e-5

// reflect pads height and width by mirroring the picture at the centre of its outermost pixels, which are not repeated:
// PyTorch's ReflectionPad2d. The picture must be larger than the padding.
func reflect(x *graph.Node, pad int) *graph.Node { return reflectBy(x, pad, pad, pad, pad) }

func reflectBy(x *graph.Node, top, bottom, left, right int) *graph.Node {
	if h, w := x.Shape().Dim(1), x.Shape().Dim(2); max(top, bottom) >= h || max(left, right) >= w {
		panic(fmt.Errorf("a picture of %d x %d pixels is too small to be mirrored by %d", w, h, max(top, bottom, left, right)))
	}
	return reflectAxis(reflectAxis(x, 1, top, bottom), 2, left, right)
}

// reflectAxis takes the rows (or columns) one by one: GoMLX has no gradient of a reversal.
func reflectAxis(x *graph.Node, axis, before, after int) *graph.Node {
	if before+after == 0 {
		return x
	}
	n := x.Shape().Dim(axis)
	var parts []*graph.Node
	row := func(i int) { parts = append(parts, graph.SliceAxis(x, axis, graph.AxisRange(i, i+1))) }
	for i := before; i > 0; i-- {
		row(i)
	}
	parts = append(parts, x)
	for i := range after {
		row(n - 2 - i)
	}
	return graph.Concatenate(parts, axis)
}

// wholeSteps mirrors pictures at their right and lower edge to the next height and width that step divides.
func wholeSteps(x *graph.Node, step int) *graph.Node {
	more := func(axis int) int { return (step - x.Shape().Dim(axis)%step) % step }
	if more(1)+more(2) == 0 {
		return x
	}
	return reflectBy(x, 0, more(1), 0, more(2))
}

// cutTo cuts off what wholeSteps added to a picture.
func cutTo(x, picture *graph.Node) *graph.Node {
	h, w := picture.Shape().Dim(1), picture.Shape().Dim(2)
	if x.Shape().Dim(1) > h || x.Shape().Dim(2) > w {
		return graph.Slice(x, graph.AxisRange(), graph.AxisRange(0, h), graph.AxisRange(0, w), graph.AxisRange())
	}
	return x
}

// upsample makes each pixel a square of 2 x 2: nearest-neighbour interpolation.
func upsample(x *graph.Node) *graph.Node {
	d := x.Shape().Dimensions
	n, h, w, c := d[0], d[1], d[2], d[3]
	x = graph.Reshape(x, n, h, 1, w, 1, c)
	x = graph.BroadcastToDims(x, n, h, 2, w, 2, c)
	return graph.Reshape(x, n, 2*h, 2*w, c)
}

// moments are the mean and the variance (the biased one) of each channel over each picture: [batch, 1, 1, channels].
func moments(x *graph.Node) (mean, variance *graph.Node) {
	mean = graph.ReduceAndKeep(x, graph.ReduceMean, 1, 2)
	variance = graph.ReduceAndKeep(graph.Square(graph.Sub(x, mean)), graph.ReduceMean, 1, 2)
	return mean, variance
}

// normalize gives each channel of each picture the mean 0 and the variance 1: PyTorch's InstanceNorm2d.
func normalize(x *graph.Node) *graph.Node {
	mean, variance := moments(x)
	return graph.Mul(graph.Sub(x, mean), graph.Rsqrt(graph.AddScalar(variance, normEpsilon)))
}

// renormalize gives each channel of each picture a new mean and standard deviation, [batch, channels] each:
//
//	(x - mean) / sqrt(variance + ε) · deviation + newMean
//
// as one multiplication and one addition per number. Where x has several pixels as channels of one, as [rowConv] and
// [upConv] make them, those of one channel count together.
func renormalize(x, newMean, deviation *graph.Node) *graph.Node {
	n, channels := newMean.Shape().Dim(0), newMean.Shape().Dim(1)
	pixels := x.Shape().Dim(3) / channels
	mean := func(x *graph.Node) *graph.Node { // of each channel, [batch, 1, 1, pixels · channels]
		m := graph.ReduceMean(x, 1, 2)
		if pixels > 1 {
			m = graph.ReduceAndKeep(graph.Reshape(m, n, pixels, channels), graph.ReduceMean, 1)
			m = graph.Reshape(graph.BroadcastToDims(m, n, pixels, channels), n, pixels*channels)
		}
		return overPictures(m)
	}
	each := func(v *graph.Node) *graph.Node {
		if pixels > 1 {
			v = graph.Reshape(graph.BroadcastToDims(graph.Reshape(v, n, 1, channels), n, pixels, channels), n, pixels*channels)
		}
		return overPictures(v)
	}
	m := mean(x)
	variance := mean(graph.Square(graph.Sub(x, m)))
	scale := graph.Mul(graph.Rsqrt(graph.AddScalar(variance, normEpsilon)), each(deviation))
	shift := graph.Sub(each(newMean), graph.Mul(m, scale))
	return graph.Add(graph.Mul(x, scale), shift)
}

// overPictures reshapes [batch, channels] so that it broadcasts over height and width.
func overPictures(v *graph.Node) *graph.Node {
	return graph.Reshape(v, v.Shape().Dim(0), 1, 1, v.Shape().Dim(1))
}
