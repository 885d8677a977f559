package stylize

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/gestalt-vision/gestalt/pixel"
	"github.com/gestalt-vision/gestalt/style"
)

// prepared is a picture on its way to the network, or why it can't go there.
type prepared struct {
	entry   Entry // without the output
	content *pixel.Image
	mask    *pixel.Image // nil without masks
	style   style.Style
}

// prepare reads, decodes and fits the picture of a task, and draws its style. An error is not of this picture alone.
func (j *Job) prepare(task int) (p prepared, err error) {
	index, copy := j.item(task)
	key := j.Pictures.Item(index).Key
	p.entry = Entry{Task: task, Picture: key, Copy: copy}
	if j.Pairs != nil {
		p.style, err = j.Textures.Style(j.Pairs[j.taken(task)].Style)
	} else {
		p.entry.Seed = styleSeed(j.Recipe.Seed, key, copy)
		p.style, err = j.Styles.Draw(p.entry.Seed)
	}
	if err != nil {
		return p, err
	}
	p.entry.Style = p.style.Name
	failed := func(err error) (prepared, error) {
		p.entry.Error = err.Error()
		return p, nil
	}
	data, err := j.Pictures.Read(index)
	if err != nil {
		return failed(err)
	}
	sum := sha256.Sum256(data)
	p.entry.Source = hex.EncodeToString(sum[:])
	m, _, err := pixel.Decode(data)
	if err != nil {
		return failed(err)
	}
	if p.mask, err = j.mask(key, m); err != nil {
		return failed(err)
	}
	if p.content, err = j.Recipe.fit(m); err != nil {
		return failed(err)
	}
	return p, nil
}

// paint passes pictures of one size through the network.
func (j *Job) paint(ctx context.Context, batch []prepared) (style.Batch, error) {
	contents, masks, styles := make([]*pixel.Image, len(batch)), make([]*pixel.Image, len(batch)), make([]style.Style, len(batch))
	for i, p := range batch {
		contents[i], masks[i], styles[i] = p.content, p.mask, p.style
	}
	in, err := style.BatchOf(contents...)
	if err != nil {
		return in, err
	}
	var out style.Batch
	if j.Masks != nil {
		out, err = j.Masked(ctx, in, masks, styles)
	} else {
		out, err = j.Stylizer.Stylize(ctx, in, styles)
	}
	if err != nil {
		return out, fmt.Errorf("stylise %s and %d more of %d x %d pixels: %w", batch[0].entry.Picture, len(batch)-1, in.W, in.H, err)
	}
	return out, nil
}

// encode makes the file of a stylised picture.
func (r Recipe) encode(m *pixel.Image) ([]byte, error) {
	if r.Reduce > 0 {
		m = pixel.Resize(m, r.Reduce, r.Reduce, pixel.Bilinear)
	}
	var b bytes.Buffer
	var err error
	if r.Format == PNG {
		err = pixel.EncodePNG(&b, m)
	} else {
		err = pixel.EncodeJPEG(&b, m, r.Quality)
	}
	return b.Bytes(), err
}

// groups collects pictures until there is a batch of one size. A picture's bytes do not depend on what else is in its
// batch, so that nothing depends on how they come together.
type groups struct {
	batch   int
	held    int
	waiting map[[2]int][]prepared // by width and height
	sizes   [][2]int              // in the order in which their first pictures came
}

// The pictures of a batch have together no more pixels than as many of 512 x 512, so that photographs from cameras go
// through a network a few at a time.
const batchPixels = 512 * 512

// heldBatches is how many batches of pictures wait for others of their size.
const heldBatches = 4

// add takes a picture and gives back a batch when one is full, or when too many are waiting.
func (g *groups) add(p prepared) []prepared {
	size := [2]int{p.content.W, p.content.H}
	if g.waiting == nil {
		g.waiting = map[[2]int][]prepared{}
	}
	if len(g.waiting[size]) == 0 {
		g.sizes = append(g.sizes, size)
	}
	g.waiting[size] = append(g.waiting[size], p)
	g.held++
	full := max(1, min(g.batch, g.batch*batchPixels/(size[0]*size[1])))
	switch {
	case len(g.waiting[size]) >= full:
		return g.take(size)
	case g.held >= heldBatches*g.batch:
		largest := g.sizes[0]
		for _, s := range g.sizes {
			if len(g.waiting[s]) > len(g.waiting[largest]) {
				largest = s
			}
		}
		return g.take(largest)
	}
	return nil
}

// take gives back the pictures of one size.
func (g *groups) take(size [2]int) []prepared {
	batch := g.waiting[size]
	delete(g.waiting, size)
	for i, s := range g.sizes {
		if s == size {
			g.sizes = append(g.sizes[:i], g.sizes[i+1:]...)
			break
		}
	}
	g.held -= len(batch)
	return batch
}

// rest gives back what is left, a batch at a time, then nil.
func (g *groups) rest() []prepared {
	if len(g.sizes) == 0 {
		return nil
	}
	return g.take(g.sizes[0])
}
