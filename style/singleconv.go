package style

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"

	"github.com/gestalt-vision/gestalt/nets"
	"github.com/gestalt-vision/gestalt/pixel"
)

// SingleConv is random convolution as Xu et al. publish it (2021, arXiv 2007.13003, section 3; wildphoton/RandConv,
// lib/networks/rand_conv.py), to repeat their experiments: one convolution without bias, its size drawn from 1, 3, 5 and 7,
// its numbers from a normal distribution of variance 1/(3k²), on pictures normalised by ImageNet's mean and deviation and
// padded with zeros. It implements [Stylizer]. [RandConv] is the stronger method made of it here.
//
// A style is 3 numbers: a seed in two halves of 24 bits, and how much of the result is the convolved picture.
//
// Two things are not the paper's. Theirs goes straight into a network, so that values need not be those of a picture; here
// what leaves 0..1 is cut off. And they repaint each picture only with some probability (0.5 for RC_img,p=0.5), which is
// left to the caller.
type SingleConv struct {
	mix    bool
	layers map[int]*nets.Program // by kernel size
}

const singleNumbers = 3

// OpenSingleConv makes the stylizer. With mix, each style draws the weight of the convolved picture from 0..1, uniformly, and
// the rest is the picture (the paper's RC_mix); without, there is nothing but the convolved picture (RC_img).
func OpenSingleConv(b compute.Backend, mix bool) (*SingleConv, error) {
	s := &SingleConv{mix: mix, layers: map[int]*nets.Program{}}
	for _, k := range randKernels {
		p, err := nets.NewProgram(b, fmt.Sprintf("one random convolution %dx%[1]d", k), nil, singleConv, []int{1, 16, 16, 3}, []int{k, k, 3, 3})
		if err != nil {
			return nil, errors.Join(err, s.Close())
		}
		s.layers[k] = p
	}
	return s, nil
}

// The mean and deviation of ImageNet's red, green and blue.
var (
	imageNetMean = [...]float32{0.485, 0.456, 0.406}
	imageNetStd  = [...]float32{0.229, 0.224, 0.225}
)

// singleConv normalises pictures, convolves them, and brings them back to the scale 0..1.
func singleConv(_ nets.Scope, in []*graph.Node) []*graph.Node {
	x, kernel := in[0], in[1]
	mean := graph.Const(x.Graph(), [][][][]float32{{{imageNetMean[:]}}})
	std := graph.Const(x.Graph(), [][][][]float32{{{imageNetStd[:]}}})
	x = graph.Div(graph.Sub(x, mean), std)
	return []*graph.Node{graph.Add(graph.Mul(graph.Convolve(x, kernel).PadSame().Done(), std), mean)}
}

// Encode makes a style of a picture's hash: pictures have different kernels, which have nothing of how they look.
func (s *SingleConv) Encode(picture *pixel.Image) (Style, error) {
	hash := fnv.New64a()
	hash.Write(picture.RGB().Pix)
	return s.drawn("", hash.Sum64()), nil
}

// Draw draws a style.
func (s *SingleConv) Draw(seed uint64) (Style, error) {
	return s.drawn(fmt.Sprintf("random %d", seed), seed), nil
}

func (s *SingleConv) drawn(name string, seed uint64) Style {
	random := rand.New(rand.NewPCG(seed, drawPurpose))
	low, high := halves(random.Uint64() >> 16)
	alpha := float32(1)
	if s.mix {
		alpha = random.Float32()
	}
	return Style{Name: name, Vector: []float32{low, high, alpha}}
}

// kernel draws the convolution of a style, [k, k, 3, 3] with the channels out last.
func (s *SingleConv) kernel(style Style) nets.Array {
	random := rand.New(rand.NewPCG(uint64(style.Vector[0])|uint64(style.Vector[1])<<24, drawPurpose))
	k := randKernels[random.IntN(len(randKernels))]
	kernel := nets.Array{Dims: []int{k, k, 3, 3}, Values: make([]float32, k*k*9)}
	deviation := 1 / math.Sqrt(float64(3*k*k))
	for i := range kernel.Values {
		kernel.Values[i] = float32(deviation * random.NormFloat64())
	}
	return kernel
}

// Stylize repaints the pictures one after the other, since each has a kernel of its own.
func (s *SingleConv) Stylize(ctx context.Context, contents Batch, styles []Style) (Batch, error) {
	if err := contents.check(styles, singleNumbers); err != nil {
		return Batch{}, err
	}
	out := NewBatch(contents.N, contents.H, contents.W)
	for i, style := range styles {
		if err := ctx.Err(); err != nil {
			return Batch{}, err
		}
		kernel, alpha := s.kernel(style), style.Vector[2]
		picture := contents.picture(i)
		convolved, err := s.layers[kernel.Dims[0]].Run(nets.Array{Dims: []int{1, contents.H, contents.W, 3}, Values: picture}, kernel)
		if err != nil {
			return Batch{}, err
		}
		for j, v := range convolved[0].Values {
			out.picture(i)[j] = min(max(alpha*v+(1-alpha)*picture[j], 0), 1)
		}
	}
	return out, nil
}

// Identity implements [Stylizer].
func (s *SingleConv) Identity() string { return fmt.Sprintf("single random convolution mix=%t", s.mix) }

// Close frees the programs.
func (s *SingleConv) Close() error {
	var failed error
	for _, p := range s.layers {
		failed = errors.Join(failed, p.Close())
	}
	return failed
}
