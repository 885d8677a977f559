package measure

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

// trainedSuffix ends the name of the directory that holds the networks trained later, beside the directory of the same
// experiment that holds the people.
const trainedSuffix = "-trained-CNNs"

// na is the number of the answer "na", and of everything else that is no category.
const na = -1

// stimulus is one picture under one condition.
type stimulus struct {
	id        string
	condition string
	category  int // ground truth
	shape     int // of a cue-conflict picture, else -1
	texture   int // likewise
}

// conflict reports whether the two cues name different categories. Pictures without conflict count neither as shape
// nor as texture decisions.
func (s *stimulus) conflict() bool { return s.shape != s.texture }

// sighting is a trial, reduced to what the measures need.
type sighting struct {
	stimulus int // position in family.stimuli
	answer   int // category number or na
}

// subject is one observer of one experiment, or the pool of its people.
type subject struct {
	experiment string
	name       string
	human      bool
	people     []*subject // of the pool, else nil
	sightings  []sighting // sorted by stimulus, the same stimulus in order of session and trial
	times      []float64  // response times in ms, people only, "na" left out
}

func (s *subject) pooled() bool { return s.people != nil }

// family is an experiment under all its names, its sibling directory of later networks among them: the observers of the
// same stimuli.
type family struct {
	lexicon
	stimuli  []stimulus // sorted by id
	subjects []*subject // experiment by experiment: pool, people, networks, each sorted by name
}

// families sorts the trials by family, observer and stimulus.
func families(exps []Experiment, v Vocabulary) []*family {
	parts := map[string][]Experiment{}
	for _, e := range exps {
		base := Family(e.Name)
		parts[base] = append(parts[base], e)
	}
	var all []*family
	for _, base := range sortedKeys(parts) {
		all = append(all, newFamily(parts[base], v.lexicon()))
	}
	return all
}

func newFamily(exps []Experiment, l lexicon) *family {
	f := &family{lexicon: l}
	numbers := map[string]int{} // of an identity, in order of appearance
	byImage := map[[3]string]int{}
	type row struct {
		sighting
		session string
		trial   int
	}
	rows := map[*subject][]row{}
	subjects := map[[2]string]*subject{}
	for _, e := range exps {
		for _, t := range e.Trials {
			key := [2]string{e.Name, t.Subj}
			s := subjects[key]
			if s == nil {
				s = &subject{experiment: e.Name, name: t.Subj, human: t.Human()}
				subjects[key] = s
				f.subjects = append(f.subjects, s)
			}
			image := [3]string{t.Image, t.Category, t.Condition}
			n, known := byImage[image]
			if !known {
				n = f.stimulus(t, numbers)
				byImage[image] = n
			}
			answer := f.number(t.Response)
			if answer != na && s.human && !math.IsNaN(t.RT) {
				s.times = append(s.times, 1000*t.RT)
			}
			rows[s] = append(rows[s], row{sighting{n, answer}, t.Session, t.Trial})
		}
	}
	place := f.sortStimuli()
	for s, rs := range rows {
		for i := range rs {
			rs[i].stimulus = place[rs[i].stimulus]
		}
		slices.SortStableFunc(rs, func(a, b row) int {
			return cmp.Or(a.stimulus-b.stimulus, cmp.Compare(a.session, b.session), a.trial-b.trial)
		})
		s.sightings = make([]sighting, len(rs))
		for i, r := range rs {
			s.sightings[i] = r.sighting
		}
	}
	f.addPools()
	slices.SortFunc(f.subjects, func(a, b *subject) int {
		return cmp.Or(strings.Compare(a.experiment, b.experiment), rank(a)-rank(b), strings.Compare(a.name, b.name))
	})
	return f
}

// rank orders the observers of an experiment: the pool, people, networks.
func rank(s *subject) int {
	switch {
	case s.pooled():
		return 0
	case s.human:
		return 1
	}
	return 2
}

// stimulus gives the provisional number of a trial's stimulus.
func (f *family) stimulus(t Trial, numbers map[string]int) int {
	id, condition := f.identity(t)
	n, known := numbers[id]
	if !known {
		n = len(f.stimuli)
		numbers[id] = n
		st := stimulus{id: id, condition: condition, category: f.number(t.Category), shape: na, texture: na}
		if st.category == na {
			panic(fmt.Sprintf("measure: a trial with %s has the category %q, which is none of %v", t.Image, t.Category, f.Vocabulary))
		}
		if shape, texture, ok := f.CueConflict(t.Image); ok {
			st.shape, st.texture = f.number(shape), f.number(texture)
		}
		f.stimuli = append(f.stimuli, st)
	}
	return n
}

// sortStimuli sorts by identity, so that nothing depends on the order of files and rows, and says where each went.
func (f *family) sortStimuli() (place []int) {
	order := make([]int, len(f.stimuli))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return strings.Compare(f.stimuli[a].id, f.stimuli[b].id) })
	sorted := make([]stimulus, len(order))
	place = make([]int, len(order))
	for to, from := range order {
		sorted[to] = f.stimuli[from]
		place[from] = to
	}
	f.stimuli = sorted
	return place
}

// addPools adds the observer "humans" to each experiment with people.
func (f *family) addPools() {
	pools := map[string]*subject{}
	for _, s := range f.subjects {
		if !s.human {
			continue
		}
		p := pools[s.experiment]
		if p == nil {
			p = &subject{experiment: s.experiment, name: Humans, human: true}
			pools[s.experiment] = p
		}
		p.people = append(p.people, s)
	}
	for _, p := range pools {
		slices.SortFunc(p.people, func(a, b *subject) int { return strings.Compare(a.name, b.name) })
		for _, s := range p.people {
			p.sightings = append(p.sightings, s.sightings...)
			p.times = append(p.times, s.times...)
		}
		slices.SortStableFunc(p.sightings, func(a, b sighting) int { return a.stimulus - b.stimulus })
		f.subjects = append(f.subjects, p)
	}
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
