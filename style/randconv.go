package style

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"

	"github.com/gestalt-vision/gestalt/dataset"
	"github.com/gestalt-vision/gestalt/nets"
	"github.com/gestalt-vision/gestalt/pixel"
)

// Random convolution (Xu et al. 2021, arXiv 2007.13003) needs no weights: a convolution with drawn kernels keeps where
// things are and changes what their surface looks like. Theirs is the convolution with a size drawn from 1, 3, 5 and 7 and
// numbers of variance 1/(3k²), and the weight of the result against the picture; [SingleConv] is that and no more. Ours is
// what is around it: the picture is painted in brush strokes first, since a pattern goes through convolutions as a pattern;
// 16 channels out instead of 3, features and colours with drawn statistics, as in adaptive instance normalisation, a ReLU and
// a second convolution, which change the surface more than one layer can, and mirrored edges.
const (
	randFeatures = 16 // channels between the two layers
	randNumbers  = 2 + 6
)

// randKernels are the sizes that Xu et al. draw from.
var randKernels = [...]int{1, 3, 5, 7}

// RandConv is the method. It implements [Stylizer].
//
// A style is 8 numbers: a seed in two halves of 24 bits, from which strokes, kernels and statistics are drawn, and the mean
// and the deviation that red, green and blue shall have.
type RandConv struct {
	alpha  float32
	layers map[int]*nets.Program // by kernel size
}

// OpenRandConv makes the stylizer. alpha is how much of the result is the repainted picture; the rest is the picture.
func OpenRandConv(b compute.Backend, alpha float32) (*RandConv, error) {
	if !(alpha >= 0 && alpha <= 1) {
		return nil, fmt.Errorf("style: alpha is %g, must be in 0..1", alpha)
	}
	r := &RandConv{alpha: alpha, layers: map[int]*nets.Program{}}
	for _, k := range randKernels {
		p, err := nets.NewProgram(b, fmt.Sprintf("random convolution %dx%[1]d", k), nil, randConv,
			[]int{1, 16, 16, 3}, []int{k, k, 3, randFeatures}, []int{1, randFeatures}, []int{1, randFeatures},
			[]int{3, 3, randFeatures, 3}, []int{1, 3}, []int{1, 3})
		if err != nil {
			return nil, errors.Join(err, r.Close())
		}
		r.layers[k] = p
	}
	return r, nil
}

// randConv repaints one picture: a convolution; its features given a new mean and deviation, channel by channel, and cut
// at zero; another convolution; colours given the mean and deviation of the style.
func randConv(_ nets.Scope, in []*graph.Node) []*graph.Node {
	x, first, featureMean, featureDeviation, second, colourMean, colourDeviation := in[0], in[1], in[2], in[3], in[4], in[5], in[6]
	convolve := func(x, kernel *graph.Node) *graph.Node {
		if pad := kernel.Shape().Dim(0) / 2; pad > 0 {
			x = reflect(x, pad)
		}
		return graph.Convolve(x, kernel).NoPadding().Done()
	}
	x = nets.ReLU(renormalize(convolve(x, first), featureMean, featureDeviation))
	return []*graph.Node{renormalize(convolve(x, second), colourMean, colourDeviation)}
}

// Encode makes a style with the palette of a picture, the mean and the deviation of its red, green and blue. Its kernels
// are drawn from a hash of these.
func (r *RandConv) Encode(picture *pixel.Image) (Style, error) {
	rgb := picture.RGB()
	if len(rgb.Pix) == 0 {
		return Style{}, fmt.Errorf("style: a picture of %d x %d pixels shows nothing", picture.W, picture.H)
	}
	var sum, squares [3]float64
	for i, v := range rgb.Pix {
		f := float64(v) / 255
		sum[i%3] += f
		squares[i%3] += f * f
	}
	seed, vector := uint64(0), make([]float32, randNumbers)
	for c, n := 0, float64(len(rgb.Pix)/3); c < 3; c++ {
		mean := sum[c] / n
		vector[2+c] = float32(mean)
		vector[5+c] = float32(math.Sqrt(max(squares[c]/n-mean*mean, 0)))
		seed = seed*0x9E3779B97F4A7C15 + uint64(math.Float32bits(vector[2+c]))<<32 + uint64(math.Float32bits(vector[5+c]))
	}
	vector[0], vector[1] = halves(seed * 0xBF58476D1CE4E5B9 >> 16)
	return Style{Vector: vector}, nil
}

// Draw draws kernels and a palette: means as in photographs and paintings, in the middle of the scale, deviations from
// pale to strong.
func (r *RandConv) Draw(seed uint64) (Style, error) {
	random := rand.New(rand.NewPCG(seed, drawPurpose))
	vector := make([]float32, randNumbers)
	vector[0], vector[1] = halves(random.Uint64() >> 16)
	grey, contrast := 0.3+0.4*random.Float64(), 0.12+0.18*random.Float64()
	for c := range 3 {
		vector[2+c] = float32(grey + 0.12*random.NormFloat64())
		vector[5+c] = float32(contrast * (0.6 + 0.8*random.Float64()))
	}
	return Style{Name: fmt.Sprintf("random %d", seed), Vector: vector}, nil
}

// halves are 48 bits as two numbers that float32 holds exactly.
func halves(seed uint64) (low, high float32) {
	return float32(seed & (1<<24 - 1)), float32(seed >> 24 & (1<<24 - 1))
}

// Stylize repaints the pictures one by one, since each has kernels of its own, several at once.
func (r *RandConv) Stylize(ctx context.Context, contents Batch, styles []Style) (Batch, error) {
	if err := contents.check(styles, randNumbers); err != nil {
		return Batch{}, err
	}
	out := NewBatch(contents.N, contents.H, contents.W)
	paint := func(i int) (struct{}, error) {
		return struct{}{}, r.paint(out.picture(i), contents.picture(i), contents.H, contents.W, styles[i])
	}
	for _, err := range dataset.Map(ctx, contents.N, 0, paint) {
		if err != nil {
			return Batch{}, err
		}
	}
	return out, ctx.Err()
}

// paint repaints one picture.
func (r *RandConv) paint(dst, picture []float32, h, w int, s Style) error {
	random := rand.New(rand.NewPCG(uint64(s.Vector[0])|uint64(s.Vector[1])<<24, drawPurpose))
	drawn := drawLayers(random, s)
	canvas := drawStrokes(random).paint(picture, h, w, random)
	painted, err := r.layers[drawn.kernel].Run(append([]nets.Array{{Dims: []int{1, h, w, 3}, Values: canvas}}, drawn.inputs...)...)
	if err != nil {
		return err
	}
	for i, v := range painted[0].Values {
		dst[i] = min(max(r.alpha*v+(1-r.alpha)*picture[i], 0), 1)
	}
	return nil
}

// layers are what a style draws.
type layers struct {
	kernel int          // size of the first convolution
	inputs []nets.Array // of randConv, after the picture
}

// drawLayers draws the kernels from a normal distribution of variance 1 / (size² · channels), which keeps the size of what
// they put out, and the statistics of the features about 0 and 1, so that about half of a feature passes the ReLU.
func drawLayers(random *rand.Rand, s Style) layers {
	k := randKernels[random.IntN(len(randKernels))]
	normal := func(mean, deviation float64, dims ...int) nets.Array {
		n := 1
		for _, d := range dims {
			n *= d
		}
		values := make([]float32, n)
		for i := range values {
			values[i] = float32(mean + deviation*random.NormFloat64())
		}
		return nets.Array{Dims: dims, Values: values}
	}
	first := normal(0, 1/math.Sqrt(float64(k*k*3)), k, k, 3, randFeatures)
	featureMean, featureDeviation := normal(0, 0.5, 1, randFeatures), normal(1, 0.3, 1, randFeatures)
	second := normal(0, 1/math.Sqrt(9*randFeatures), 3, 3, randFeatures, 3)
	return layers{k, []nets.Array{first, featureMean, featureDeviation, second,
		{Dims: []int{1, 3}, Values: s.Vector[2:5]}, {Dims: []int{1, 3}, Values: s.Vector[5:8]}}}
}

// Identity implements [Stylizer].
func (r *RandConv) Identity() string { return fmt.Sprintf("randconv with strokes alpha=%g", r.alpha) }

// EncoderIdentity implements [Encoder].
func (r *RandConv) EncoderIdentity() string { return "randconv" }

// Close frees the programs.
func (r *RandConv) Close() error {
	var failed error
	for _, p := range r.layers {
		failed = errors.Join(failed, p.Close())
	}
	return failed
}
