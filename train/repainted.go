package train

import (
	"context"
	"fmt"

	"github.com/gestalt-vision/gestalt/augment"
	"github.com/gestalt-vision/gestalt/pixel"
)

// repainted is pictures in memory.
type repainted struct {
	Source   // for the classes
	identity string
	keys     []string
	classes  []int32
	pictures []*pixel.Image
}

// Repainted makes every picture of a source once, at size x size pixels (the shorter side resized, the middle cut out), and
// repaints all of them, each in one style: what Stylized-ImageNet is to ImageNet, kept in memory, for sources that are
// small enough. Keys and classes are those of the source. At most maxBroken pictures may be broken; they are left out.
func Repainted(ctx context.Context, s Source, p Painting, size int, seed uint64, maxBroken int) (Source, error) {
	p.Rate = 1
	f, err := NewFeed(s, FeedOptions{Size: size, Batch: 4 * paintedAtOnce, Seed: seed, InOrder: true, MaxBroken: maxBroken,
		Transform: augment.Transform{Crop: augment.Centre}, Painting: &p})
	if err != nil {
		return nil, err
	}
	r := &repainted{Source: s, identity: fmt.Sprintf("repainted (%s)", f.Identity())}
	for b, err := range f.batches(ctx, 0, 0) {
		if err == nil {
			err = f.report(b)
		}
		if err != nil {
			return nil, err
		}
		for i, key := range b.keys {
			m := pixel.New(size, size, 3)
			copy(m.Pix, b.Pixels[i*len(m.Pix):])
			r.keys, r.classes, r.pictures = append(r.keys, key), append(r.classes, b.Labels[i]), append(r.pictures, m)
		}
	}
	return r, nil
}

func (r *repainted) Len() int                            { return len(r.pictures) }
func (r *repainted) Class(i int) int                     { return int(r.classes[i]) }
func (r *repainted) Key(i int) string                    { return r.keys[i] }
func (r *repainted) Picture(i int) (*pixel.Image, error) { return r.pictures[i], nil }
func (r *repainted) Identity() string                    { return r.identity }
