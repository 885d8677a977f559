package train

import (
	"bytes"
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gestalt-vision/gestalt/augment"
	"github.com/gestalt-vision/gestalt/pixel"
	"github.com/gestalt-vision/gestalt/style"
)

// negative is a method that turns pictures into their negatives and adds the style, a number of up to 1/10.
type negative struct{ largest *int }

func (n negative) Encode(*pixel.Image) (style.Style, error) {
	return style.Style{}, errors.New("not needed")
}
func (n negative) Draw(seed uint64) (style.Style, error) {
	return style.Style{Vector: []float32{float32(seed%100) / 1000}}, nil
}
func (n negative) Identity() string { return "negative" }
func (n negative) Close() error     { return nil }

func (n negative) Stylize(_ context.Context, contents style.Batch, styles []style.Style) (style.Batch, error) {
	*n.largest = max(*n.largest, contents.W, contents.H)
	out := style.NewBatch(contents.N, contents.H, contents.W)
	size := contents.H * contents.W * 3
	for i, v := range contents.Pixels {
		out.Pixels[i] = 1 - v + styles[i/size].Vector[0]
	}
	return out, nil
}

// A share of the pictures is repainted, chosen anew in each epoch, and the others are left as they are.
func TestPaintingRate(t *testing.T) {
	o := FeedOptions{Size: 4, Batch: 32, Seed: 5, InOrder: true, Transform: augment.Transform{Crop: augment.Centre}}
	const n, epochs = 100, 4
	plain := epoch(t, newFeed(t, squares{n: n}, o), 0, 0)
	for _, c := range []struct {
		rate float64
		size int
	}{{0, 0}, {0.3, 8}, {1, 0}} {
		side := 0
		o.Painting = &Painting{Stylizer: negative{&side}, Styles: negative{}, Rate: c.rate, Size: c.size}
		f := newFeed(t, squares{n: n}, o)
		painted := 0
		var chosen [epochs]map[int]bool
		for e := range chosen {
			chosen[e] = map[int]bool{}
			for k, b := range epoch(t, f, e, 0) {
				for i := range b.N {
					before, after := int(plain[k].Pixels[i*48]), int(b.Pixels[i*48]) // before: less than 100
					for _, v := range b.Pixels[i*48 : (i+1)*48] {
						if int(v) != after {
							t.Fatalf("picture %d is no longer of one colour", before)
						}
					}
					if after == before {
						continue
					}
					if over := after - (255 - before); over < 0 || over > 26 {
						t.Errorf("picture %d has value %d", before, after)
					}
					chosen[e][before] = true
					painted++
				}
			}
		}
		if share := float64(painted) / (epochs * n); math.Abs(share-c.rate) > 0.08*min(c.rate, 1-c.rate)/0.3 {
			t.Errorf("at a rate of %g, %d of %d pictures are repainted", c.rate, painted, epochs*n)
		}
		if c.rate == 0.3 && cmp.Equal(chosen[0], chosen[1]) {
			t.Error("two epochs repaint the same pictures")
		}
		if want := max(c.size, 4); c.rate > 0 && side != want {
			t.Errorf("repainted at %d pixels, not %d", side, want)
		}
		if c.rate == 0 && side != 0 {
			t.Error("the method was called for nothing")
		}
	}
}

// A repainted source has the pictures of the other, each painted once, the same whatever asks for them.
func TestRepainted(t *testing.T) {
	side := 0
	source := squares{n: 70, broken: map[int]bool{11: true}}
	p := Painting{Stylizer: negative{&side}, Styles: negative{}, Size: 12}
	r, err := Repainted(t.Context(), source, p, 6, 3, 1)
	if err != nil {
		t.Fatal(err)
	}
	if r.Len() != 69 || side != 12 || r.Classes()[r.Class(12)] != "b" || r.Key(12) != source.Key(13) {
		t.Errorf("%d pictures, painted at %d pixels, %s is of class %d", r.Len(), side, r.Key(12), r.Class(12))
	}
	again, err := Repainted(t.Context(), source, p, 6, 3, 1)
	if err != nil || again.Identity() != r.Identity() {
		t.Error(err)
	}
	for i := range r.Len() {
		a, _ := r.Picture(i)
		b, _ := again.Picture(i)
		number := i
		if i >= 11 {
			number++
		}
		if over := int(a.Pix[0]) - (255 - number); a.W != 6 || over < 0 || over > 26 || !bytes.Equal(a.Pix, b.Pix) {
			t.Errorf("picture %d has value %d, then %d", number, a.Pix[0], b.Pix[0])
		}
	}
	if other, err := Repainted(t.Context(), source, p, 6, 4, 1); err != nil || other.Identity() == r.Identity() {
		t.Error("the seed is no part of what it is", err)
	}
	if _, err := Repainted(t.Context(), source, p, 6, 3, 0); err == nil || !strings.Contains(err.Error(), "c/11 (no picture at all)") {
		t.Error(err)
	}
}

// With a method of our own on the cpu engine too, batches are the same for any number of workers and wherever an epoch is
// begun.
func TestPaintingOnTheEngine(t *testing.T) {
	method, err := style.OpenRandConv(open(t, "cpu"), 0.8)
	if err != nil {
		t.Fatal(err)
	}
	defer method.Close()
	o := FeedOptions{Size: 24, Batch: 16, Seed: 2, Workers: 1, Transform: everything,
		Painting: &Painting{Stylizer: method, Styles: method, From: "drawn", Rate: 0.6, Size: 40}}
	source := SynthSource(synthSet(t, "train", 40))
	want := epoch(t, newFeed(t, source, o), 4, 0)
	o.Workers, o.Ahead = 3, 3
	f := newFeed(t, source, o)
	for _, first := range []int{0, 2} {
		if !slices.EqualFunc(epoch(t, f, 4, first), want[first:], same) {
			t.Errorf("the batches from %d on are others", first)
		}
	}
	o.Painting = nil
	if slices.EqualFunc(epoch(t, newFeed(t, source, o), 4, 0), want, same) {
		t.Error("nothing was repainted")
	}
}
