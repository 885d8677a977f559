package train

import (
	"context"
	"fmt"

	"github.com/gestalt-vision/gestalt/augment"
	"github.com/gestalt-vision/gestalt/pixel"
	"github.com/gestalt-vision/gestalt/style"
)

// Painting is style augmentation (Jackson et al. 2018, arXiv 1809.05375): pictures of a batch, chosen at random, are
// repainted, each in a style of its own. It comes after crop, mirror image and shift of colours, where all pictures have
// one size: one batch through one graph, strokes that look equally large to the network whatever the crop, and no pixel
// painted that the crop would throw away. A folder that was repainted beforehand is different in that: its strokes are
// cropped and enlarged with the picture.
type Painting struct {
	Stylizer style.Stylizer
	Styles   Styles  // where styles come from: a bank, pictures, or the stylizer itself for drawn ones
	From     string  // all that Draw of these depends on beside the seed
	Rate     float64 // probability, for each picture in each epoch
	// Size is the side, in pixels, that pictures are enlarged to before they are repainted and reduced from after, so
	// that strokes made for large pictures fit small ones; 0 for as they are.
	Size int
}

// Styles is where styles come from: a bank of many, or the method that draws them.
type Styles interface {
	Draw(seed uint64) (style.Style, error)
}

// forPainting is the purpose of the random numbers that choose pictures and styles.
const forPainting = "painting"

// paintedAtOnce bounds the pictures that the stylizer gets at once: how many of a batch are chosen differs from batch to
// batch, and a graph is compiled for every number.
const paintedAtOnce = 8

func (p *Painting) check(size int) error {
	switch {
	case p == nil:
		return nil
	case p.Stylizer == nil || p.Styles == nil:
		return fmt.Errorf("train: style augmentation needs a method and styles")
	case !(p.Rate >= 0 && p.Rate <= 1):
		return fmt.Errorf("train: style augmentation of a share of %g; it must be in 0..1", p.Rate)
	case p.Size != 0 && p.Size < size:
		return fmt.Errorf("train: pictures of %d pixels, repainted at %d; that must be at least as much", size, p.Size)
	}
	return nil
}

func (p *Painting) identity() string {
	return fmt.Sprintf("painting %s, styles %s, rate=%g size=%d", p.Stylizer.Identity(), p.From, p.Rate, p.Size)
}

// repaint repaints the chosen pictures of a batch, in place.
func (p *Painting) repaint(ctx context.Context, b made, seed uint64, epoch int) error {
	var chosen []int
	var styles []style.Style
	for i, key := range b.keys {
		r := augment.Random(seed, epoch, key, forPainting)
		if r.Float64() >= p.Rate {
			continue
		}
		s, err := p.Styles.Draw(r.Uint64())
		if err != nil {
			return fmt.Errorf("train: a style for %s: %w", key, err)
		}
		chosen, styles = append(chosen, i), append(styles, s)
	}
	for len(chosen) > 0 {
		n := min(len(chosen), paintedAtOnce)
		if err := p.paint(ctx, b.Batch, chosen[:n], styles[:n]); err != nil {
			return fmt.Errorf("train: repaint %s and %d more: %w", b.keys[chosen[0]], n-1, err)
		}
		chosen, styles = chosen[n:], styles[n:]
	}
	return nil
}

func (p *Painting) paint(ctx context.Context, b Batch, chosen []int, styles []style.Style) error {
	size := b.H * b.W * 3
	contents := make([]*pixel.Image, len(chosen))
	for k, i := range chosen {
		contents[k] = &pixel.Image{W: b.W, H: b.H, C: 3, Pix: b.Pixels[i*size : (i+1)*size]}
		if p.Size > b.W {
			contents[k] = pixel.Resize(contents[k], p.Size, p.Size, pixel.Bilinear)
		}
	}
	batch, err := style.BatchOf(contents...)
	if err != nil {
		return err
	}
	painted, err := p.Stylizer.Stylize(ctx, batch, styles)
	if err != nil {
		return err
	}
	for k, i := range chosen {
		m := painted.Image(k)
		if m.W != b.W {
			m = pixel.Resize(m, b.W, b.H, pixel.Bilinear)
		}
		copy(b.Pixels[i*size:(i+1)*size], m.Pix)
	}
	return nil
}
