package measure

import (
	"math"
	"slices"
)

// counts are the numbers of trials of one kind: of an observer, or of an observer's trials in one category.
type counts struct {
	trials, conflict, shape, texture, na, naConflict int
	correct, noConflict, noConflictCorrect           int
}

// add counts one trial.
func (c *counts) add(st *stimulus, answer int) {
	c.trials++
	right := answer == st.category
	if right {
		c.correct++
	}
	if answer == na {
		c.na++
	}
	switch {
	case st.shape < 0:
	case !st.conflict():
		c.noConflict++
		if right {
			c.noConflictCorrect++
		}
	default:
		c.conflict++
		switch answer {
		case st.shape:
			c.shape++
		case st.texture:
			c.texture++
		case na:
			c.naConflict++
		}
	}
}

// tallied is an observer's counts, in all and by category.
type tallied struct {
	all       counts
	byShape   []counts // conflict trials of a shape category
	byTexture []counts // conflict trials of a texture category
	byTruth   []counts
	confusion [][]int // of a category, by answer; the last is na
	cues      bool    // there are cue-conflict pictures among the stimuli
}

func (f *family) tallyUp(sightings []sighting) *tallied {
	n := len(f.Names())
	t := &tallied{byShape: make([]counts, n), byTexture: make([]counts, n), byTruth: make([]counts, n), confusion: make([][]int, n)}
	for i := range t.confusion {
		t.confusion[i] = make([]int, n+1)
	}
	for _, s := range sightings {
		st := &f.stimuli[s.stimulus]
		t.all.add(st, s.answer)
		t.byTruth[st.category].add(st, s.answer)
		if s.answer == na {
			t.confusion[st.category][n]++
		} else {
			t.confusion[st.category][s.answer]++
		}
		if st.shape < 0 {
			continue
		}
		t.cues = true
		if st.conflict() {
			t.byShape[st.shape].add(st, s.answer)
			t.byTexture[st.texture].add(st, s.answer)
		}
	}
	return t
}

// ratio is a/b, NaN for b = 0.
func ratio(a, b int) Float {
	if b == 0 {
		return Float(math.NaN())
	}
	return Float(float64(a) / float64(b))
}

// describe computes an observer's measures and exact intervals; the bootstrap's intervals are filled in later.
func describe(f *family, s *subject) Observer {
	t := f.tallyUp(s.sightings)
	c := t.all
	o := Observer{
		Experiment: s.experiment, Observer: s.name, Human: s.human, Pooled: len(s.people),
		Trials: c.trials, ConflictTrials: c.conflict, NoConflictTrials: c.noConflict,
		NoConflictCorrect: c.noConflictCorrect,
		Shape:             c.shape, Texture: c.texture, Other: c.conflict - c.shape - c.texture,
		NA: c.na, NAConflict: c.naConflict,
		ShapeBias: ratio(c.shape, c.shape+c.texture), ShapeBiasExact: exact95(c.shape, c.shape+c.texture),
		FractionShape: ratio(c.shape, c.conflict), FractionShapeExact: exact95(c.shape, c.conflict),
		FractionTexture: ratio(c.texture, c.conflict), FractionTextureExact: exact95(c.texture, c.conflict),
		FractionOther:      ratio(c.conflict-c.shape-c.texture, c.conflict),
		FractionOtherExact: exact95(c.conflict-c.shape-c.texture, c.conflict),
		Correct:            c.correct, Accuracy: ratio(c.correct, c.trials), AccuracyExact: exact95(c.correct, c.trials),
		MedianResponseTimeMS: Float(median(s.times)),
		PerShape:             map[string]CategoryBias{}, PerTexture: map[string]CategoryBias{},
		PerCategory: map[string]CategoryAccuracy{}, Confusion: map[string]map[string]int{},
	}
	o.ShapeBiasCI, o.AccuracyCI = undefined(), undefined()
	o.FractionShapeCI, o.FractionTextureCI, o.FractionOtherCI = undefined(), undefined(), undefined()
	o.FractionShapeAll, o.FractionTextureAll = Float(math.NaN()), Float(math.NaN())
	if t.cues {
		o.FractionShapeAll, o.FractionTextureAll = ratio(c.shape, c.trials), ratio(c.texture, c.trials)
	}
	for i, name := range f.Names() {
		if t.cues {
			o.PerShape[name] = t.byShape[i].bias()
			o.PerTexture[name] = t.byTexture[i].bias()
		}
		if n := t.byTruth[i]; n.trials > 0 {
			o.PerCategory[name] = CategoryAccuracy{
				Trials: n.trials, Correct: n.correct,
				Accuracy: ratio(n.correct, n.trials), AccuracyExact: exact95(n.correct, n.trials),
				AccuracyCI: undefined(),
			}
			o.Confusion[name] = t.confused(i, f.Names())
		}
	}
	o.ShapeBiasFromCategoryMeans = t.biasFromMeans()
	o.MeanOfPerCategoryShapeBias = t.meanBias()
	o.ResponseEntropy = Float(meanEntropy(f, s))
	o.poolSpread(f, s)
	return o
}

func (c *counts) bias() CategoryBias {
	return CategoryBias{
		ConflictTrials: c.conflict, Shape: c.shape, Texture: c.texture,
		ShapeBias: ratio(c.shape, c.shape+c.texture), ShapeBiasExact: exact95(c.shape, c.shape+c.texture),
		ShapeBiasCI: undefined(),
	}
}

func (t *tallied) confused(category int, names []string) map[string]int {
	m := map[string]int{}
	for answer, n := range t.confusion[category] {
		switch {
		case n == 0:
		case answer == len(names):
			m[NoAnswer] = n
		default:
			m[names[answer]] = n
		}
	}
	return m
}

// biasFromMeans is the paper's overall value: the fractions are averaged over the shape categories first. It equals
// S/(S+X) where every category has the same number of conflict trials.
func (t *tallied) biasFromMeans() Float {
	var shape, texture float64
	for i := range t.byShape {
		if c := t.byShape[i]; c.conflict > 0 {
			shape += float64(c.shape) / float64(c.conflict)
			texture += float64(c.texture) / float64(c.conflict)
		}
	}
	return Float(shape / (shape + texture)) // 0/0 is NaN
}

// meanBias averages the per-category shape biases that are defined.
func (t *tallied) meanBias() Float {
	var sum float64
	var n int
	for i := range t.byShape {
		if b := t.byShape[i].bias().ShapeBias; !math.IsNaN(float64(b)) {
			sum += float64(b)
			n++
		}
	}
	return Float(sum / float64(n))
}

// meanEntropy is the response entropy in bits; of the pool, the mean over its people.
func meanEntropy(f *family, s *subject) float64 {
	if !s.pooled() {
		return f.entropy(s.sightings)
	}
	var sum float64
	for _, p := range s.people {
		sum += f.entropy(p.sightings)
	}
	return sum / float64(len(s.people))
}

// entropy is minus the sum of q log2 q over the categories; "na" counts in the denominator of q only.
func (f *family) entropy(sightings []sighting) float64 {
	n := make([]int, len(f.Names()))
	for _, s := range sightings {
		if s.answer != na {
			n[s.answer]++
		}
	}
	var h float64
	for _, k := range n {
		if k > 0 {
			q := float64(k) / float64(len(sightings))
			h -= q * math.Log2(q)
		}
	}
	return h
}

// poolSpread says how far the people of a pool are apart.
func (o *Observer) poolSpread(f *family, s *subject) {
	nan := Float(math.NaN())
	o.MeanObserverAccuracy, o.MinObserverAccuracy, o.MaxObserverAccuracy = nan, nan, nan
	if !s.pooled() {
		return
	}
	var sum Float
	for i, p := range s.people {
		c := f.tallyUp(p.sightings).all
		a := ratio(c.correct, c.trials)
		sum += a
		if i == 0 {
			o.MinObserverAccuracy, o.MaxObserverAccuracy = a, a
		}
		o.MinObserverAccuracy = min(o.MinObserverAccuracy, a)
		o.MaxObserverAccuracy = max(o.MaxObserverAccuracy, a)
	}
	o.MeanObserverAccuracy = sum / Float(len(s.people))
}

// median of the values, the mean of the middle two where their number is even; NaN of none.
func median(v []float64) float64 {
	if len(v) == 0 {
		return math.NaN()
	}
	v = slices.Sorted(slices.Values(v))
	m := len(v) / 2
	if len(v)%2 == 1 {
		return v[m]
	}
	return (v[m-1] + v[m]) / 2
}

func undefined() Interval { return Interval{Float(math.NaN()), Float(math.NaN())} }
