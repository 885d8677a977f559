package measure

import (
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
)

// The intervals are percentile bootstraps over stimuli. Stimuli are what was sampled: the 1,280 cue-conflict pictures
// stand for all that could have been made, and the question is how far the figure would move with others. They are
// also what the observers share. A picture that is hard is hard for all ten people, so their ten answers are not
// independent, and to draw trials of the pool one by one would give an interval that is too narrow; here a stimulus
// that is drawn brings the answers of all who saw it. And because in each round the same stimuli are drawn for every
// observer, the difference between two observers in that round is a paired one, free of what they share.
//
// Rounds in which a figure is undefined (no shape and no texture decision was drawn) are left out; where they are more
// than half of all rounds, the interval is undefined as well. An observer who made only shape decisions gets the
// interval [1, 1]: no resampling can show what was never seen. The exact interval beside it does not have that defect.

// blocks is into how many parts the rounds of a group are cut for the workers.
const blocks = 16

// resample fills in the intervals of all observers and pairs of a group.
func (g *group) resample(settings Settings) {
	rounds := settings.Rounds
	if rounds == 0 {
		return
	}
	for _, p := range g.pairs {
		p.a.tested, p.b.tested = true, true
	}
	for _, m := range g.members {
		m.prepare(rounds)
	}
	for _, d := range g.duels {
		d.agreements = make([]agreement32, rounds)
	}
	common := g.shownTallies()
	parallel(blocks, settings.Workers, func(block int) {
		w := newRoundWorker(g, common)
		for round := block * rounds / blocks; round < (block+1)*rounds/blocks; round++ {
			w.run(settings.Seed, round)
		}
	})
	parallel(len(g.members), settings.Workers, func(i int) { g.members[i].describe(g.family.Names()) })
	parallel(len(g.pairs), settings.Workers, func(i int) { g.pairs[i].describe(rounds) })
	for _, m := range g.members {
		m.release()
	}
	for _, d := range g.duels {
		*d = duel{}
	}
}

// shownTallies are the tallies of what an observer who saw every stimulus of the group once was shown.
func (g *group) shownTallies() *member {
	m := newMember(g.family)
	for at, number := range g.stimuli {
		st := &g.family.stimuli[number]
		m.parts[sumTrials].add(at)
		m.parts[m.sums.trialsByTruth(st.category)].add(at)
		if st.conflict() {
			m.parts[sumConflict].add(at)
		}
	}
	return m
}

// roundWorker has the buffers of one worker.
type roundWorker struct {
	group   *group
	tallies *member
	list    []int // sums of what was shown
	common  shown
	weights []int32
	digits  planes
	mask    bitset
}

func newRoundWorker(g *group, tallies *member) *roundWorker {
	return &roundWorker{group: g, tallies: tallies, list: tallies.sums.shown(), common: make(shown, tallies.sums.all()), weights: make([]int32, len(g.stimuli)), mask: newBitset(len(g.stimuli))}
}

// run computes one round of the bootstrap and one of the permutation test.
func (w *roundWorker) run(seed uint64, round int) {
	g := w.group
	draw(w.weights, stream(seed, g.key, drawStimuli, round))
	for _, sum := range w.list {
		w.common[sum] = w.tallies.parts[sum].sum(w.weights)
	}
	for _, m := range g.members {
		m.count(round, w.weights, w.list, w.common)
	}
	if len(g.duels) > 0 {
		w.digits.fill(w.weights)
		for _, d := range g.duels {
			d.count(round, w.weights, w.digits)
		}
	}
	if len(g.pairs) > 0 {
		fillMask(w.mask, stream(seed, g.key, swapObservers, round))
		for _, m := range g.members {
			if m.tested {
				m.swap(round, w.mask)
			}
		}
	}
}

// fillMask chooses each stimulus with probability one half. Bits beyond the last stimulus meet no decision.
func fillMask(mask bitset, random *rand.PCG) {
	for i := range mask {
		mask[i] = random.Uint64()
	}
}

// describe writes the intervals of a member's observer.
func (m *member) describe(names []string) {
	o := m.observer
	if o == nil {
		return
	}
	share := func(part, whole int) Interval {
		num, den := m.of(part), m.of(whole)
		return percentiles(m.rounds, func(r int) float64 { return float64(num[r]) / float64(den[r]) })
	}
	bias := func(shape, texture int) Interval {
		s, x := m.of(shape), m.of(texture)
		return percentiles(m.rounds, func(r int) float64 { return float64(s[r]) / float64(s[r]+x[r]) })
	}
	o.AccuracyCI = share(sumRight, sumTrials)
	for c, name := range names {
		if row, ok := o.PerCategory[name]; ok {
			row.AccuracyCI = share(m.sums.rightByTruth(c), m.sums.trialsByTruth(c))
			o.PerCategory[name] = row
		}
	}
	if o.ConflictTrials == 0 {
		return
	}
	o.ShapeBiasCI = bias(sumShape, sumTexture)
	o.FractionShapeCI = share(sumShape, sumConflict)
	o.FractionTextureCI = share(sumTexture, sumConflict)
	s, x, n := m.of(sumShape), m.of(sumTexture), m.of(sumConflict)
	o.FractionOtherCI = percentiles(m.rounds, func(r int) float64 { return float64(n[r]-s[r]-x[r]) / float64(n[r]) })
	for c, name := range names {
		row := o.PerShape[name]
		row.ShapeBiasCI = bias(m.sums.shapeByShape(c), m.sums.textureByShape(c))
		o.PerShape[name] = row
		row = o.PerTexture[name]
		row.ShapeBiasCI = bias(m.sums.shapeByTexture(c), m.sums.textureByTexture(c))
		o.PerTexture[name] = row
	}
}

// describe writes the intervals of a pair and its p-value.
func (p pairJob) describe(rounds int) {
	p.pair.ErrorConsistencyCI = percentiles(rounds, func(r int) float64 {
		if k, ok := meanKappa(p.duels, r); ok {
			return k
		}
		return math.NaN()
	})
	if math.IsNaN(float64(p.pair.ShapeBiasDifference)) {
		return
	}
	as, ax, bs, bx := p.a.of(sumShape), p.a.of(sumTexture), p.b.of(sumShape), p.b.of(sumTexture)
	p.pair.ShapeBiasDifferenceCI = percentiles(rounds, func(r int) float64 {
		return float64(as[r])/float64(as[r]+ax[r]) - float64(bs[r])/float64(bs[r]+bx[r])
	})
	p.pair.ShapeBiasP = Float(p.permutationP(rounds))
}

// permutationP tests whether two observers have the same shape bias: if they have, it makes no difference which of the
// two gave which answer. In each round the two answers to a stimulus are swapped with probability one half, and p is
// the share of rounds in which the two shape biases are at least as far apart as they are in fact, the actual
// arrangement counted among them: (count+1)/(rounds+1). It is two-sided. A round that leaves one of the two without a
// shape or texture decision counts as extreme.
//
// The decisions with a and b swapped on a set M are a's own outside M and b's in it: S_a - S_a(M) + S_b(M). So a round
// needs one sum per observer, and every pair is then a subtraction. For the pool of people (and observers who saw a
// picture more than once) the answers to a stimulus are the rates of shape and texture decisions among their answers to it,
// so that ten people do not outweigh one network.
func (p pairJob) permutationP(rounds int) float64 {
	as, ax := p.a.decisions()
	bs, bx := p.b.decisions()
	actual := math.Abs(as/(as+ax) - bs/(bs+bx))
	const rounding = 1e-12 // sums of rates in another order
	count := 0
	for r := range rounds {
		s, x := p.b.swapped[r]-p.a.swapped[r], p.b.swappedX[r]-p.a.swappedX[r]
		a, b := as+s, bs-s
		d := math.Abs(a/(a+ax+x) - b/(b+bx-x))
		if !(d < actual-rounding) {
			count++
		}
	}
	return float64(count+1) / float64(rounds+1)
}

// percentiles gives the 2.5% and the 97.5% quantile of the values that are numbers.
func percentiles(rounds int, value func(round int) float64) Interval {
	values := make([]float64, 0, rounds)
	for r := range rounds {
		if v := value(r); !math.IsNaN(v) {
			values = append(values, v)
		}
	}
	if 2*len(values) < rounds || len(values) == 0 {
		return undefined()
	}
	return Interval{Float(quantile(values, 0.025)), Float(quantile(values, 0.975))}
}

// quantile interpolates linearly between the two nearest order statistics, as numpy.percentile and R's type 7 do. It
// reorders v.
func quantile(v []float64, q float64) float64 {
	h := q * float64(len(v)-1)
	k := int(h)
	lower := selectKth(v, k)
	if k+1 == len(v) {
		return lower
	}
	upper := v[k+1] // everything after k is at least as large; the next order statistic is the least of it
	for _, x := range v[k+2:] {
		upper = min(upper, x)
	}
	return lower + (h-float64(k))*(upper-lower)
}

// selectKth moves the k-th smallest value to v[k], smaller ones before it and larger ones after it (Hoare's
// quickselect, with the median of three as pivot).
func selectKth(v []float64, k int) float64 {
	lo, hi := 0, len(v)-1
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		pivot := max(min(v[lo], v[mid]), min(max(v[lo], v[mid]), v[hi]))
		i, j := lo, hi
		for i <= j {
			for v[i] < pivot {
				i++
			}
			for v[j] > pivot {
				j--
			}
			if i <= j {
				v[i], v[j] = v[j], v[i]
				i, j = i+1, j-1
			}
		}
		switch {
		case k <= j:
			hi = j
		case k >= i:
			lo = i
		default:
			return v[k]
		}
	}
	return v[k]
}

// parallel calls f(0) to f(n-1) on up to workers goroutines.
func parallel(n, workers int, f func(i int)) {
	workers = min(workers, n)
	if workers <= 1 {
		for i := range n {
			f(i)
		}
		return
	}
	var next atomic.Int64
	var wait sync.WaitGroup
	for range workers {
		wait.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				f(i)
			}
		})
	}
	wait.Wait()
}
