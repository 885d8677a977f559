package style

import (
	"fmt"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/gestalt-vision/gestalt/nets"
)

// vggNormalised is the encoder of Huang and Belongie: VGG-19 to relu4_1 with mirrored borders, its weights scaled so that
// every channel's mean activation on photographs is 1; before it a 1x1 convolution that takes red, green and blue on the
// scale 0..1 to what the VGG of the time was trained on. The parameters are called by the modules' numbers in the
// Sequential of naoto0804/pytorch-AdaIN. It gives relu1_1, relu2_1, relu3_1 and relu4_1.
func vggNormalised(s nets.Scope, x *graph.Node) []*graph.Node {
	x = s.Conv("0", x, nets.Conv{Out: 3, Kernel: 1})
	module := 1
	var features []*graph.Node
	for i, depth := range vggDepths {
		if i > 0 {
			x = nets.MaxPool(x, 2, 2, 0, true)
			module++
		}
		for j := range depth {
			x = mirroredConv(s, &module, x, 64<<i, true)
			if j == 0 {
				features = append(features, x)
			}
		}
	}
	return features
}

// vggDepths are the convolutions of VGG-19 in each stage as far as relu4_1.
var vggDepths = []int{2, 2, 4, 1}

// mirroredConv is three modules of a Sequential: ReflectionPad2d, a 3x3 convolution, ReLU (unless it is the last). module
// is the number of the first, and of the next when it returns.
func mirroredConv(s nets.Scope, module *int, x *graph.Node, out int, relu bool) *graph.Node {
	x = s.Conv(fmt.Sprint(*module+1), reflect(x, 1), nets.Conv{Out: out, Kernel: 3})
	*module += 3
	if relu {
		x = nets.ReLU(x)
	}
	return x
}

// level is a depth of an encoder, as the decoder mirrors it.
type level struct {
	channels int
	stride   int // pixels of the picture for one of the feature, a power of 2
	depth    int // convolutions of the decoder here
}

// decode is the decoder of Huang and Belongie for an encoder with these levels, from shallow to deep: convolutions with
// mirrored borders, each level's last one giving the channels of the level above it, and nearest-neighbour upsampling
// between. With the levels of vggNormalised the parameters are those of naoto0804/pytorch-AdaIN's decoder.
func decode(s nets.Scope, x *graph.Node, levels []level) *graph.Node {
	if levels[0].stride > 1 { // nothing of the encoder has the picture's own size
		levels = append([]level{{levels[0].channels, 1, 2}}, levels...)
	}
	module := 0
	for i := len(levels) - 1; i >= 0; i-- {
		l := levels[i]
		next, relu := 3, false
		if i > 0 {
			next, relu = levels[i-1].channels, true
		}
		for j := range l.depth {
			if j < l.depth-1 {
				x = mirroredConv(s, &module, x, l.channels, true)
			} else {
				x = mirroredConv(s, &module, x, next, relu)
			}
		}
		if i > 0 {
			for up := l.stride; up > levels[i-1].stride; up /= 2 {
				x = upsample(x)
				module++
			}
		}
	}
	return x
}

// spread are the mean and the standard deviation of each channel over each picture, [batch, 1, 1, channels], as the
// reference computes them: from the unbiased variance with ε added.
func spread(x *graph.Node) (mean, deviation *graph.Node) {
	mean, variance := moments(x)
	return mean, graph.Sqrt(graph.AddScalar(graph.MulScalar(variance, unbiased(x)), normEpsilon))
}

// unbiased turns the mean of squares over a feature's pixels into their sum over one less.
func unbiased(x *graph.Node) float64 {
	n := x.Shape().Dim(1) * x.Shape().Dim(2)
	if n < 2 {
		panic(fmt.Errorf("a picture of which the encoder leaves one pixel is too small"))
	}
	return float64(n) / float64(n-1)
}

// adapt is adaptive instance normalisation mixed with the feature itself,
//
//	alpha · ((x - mean) / deviation · newDeviation + newMean) + (1 - alpha) · x
//
// as one multiplication and one addition per number. The style is [batch, 2 channels]: means, then deviations.
func adapt(x, style *graph.Node, alpha float64) *graph.Node {
	channels := x.Shape().Dim(3)
	newMean := overPictures(graph.SliceAxis(style, 1, graph.AxisRange(0, channels)))
	newDeviation := overPictures(graph.SliceAxis(style, 1, graph.AxisRange(channels, 2*channels)))
	mean, deviation := spread(x)
	scale := graph.Div(newDeviation, deviation)
	shift := graph.Sub(newMean, graph.Mul(mean, scale))
	if alpha < 1 {
		scale = graph.AddScalar(graph.MulScalar(scale, alpha), 1-alpha)
		shift = graph.MulScalar(shift, alpha)
	}
	return graph.Add(graph.Mul(x, scale), shift)
}

// statistics are a feature's means and deviations as a style has them, [batch, 2 channels].
func statistics(x *graph.Node) *graph.Node {
	mean, deviation := spread(x)
	n, c := x.Shape().Dim(0), x.Shape().Dim(3)
	return graph.Concatenate([]*graph.Node{graph.Reshape(mean, n, c), graph.Reshape(deviation, n, c)}, 1)
}
