package style

import (
	"errors"
	"math"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"

	"github.com/gestalt-vision/gestalt/nets"
	"github.com/gestalt-vision/gestalt/weights"
)

// The published encoder is normalised: on photographs every channel has the mean activation 1, so that no level and no
// channel outweighs the others in the loss, and the decoder is given numbers of a size that it learns from. Any other
// encoder is treated alike while a decoder is trained: its channels are divided by their root mean square on the first
// photographs. AdaIN does not mind a factor for each channel, so that the decoder's first kernel can take it in when
// training is done.

// calibrationSteps are the steps whose photographs the root mean squares are taken over.
const calibrationSteps = 16

// inverseScales are, for each level and channel, the factor that brings the root mean square to 1; nil for the published
// encoder. They are a function of the first photographs, of which pictures gives those of step n.
func (e *encoder) inverseScales(b compute.Backend, file *weights.File, steps int, pictures func(n int) (Batch, error)) (inverse [][]float32, err error) {
	if e.name == vggNormalisedName {
		return nil, nil
	}
	code := func(s nets.Scope, in []*graph.Node) (out []*graph.Node) {
		for _, f := range e.features(s.In(adainEncoderPart), in[0]) {
			out = append(out, graph.ReduceMean(graph.Square(f), 0, 1, 2))
		}
		return out
	}
	size := 4 * e.last().stride
	p, err := nets.NewProgramOf(b, "adain scales", map[string]*weights.File{adainEncoderPart: file}, code, []int{1, size, size, 3})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	squares := make([][]float64, len(e.levels))
	for n := range steps {
		batch, err := pictures(n)
		if err != nil {
			return nil, err
		}
		out, err := p.Run(batch.array())
		if err != nil {
			return nil, err
		}
		for i, a := range out {
			if squares[i] == nil {
				squares[i] = make([]float64, len(a.Values))
			}
			for c, v := range a.Values {
				squares[i][c] += float64(v) / float64(steps)
			}
		}
	}
	for _, level := range squares {
		mean := 0.0
		for _, v := range level {
			mean += v / float64(len(level))
		}
		factors := make([]float32, len(level))
		for c, v := range level {
			// A channel that hardly ever speaks must not be made to shout.
			factors[c] = float32(1 / math.Sqrt(max(v, mean/100, math.SmallestNonzeroFloat32)))
		}
		inverse = append(inverse, factors)
	}
	return inverse, nil
}

// scaled is the encoder with its features multiplied by factors.
func (e *encoder) scaled(factors [][]float32) *encoder {
	if factors == nil {
		return e
	}
	scaled := *e
	scaled.build = func(s nets.Scope, x *graph.Node) []*graph.Node {
		features := e.build(s, x)
		for i, f := range features {
			features[i] = graph.Mul(f, graph.ExpandLeftToRank(graph.Const(f.Graph(), factors[i]), 4))
		}
		return features
	}
	return &scaled
}

// fold multiplies the input channels of the decoder's first kernel, [out, in, 3, 3], by the factors of the deepest level.
func fold(kernel []float32, shape []int, factors [][]float32) {
	if factors == nil {
		return
	}
	last := factors[len(factors)-1]
	window := shape[2] * shape[3]
	for i := range kernel {
		kernel[i] *= last[i/window%shape[1]]
	}
}
