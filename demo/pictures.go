package demo

import (
	"context"
	"fmt"
	"strconv"

	"github.com/gomlx/compute"

	"github.com/gestalt-vision/gestalt/dataset"
	"github.com/gestalt-vision/gestalt/pixel"
	"github.com/gestalt-vision/gestalt/style"
	"github.com/gestalt-vision/gestalt/synth"
	"github.com/gestalt-vision/gestalt/train"
)

// Names of the sets of pictures beside the kinds of package synth.
const (
	IN  = string(synth.IN)
	SIN = "sin"
)

// testSets are the sets that every network is shown, in the order of tables.
var testSets = []string{IN, SIN, string(synth.Greyscale), string(synth.Silhouette), string(synth.Edge), string(synth.Texture),
	string(synth.CueConflict)}

// gallery is a set of drawn pictures in memory.
type gallery struct {
	train.Source
	set      *synth.Set
	pictures []*pixel.Image
}

func (g *gallery) Picture(i int) (*pixel.Image, error) { return g.pictures[i], nil }

// name is what synth's folders call picture i: with its texture where that is of another class, as the field names cue
// conflicts (fish8-flower8.png).
func (g *gallery) name(i int) string {
	truth, classes := g.set.Truth(i), synth.Classes()
	text := classes[truth.Class()] + strconv.Itoa(i)
	if truth.Shape != synth.None && truth.Texture != synth.None && truth.Shape != truth.Texture {
		text += "-" + classes[truth.Texture] + strconv.Itoa(i)
	}
	return text + ".png"
}

// draw draws a set of pictures.
func draw(ctx context.Context, o synth.Options, workers int) (*gallery, error) {
	set, err := synth.New(o)
	if err != nil {
		return nil, err
	}
	g := &gallery{Source: train.SynthSource(set), set: set}
	one := func(i int) (*pixel.Image, error) { return g.Source.Picture(i) }
	for m, err := range dataset.Map(ctx, set.Len, workers, one) {
		if err != nil {
			return nil, fmt.Errorf("drawing: %w", err)
		}
		g.pictures = append(g.pictures, m)
	}
	return g, nil
}

// painter repaints sets of pictures: it makes SIN of IN.
type painter struct {
	stylizer *style.RandConv
	seed     uint64
}

func newPainter(b compute.Backend, seed uint64) (*painter, error) {
	s, err := style.OpenRandConv(b, 1)
	return &painter{s, seed}, err
}

// repaint repaints every picture in a style of its own.
func (p *painter) repaint(ctx context.Context, s train.Source, size int) (train.Source, error) {
	painting := train.Painting{Stylizer: p.stylizer, Styles: p.stylizer, From: p.stylizer.Identity()}
	return train.Repainted(ctx, s, painting, size, p.seed, 0)
}

// data is all pictures.
type data struct {
	in, sin     train.Source // for training
	val, sinVal train.Source
	tests       map[string]train.Source // by testSets
	conflicts   *gallery                // the cue conflicts among them
}

// set is one synth set of the demonstration.
func (o *Options) set(kind synth.Kind, split string, n int) synth.Options {
	return synth.Options{Seed: o.Seed, Split: split, Kind: kind, Size: o.Recipe.Size, Len: n}
}

// drawAll draws the sets that need no painting.
func (o *Options) drawAll(ctx context.Context, n sizes) (*data, error) {
	d := &data{tests: map[string]train.Source{}}
	var err error
	if d.in, err = draw(ctx, o.set(synth.IN, "train", n.training), o.Workers); err != nil {
		return nil, err
	}
	if d.val, err = draw(ctx, o.set(synth.IN, "val", n.validation), o.Workers); err != nil {
		return nil, err
	}
	for _, name := range testSets {
		if name == SIN {
			continue
		}
		g, err := draw(ctx, o.set(synth.Kind(name), "test", n.test), o.Workers)
		if err != nil {
			return nil, err
		}
		d.tests[name] = g
		if name == string(synth.CueConflict) {
			d.conflicts = g
		}
	}
	return d, nil
}

// paintAll makes SIN.
func (o *Options) paintAll(ctx context.Context, p *painter, d *data) (err error) {
	for _, set := range []struct {
		from train.Source
		to   *train.Source
	}{{d.in, &d.sin}, {d.val, &d.sinVal}} {
		if *set.to, err = p.repaint(ctx, set.from, o.Recipe.Size); err != nil {
			return err
		}
	}
	d.tests[SIN], err = p.repaint(ctx, d.tests[IN], o.Recipe.Size)
	return err
}
