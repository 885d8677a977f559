//go:build unix

package train

import (
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/gomlx/compute"

	"github.com/gestalt-vision/gestalt/augment"
	"github.com/gestalt-vision/gestalt/engine"
	"github.com/gestalt-vision/gestalt/internal/sharedtest"
	"github.com/gestalt-vision/gestalt/nets"
	"github.com/gestalt-vision/gestalt/style"
)

// loop is a training of ResNet-18 for small pictures on the pack of shape categories.
type loop struct {
	source  Source
	backend compute.Backend
	learner *Learner
	options FeedOptions
}

func newLoop(b *testing.B) *loop {
	archive := sharedtest.Path(b, "data/shape-categories-64.tar.gz")
	source, err := FolderSource(openSet(b, filepath.Join(archive, "shape-categories-64/train")), nil)
	if err != nil {
		b.Fatal(err)
	}
	backend, err := engine.Open(engine.Default)
	if err != nil {
		b.Fatal(err)
	}
	network, err := nets.Lookup("resnet18_small")
	if err != nil {
		b.Fatal(err)
	}
	learner, err := NewLearner(backend, network.WithClasses(len(source.Classes())), Learning{Momentum: 0.9, WeightDecay: 1e-4}, Start{Seed: 1})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { learner.Close() })
	return &loop{source, backend, learner,
		FeedOptions{Size: 64, Batch: 32, Seed: 1, Transform: augment.Transform{Crop: augment.Resized, Area: augment.ImageNetCrop, Flip: 0.5}}}
}

func (l *loop) step(b *testing.B, batch Batch) {
	p, err := l.learner.Step(b.Context(), batch, 0.01, 0)
	if err != nil || math.IsNaN(float64(p.Loss)) {
		b.Fatal(p, err)
	}
}

func newBenchFeed(b *testing.B, s Source, o FeedOptions) *Feed {
	f, err := NewFeed(s, o)
	if err != nil {
		b.Fatal(err)
	}
	return f
}

// compilePainting repaints 1, 2, … pictures, as many as are ever repainted at once.
func (l *loop) compilePainting(b *testing.B, p Painting) {
	pictures := Batch{N: paintedAtOnce, H: l.options.Size, W: l.options.Size, Pixels: make([]byte, paintedAtOnce*l.options.Size*l.options.Size*3)}
	var chosen []int
	var styles []style.Style
	for i := range paintedAtOnce {
		s, err := p.Styles.Draw(uint64(i))
		if err != nil {
			b.Fatal(err)
		}
		chosen, styles = append(chosen, i), append(styles, s)
		if err := p.paint(b.Context(), pictures, chosen, styles); err != nil {
			b.Fatal(err)
		}
	}
}

// train takes so many steps, with batches from the beginning of an epoch.
func (l *loop) train(b *testing.B, f *Feed, steps, epoch int) {
	for batch, err := range f.Epoch(b.Context(), epoch, 0) {
		if err != nil {
			b.Fatal(err)
		}
		l.step(b, batch)
		if steps--; steps == 0 {
			break
		}
	}
}

// spent is time, and time of the processor: on a machine that others use as well, the second tells more.
type spent struct{ wall, cpu float64 }

func now(b *testing.B) spent {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	seconds := func(t syscall.Timeval) float64 { return float64(t.Sec) + float64(t.Usec)/1e6 }
	return spent{float64(time.Now().UnixNano()) / 1e9, seconds(u.Utime) + seconds(u.Stime)}
}

func (s spent) since(before spent) spent { return spent{s.wall - before.wall, s.cpu - before.cpu} }

// BenchmarkLoop compares the step alone, again and again with one batch ("bare"), with the loop that decodes, augments and
// steps, beginning with an empty pipeline. They take turns, ten batches each; an iteration is a turn of both. The medians
// are what bench/trainloop.sh compares with PyTorch.
func BenchmarkLoop(b *testing.B) {
	const steps = 10
	l := newLoop(b)
	f := newBenchFeed(b, l.source, l.options)
	var first Batch
	for first = range f.Epoch(b.Context(), 0, 0) {
		break
	}
	l.step(b, first) // compiles
	var bare, whole, bareCPU, wholeCPU []float64
	for turn := range b.N {
		start := now(b)
		for range steps {
			l.step(b, first)
		}
		middle := now(b)
		l.train(b, f, steps, turn)
		whole = append(whole, now(b).since(middle).wall)
		wholeCPU = append(wholeCPU, now(b).since(middle).cpu)
		bare = append(bare, middle.since(start).wall)
		bareCPU = append(bareCPU, middle.since(start).cpu)
	}
	pictures := float64(steps * first.N)
	b.ReportMetric(1000*median(bare)/pictures, "bare-ms")
	b.ReportMetric(1000*median(whole)/pictures, "loop-ms")
	b.ReportMetric(1000*median(bareCPU)/pictures, "bare-cpu-ms")
	b.ReportMetric(1000*median(wholeCPU)/pictures, "loop-cpu-ms")
}

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	return (v[len(v)/2] + v[(len(v)-1)/2]) / 2
}

// BenchmarkAugmentation is what style augmentation costs: the seconds that training takes for 1,000 pictures without it (before
// each method, since machines change their speed), with half and with all of the pictures repainted as they come, and with pictures that were repainted before. An iteration
// is 6 batches of 32. bench/augmentation.sh makes a table of it.
func BenchmarkAugmentation(b *testing.B) {
	const steps = 6
	l := newLoop(b)
	ghiasi, err := style.OpenGhiasi(l.backend, style.GhiasiFiles{
		Transformer: sharedtest.Path(b, "weights/style_transformer.safetensors"), Embeddings: sharedtest.Path(b, "weights/style_embeddings.safetensors")}, 1)
	if err != nil {
		b.Fatal(err)
	}
	defer ghiasi.Close()
	randconv, err := style.OpenRandConv(l.backend, 1)
	if err != nil {
		b.Fatal(err)
	}
	defer randconv.Close()

	measure := func(name string, p *Painting, source Source) {
		o := l.options
		o.Painting = p
		f := newBenchFeed(b, source, o)
		b.Run(name, func(b *testing.B) {
			start := now(b)
			for n := range b.N {
				l.train(b, f, steps, n)
			}
			report(b, now(b).since(start), b.N*steps*o.Batch)
		})
	}
	l.train(b, newBenchFeed(b, l.source, l.options), 1, 0) // compiles
	for _, m := range []struct {
		name     string
		stylizer style.Stylizer
		size     int
	}{{"randconv/64", randconv, 0}, {"ghiasi/64", ghiasi, 0}, {"ghiasi/128", ghiasi, 128}} {
		p := Painting{Stylizer: m.stylizer, Styles: m.stylizer, From: "drawn", Size: m.size}
		l.compilePainting(b, p)
		measure("none", nil, l.source)
		for _, p.Rate = range []float64{0.5, 1} {
			measure(fmt.Sprintf("%s/%g", m.name, p.Rate), &p, l.source)
		}
		var before Source
		b.Run(m.name+"/repaint", func(b *testing.B) {
			start := now(b)
			for range b.N {
				if before, err = Repainted(b.Context(), beginning{l.source, steps * l.options.Batch}, p, 64, 1, 0); err != nil {
					b.Fatal(err)
				}
			}
			report(b, now(b).since(start), b.N*before.Len())
		})
		measure(m.name+"/before", nil, before)
	}
}

// report gives the seconds that 1,000 pictures take.
func report(b *testing.B, s spent, pictures int) {
	b.ReportMetric(1000*s.wall/float64(pictures), "s/1000")
	b.ReportMetric(1000*s.cpu/float64(pictures), "cpu-s/1000")
}

// beginning is the first pictures of a source.
type beginning struct {
	Source
	n int
}

func (p beginning) Len() int { return p.n }
