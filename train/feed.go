package train

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/gestalt-vision/gestalt/augment"
	"github.com/gestalt-vision/gestalt/dataset"
	"github.com/gestalt-vision/gestalt/pixel"
	"github.com/gestalt-vision/gestalt/style"
)

// FeedOptions say how batches are made of a source.
type FeedOptions struct {
	Size      int // side of the pictures in a batch, in pixels
	Batch     int // pictures in a batch; the last one of an epoch may have fewer
	Seed      uint64
	Transform augment.Transform
	Painting  *Painting // style augmentation; nil for none
	// InOrder keeps the order of the source, for tests; otherwise each epoch has an order of its own.
	InOrder bool
	// MaxBroken is how many different pictures may turn out to be broken; one more is an error. In training another
	// picture takes the place of a broken one, the next in the order of the epoch, so that all batches keep their size;
	// in tests (InOrder) a broken one is left out.
	MaxBroken int
	// Cache is how many bytes of decoded pictures are kept in memory, so that later epochs need not decode them again.
	Cache   int64
	Workers int // goroutines that decode and augment; 0 for one less than there are processors, but at least one
	Ahead   int // whole batches made ahead of the one that the network computes; 0 for 2
}

// Feed makes batches of a source. What is in them is a function of source and options, but not of Workers, Ahead and Cache.
// Its methods may be called from several goroutines.
type Feed struct {
	source Source
	FeedOptions
	cache  []atomic.Pointer[pixel.Image] // by the picture's index in the source; empty without Cache
	cached atomic.Int64                  // bytes

	mu     sync.Mutex
	failed map[int]string // why pictures can't be used, by index
	broken []int          // those of failed that have been reported, in the order of being met
}

// NewFeed checks the options.
func NewFeed(s Source, o FeedOptions) (*Feed, error) {
	switch {
	case s.Len() == 0:
		return nil, errors.New("train: a source without pictures")
	case o.Batch < 1:
		return nil, fmt.Errorf("train: batches of %d pictures", o.Batch)
	case o.MaxBroken < 0 || o.Cache < 0 || o.Workers < 0 || o.Ahead < 0:
		return nil, fmt.Errorf("train: at most %d broken pictures, %d bytes of pictures in memory, %d workers, %d batches ahead: none may be less than 0",
			o.MaxBroken, o.Cache, o.Workers, o.Ahead)
	}
	if err := o.Transform.Check(o.Size); err != nil {
		return nil, err
	}
	if err := o.Painting.check(o.Size); err != nil {
		return nil, err
	}
	if o.Workers == 0 {
		o.Workers = max(runtime.GOMAXPROCS(0)-1, 1)
	}
	if o.Ahead == 0 {
		o.Ahead = 2
	}
	f := &Feed{source: s, FeedOptions: o, failed: map[int]string{}}
	if o.Cache > 0 {
		f.cache = make([]atomic.Pointer[pixel.Image], s.Len())
	}
	return f, nil
}

// Steps is the number of batches in an epoch.
func (f *Feed) Steps() int { return (f.source.Len() + f.Batch - 1) / f.Batch }

// Identity is all that the batches depend on.
func (f *Feed) Identity() string {
	text := fmt.Sprintf("%s; size=%d batch=%d seed=%d in-order=%t transform=%+v", f.source.Identity(), f.Size, f.Batch, f.Seed, f.InOrder, f.Transform)
	if f.Painting != nil {
		text += "; " + f.Painting.identity()
	}
	return text
}

// Broken are the broken pictures that were met in the batches handed out so far, in the order of being met.
func (f *Feed) Broken() (all []style.BrokenPicture) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, i := range f.broken {
		all = append(all, style.BrokenPicture{Picture: f.source.Key(i), Reason: f.failed[i]})
	}
	return all
}

// Epoch makes the batches first, first+1, … of an epoch, up to its last. They are made ahead, while the caller uses the
// one before. After an error there are no more. When the loop over them ends, early or not, all work has ended.
func (f *Feed) Epoch(ctx context.Context, epoch, first int) iter.Seq2[Batch, error] {
	return ahead(ctx, f.Ahead, func(ctx context.Context) iter.Seq2[made, error] { return f.batches(ctx, epoch, first) }, f.report)
}

// made is a batch, and the broken pictures that were met when it was made.
type made struct {
	Batch
	keys   []string // of its pictures
	broken []int
}

// picture is what became of a place in the order of an epoch.
type picture struct {
	pixels *pixel.Image // nil where it is left out
	class  int
	key    string
	broken []int // pictures that should have been here
}

// batches makes batches one after the other, their pictures side by side.
func (f *Feed) batches(ctx context.Context, epoch, first int) iter.Seq2[made, error] {
	return func(yield func(made, error) bool) {
		order := f.order(epoch)
		start := min(first*f.Batch, len(order))
		var b made
		places := start
		for p, err := range dataset.Map(ctx, len(order)-start, f.Workers, func(i int) (picture, error) { return f.picture(order, start+i, epoch) }) {
			if err != nil {
				yield(b, err)
				return
			}
			if len(b.Pixels) == 0 {
				b.H, b.W = f.Size, f.Size
				b.Pixels = make([]byte, 0, f.Batch*f.Size*f.Size*3)
			}
			b.broken = append(b.broken, p.broken...)
			if p.pixels != nil {
				b.N++
				b.Pixels, b.Labels, b.keys = append(b.Pixels, p.pixels.Pix...), append(b.Labels, int32(p.class)), append(b.keys, p.key)
			}
			if places++; places%f.Batch != 0 && places < len(order) {
				continue
			}
			if f.Painting != nil {
				err = f.Painting.repaint(ctx, b, f.Seed, epoch)
			}
			if !yield(b, err) || err != nil {
				return
			}
			b = made{}
		}
	}
}

// order is the order of an epoch.
func (f *Feed) order(epoch int) []int {
	if f.InOrder {
		order := make([]int, f.source.Len())
		for i := range order {
			order[i] = i
		}
		return order
	}
	return rand.New(rand.NewPCG(f.Seed^orderPurpose, uint64(epoch))).Perm(f.source.Len())
}

const orderPurpose = 0x6f726465720a // "order"

// picture makes the picture for a place in the order of an epoch.
func (f *Feed) picture(order []int, place, epoch int) (p picture, err error) {
	for k := range order {
		i := order[(place+k)%len(order)]
		m, err := f.decoded(i)
		if err == nil {
			// A picture that stands in for another is cropped as that would have been, not as it is in its own place.
			p.key = f.source.Key(order[place])
			p.class = f.source.Class(i)
			p.pixels = f.Transform.Apply(m, f.Size, f.Seed, epoch, p.key)
			return p, nil
		}
		f.fail(i, err)
		p.broken = append(p.broken, i)
		if f.InOrder || len(p.broken) > f.MaxBroken {
			return p, nil
		}
	}
	return p, nil
}

// decoded is picture i, from memory where it is there.
func (f *Feed) decoded(i int) (*pixel.Image, error) {
	if f.cache != nil {
		if m := f.cache[i].Load(); m != nil {
			return m, nil
		}
	}
	if reason := f.why(i); reason != "" {
		return nil, errors.New(reason)
	}
	m, err := f.fromSource(i)
	if err != nil {
		return nil, err
	}
	if f.cache != nil {
		size := int64(len(m.Pix))
		if f.cached.Add(size) > f.Cache || !f.cache[i].CompareAndSwap(nil, m) {
			f.cached.Add(-size)
		}
	}
	return m, nil
}

// fromSource takes a picture that a decoder panics at for a broken one: it is named then, and days of training go on.
func (f *Feed) fromSource(i int) (m *pixel.Image, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return f.source.Picture(i)
}

func (f *Feed) why(i int) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.failed[i]
}

func (f *Feed) fail(i int, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.failed[i] = err.Error()
}

// report notes the broken pictures of a batch that is handed out, and says when they are too many. They are counted in the
// order of the batches, so that the same batch fails however many were made ahead.
func (f *Feed) report(b made) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, i := range b.broken {
		if !slices.Contains(f.broken, i) {
			f.broken = append(f.broken, i)
		}
	}
	if len(f.broken) <= f.MaxBroken && len(f.broken) < f.source.Len() {
		return nil
	}
	var all []string
	for _, i := range f.broken {
		all = append(all, fmt.Sprintf("%s (%s)", f.source.Key(i), strings.TrimPrefix(f.failed[i], "dataset: ")))
	}
	return fmt.Errorf("train: broken pictures: %d of %d, and %d are allowed: %s", len(f.broken), f.source.Len(), f.MaxBroken, list(all))
}
