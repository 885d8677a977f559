package style

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"

	"github.com/gestalt-vision/gestalt/nets"
	"github.com/gestalt-vision/gestalt/pixel"
	"github.com/gestalt-vision/gestalt/weights"
)

// Arbitrary style transfer (Ghiasi et al. 2017, arXiv 1705.06830): a predictor turns a style picture into 100 numbers, a
// transformer repaints a picture as these say.
const (
	ghiasiNumbers = 100
	ghiasiSide    = 256 // pixels, of the pictures that the predictor is shown
	ghiasiStep    = 4   // the transformer takes heights and widths divisible by this
)

// GhiasiFiles are the files of weights, safetensors or PyTorch's.
type GhiasiFiles struct {
	Transformer string
	Predictor   string // needed for Encode and for an Alpha below 1; may be ""
	// Embeddings hold the distribution of the style vectors of many paintings: art.mean [100] and art.covariance
	// [100, 100]; needed for Draw; may be "".
	Embeddings string
}

// Ghiasi is the method with Jackson's style randomisation. It implements [Stylizer].
type Ghiasi struct {
	identity    string
	encoder     string
	alpha       float32
	transformer *nets.Program
	predictor   *nets.Program // nil without one
	drawn       *gaussian     // nil without one
}

// OpenGhiasi reads the networks onto an engine. alpha is how much of the style is used (Jackson et al. 2018, arXiv
// 1809.05375, section 3): the picture is repainted with
//
//	z = alpha · style + (1 - alpha) · predictor(picture)
//
// so that 1 is the style alone.
func OpenGhiasi(b compute.Backend, files GhiasiFiles, alpha float32) (*Ghiasi, error) {
	if !(alpha >= 0 && alpha <= 1) {
		return nil, fmt.Errorf("style: alpha is %g, must be in 0..1", alpha)
	}
	if alpha < 1 && files.Predictor == "" {
		return nil, errors.New("style: an alpha below 1 mixes with the picture's own style and needs the predictor's weights")
	}
	g := &Ghiasi{alpha: alpha}
	if err := g.open(b, files); err != nil {
		return nil, errors.Join(err, g.Close())
	}
	return g, nil
}

func (g *Ghiasi) open(b compute.Backend, files GhiasiFiles) (err error) {
	var sums []string
	read := func(path, name string, code nets.Code, example ...[]int) (*nets.Program, error) {
		f, err := weights.Open(path)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		sums = append(sums, f.SHA256())
		return nets.NewProgram(b, name, f, code, example...)
	}
	g.transformer, err = read(files.Transformer, "ghiasi transformer", ghiasiTransformer, []int{1, 64, 64, 3}, []int{1, ghiasiNumbers})
	if err == nil && files.Predictor != "" {
		g.predictor, err = read(files.Predictor, "ghiasi predictor", ghiasiPredictor, []int{1, ghiasiSide, ghiasiSide, 3})
		g.encoder = "ghiasi weights=" + sums[len(sums)-1]
	}
	if err == nil && files.Embeddings != "" {
		g.drawn, err = readGaussian(files.Embeddings, "art")
	}
	g.identity = fmt.Sprintf("ghiasi alpha=%g weights=%s", g.alpha, strings.Join(sums, ","))
	return err
}

// Encode makes a style of a picture: its central square, resized to 256 pixels, through the predictor.
func (g *Ghiasi) Encode(picture *pixel.Image) (Style, error) {
	square := pixel.ResizeShortCrop(picture.RGB(), ghiasiSide, ghiasiSide, ghiasiSide, pixel.Bilinear)
	batch, err := BatchOf(square)
	if err != nil {
		return Style{}, err
	}
	z, err := g.predict(batch)
	return Style{Vector: z}, err
}

// predict gives the style vectors of a batch, whatever its size, [n, 100].
func (g *Ghiasi) predict(pictures Batch) ([]float32, error) {
	if g.predictor == nil {
		return nil, errors.New("style: the style of a picture needs the predictor's weights")
	}
	out, err := g.predictor.Run(pictures.array())
	if err != nil {
		return nil, err
	}
	return out[0].Values, nil
}

// Draw draws a style from the normal distribution of the style vectors of paintings: Jackson's style randomisation.
func (g *Ghiasi) Draw(seed uint64) (Style, error) {
	if g.drawn == nil {
		return Style{}, errors.New("style: drawing a style needs the distribution of style vectors")
	}
	return Style{Name: fmt.Sprintf("random %d", seed), Vector: g.drawn.draw(seed)}, nil
}

// Stylize repaints pictures of any size. One whose height or width is no multiple of 4 is mirrored at its right and lower
// edge to the next, and what comes out is cut back.
func (g *Ghiasi) Stylize(_ context.Context, contents Batch, styles []Style) (Batch, error) {
	if err := contents.check(styles, ghiasiNumbers); err != nil {
		return Batch{}, err
	}
	z := vectors(styles)
	if g.alpha < 1 {
		own, err := g.own(contents)
		if err != nil {
			return Batch{}, err
		}
		for i, v := range own {
			z.Values[i] = g.alpha*z.Values[i] + (1-g.alpha)*v
		}
	}
	out, err := g.transformer.Run(contents.array(), z)
	if err != nil {
		return Batch{}, err
	}
	contents.Pixels = out[0].Values
	return contents, nil
}

// own is the style vectors of the pictures themselves, seen as Encode sees a style.
func (g *Ghiasi) own(contents Batch) ([]float32, error) {
	var all []float32
	for i := range contents.N {
		s, err := g.Encode(contents.Image(i))
		if err != nil {
			return nil, err
		}
		all = append(all, s.Vector...)
	}
	return all, nil
}

// Identity implements [Stylizer].
func (g *Ghiasi) Identity() string { return g.identity }

// EncoderIdentity implements [Encoder].
func (g *Ghiasi) EncoderIdentity() string { return g.encoder }

// Close frees the networks.
func (g *Ghiasi) Close() error {
	var failed error
	for _, p := range []*nets.Program{g.transformer, g.predictor} {
		if p != nil {
			failed = errors.Join(failed, p.Close())
		}
	}
	return failed
}

// ghiasiPredictor is MobileNet v2 as TensorFlow pads it, the mean over the picture, and a linear layer. (The paper's is
// Inception v3; this smaller one is what Magenta distilled it into.) Pictures are 0..1 with no other normalisation.
func ghiasiPredictor(s nets.Scope, in []*graph.Node) []*graph.Node {
	mobileNet, err := nets.Lookup("mobilenet_v2_tf")
	if err != nil {
		panic(err)
	}
	x := s.Trunk(mobileNet, in[0], "features.18")
	return []*graph.Node{s.Linear("bottleneck", nets.GlobalMean(x), ghiasiNumbers)}
}

// ghiasiTransformer is the paper's network with a quarter of its channels, as Magenta publishes it: three convolutions
// down, five residual blocks, three convolutions up. The normalisation after each but the first three takes its mean and
// deviation from the style vector.
func ghiasiTransformer(s nets.Scope, in []*graph.Node) []*graph.Node {
	x, z := in[0], in[1]
	h, w := x.Shape().Dim(1), x.Shape().Dim(2)
	if up := func(n int) int { return (ghiasiStep - n%ghiasiStep) % ghiasiStep }; up(h)+up(w) > 0 {
		x = reflectBy(x, 0, up(h), 0, up(w))
	}
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
	if x.Shape().Dim(1) > h || x.Shape().Dim(2) > w {
		x = graph.Slice(x, graph.AxisRange(), graph.AxisRange(0, h), graph.AxisRange(0, w), graph.AxisRange())
	}
	return []*graph.Node{x}
}

// styled is a convolution without bias, and the normalisation whose parameters are linear functions of the style vector.
func styled(s nets.Scope, x, z *graph.Node, out, kernel int) *graph.Node {
	x = s.ConvOnly("conv", reflect(x, kernel/2), nets.Conv{Out: out, Kernel: kernel})
	n := s.In("norm")
	deviation := n.Linear("gamma", z, out)
	return renormalize(x, n.Linear("beta", z, out), deviation)
}
