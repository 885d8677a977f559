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
	x = nets.ReLU(c.Conv("conv1", reflect(x, 4), nets.Conv{Out: 8, Kernel: 9}))
	x = nets.ReLU(c.Conv("conv2", reflect(x, 1), nets.Conv{Out: 16, Kernel: 3, Stride: 2}))
	x = nets.ReLU(c.Conv("conv3", reflect(x, 1), nets.Conv{Out: 32, Kernel: 3, Stride: 2}))
	for i := range 5 {
		r := s.In("residual").In(fmt.Sprintf("block%d", i+1))
		y := nets.ReLU(styled(r.In("conv1"), x, z, 32, 3))
		x = graph.Add(x, styled(r.In("conv2"), y, z, 32, 3))
	}
	e := s.In("expand")
	x = nets.ReLU(styled(e.In("conv1"), upsample(x), z, 16, 3))
	x = nets.ReLU(styled(e.In("conv2"), upsample(x), z, 8, 3))
	x = graph.Sigmoid(styled(e.In("conv3"), x, z, 3, 9))
	return []*graph.Node{cutTo(x, in[0])}
}

// styled is a convolution without bias, and the normalisation whose parameters are linear functions of the style vector.
func styled(s nets.Scope, x, z *graph.Node, out, kernel int) *graph.Node {
	x = s.ConvOnly("conv", reflect(x, kernel/2), nets.Conv{Out: out, Kernel: kernel})
	n := s.In("norm")
	deviation := n.Linear("gamma", z, out)
	return renormalize(x, n.Linear("beta", z, out), deviation)
}
