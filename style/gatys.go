package style

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gomlx/compute"

	"github.com/gestalt-vision/gestalt/nets"
	"github.com/gestalt-vision/gestalt/pixel"
	"github.com/gestalt-vision/gestalt/weights"
)

// Pooling is how VGG-19 halves its pictures for Gatys' method.
type Pooling string

const (
	MaxPooling  Pooling = "max"  // as it was trained, and as the authors' PyTorch code does
	MeanPooling Pooling = "mean" // as the paper advises (section 2): "slightly more appealing results"
)

// Optimizer is how Gatys' method goes down.
type Optimizer string

const (
	LBFGS Optimizer = "lbfgs"
	Adam  Optimizer = "adam"
)

// GatysScale is one run of the optimisation.
type GatysScale struct {
	Factor     float64 // of height and width; above 0, and 1 for the last one
	Iterations int
}

// GatysOptions are the settings of Gatys' method. [DefaultGatys] has the authors', [GatysOf] those for other networks.
type GatysOptions struct {
	// Network is the one of package nets by whose features pictures are compared, "" for VGG-19 as the authors use it.
	Network string
	// StyleLayers and ContentLayers are layers of VGG-19 by the names of the literature, such as relu4_2, or features of
	// Network.
	StyleLayers, ContentLayers []string
	// The loss is, summed over the layers,
	//
	//	StyleWeight / c² · mean (G - style's G)² + ContentWeight · mean (F - content's F)²
	//
	// with F a layer's features of the picture and G = F'F / places, a matrix of c x c for c channels. The features of a
	// Network, which are as large as it happened to learn them, are compared relative to what they are to be:
	//
	//	StyleWeight · mean (G - style's G)² / mean (style's G)² + ContentWeight · mean (F - content's F)² / mean (content's F)²
	StyleWeight, ContentWeight float64
	// VariationWeight times the mean square of the difference between neighbouring pixels, on the scale 0..1, is added to
	// the loss (total variation, as Johnson et al. 2016, arXiv 1603.08155, section 3.2). Networks that begin with strides
	// need it: they do not see a chequered pattern that their own gradients paint.
	VariationWeight float64
	Pooling         Pooling // of VGG-19 as the authors use it
	Optimizer       Optimizer
	// Rate is the optimiser's. One unit of what it moves is one of the 255 steps of a pixel. 0 for 1.
	Rate float64
	// Scales are run one after the other, each from the picture that the last one made (Gatys et al. 2017, "Controlling
	// Perceptual Factors in Neural Style Transfer", section 6): {1/4, 500}, {1/2, 200}, {1, 200} paints coarse strokes first.
	Scales []GatysScale
	// StyleSize is the shorter side in pixels that [Gatys.Encode] gives to style pictures, for the last scale; 0 for as they
	// are. The authors' code gives style and content the same shorter side.
	StyleSize int
	// Noise starts from normal noise of deviation 1 about grey, drawn from Seed, and not from the content.
	Noise bool
	Seed  uint64
	// Progress, where it is not nil, is told of each iteration of each batch.
	Progress func(GatysProgress)
}

// GatysProgress is where an optimisation stands.
type GatysProgress struct {
	Scale, Iteration int       // of Scales; of that scale's Iterations; from 0
	Losses           []float64 // of each picture before this iteration
}

// DefaultGatys are the settings of leongatys/PytorchNeuralStyleTransfer, with which Geirhos et al. made their cue
// conflicts: five style layers, one content layer, 500 iterations of L-BFGS from the content. (That program shows pictures
// with a shorter side of 512, and its loop does not stop before iteration 520, the end of a group of 20.)
func DefaultGatys() GatysOptions {
	return GatysOptions{
		StyleLayers:   []string{"relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"},
		ContentLayers: []string{"relu4_2"},
		StyleWeight:   1e3, ContentWeight: 1,
		Pooling: MaxPooling, Optimizer: LBFGS, Rate: 1, Scales: []GatysScale{{Factor: 1, Iterations: 500}},
	}
}

// gatysLayers are the features to compare of networks that were tried: of style, of content.
var gatysLayers = map[string][2][]string{
	"squeezenet1_1":      {{"features.1", "features.4", "features.6", "features.7"}, {"features.3"}},
	"shufflenet_v2_x1_0": {{"conv1", "stage2", "stage3"}, {"stage2"}},
	"mobilenet_v2":       {{"features.0", "features.2", "features.4", "features.7"}, {"features.3"}},
	"mobilenet_v2_tf":    {{"features.0", "features.2", "features.4", "features.7"}, {"features.3"}},
}

// GatysOf are settings for a network of package nets; for "" they are [DefaultGatys]. They lack layers, and the error says
// so, for networks with which nobody has tried it.
func GatysOf(network string) (GatysOptions, error) {
	o := DefaultGatys()
	if network == "" {
		return o, nil
	}
	layers, tried := gatysLayers[network]
	o.Network, o.StyleLayers, o.ContentLayers = network, layers[0], layers[1]
	o.StyleWeight, o.ContentWeight, o.VariationWeight = 1e6, 1e5, 1e5
	if !tried {
		return o, fmt.Errorf("style: no layers of %s are known to do for Gatys' method", network)
	}
	return o, nil
}

// check says what is wrong with settings.
func (o GatysOptions) check() error {
	switch {
	case len(o.layers()) == 0:
		return errors.New("style: Gatys' method needs style layers or content layers")
	case !(o.StyleWeight >= 0 && o.ContentWeight >= 0 && o.VariationWeight >= 0):
		return fmt.Errorf("style: weights of style %g, content %g and variation %g, must not be negative", o.StyleWeight, o.ContentWeight, o.VariationWeight)
	case o.Pooling != MaxPooling && o.Pooling != MeanPooling:
		return fmt.Errorf("style: there is no pooling %q (there are %s and %s)", o.Pooling, MaxPooling, MeanPooling)
	case o.Optimizer != LBFGS && o.Optimizer != Adam:
		return fmt.Errorf("style: there is no optimiser %q (there are %s and %s)", o.Optimizer, LBFGS, Adam)
	case !(o.Rate >= 0):
		return fmt.Errorf("style: rate is %g, must be above 0", o.Rate)
	case o.StyleSize < 0:
		return fmt.Errorf("style: styles of %d pixels", o.StyleSize)
	case len(o.Scales) == 0 || o.Scales[len(o.Scales)-1].Factor != 1:
		return errors.New("style: the last scale must be 1, the size of the pictures")
	}
	for _, s := range o.Scales {
		if !(s.Factor > 0 && s.Factor <= 1) || s.Iterations < 1 {
			return fmt.Errorf("style: %d iterations at scale %g; scales are in 0..1, with at least one iteration each", s.Iterations, s.Factor)
		}
	}
	return nil
}

// Gatys is the method of Gatys, Ecker and Bethge (CVPR 2016): it changes the pixels of a picture until a network, VGG-19 in
// their paper, sees in it the content of one picture and the style of another. It implements [Stylizer].
//
// A style is the Gram matrices of the style layers, those of one scale after those of the other: 610,304 numbers a scale
// for the default layers.
type Gatys struct {
	options GatysOptions
	sight   sight
	weights string // SHA-256
	program *nets.Program
}

// numbers is how many a style has at one scale.
func (g *Gatys) numbers() (n int) {
	for _, layer := range g.options.StyleLayers {
		n += g.sight.channels[layer] * g.sight.channels[layer]
	}
	return n
}

var gatysExample = []int{1, 64, 64, 3}

// OpenGatys reads a network onto an engine from a file of weights: those of the network that the options name; else
// VGG-19's, vgg_conv.pth, which the authors published for this, or torchvision's vgg19, whose features are larger, so that
// the weights of style and content balance differently.
func OpenGatys(b compute.Backend, file string, o GatysOptions) (*Gatys, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	f, err := weights.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	eye, err := sightOf(b, f, o)
	if err != nil {
		return nil, err
	}
	g := newGatys(eye, o, f.SHA256())
	g.program, err = nets.NewProgram(b, eye.name+" for Gatys", f, g.code, gatysExample)
	return g, err
}

// RandomGatys has made-up weights of VGG-19, the same each time: it measures speed and lets tests compare with other
// programs.
func RandomGatys(b compute.Backend, o GatysOptions) (*Gatys, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	eye, err := vggSight(vggCaffe, o)
	if err != nil {
		return nil, err
	}
	g := newGatys(eye, o, "made up")
	g.program, err = nets.RandomProgram(b, "VGG-19 for Gatys", g.code, gatysExample)
	return g, err
}

func newGatys(eye sight, o GatysOptions, sum string) *Gatys {
	if o.Rate == 0 {
		o.Rate = 1
	}
	return &Gatys{options: o, sight: eye, weights: sum}
}

// Encode makes a style of a picture of any size: its Gram matrices at each scale.
func (g *Gatys) Encode(picture *pixel.Image) (Style, error) {
	if picture.W < 1 || picture.H < 1 {
		return Style{}, fmt.Errorf("style: a picture of %d x %d pixels shows nothing", picture.W, picture.H)
	}
	picture = picture.RGB()
	if g.options.StyleSize > 0 {
		picture = pixel.ResizeShort(picture, g.options.StyleSize, pixel.Bilinear)
	}
	var s Style
	for _, scale := range g.options.Scales {
		h, w := scale.size(picture.H, picture.W)
		small, err := BatchOf(pixel.Resize(picture, w, h, pixel.Bilinear))
		if err != nil {
			return Style{}, err
		}
		grams, _, err := g.describe(small)
		if err != nil {
			return Style{}, err
		}
		for _, m := range grams {
			s.Vector = append(s.Vector, m.Values...)
		}
	}
	return s, nil
}

// describe gives the Gram matrices and the features of pictures.
func (g *Gatys) describe(pictures Batch) (grams, features []nets.Array, err error) {
	if least := g.sight.least; pictures.H < least || pictures.W < least {
		return nil, nil, fmt.Errorf("style: a picture of %d x %d pixels is too small for these layers of %s, which need %d", pictures.W, pictures.H, g.sight.name, least)
	}
	x := pictures.array()
	x.Values = make([]float32, len(pictures.Pixels))
	g.sight.take(x.Values, pictures.Pixels)
	out, err := g.program.Run(x)
	if err != nil {
		return nil, nil, err
	}
	return out[:len(g.options.StyleLayers)], out[len(g.options.StyleLayers):], nil
}

// size is that of a picture at the scale.
func (s GatysScale) size(h, w int) (int, int) {
	round := func(n int) int { return max(int(float64(n)*s.Factor+0.5), 1) }
	return round(h), round(w)
}

// Draw is an error: no distribution of Gram matrices is known. Draw them from a [Bank], see [Bank.Stylizer].
func (g *Gatys) Draw(uint64) (Style, error) {
	return Style{}, errors.New("style: Gatys' method cannot make up styles; draw them from pictures of styles, or a bank of them")
}

// Stylize repaints pictures. It stops between iterations when ctx is done.
func (g *Gatys) Stylize(ctx context.Context, contents Batch, styles []Style) (Batch, error) {
	return g.StylizeMasked(ctx, contents, nil, styles)
}

// StylizeMasked repaints pictures of which only a part has content to keep: masks are pictures of the contents' size, one
// for each, whose first channel is 255 where the content counts and 0 where style may do as it likes. nil is 255
// everywhere.
func (g *Gatys) StylizeMasked(ctx context.Context, contents Batch, masks []*pixel.Image, styles []Style) (Batch, error) {
	p, err := g.Begin(contents, masks, styles)
	if err != nil {
		return Batch{}, err
	}
	for {
		if err := ctx.Err(); err != nil {
			return Batch{}, err
		}
		more, err := p.Step()
		if err != nil {
			return Batch{}, err
		}
		if !more {
			return p.Pictures(), nil
		}
	}
}

// MultiplyAdds counts those of one iteration for n pictures of h x w: the convolutions' and, as many again, those of the
// gradient with respect to the picture.
func (g *Gatys) MultiplyAdds(n, h, w int) (int64, error) {
	forward, err := g.program.MultiplyAdds([]int{n, h, w, 3})
	return 2 * forward, err
}

// Identity implements [Stylizer].
func (g *Gatys) Identity() string {
	o, start := g.options, "content"
	if o.Noise {
		start = fmt.Sprintf("noise %d", o.Seed)
	}
	return fmt.Sprintf("%s style-weight=%g content=%s content-weight=%g variation-weight=%g optimizer=%s rate=%g scales=%v start=%s",
		g.EncoderIdentity(), o.StyleWeight, strings.Join(o.ContentLayers, ","), o.ContentWeight, o.VariationWeight, o.Optimizer, o.Rate, o.Scales, start)
}

// EncoderIdentity implements [Encoder].
func (g *Gatys) EncoderIdentity() string {
	o := g.options
	var factors []float64
	for _, s := range o.Scales {
		factors = append(factors, s.Factor)
	}
	return fmt.Sprintf("gatys layers=%s scales=%v size=%d network=%s weights=%s",
		strings.Join(o.StyleLayers, ","), factors, o.StyleSize, g.sight.name, g.weights)
}

// Close frees the network.
func (g *Gatys) Close() error { return g.program.Close() }

// targets are the inputs of the loss after the pictures, for one scale.
func (g *Gatys) targets(contents Batch, masks []*pixel.Image, styles []Style, scale int) ([]nets.Array, error) {
	var inputs []nets.Array
	at := scale * g.numbers()
	for _, layer := range g.options.StyleLayers {
		c := g.sight.channels[layer]
		grams := nets.Array{Dims: []int{contents.N, c, c}}
		for _, s := range styles {
			grams.Values = append(grams.Values, s.Vector[at:at+c*c]...)
		}
		inputs = append(inputs, grams)
		at += c * c
	}
	if len(g.options.ContentLayers) == 0 {
		return inputs, nil
	}
	_, features, err := g.describe(contents)
	if err != nil {
		return nil, err
	}
	for _, f := range features {
		inputs = append(inputs, f, maskFor(masks, f.Dims))
	}
	return inputs, nil
}

// maskFor is the masks as a layer of dims [n, h, w, c] sees them, [n, h, w, 1].
func maskFor(masks []*pixel.Image, dims []int) nets.Array {
	n, h, w := dims[0], dims[1], dims[2]
	out := nets.Array{Dims: []int{n, h, w, 1}, Values: slices.Repeat([]float32{1}, n*h*w)}
	for i, m := range masks {
		meanOfWindows(out.Values[i*h*w:(i+1)*h*w], m, h, w)
	}
	return out
}

// meanOfWindows is the mean of the first channel over squares of the side by which the network has made the picture smaller,
// as far as it is a power of 2.
func meanOfWindows(dst []float32, m *pixel.Image, h, w int) {
	side := 1
	for m.H/(2*side) >= h && m.W/(2*side) >= w {
		side *= 2
	}
	for y := range h {
		for x := range w {
			sum := 0
			for dy := range side {
				for dx := range side {
					sum += int(m.Row(y*side + dy)[(x*side+dx)*m.C])
				}
			}
			dst[y*w+x] = float32(sum) / float32(255*side*side)
		}
	}
}
