package style

import (
	"fmt"
	"math/bits"
	"slices"
	"strings"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"

	"github.com/gestalt-vision/gestalt/engine"
	"github.com/gestalt-vision/gestalt/nets"
	"github.com/gestalt-vision/gestalt/weights"
)

// AdaINEncoder says which network's features are adapted. The zero value is that of Huang and Belongie, which
// naoto0804/pytorch-AdaIN publishes as vgg_normalised.pth. Any other of package nets does for a decoder that was trained
// with it ([AdaINTraining]).
type AdaINEncoder struct {
	Network string // "" for the published one
	// Features are the network's, from shallow to deep: the last is adapted, all are compared in training. Of a VGG they
	// may be left out, and are relu1_1, relu2_1, relu3_1 and relu4_1 (relu4_1 is the last of the published one).
	Features []string
}

// String names the encoder as the metadata of a decoder do.
func (e AdaINEncoder) String() string {
	if e.Network == "" {
		return vggNormalisedName
	}
	return e.Network + ":" + strings.Join(e.features(), ",")
}

const vggNormalisedName = "vgg_normalised"

func (e AdaINEncoder) features() []string {
	if len(e.Features) == 0 && strings.HasPrefix(e.Network, "vgg") {
		return []string{"relu1_1", "relu2_1", "relu3_1", "relu4_1"}
	}
	return e.Features
}

// encoder is an AdaINEncoder with what its graph code needs.
type encoder struct {
	name   string
	levels []level
	margin int // pixels by which a picture is mirrored so that the sizes of the features are its own divided by the strides
	build  func(s nets.Scope, x *graph.Node) []*graph.Node
}

// resolve finds the network's levels by the shapes of its features. Nothing is computed.
func (e AdaINEncoder) resolve(b compute.Backend) (*encoder, error) {
	if e.Network == "" {
		levels := []level{{64, 1, 2}, {128, 2, 2}, {256, 4, 4}, {512, 8, 1}}
		return &encoder{name: e.String(), levels: levels, build: vggNormalised}, nil
	}
	a, err := nets.Lookup(e.Network)
	if err != nil {
		return nil, fmt.Errorf("style: an encoder %w", err)
	}
	if len(e.features()) == 0 {
		return nil, fmt.Errorf("style: say which features of %s are to be adapted and compared, from shallow to deep", e.Network)
	}
	found := &encoder{name: e.String(), build: func(s nets.Scope, x *graph.Node) []*graph.Node {
		mean, deviation := graph.Const(x.Graph(), a.Preprocess.Mean[:]), graph.Const(x.Graph(), a.Preprocess.Std[:])
		x = graph.Div(graph.Sub(x, graph.ExpandLeftToRank(mean, 4)), graph.ExpandLeftToRank(deviation, 4))
		return s.Trunks(a, x, e.features()...)
	}}
	if err := found.measure(b); err != nil {
		return nil, fmt.Errorf("style: encoder %s: %w", found.name, err)
	}
	return found, nil
}

// measure finds levels and margin by the shapes that pictures of several sizes lead to.
func (e *encoder) measure(b compute.Backend) error {
	const large = 512 // so large that what borders take off does not hide the stride
	dims, err := e.shapes(b, large)
	if err != nil {
		return err
	}
	for i, s := range dims {
		if len(s) != 4 {
			return fmt.Errorf("feature %d is no picture: its shape is %v", i+1, s)
		}
		stride := 1 << (bits.Len(uint(3*large/(2*s[1]))) - 1) // the power of 2 next to large / height
		e.levels = append(e.levels, level{channels: s[3], stride: stride, depth: 2})
		if i > 0 && stride < e.levels[i-1].stride {
			return fmt.Errorf("its features must go from shallow to deep, but feature %d is larger than the one before", i+1)
		}
	}
	last := &e.levels[len(e.levels)-1]
	last.depth = 1
	if last.stride < 2 {
		return fmt.Errorf("its last feature is as large as the picture; choose a deeper one")
	}
	// A network that does not pad makes features smaller than picture / stride. Mirroring the picture's borders makes up
	// for that. With the widest margin that fits, every window lies inside, so that features stay over what they show.
	for i := range last.stride + 1 {
		margin := (last.stride + 1 - i) % (last.stride + 1) // 0, then from the stride down to 1
		fits, err := e.fits(b, margin)
		if err != nil {
			return err
		}
		if fits {
			e.margin = margin
			return nil
		}
	}
	return fmt.Errorf("its last feature is not the size of the picture divided by %d, whatever the margin", last.stride)
}

// fits says whether pictures with such a margin lead to a deepest feature of their own size divided by the stride.
func (e *encoder) fits(b compute.Backend, margin int) (bool, error) {
	for _, deep := range []int{8, 9} {
		dims, err := e.shapes(b, deep*e.last().stride+margin)
		if err != nil {
			return false, err
		}
		if dims[len(dims)-1][1] != deep {
			return false, nil
		}
	}
	return true, nil
}

// shapes are those of the features of one picture of so many pixels in each direction.
func (e *encoder) shapes(b compute.Backend, side int) (dims [][]int, err error) {
	err = engine.Catch(func() {
		g := graph.NewGraph(b, e.name)
		defer g.Finalize()
		x := graph.Parameter(g, "pictures", shapes.Make(dtypes.Float32, 1, side, side, 3))
		_, scope := nets.Begin(g, nets.Inference)
		for _, f := range e.build(scope, x) {
			dims = append(dims, f.Shape().Dimensions)
		}
	})
	return dims, err
}

// features are those of pictures 0..1 of any size, mirrored by the margin.
func (e *encoder) features(s nets.Scope, x *graph.Node) []*graph.Node {
	if e.margin > 0 {
		before := e.margin / 2
		x = reflectBy(x, before, e.margin-before, before, e.margin-before)
	}
	return e.build(s, x)
}

// deepest is the feature that is adapted.
func (e *encoder) deepest(s nets.Scope, x *graph.Node) *graph.Node {
	features := e.features(s, x)
	return features[len(features)-1]
}

func (e *encoder) last() level { return e.levels[len(e.levels)-1] }

// IsVGGNormalised says whether a file holds the published encoder, by the convolution of three channels that it begins
// with.
func IsVGGNormalised(f *weights.File) bool {
	first, _ := f.Shape("0.weight")
	second, _ := f.Shape("2.weight")
	return slices.Equal(first, []int{3, 3, 1, 1}) && slices.Equal(second, []int{64, 3, 3, 3})
}

// EncoderOf is the encoder that a decoder was trained with, as its metadata have it; the published one for a decoder that
// says nothing.
func EncoderOf(decoder string) (AdaINEncoder, error) {
	f, err := weights.Open(decoder)
	if err != nil {
		return AdaINEncoder{}, err
	}
	defer f.Close()
	name := f.Metadata()[trainedEncoder]
	if name == "" || name == vggNormalisedName {
		return AdaINEncoder{}, nil
	}
	network, features, ok := strings.Cut(name, ":")
	if !ok || network == "" || features == "" {
		return AdaINEncoder{}, fmt.Errorf("style: %s: trained with the encoder %q, which is not NETWORK:FEATURE,…", decoder, name)
	}
	return AdaINEncoder{Network: network, Features: strings.Split(features, ",")}, nil
}
