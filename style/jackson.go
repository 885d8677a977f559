package style

import (
	"fmt"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/gestalt-vision/gestalt/nets"
)

// The networks of philipjackson/style-augmentation (Jackson et al. 2018, arXiv 1809.05375), with that project's parameter
// names: the transformer of Ghiasi et al. with all its channels, and a predictor on Inception v3.

// jacksonTransformer has four times the channels of [magentaTransformer], and normalises the first three convolutions by
// each picture's own statistics. The biases of its convolutions, which files hold too, are not read: the normalisation that
// follows each of them takes them away again.
func jacksonTransformer(s nets.Scope, in []*graph.Node) []*graph.Node {
	x, z := wholeSteps(in[0], ghiasiStep), in[1]
	layer := func(i int) nets.Scope { return s.In("layers").In(fmt.Sprint(i)) }
	for i, c := range []nets.Conv{{Out: 32, Kernel: 9}, {Out: 64, Kernel: 3, Stride: 2}, {Out: 128, Kernel: 3, Stride: 2}} {
		x = nets.ReLU(normalize(layer(i).ConvOnly("conv", reflect(x, c.Kernel/2), c)))
	}
	for i := 3; i < 8; i++ {
		y := nets.ReLU(jacksonStyled(reflectConv, layer(i), "1", x, z, 128, 3))
		x = graph.Add(x, jacksonStyled(reflectConv, layer(i), "2", y, z, 128, 3))
	}
	x = fourfold(nets.ReLU(jacksonStyled(upConv, layer(8), "", x, z, 64, 3)))
	x = fourfold(nets.ReLU(jacksonStyled(upConv, layer(9), "", x, z, 32, 3)))
	x = ofRows(graph.Sigmoid(jacksonStyled(lastConv, layer(10), "", x, z, 3, 9)), lastBlock)
	return []*graph.Node{cutTo(x, in[0])}
}

// jacksonStyled is styled with these names; number is that of the convolution in its block.
func jacksonStyled(convolve convolution, s nets.Scope, number string, x, z *graph.Node, out, kernel int) *graph.Node {
	x = convolve(x, s.Kernel("conv"+number, x, nets.Conv{Out: out, Kernel: kernel}))
	deviation := s.Linear("fc_gamma"+number, z, out)
	return renormalize(x, s.Linear("fc_beta"+number, z, out), deviation)
}

// jacksonPredictor is Inception v3 up to Mixed_6e, the mean over the picture, and a linear layer. For compat see
// [OpenGhiasiCompat].
func jacksonPredictor(compat bool) nets.Code {
	return func(s nets.Scope, in []*graph.Node) []*graph.Node {
		inception, err := nets.Lookup("inception_v3")
		if err != nil {
			panic(err)
		}
		mean, std := inception.Preprocess.Mean, inception.Preprocess.Std
		if compat {
			std[2] = 0.255
			s = s.BatchStatistics()
		}
		x := graph.Sub(in[0], graph.Const(in[0].Graph(), [][][][]float32{{{mean[:]}}}))
		x = graph.Div(x, graph.Const(in[0].Graph(), [][][][]float32{{{std[:]}}}))
		return []*graph.Node{s.Linear("fc", nets.GlobalMean(s.Trunk(inception, x, "Mixed_6e")), ghiasiNumbers)}
	}
}
