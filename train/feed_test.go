package train

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gestalt-vision/gestalt/augment"
	"github.com/gestalt-vision/gestalt/pixel"
	"github.com/gestalt-vision/gestalt/style"
)

// squares are pictures of one colour each, some of them broken.
type squares struct {
	n      int
	broken map[int]bool
	reads  func(i int)
}

func (s squares) Len() int          { return s.n }
func (s squares) Classes() []string { return []string{"a", "b", "c"} }
func (s squares) Class(i int) int   { return i % 3 }
func (s squares) Key(i int) string  { return fmt.Sprintf("%c/%d", 'a'+i%3, i) }
func (s squares) Identity() string  { return fmt.Sprint("squares ", s.n) }

func (s squares) Picture(i int) (*pixel.Image, error) {
	if s.reads != nil {
		s.reads(i)
	}
	if s.broken[i] {
		return nil, errors.New("no picture at all")
	}
	m := pixel.New(20, 16, 3)
	for k := range m.Pix {
		m.Pix[k] = byte(i) // its number, whatever the crop
	}
	return m, nil
}

var everything = augment.Transform{Crop: augment.Resized, Area: augment.ImageNetCrop, Flip: 0.5,
	Jitter: augment.Jitter{Brightness: 0.4, Contrast: 0.4, Saturation: 0.4, Hue: 0.1}}

func newFeed(t *testing.T, s Source, o FeedOptions) *Feed {
	t.Helper()
	f, err := NewFeed(s, o)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// epoch is the batches of an epoch from first on.
func epoch(t *testing.T, f *Feed, n, first int) (all []Batch) {
	t.Helper()
	for b, err := range f.Epoch(t.Context(), n, first) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, b)
	}
	return all
}

func same(a, b Batch) bool {
	return a.N == b.N && a.H == b.H && a.W == b.W && bytes.Equal(a.Pixels, b.Pixels) && slices.Equal(a.Labels, b.Labels)
}

// Workers, batches made ahead and pictures kept in memory change no byte, and any batch of an epoch can be begun with.
func TestSameBatches(t *testing.T) {
	source := SynthSource(synthSet(t, "train", 50))
	o := FeedOptions{Size: 24, Batch: 8, Seed: 3, Transform: everything, Workers: 1, Ahead: 1}
	f := newFeed(t, source, o)
	want := [][]Batch{epoch(t, f, 0, 0), epoch(t, f, 1, 0)}
	if slices.EqualFunc(want[0], want[1], same) {
		t.Error("two epochs are the same")
	}
	if len(want[0]) != f.Steps() || f.Steps() != 7 || want[0][6].N != 2 {
		t.Errorf("%d batches, %d steps, %d pictures in the last batch", len(want[0]), f.Steps(), want[0][6].N)
	}
	for _, c := range []struct{ workers, ahead, cache int }{{1, 3, 0}, {2, 2, 1 << 30}, {5, 1, 40 * 64 * 64 * 3}, {16, 4, 1}} {
		o.Workers, o.Ahead, o.Cache = c.workers, c.ahead, int64(c.cache)
		f := newFeed(t, source, o)
		for n := range want {
			for _, first := range []int{0, 5, 7} {
				if got := epoch(t, f, n, first); !slices.EqualFunc(got, want[n][first:], same) {
					t.Errorf("%+v: epoch %d from batch %d on is another", c, n, first)
				}
			}
		}
		if f.cached.Load() > o.Cache {
			t.Errorf("%d bytes are kept, %d are allowed", f.cached.Load(), o.Cache)
		}
	}
	o.Seed++
	if slices.EqualFunc(want[0], epoch(t, newFeed(t, source, o), 0, 0), same) {
		t.Error("the seed changes nothing")
	}
}

// Each epoch shows each picture once with its class, in an order of its own.
func TestEpochIsAPermutation(t *testing.T) {
	f := newFeed(t, squares{n: 100}, FeedOptions{Size: 4, Batch: 7, Transform: augment.Transform{Crop: augment.Centre}})
	var orders [][]byte
	for n := range 3 {
		var order []byte
		for _, b := range epoch(t, f, n, 0) {
			if b.H != 4 || b.W != 4 || len(b.Pixels) != b.N*4*4*3 || len(b.Labels) != b.N {
				t.Fatalf("%d pictures of %dx%d, %d values, %d labels", b.N, b.W, b.H, len(b.Pixels), len(b.Labels))
			}
			for i := range b.N {
				id := b.Pixels[i*48]
				if b.Labels[i] != int32(id)%3 {
					t.Errorf("picture %d has class %d", id, b.Labels[i])
				}
				order = append(order, id)
			}
		}
		orders = append(orders, slices.Clone(order))
		slices.Sort(order)
		for i, id := range order {
			if int(id) != i {
				t.Fatalf("epoch %d shows %v", n, order)
			}
		}
	}
	if bytes.Equal(orders[0], orders[1]) || bytes.Equal(orders[1], orders[2]) {
		t.Error("two epochs have one order")
	}
}

// A broken picture gives way to the next in order, is named once, and ends training when it is one too many.
func TestBrokenPictures(t *testing.T) {
	source := squares{n: 60, broken: map[int]bool{7: true, 31: true}}
	o := FeedOptions{Size: 4, Batch: 16, MaxBroken: 2, Transform: augment.Transform{Crop: augment.Centre}}
	var want []Batch
	for _, workers := range []int{1, 4} {
		o.Workers = workers
		f := newFeed(t, source, o)
		got := epoch(t, f, 0, 0)
		order := f.order(0)
		for place, i := range order {
			shown := got[place/16].Pixels[place%16*48]
			if source.broken[i] {
				i = order[(place+1)%60]
			}
			if int(shown) != i {
				t.Errorf("place %d shows %d, not %d", place, shown, i)
			}
		}
		if want != nil && !slices.EqualFunc(want, got, same) {
			t.Error("the number of workers changes the batches")
		}
		want = got
		epoch(t, f, 1, 0)
		broken := f.Broken()
		slices.SortFunc(broken, func(a, b style.BrokenPicture) int { return strings.Compare(a.Picture, b.Picture) })
		if d := cmp.Diff([]style.BrokenPicture{{Picture: "b/31", Reason: "no picture at all"}, {Picture: "b/7", Reason: "no picture at all"}}, broken); d != "" {
			t.Error(d)
		}
	}

	// One too many: the batches before it are handed out, always the same ones.
	o.MaxBroken = 1
	for _, workers := range []int{1, 8} {
		o.Workers, o.Ahead = workers, workers
		f := newFeed(t, source, o)
		late := max(slices.Index(f.order(0), 7), slices.Index(f.order(0), 31)) / 16
		n := 0
		var failed error
		for _, err := range f.Epoch(t.Context(), 0, 0) {
			if failed = err; err == nil {
				n++
			}
		}
		if n != late || failed == nil || !strings.Contains(failed.Error(), "2 of 60, and 1 are allowed") ||
			!strings.Contains(failed.Error(), "b/7 (no picture at all)") || !strings.Contains(failed.Error(), "b/31 (no picture at all)") {
			t.Errorf("%d batches, not %d, then %v", n, late, failed)
		}
	}

	// In tests it is left out, and the others are where they were.
	f := newFeed(t, source, FeedOptions{Size: 4, Batch: 16, MaxBroken: 2, InOrder: true, Transform: augment.Transform{Crop: augment.Centre}})
	var shown []int
	for _, b := range epoch(t, f, 0, 0) {
		for i := range b.N {
			shown = append(shown, int(b.Pixels[i*48]))
		}
	}
	if len(shown) != 58 || slices.Contains(shown, 7) || slices.Contains(shown, 31) || !slices.IsSorted(shown) {
		t.Errorf("%d pictures: %v", len(shown), shown)
	}

	// A panic is of the picture, not of training.
	source.reads = func(i int) {
		if i == 20 {
			panic("no such Huffman table")
		}
	}
	f = newFeed(t, source, FeedOptions{Size: 4, Batch: 60, MaxBroken: 3, Transform: augment.Transform{Crop: augment.Centre}})
	if epoch(t, f, 0, 0); !slices.Contains(f.Broken(), style.BrokenPicture{Picture: "c/20", Reason: "panic: no such Huffman table"}) {
		t.Errorf("%v", f.Broken())
	}

	// When all are broken there is nothing to go on with.
	all := squares{n: 3, broken: map[int]bool{0: true, 1: true, 2: true}}
	f = newFeed(t, all, FeedOptions{Size: 4, Batch: 2, MaxBroken: 10, Transform: augment.Transform{Crop: augment.Centre}})
	for b, err := range f.Epoch(t.Context(), 0, 0) {
		if err == nil {
			t.Errorf("a batch of %d out of nothing", b.N)
		}
	}
}

// An epoch can be left at any batch, and cancelled.
func TestEpochEnds(t *testing.T) {
	f := newFeed(t, squares{n: 200}, FeedOptions{Size: 4, Batch: 4, Workers: 3, Transform: augment.Transform{Crop: augment.Centre}})
	for range f.Epoch(t.Context(), 0, 0) {
		break
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := 0
	var last error
	for _, err := range f.Epoch(ctx, 0, 0) {
		if last = err; err == nil {
			n++
		}
		if n == 3 {
			cancel()
		}
	}
	if !errors.Is(last, context.Canceled) || n == f.Steps() {
		t.Errorf("%d batches, then %v", n, last)
	}
}

func TestFeedRefuses(t *testing.T) {
	good := FeedOptions{Size: 4, Batch: 2, Transform: augment.Transform{Crop: augment.Centre}}
	for want, change := range map[string]func(*FeedOptions){
		"batches of 0":           func(o *FeedOptions) { o.Batch = 0 },
		"pictures of 0 pixels":   func(o *FeedOptions) { o.Size = 0 },
		"there is no crop":       func(o *FeedOptions) { o.Transform.Crop = "square" },
		"in 0..1":                func(o *FeedOptions) { o.Transform.Flip = 2 },
		"none may be less":       func(o *FeedOptions) { o.MaxBroken = -1 },
		"two ascending shares":   func(o *FeedOptions) { o.Transform.Crop = augment.Resized },
		"needs a method":         func(o *FeedOptions) { o.Painting = &Painting{} },
		"share of 1.5":           func(o *FeedOptions) { o.Painting = &Painting{Stylizer: negative{}, Styles: negative{}, Rate: 1.5} },
		"must be at least as mu": func(o *FeedOptions) { o.Painting = &Painting{Stylizer: negative{}, Styles: negative{}, Size: 2} },
	} {
		o := good
		change(&o)
		if _, err := NewFeed(squares{n: 4}, o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", want, err)
		}
	}
	if _, err := NewFeed(squares{}, good); err == nil {
		t.Error("an empty source is taken")
	}
}
