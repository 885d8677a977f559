package style

import (
	"fmt"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/gestalt-vision/gestalt/nets"
)

// magentaPredictor is MobileNet v2 as TensorFlow pads it, the mean over the picture, and a linear layer. (The paper's is
// Inception v3; this smaller one is what Magenta distilled it into.) Pictures are 0..1 with no other normalisation.
func magentaPredictor(s nets.Scope, in []*graph.Node) []*graph.Node {
	mobileNet, err := nets.Lookup("mobilenet_v2_tf")
	if err != nil {
		panic(err)
	}
	x := s.Trunk(mobileNet, in[0], "features.18")
	return []*graph.Node{s.Linear("bottleneck", nets.GlobalMean(x), ghiasiNumbers)}
}

// magentaTransformer is the paper's network with a quarter of its channels, as Magenta publishes it: three convolutions
// down, five residual blocks, three convolutions up. The normalisation after each but the first three takes its mean and
// deviation from the style vector.
func magentaTransformer(s nets.Scope, in []*graph.Node) []*graph.Node {
	x, z := wholeSteps(in[0], ghiasiStep), in[1]
	c := s.In("contract")
	x = firstConv(c, "conv1", x)
	x = nets.ReLU(c.Conv("conv2", reflect(x, 1), nets.Conv{Out: 16, Kernel: 3, Stride: 2}))
	x = nets.ReLU(c.Conv("conv3", reflect(x, 1), nets.Conv{Out: 32, Kernel: 3, Stride: 2}))
	for i := range 5 {
		r := s.In("residual").In(fmt.Sprintf("block%d", i+1))
		y := nets.ReLU(styled(reflectConv, r.In("conv1"), x, z, 32, 3))
		x = graph.Add(x, styled(reflectConv, r.In("conv2"), y, z, 32, 3))
	}
	e := s.In("expand")
	x = fourfold(nets.ReLU(styled(upConv, e.In("conv1"), x, z, 16, 3)))
	x = fourfold(nets.ReLU(styled(upConv, e.In("conv2"), x, z, 8, 3)))
	x = graph.Sigmoid(styled(lastConv, e.In("conv3"), x, z, 3, 9))
	x = ofRows(x, lastBlock)
	return []*graph.Node{cutTo(x, in[0])}
}

// firstBlock pixels with 8 channels fill a vector.
const firstBlock = 2

// firstConv is the convolution from 3 to 8 channels, 9 x 9, with bias and ReLU.
func firstConv(s nets.Scope, name string, x *graph.Node) *graph.Node {
	kernel, bias := s.Kernel(name, x, nets.Conv{Out: 8, Kernel: 9}), s.Bias(name, 8)
	bias = graph.Concatenate([]*graph.Node{bias, bias}, 0)
	x = rowConv(reflect(x, 4), kernel, firstBlock)
	return ofRows(nets.ReLU(graph.Add(x, graph.ExpandLeftToRank(bias, 4))), firstBlock)
}

// styled is a convolution without bias, and the normalisation whose parameters are linear functions of the style vector.
func styled(convolve convolution, s nets.Scope, x, z *graph.Node, out, kernel int) *graph.Node {
	x = convolve(x, s.Kernel("conv", x, nets.Conv{Out: out, Kernel: kernel}))
	n := s.In("norm")
	deviation := n.Linear("gamma", z, out)
	return renormalize(x, n.Linear("beta", z, out), deviation)
}
