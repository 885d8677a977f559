package style

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/gestalt-vision/gestalt/nets"
	"github.com/gestalt-vision/gestalt/pixel"
)

// GatysPainting is an optimisation under way: a batch of pictures, each with an optimiser of its own. It is not for use by
// several goroutines at once.
type GatysPainting struct {
	g        *Gatys
	contents Batch
	masks    []*pixel.Image
	styles   []Style

	scale, iteration int
	now              Batch        // height and width at this scale; Pixels are in the network's numbers
	targets          []nets.Array // at this scale
	optimizers       []optimizer  // of each picture; nil when it is done
}

// optimizer moves x, where a function has this gradient, to where it is less. It is done when it cannot.
type optimizer interface {
	step(x, gradient []float32) (done bool)
}

// Begin prepares the optimisation that [Gatys.StylizeMasked] runs to its end, for programs that show how it goes.
func (g *Gatys) Begin(contents Batch, masks []*pixel.Image, styles []Style) (*GatysPainting, error) {
	if err := contents.check(styles, g.numbers()*len(g.options.Scales)); err != nil {
		return nil, err
	}
	if masks != nil && len(masks) != contents.N {
		return nil, fmt.Errorf("style: %d masks for %d pictures", len(masks), contents.N)
	}
	for _, m := range masks {
		if m.H != contents.H || m.W != contents.W {
			return nil, fmt.Errorf("style: a mask of %d x %d pixels for pictures of %d x %d", m.W, m.H, contents.W, contents.H)
		}
	}
	p := &GatysPainting{g: g, contents: contents, masks: masks, styles: styles}
	if err := p.start(contents); err != nil {
		return nil, err
	}
	if g.options.Noise { // the same for all, for a picture's result must not depend on its place in the batch
		for i := range p.now.N {
			normal := rand.New(rand.NewPCG(g.options.Seed, noisePurpose))
			for j := range p.now.picture(i) {
				p.now.picture(i)[j] = float32(normal.NormFloat64())
			}
		}
	}
	return p, nil
}

// noisePurpose keeps the numbers for noise apart from those that other things draw from the same seed.
const noisePurpose = 0x6e6f697365 // "noise"

// start begins the present scale from pictures of any size: it makes targets and optimisers.
func (p *GatysPainting) start(from Batch) error {
	h, w := p.g.options.Scales[p.scale].size(p.contents.H, p.contents.W)
	contents, err := p.contents.resized(h, w)
	if err != nil {
		return err
	}
	masks := make([]*pixel.Image, len(p.masks))
	for i, m := range p.masks {
		masks[i] = pixel.Resize(m, w, h, pixel.Bilinear)
	}
	if p.targets, err = p.g.targets(contents, masks, p.styles, p.scale); err != nil {
		return err
	}
	if from, err = from.resized(h, w); err != nil {
		return err
	}
	p.now = NewBatch(from.N, h, w)
	p.g.sight.take(p.now.Pixels, from.Pixels)
	p.iteration, p.optimizers = 0, make([]optimizer, from.N)
	for i := range p.optimizers {
		if p.g.options.Optimizer == Adam {
			p.optimizers[i] = newAdam(p.g.options.Rate)
		} else {
			p.optimizers[i] = newLBFGS(p.g.options.Rate)
		}
	}
	return nil
}

// resized is pictures of another size. As in the authors' code it is bytes that are resized; what has the size stays as it
// is.
func (b Batch) resized(h, w int) (Batch, error) {
	if h == b.H && w == b.W {
		return b, nil
	}
	images := make([]*pixel.Image, b.N)
	for i := range images {
		images[i] = pixel.Resize(b.Image(i), w, h, pixel.Bilinear)
	}
	return BatchOf(images...)
}

// Step does one iteration of each picture that is not done. There are no more when the last scale has had its iterations,
// or the optimisers can bring none of the pictures further down.
func (p *GatysPainting) Step() (more bool, err error) {
	scales := p.g.options.Scales
	if p.finished() {
		if p.scale+1 == len(scales) {
			return false, nil
		}
		p.scale++
		if err := p.start(p.Pictures()); err != nil {
			return false, err
		}
	}
	losses, gradients, err := p.evaluate()
	if err != nil {
		return false, err
	}
	for i, o := range p.optimizers {
		if math.IsNaN(losses[i]) || math.IsInf(losses[i], 0) {
			return false, fmt.Errorf("style: the loss of picture %d is %g at iteration %d; a smaller rate than %g may help", i, losses[i], p.iteration, p.g.options.Rate)
		}
		if o != nil && o.step(p.now.picture(i), gradients.picture(i)) {
			p.optimizers[i] = nil
		}
	}
	if p.g.options.Progress != nil {
		p.g.options.Progress(GatysProgress{Scale: p.scale, Iteration: p.iteration, Losses: losses})
	}
	p.iteration++
	return !p.finished() || p.scale+1 < len(scales), nil
}

// finished says whether the present scale is.
func (p *GatysPainting) finished() bool {
	return p.iteration >= p.g.options.Scales[p.scale].Iterations ||
		!slices.ContainsFunc(p.optimizers, func(o optimizer) bool { return o != nil })
}

// evaluate gives the losses and their gradients.
func (p *GatysPainting) evaluate() ([]float64, Batch, error) {
	out, err := p.g.program.Run(append([]nets.Array{p.now.array()}, p.targets...)...)
	if err != nil {
		return nil, Batch{}, err
	}
	losses := make([]float64, p.now.N)
	for i, v := range out[0].Values {
		losses[i] = float64(v)
	}
	gradients := p.now
	gradients.Pixels = out[1].Values
	return losses, gradients, nil
}

// Pictures are how they look now, at the present scale: on the scale 0..1, cut off where they leave it.
func (p *GatysPainting) Pictures() Batch {
	out := NewBatch(p.now.N, p.now.H, p.now.W)
	p.g.sight.give(out.Pixels, p.now.Pixels)
	for i, v := range out.Pixels {
		out.Pixels[i] = min(max(v, 0), 1)
	}
	return out
}
