package style

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/gestalt-vision/gestalt/dataset"
	"github.com/gestalt-vision/gestalt/pixel"
)

// Pictures draws styles from a set of pictures and encodes them when they are drawn: for methods whose styles are too
// large to be kept in a [Bank], and take little time beside what repaints pictures ([Gatys]).
type Pictures struct {
	encoder  Encoder
	set      *dataset.Set
	usable   []int // those that can be decoded, in the order of the set
	identity string
}

// OpenPictures looks at every picture of a set, which must outlive the result. Broken pictures are listed and never
// drawn; it is an error when there are no others.
func OpenPictures(ctx context.Context, e Encoder, set *dataset.Set) (*Pictures, []BrokenStyle, error) {
	sum, err := set.SHA256(ctx)
	if err != nil {
		return nil, nil, err
	}
	p := &Pictures{encoder: e, set: set, identity: "pictures " + sum}
	var broken []BrokenStyle
	i := 0
	for wrong, err := range dataset.Map(ctx, set.Len(), 0, func(i int) (error, error) { _, err := p.decode(i); return err, nil }) {
		if err != nil {
			return nil, nil, err
		}
		if wrong != nil {
			broken = append(broken, BrokenStyle{Picture: set.Item(i).Key, Reason: wrong.Error()})
		} else {
			p.usable = append(p.usable, i)
		}
		i++
	}
	if len(p.usable) == 0 {
		return nil, broken, fmt.Errorf("style: %s: no style could be made of any of the %d pictures: %s: %s", set.Path(), set.Len(), broken[0].Picture, broken[0].Reason)
	}
	return p, broken, nil
}

func (p *Pictures) decode(i int) (*pixel.Image, error) {
	data, err := p.set.Read(i)
	if err != nil {
		return nil, err
	}
	m, _, err := pixel.Decode(data)
	return m, err
}

// Len is the number of pictures that can be decoded.
func (p *Pictures) Len() int { return len(p.usable) }

// Item is picture i of these, 0 <= i < Len.
func (p *Pictures) Item(i int) dataset.Item { return p.set.Item(p.usable[i]) }

// Style encodes picture i of those that can be decoded.
func (p *Pictures) Style(i int) (Style, error) {
	i = p.usable[i]
	m, err := p.decode(i)
	if err != nil {
		return Style{}, err
	}
	s, err := p.encoder.Encode(m)
	if err != nil {
		return Style{}, fmt.Errorf("style: %s: %w", p.set.Location(i), err)
	}
	s.Name = p.set.Item(i).Key
	return s, nil
}

// Draw encodes one of the pictures, all with the same probability: the one that a [Bank] of them draws.
func (p *Pictures) Draw(seed uint64) (Style, error) {
	return p.Style(rand.New(rand.NewPCG(seed, drawPurpose)).IntN(len(p.usable)))
}

// Identity is all that Draw depends on beside the seed and the encoder: the SHA-256 of the pictures.
func (p *Pictures) Identity() string { return p.identity }
