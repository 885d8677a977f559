package measure

import "math"

// match holds the answers of two observers against each other, on the stimuli that both have seen. Entries are per
// shared stimulus; a stimulus that both have seen k times is matched k times, first with first and so on.
type match struct {
	a, b    *subject
	stimuli []int // the shared ones, ascending
	matched []int // per shared stimulus: how often both saw it
	aRight  []int // of these, correct by a, by b, by both
	bRight  []int
	both    []int
	once    bool // every observer saw every shared stimulus exactly once
}

// newMatch compares two single observers.
func newMatch(f *family, a, b *subject) *match {
	m := &match{a: a, b: b, once: true}
	i, j := 0, 0
	for i < len(a.sightings) && j < len(b.sightings) {
		at := a.sightings[i].stimulus
		switch other := b.sightings[j].stimulus; {
		case at < other:
			i++
			continue
		case at > other:
			j++
			continue
		}
		truth := f.stimuli[at].category
		var n, aRight, bRight, both int
		for ; i < len(a.sightings) && j < len(b.sightings); i, j = i+1, j+1 {
			if a.sightings[i].stimulus != at || b.sightings[j].stimulus != at {
				break
			}
			right, rightB := a.sightings[i].answer == truth, b.sightings[j].answer == truth
			n++
			aRight += one(right)
			bRight += one(rightB)
			both += one(right && rightB)
		}
		repeats := n
		for ; i < len(a.sightings) && a.sightings[i].stimulus == at; i++ {
			repeats++
		}
		for ; j < len(b.sightings) && b.sightings[j].stimulus == at; j++ {
			repeats++
		}
		m.once = m.once && repeats == 1
		m.stimuli = append(m.stimuli, at)
		m.matched = append(m.matched, n)
		m.aRight = append(m.aRight, aRight)
		m.bRight = append(m.bRight, bRight)
		m.both = append(m.both, both)
	}
	return m
}

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}

// agreement is what the consistency of two observers is computed from: n answers, those correct by a, by b, by both.
type agreement struct{ n, a, b, both int }

func (m *match) agreement() (g agreement) {
	for i := range m.stimuli {
		g.add(m, i)
	}
	return g
}

// add counts the answers to the i-th shared stimulus of a match.
func (g *agreement) add(m *match, i int) {
	g.n += m.matched[i]
	g.a += m.aRight[i]
	g.b += m.bRight[i]
	g.both += m.both[i]
}

// meanOfConditions is the error consistency within each condition, averaged over the conditions, as model-vs-human has
// it. Over all trials together, conditions of different difficulty make any two observers look alike.
func (m *match) meanOfConditions(f *family) (kappa float64, conditions int) {
	by := map[string]*agreement{}
	for i, number := range m.stimuli {
		c := f.stimuli[number].condition
		if by[c] == nil {
			by[c] = &agreement{}
		}
		by[c].add(m, i)
	}
	for _, c := range sortedKeys(by) {
		kappa += by[c].kappa()
	}
	return kappa / float64(len(by)), len(by)
}

// agree counts the answers that are both correct or both wrong. Two different wrong answers agree.
func (g agreement) agree() int { return g.n - g.a - g.b + 2*g.both }

// observed consistency.
func (g agreement) observed() float64 { return float64(g.agree()) / float64(g.n) }

// expected is the consistency of independent observers with these accuracies.
func (g agreement) expected() float64 {
	a, b := float64(g.a)/float64(g.n), float64(g.b)/float64(g.n)
	return a*b + (1-a)*(1-b)
}

// kappa is error consistency, (c_obs - c_exp)/(1 - c_exp) with numerator and denominator multiplied by n^2: in whole
// numbers nothing is rounded before the division, so independence comes out as exactly 0. For full agreement, where it
// can be 0/0, it is defined as 1.
func (g agreement) kappa() float64 {
	if g.agree() == g.n {
		return 1
	}
	expected := g.a*g.b + (g.n-g.a)*(g.n-g.b)
	return float64(g.n*g.agree()-expected) / float64(g.n*g.n-expected)
}

// accuracyDifference is squared, as in model-vs-human.
func (g agreement) accuracyDifference() float64 {
	d := float64(g.a-g.b) / float64(g.n)
	return d * d
}

// consistency fills in the point estimates of a pair. Where a is the pool, they are means over its people, each
// compared with b on the stimuli that they share: correctness is of a single answer, and model-vs-human averages over
// people in the same way.
func (p *Pair) consistency(f *family, ms []*match) {
	var observed, expected, kappa, difference, within float64
	for _, m := range ms {
		k, conditions := m.meanOfConditions(f)
		within += k
		p.Conditions = max(p.Conditions, conditions)
		g := m.agreement()
		observed += g.observed()
		expected += g.expected()
		kappa += g.kappa()
		difference += g.accuracyDifference()
	}
	n := float64(len(ms))
	p.ObservedConsistency, p.ExpectedConsistency = Float(observed/n), Float(expected/n)
	p.ErrorConsistency, p.AccuracyDifference = Float(kappa/n), Float(difference/n)
	p.ErrorConsistencyWithin = Float(within / n)
	p.ErrorConsistencyCI, p.ShapeBiasDifferenceCI = undefined(), undefined()
	p.ShapeBiasP = Float(math.NaN())
}
