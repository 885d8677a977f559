package style

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/gomlx/compute"

	"github.com/gestalt-vision/gestalt/dataset"
	"github.com/gestalt-vision/gestalt/nets"
	"github.com/gestalt-vision/gestalt/weights"
)

// AdaINTraining says how the decoder of [AdaIN] is trained for an encoder, which stays as it is.
type AdaINTraining struct {
	Encoder     AdaINEncoder
	EncoderFile string
	Contents    *dataset.Set // photographs
	Styles      *dataset.Set // paintings, textures
	// Out is the file of the decoder that training ends with, safetensors, by the names of the published one. The state
	// from which an interrupted training goes on lies beside it, in the file that AdaINCheckpoint names.
	Out         string
	Steps       int     // to be done in all, those before an interruption included
	Batch       int     // pairs of content and style a step; the paper: 8
	Size        int     // pixels of the crops, a multiple of the encoder's stride (8); the paper: 256
	Rate        float64 // Adam's learning rate at the beginning; the reference: 1e-4
	StyleWeight float64 // of the style's loss against the content's; the reference: 10
	// VariationWeight is that of the mean square of the difference between neighbouring pixels; the reference: 0. Encoders
	// that begin with strides do not see the chequered patterns that their gradients lead to, and need it (as
	// [GatysOptions] says).
	VariationWeight float64
	Seed            uint64
	SaveEvery       int                 // steps after which the state is saved
	Workers         int                 // goroutines that decode pictures; one for each processor where 0
	Progress        func(AdaINProgress) // called after each step; may be nil
}

// AdaINProgress is a step that is done.
type AdaINProgress struct {
	Step int // how many are done
	Loss AdaINLoss
}

// rateDecay is by how much the reference lets the rate fall: at step n it is Rate / (1 + n·rateDecay).
const rateDecay = 5e-5

// AdaINTrained is what training led to.
type AdaINTrained struct {
	Steps   int             `json:"steps"`
	Resumed int             `json:"resumed"` // the step at which this run went on
	Losses  []AdaINLoss     `json:"-"`       // of each step, those before an interruption included
	Broken  []BrokenPicture `json:"broken"`  // met in this run; others were taken in their place
}

// BrokenPicture is a picture that cannot be decoded.
type BrokenPicture struct {
	Picture string `json:"picture"` // its key in the set
	Reason  string `json:"reason"`
}

// Mean is the mean loss of the steps from, …, to-1.
func (t AdaINTrained) Mean(from, to int) AdaINLoss {
	var content, style float64
	for _, l := range t.Losses[from:to] {
		content += float64(l.Content)
		style += float64(l.Style)
	}
	n := float64(to - from)
	return AdaINLoss{float32(content / n), float32(style / n)}
}

// AdaINCheckpoint is where the state of a training that ends with the file out is kept.
func AdaINCheckpoint(out string) string {
	return strings.TrimSuffix(out, filepath.Ext(out)) + ".checkpoint.safetensors"
}

// TrainAdaIN trains a decoder with the loss of Huang and Belongie (2017, section 5): the decoder is given the adapted
// feature t of a content and a style, and the encoder's features of the picture that it makes shall be t at the deepest
// level, and have the means and deviations of the style at all levels. The optimiser is Adam, as in
// naoto0804/pytorch-AdaIN. Features of encoders other than the published one are compared channel by channel in units of
// their root mean square on the first photographs.
//
// A training that is interrupted, by ctx or by a kill, goes on when it is started again with the same settings (Steps may
// be more), and ends with the same bytes as one that was not, on the cpu engine. Where ctx is done, the state is saved and
// its error returned. A loss that is not finite ends it with an error, and the state saved before stays.
func TrainAdaIN(ctx context.Context, b compute.Backend, o AdaINTraining) (trained AdaINTrained, err error) {
	e, err := o.check(b)
	if err != nil {
		return trained, err
	}
	file, err := weights.Open(o.EncoderFile)
	if err != nil {
		return trained, err
	}
	defer file.Close()
	contents, styles := newCropper(o.Contents, o.Size, o.Seed, contentPurpose), newCropper(o.Styles, o.Size, o.Seed, stylePurpose)
	settings := fmt.Sprintf("encoder=%s %s contents=%s styles=%s batch=%d size=%d rate=%g style-weight=%g variation-weight=%g seed=%d",
		e.name, file.SHA256(), contents.identity(), styles.identity(), o.Batch, o.Size, o.Rate, o.StyleWeight, o.VariationWeight, o.Seed)
	params, err := decoderParams(b, e)
	if err != nil {
		return trained, err
	}
	from, err := openCheckpoint(AdaINCheckpoint(o.Out), settings, func() ([]nets.Param, [][]float32, error) {
		return params, untrained(params, o.Seed), nil
	})
	if err != nil {
		return trained, err
	}
	defer from.file.Close()
	if len(from.losses) > o.Steps {
		return trained, fmt.Errorf("style: %s has %d steps behind it, which is more than %d", from.file.Path(), len(from.losses), o.Steps)
	}
	photographs := func(n int) (Batch, error) {
		pair, err := o.pairs(n, contents, styles)
		pair.N, pair.Pixels = o.Batch, pair.Pixels[:len(pair.Pixels)/2]
		return pair, err
	}
	factors, err := e.inverseScales(b, file, calibrationSteps, photographs)
	if err != nil {
		return trained, err
	}
	trainer, err := newDecoderTrainer(b, e.scaled(factors), file, from, o.Batch, o.Size, o.StyleWeight, o.VariationWeight)
	if err != nil {
		return trained, err
	}
	defer func() { err = errors.Join(err, trainer.close()) }()

	trained = AdaINTrained{Resumed: len(from.losses), Losses: from.losses}
	defer func() { trained.Broken = append(contents.unusable(), styles.unusable()...) }()
	save := func() error {
		state, err := trainer.read()
		if err != nil {
			return err
		}
		return writeCheckpoint(AdaINCheckpoint(o.Out), settings, params, state, trained.Losses)
	}
	pairs := func(i int) (Batch, error) { return o.pairs(trained.Resumed+i, contents, styles) }
	for pictures, err := range dataset.Map(ctx, o.Steps-trained.Resumed, o.Workers, pairs) {
		if err != nil {
			return trained, errors.Join(err, save())
		}
		n := len(trained.Losses)
		loss, err := trainer.step(n, pictures, o.Rate/(1+float64(n)*rateDecay))
		if err != nil {
			return trained, err
		}
		if !loss.finite() {
			return trained, fmt.Errorf("style: at step %d the loss is not finite (content %g, style %g); a smaller rate may help. %s is of an earlier step",
				n+1, loss.Content, loss.Style, AdaINCheckpoint(o.Out))
		}
		trained.Losses = append(trained.Losses, loss)
		trained.Steps = len(trained.Losses)
		if trained.Steps%o.SaveEvery == 0 {
			if err := save(); err != nil {
				return trained, err
			}
		}
		if o.Progress != nil {
			o.Progress(AdaINProgress{trained.Steps, loss})
		}
	}
	trained.Steps = len(trained.Losses)
	if err := save(); err != nil {
		return trained, err
	}
	state, err := trainer.read()
	if err != nil {
		return trained, err
	}
	var tensors []weights.Tensor
	fold(state[0], params[0].Shape, factors)
	for i, p := range params {
		tensors = append(tensors, float32s(p.Name, state[i], p.Shape...))
	}
	return trained, weights.Write(o.Out, tensors, map[string]string{
		trainedEncoder: e.name, trainedEncoderSHA256: file.SHA256(), "training": settings, "steps": strconv.Itoa(trained.Steps),
	})
}

// check says what is wrong with the settings, and finds the encoder.
func (o AdaINTraining) check(b compute.Backend) (*encoder, error) {
	e, err := o.Encoder.resolve(b)
	if err != nil {
		return nil, err
	}
	switch stride := e.last().stride; {
	case o.Size < 2*stride || o.Size%stride != 0:
		return nil, fmt.Errorf("style: crops of %d pixels; they must be a multiple of %d, %d or more", o.Size, stride, 2*stride)
	case o.Batch < 1 || o.Steps < 1 || o.SaveEvery < 1:
		return nil, fmt.Errorf("style: batches of %d, %d steps, saving after %d: all must be 1 or more", o.Batch, o.Steps, o.SaveEvery)
	case !(o.Rate > 0) || !(o.StyleWeight >= 0) || !(o.VariationWeight >= 0):
		return nil, fmt.Errorf("style: a rate of %g, weights of style %g and variation %g; the rate must be above 0, the weights not below", o.Rate, o.StyleWeight, o.VariationWeight)
	}
	return e, nil
}

// pairs are the pictures of step n: those of content, then those of styles.
func (o AdaINTraining) pairs(n int, contents, styles *cropper) (Batch, error) {
	b := NewBatch(2*o.Batch, o.Size, o.Size)
	for i := range o.Batch {
		if err := contents.put(n*o.Batch+i, b.picture(i)); err != nil {
			return b, err
		}
		if err := styles.put(n*o.Batch+i, b.picture(o.Batch+i)); err != nil {
			return b, err
		}
	}
	return b, nil
}
