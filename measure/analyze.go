package measure

import (
	"runtime"
	"slices"
	"strings"
)

// DefaultRounds is the number of bootstrap rounds and permutations where the settings do not say.
const DefaultRounds = 2000

// Analyze computes every measure of the trials: per observer, for the pooled people of each experiment (observer
// "humans"), and between all observers who share stimuli within a Family of experiments (an experiment under its several
// names, and its sibling directory of later networks). People are compared with people one by one, the pool only with
// networks. Results do not depend on the order of experiments and trials nor on the number of workers.
//
// The names of the categories are those of the settings. Analyze panics on a trial of another category, and where a
// vocabulary has a name twice; another answer counts as none.
//
// Observers come sorted by experiment, in it the pool first, then people, then networks; pairs in the same order, A
// before B.
func Analyze(exps []Experiment, settings Settings) Analysis {
	if settings.Rounds == 0 {
		settings.Rounds = DefaultRounds
	}
	settings.Rounds = max(settings.Rounds, 0)
	workers := settings.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	a := Analysis{
		Observers: []Observer{}, Pairs: []Pair{},
		Settings: Settings{Rounds: settings.Rounds, Seed: settings.Seed, Categories: settings.Categories},
	}
	settings.Workers = workers
	if err := settings.Categories.Check(); err != nil {
		panic(err)
	}
	for _, f := range families(exps, settings.Categories) {
		observers, pairs := f.analyze(settings)
		a.Observers = append(a.Observers, observers...)
		a.Pairs = append(a.Pairs, pairs...)
	}
	slices.SortStableFunc(a.Observers, func(x, y Observer) int { return strings.Compare(x.Experiment, y.Experiment) })
	a.Ranks = ranks(a.Observers, edgeExperiments(exps), settings.Categories)
	return a
}

// analyze computes the observers and pairs of a family.
func (f *family) analyze(settings Settings) ([]Observer, []Pair) {
	observers := make([]Observer, len(f.subjects))
	work := newGrouper(f)
	parallel(len(f.subjects), settings.Workers, func(i int) { observers[i] = describe(f, f.subjects[i]) })
	for i, s := range f.subjects {
		work.observer(s, &observers[i])
	}
	matches := newMatches(f)
	var pairs []*Pair
	for i, a := range f.subjects {
		for _, b := range f.subjects[i+1:] {
			if p := work.pair(matches, a, b); p != nil {
				pairs = append(pairs, p)
			}
		}
	}
	for _, g := range work.groups {
		g.resample(settings)
	}
	flat := make([]Pair, len(pairs))
	for i, p := range pairs {
		flat[i] = *p
	}
	return observers, flat
}

// pair compares two observers, nil if they are not to be compared or share no stimulus.
func (g *grouper) pair(matches *matches, a, b *subject) *Pair {
	if a.pooled() && b.human || b.pooled() && a.human {
		return nil
	}
	if b.pooled() { // people in the directory of later networks; the pool is always A
		a, b = b, a
	}
	set := g.shared(a, b)
	if set == nil {
		return nil
	}
	singles := []*subject{a}
	if a.pooled() {
		singles = a.people
	}
	var ms []*match
	for _, s := range singles {
		if m := matches.of(s, b); len(m.stimuli) > 0 {
			ms = append(ms, m)
		}
	}
	p := &Pair{Experiment: a.experiment, A: a.name, B: b.name, Stimuli: len(set.stimuli)}
	if a.experiment != b.experiment {
		p.ExperimentB = b.experiment
	}
	p.consistency(g.family, ms)
	job := pairJob{pair: p, a: set.member(a), b: set.member(b)}
	for _, m := range ms {
		job.duels = append(job.duels, set.duel(m))
	}
	p.ShapeBiasDifference = job.a.bias() - job.b.bias()
	set.pairs = append(set.pairs, job)
	return p
}

// bias is the shape bias on the group's stimuli, NaN where it is undefined.
func (m *member) bias() Float {
	s, x := m.parts[sumShape].total(), m.parts[sumTexture].total()
	return ratio(s, s+x)
}

// total is the number of trials of a tally.
func (t *tally) total() (n int) {
	for _, k := range t.times {
		n += int(k)
	}
	return n
}

// matches computes each match once: the people's with the networks are needed twice, for themselves and for the pool.
type matches struct {
	family *family
	known  map[[2]*subject]*match
}

func newMatches(f *family) *matches { return &matches{f, map[[2]*subject]*match{}} }

func (ms *matches) of(a, b *subject) *match {
	if m := ms.known[[2]*subject{a, b}]; m != nil {
		return m
	}
	m := newMatch(ms.family, a, b)
	ms.known[[2]*subject{a, b}] = m
	return m
}
