package demo

import (
	"context"
	"errors"
	"path/filepath"
	"time"

	"github.com/gomlx/compute"

	"github.com/gestalt-vision/gestalt/measure"
	"github.com/gestalt-vision/gestalt/nets"
	"github.com/gestalt-vision/gestalt/synth"
	"github.com/gestalt-vision/gestalt/train"
	"github.com/gestalt-vision/gestalt/weights"
)

// Run does the demonstration. When ctx is done, its error is returned; what lies in Dir then is of no use.
func Run(ctx context.Context, o Options) (*Result, error) {
	n, err := o.check()
	if err != nil {
		return nil, err
	}
	clock := newClock()
	d, err := o.drawAll(ctx, n)
	if err != nil {
		return nil, err
	}
	clock.lap("drawing pictures")
	r := &Result{Training: n.training, Test: n.test}
	if err := o.paint(ctx, d, r, clock); err != nil {
		return nil, err
	}
	t := &trainer{Options: &o, sizes: n, data: d, clock: clock}
	if err := t.run(ctx); err != nil {
		return nil, err
	}
	clock.lap("training and measuring all")
	r.Rows = t.rows[:]
	for _, row := range r.Rows {
		r.Trials = append(r.Trials, row.answers.trials(row.Name, d.conflicts)...)
	}
	r.Analysis = measure.Analyze([]measure.Experiment{{Name: string(synth.CueConflict), Trials: r.Trials}},
		measure.Settings{Seed: o.Seed, Categories: synth.Classes(), Workers: o.Workers})
	for i := range r.Rows {
		for _, observer := range r.Analysis.Observers {
			if observer.Observer == r.Rows[i].Name {
				r.Rows[i].Bias = observer
			}
		}
	}
	if err := r.conflicts(&o, d); err != nil {
		return nil, err
	}
	clock.lap("intervals")
	clock.add("all in all", clock.begun)
	r.Spent = clock.spent
	return r, nil
}

// paint makes SIN, and the samples, on an engine of its own.
func (o *Options) paint(ctx context.Context, d *data, r *Result, clock *clock) (err error) {
	b, err := o.Open(o.Workers)
	if err != nil {
		return err
	}
	defer b.Finalize()
	p, err := newPainter(b, o.Seed)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.stylizer.Close()) }()
	if err := o.paintAll(ctx, p, d); err != nil {
		return err
	}
	clock.lap("repainting pictures")
	if r.Samples, err = o.samples(ctx, p); err == nil {
		clock.lap("samples")
	}
	return err
}

// samples draws the pictures to look at.
func (o *Options) samples(ctx context.Context, p *painter) (all []Sample, err error) {
	set := func(name string, s train.Source) error {
		sample := Sample{Set: name}
		for i := range s.Len() {
			m, err := s.Picture(i)
			if err != nil {
				return err
			}
			sample.Pictures, sample.Classes = append(sample.Pictures, m), append(sample.Classes, synth.Classes()[s.Class(i)])
		}
		all = append(all, sample)
		return nil
	}
	for _, kind := range []synth.Kind{synth.IN, synth.CueConflict} {
		options := o.set(kind, "test", samplesEach)
		options.Size = sampleSize
		g, err := draw(ctx, options, o.Workers)
		if err != nil {
			return nil, err
		}
		if err := set(string(kind), g); err != nil {
			return nil, err
		}
		if kind == synth.CueConflict {
			continue
		}
		painted, err := p.repaint(ctx, g, sampleSize)
		if err != nil {
			return nil, err
		}
		if err := set(SIN, painted); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// conflicts picks the first cue conflict of each shape of those that are shown as samples, with the answers.
func (r *Result) conflicts(o *Options, d *data) error {
	classes := synth.Classes()
	options := o.set(synth.CueConflict, "test", samplesEach)
	options.Size = sampleSize
	large, err := synth.New(options)
	if err != nil {
		return err
	}
	for i := range samplesEach {
		m, truth := large.Picture(i)
		c := Conflict{Picture: m, Name: d.conflicts.name(i), Shape: classes[truth.Shape], Texture: classes[truth.Texture]}
		for _, row := range r.Rows {
			c.Answers = append(c.Answers, classes[row.answers.first[i]])
		}
		r.Conflicts = append(r.Conflicts, c)
	}
	return nil
}

// row trains one network and shows it the test sets.
func (t *trainer) row(ctx context.Context, b compute.Backend, r *row, from *weights.File, workers int) (made Row, err error) {
	begin := time.Now()
	made = Row{Name: r.name, Training: r.training, FineTuning: r.fineTuning, Recipe: r.recipe(t.Options, t.sizes)}
	training, validation, err := r.sources(t.data)
	if err != nil {
		return made, err
	}
	dir := filepath.Join(t.Dir, "networks", r.folder)
	result, err := train.Run(ctx, b, train.Job{Recipe: made.Recipe, Train: training, Validation: validation, Init: from, Out: dir,
		Workers: workers, Engine: t.Engine, Version: t.Version, Tell: func(s train.Status) {
			if s.Phase == train.Training {
				t.tell(s.Pictures)
			}
		}})
	if err != nil {
		return made, err
	}
	made.Weights, made.Epochs, made.Shown = result.Last, result.Epochs, training.Len()*made.Recipe.Epochs
	if made.Parts, err = train.Parts(dir); err != nil {
		return made, err
	}
	t.clock.add("training "+r.name, begin)
	begin = time.Now()
	m, err := nets.Load(b, made.Recipe.Network, made.Weights)
	if err != nil {
		return made, err
	}
	err = t.test(ctx, m, r, &made)
	t.clock.add("measuring "+r.name, begin)
	return made, errors.Join(err, m.Close())
}

// test shows the test sets.
func (t *trainer) test(ctx context.Context, m *nets.Model, r *row, made *Row) error {
	first, five, pictures := 0, 0, 0
	for _, name := range testSets {
		a, err := show(ctx, m, t.data.tests[name], made.Recipe.Batch)
		if err != nil {
			return err
		}
		made.Sets = append(made.Sets, Accuracy{name, measure.NewProportion(a.within(1), len(a.first))})
		for _, own := range r.sets {
			if own == name {
				first, five, pictures = first+a.within(1), five+a.within(5), pictures+len(a.first)
			}
		}
		if name == string(synth.CueConflict) {
			made.answers = a
		}
	}
	made.Top1, made.Top5 = measure.NewProportion(first, pictures), measure.NewProportion(five, pictures)
	return nil
}
