package measure

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// someTrials makes up an experiment on cue-conflict stimuli: two people who saw everything, one who saw a part, and one
// who saw some pictures twice; in the sibling directory two networks, one of them with fewer pictures.
func someTrials(seed uint64) []Experiment {
	random := rand.New(rand.NewPCG(seed, 7))
	var images [][3]string // name, shape, texture
	for i := range 6 {
		for j := range 6 {
			s, x := categories[2*i], categories[2*j]
			images = append(images, [3]string{fmt.Sprintf("%s%d-%s%d.png", s, 1+j%3, x, 1+i%2), s, x})
		}
	}
	answer := func(image [3]string, shape, texture float64) string {
		switch u := random.Float64(); {
		case u < shape:
			return image[1]
		case u < shape+texture:
			return image[2]
		case u > 0.97:
			return NoAnswer
		}
		return categories[random.IntN(16)]
	}
	observer := func(name, session string, shape, texture, seen float64) (trials []Trial) {
		for i, image := range images {
			if random.Float64() >= seen {
				continue
			}
			a := answer(image, shape, texture)
			if a == NoAnswer && name[:3] != "sub" {
				a = "oven"
			}
			trials = append(trials, Trial{
				Subj: name, Session: session, Trial: i + 1, RT: 0.4 + random.Float64(), Response: a,
				Category: image[1], Condition: "0", Image: image[0],
			})
		}
		return trials
	}
	return []Experiment{
		{"exp", slices.Concat(
			observer("subject-01", "1", 0.7, 0.1, 1), observer("subject-02", "1", 0.6, 0.2, 1),
			observer("subject-03", "1", 0.7, 0.2, 0.6), observer("subject-04", "1", 0.6, 0.1, 1), observer("subject-04", "2", 0.6, 0.1, 0.3),
			observer("caffe", "1", 0.3, 0.4, 1),
		)},
		{"exp-trained-CNNs", slices.Concat(observer("resnet", "1", 0.2, 0.6, 1), observer("vgg", "1", 0.1, 0.7, 0.8))},
	}
}

// plainRound recomputes one bootstrap round for an observer the plain way: the drawn stimuli one by one, for each all of
// the observer's trials on it.
func plainRound(f *family, set []int, seed uint64, round int, visit func(stimulus int)) {
	weights := make([]int32, len(set))
	draw(weights, stream(seed, setKey(f.identityHashes(), set), drawStimuli, round))
	for i, w := range weights {
		for range w {
			visit(set[i])
		}
	}
}

// plainIntervals computes every bootstrap interval of an observer that way, by name.
func plainIntervals(f *family, s *subject, seed uint64, rounds int) map[string]Interval {
	values := map[string][]float64{}
	for r := range rounds {
		var drawn []sighting
		plainRound(f, s.stimuli(), seed, r, func(stimulus int) {
			for _, x := range s.sightings {
				if x.stimulus == stimulus {
					drawn = append(drawn, x)
				}
			}
		})
		t := f.tallyUp(drawn)
		add := func(name string, part, whole int) {
			v := values[name]
			if whole > 0 {
				v = append(v, float64(part)/float64(whole))
			}
			values[name] = v // known even if never defined
		}
		c := t.all
		add("bias", c.shape, c.shape+c.texture)
		add("accuracy", c.correct, c.trials)
		add("shape", c.shape, c.conflict)
		add("texture", c.texture, c.conflict)
		add("other", c.conflict-c.shape-c.texture, c.conflict)
		for i, name := range f.Names() {
			add("shape "+name, t.byShape[i].shape, t.byShape[i].shape+t.byShape[i].texture)
			add("texture "+name, t.byTexture[i].shape, t.byTexture[i].shape+t.byTexture[i].texture)
			add("accuracy "+name, t.byTruth[i].correct, t.byTruth[i].trials)
		}
	}
	intervals := map[string]Interval{}
	for name, v := range values {
		intervals[name] = plainPercentiles(v, rounds)
	}
	return intervals
}

// intervals lists the bootstrap intervals of an observer under the same names.
func intervals(o Observer, names []string) map[string]Interval {
	m := map[string]Interval{
		"bias": o.ShapeBiasCI, "accuracy": o.AccuracyCI,
		"shape": o.FractionShapeCI, "texture": o.FractionTextureCI, "other": o.FractionOtherCI,
	}
	for _, name := range names {
		m["shape "+name], m["texture "+name] = o.PerShape[name].ShapeBiasCI, o.PerTexture[name].ShapeBiasCI
		m["accuracy "+name] = undefined()
		if row, ok := o.PerCategory[name]; ok {
			m["accuracy "+name] = row.AccuracyCI
		}
	}
	return m
}

func plainPercentiles(v []float64, rounds int) Interval {
	if 2*len(v) < rounds || len(v) == 0 {
		return undefined()
	}
	slices.Sort(v)
	at := func(q float64) Float {
		h := q * float64(len(v)-1)
		lo, hi := v[int(math.Floor(h))], v[int(math.Ceil(h))]
		return Float(lo + (h-math.Floor(h))*(hi-lo))
	}
	return Interval{at(0.025), at(0.975)}
}

func same(a, b Float) bool {
	return math.IsNaN(float64(a)) && math.IsNaN(float64(b)) || math.Abs(float64(a-b)) < 1e-12
}

func sameInterval(a, b Interval) bool { return same(a[0], b[0]) && same(a[1], b[1]) }

func TestIntervalsEqualPlainOnes(t *testing.T) {
	const rounds = 90
	uneven := someTrials(3)
	even := someTrials(4) // everybody saw every picture once
	even[0].Trials = slices.DeleteFunc(even[0].Trials, func(x Trial) bool {
		return x.Subj == "subject-03" || x.Session == "2"
	})
	for name, exps := range map[string][]Experiment{"uneven": uneven, "even": even} {
		a := Analyze(exps, Settings{Rounds: rounds, Seed: 11})
		f := families(exps, nil)[0]
		for i, s := range f.subjects {
			o := a.Observers[i]
			got := intervals(o, f.Names())
			for figure, want := range plainIntervals(f, s, 11, rounds) {
				if !sameInterval(got[figure], want) {
					t.Errorf("%s, %s: interval of %s %v, plain %v", name, o.Observer, figure, got[figure], want)
				}
			}
		}
	}
}

// plainKappa is the error consistency of two observers on drawn stimuli.
func plainKappa(f *family, a, b *subject, set []int, seed uint64, round int) float64 {
	var g agreement
	plainRound(f, set, seed, round, func(stimulus int) {
		var as, bs []bool
		for _, x := range a.sightings {
			if x.stimulus == stimulus {
				as = append(as, x.answer == f.stimuli[stimulus].category)
			}
		}
		for _, x := range b.sightings {
			if x.stimulus == stimulus {
				bs = append(bs, x.answer == f.stimuli[stimulus].category)
			}
		}
		for i := range min(len(as), len(bs)) {
			g.n++
			g.a += one(as[i])
			g.b += one(bs[i])
			g.both += one(as[i] && bs[i])
		}
	})
	if g.n == 0 {
		return math.NaN()
	}
	return g.kappa()
}

// plainSwap is how far the shape biases of two observers are apart, with their answers swapped where mask says.
func plainSwap(f *family, a, b *subject, set []int, mask bitset) float64 {
	var d [2][2]float64 // of both sides: shape, texture
	for i, stimulus := range set {
		for side, s := range [2]*subject{a, b} {
			if mask != nil && mask.has(i) {
				side = 1 - side
			}
			n, shape, texture := 0.0, 0.0, 0.0
			st := f.stimuli[stimulus]
			for _, x := range s.sightings {
				if x.stimulus == stimulus {
					n++
					if st.conflict() && x.answer == st.shape {
						shape++
					}
					if st.conflict() && x.answer == st.texture {
						texture++
					}
				}
			}
			if n > 0 {
				d[side][0] += shape / n
				d[side][1] += texture / n
			}
		}
	}
	return math.Abs(d[0][0]/(d[0][0]+d[0][1]) - d[1][0]/(d[1][0]+d[1][1]))
}

func TestPairsEqualPlainOnes(t *testing.T) {
	const rounds, seed = 60, 5
	exps := someTrials(4)
	a := Analyze(exps, Settings{Rounds: rounds, Seed: seed})
	f := families(exps, nil)[0]
	who := func(experiment, name string) *subject {
		for _, s := range f.subjects {
			if s.experiment == experiment && s.name == name {
				return s
			}
		}
		t.Fatalf("no %s in %s", name, experiment)
		return nil
	}
	if len(a.Pairs) != 7*6/2+3 {
		t.Errorf("%d pairs", len(a.Pairs))
	}
	for _, p := range a.Pairs {
		other := p.ExperimentB
		if other == "" {
			other = p.Experiment
		}
		x, y := who(p.Experiment, p.A), who(other, p.B)
		set := intersection(x.stimuli(), y.stimuli())
		singles := []*subject{x}
		if x.pooled() {
			singles = x.people
		}
		var kappas, differences []float64
		extreme := 0
		actual := plainSwap(f, x, y, set, nil)
		for r := range rounds {
			sum, n := 0.0, 0.0
			for _, s := range singles {
				if k := plainKappa(f, s, y, set, seed, r); !math.IsNaN(k) {
					sum += k
					n++
				}
			}
			kappas = append(kappas, sum/n)
			var c [2]counts
			plainRound(f, set, seed, r, func(stimulus int) {
				for i, s := range [2]*subject{x, y} {
					for _, v := range s.sightings {
						if v.stimulus == stimulus {
							c[i].add(&f.stimuli[stimulus], v.answer)
						}
					}
				}
			})
			if d := float64(c[0].bias().ShapeBias - c[1].bias().ShapeBias); !math.IsNaN(d) {
				differences = append(differences, d)
			}
			mask := newBitset(len(set))
			fillMask(mask, stream(seed, setKey(f.identityHashes(), set), swapObservers, r))
			if d := plainSwap(f, x, y, set, mask); !(d < actual-1e-12) {
				extreme++
			}
		}
		if want := plainPercentiles(kappas, rounds); !sameInterval(p.ErrorConsistencyCI, want) {
			t.Errorf("%s and %s: interval of error consistency %v, plain %v", p.A, p.B, p.ErrorConsistencyCI, want)
		}
		if want := plainPercentiles(differences, rounds); !sameInterval(p.ShapeBiasDifferenceCI, want) {
			t.Errorf("%s and %s: interval of the difference %v, plain %v", p.A, p.B, p.ShapeBiasDifferenceCI, want)
		}
		if want := Float(float64(extreme+1) / (rounds + 1)); !same(p.ShapeBiasP, want) {
			t.Errorf("%s and %s: p = %v, plain %v", p.A, p.B, p.ShapeBiasP, want)
		}
	}
}

func marshal(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestSameBytesForAnyNumberOfWorkersAndAnyOrder(t *testing.T) {
	exps := someTrials(9)
	settings := Settings{Rounds: 101, Seed: 3, Workers: 1}
	want := marshal(t, Analyze(exps, settings))
	for _, workers := range []int{2, 3, 16} {
		settings.Workers = workers
		if got := marshal(t, Analyze(exps, settings)); got != want {
			t.Errorf("%d workers give other bytes", workers)
		}
	}
	random := rand.New(rand.NewPCG(1, 1))
	slices.Reverse(exps)
	for _, e := range exps {
		random.Shuffle(len(e.Trials), func(i, j int) { e.Trials[i], e.Trials[j] = e.Trials[j], e.Trials[i] })
	}
	if got := marshal(t, Analyze(exps, settings)); got != want {
		t.Error("another order of experiments and trials gives other bytes")
	}
	settings.Seed++
	if got := marshal(t, Analyze(exps, settings)); got == want {
		t.Error("another seed gives the same bytes")
	}
}

// An observer's figures must not change because somebody else is in the table.
func TestFiguresDoNotDependOnOthers(t *testing.T) {
	exps := someTrials(9)
	settings := Settings{Rounds: 50, Seed: 3}
	all := Analyze(exps, settings)
	alone := Analyze([]Experiment{exps[1]}, settings)
	for _, o := range alone.Observers {
		if got, want := marshal(t, o), marshal(t, find(t, all, o.Experiment, o.Observer)); got != want {
			t.Errorf("%s alone:\n%s\nwith others:\n%s", o.Observer, got, want)
		}
	}
}

func TestRounds(t *testing.T) {
	exps := someTrials(1)
	if a := Analyze(exps, Settings{}); a.Settings.Rounds != DefaultRounds {
		t.Errorf("%d rounds by default", a.Settings.Rounds)
	}
	a := Analyze(exps, Settings{Rounds: -1})
	if a.Settings.Rounds != 0 {
		t.Errorf("%d rounds, want none", a.Settings.Rounds)
	}
	for _, o := range a.Observers {
		if !sameInterval(o.ShapeBiasCI, undefined()) || sameInterval(o.ShapeBiasExact, undefined()) {
			t.Errorf("%s without rounds: bootstrap %v, exact %v", o.Observer, o.ShapeBiasCI, o.ShapeBiasExact)
		}
	}
	for _, p := range a.Pairs {
		if !math.IsNaN(float64(p.ShapeBiasP)) || !sameInterval(p.ErrorConsistencyCI, undefined()) {
			t.Errorf("%s and %s without rounds: p = %v, %v", p.A, p.B, p.ShapeBiasP, p.ErrorConsistencyCI)
		}
	}
}

// oneCue is an observer who makes only such decisions.
func oneCue(name, answer string, n int) (trials []Trial) {
	for i := range n {
		trials = append(trials, Trial{
			Subj: name, Session: "1", Trial: i + 1, RT: math.NaN(), Response: answer, Category: "cat", Condition: "0",
			Image: fmt.Sprintf("cat%d-dog1.png", i+1),
		})
	}
	return trials
}

func TestUndefinedShapeBias(t *testing.T) {
	trials := slices.Concat(oneCue("never", "oven", 12), oneCue("shape", "cat", 12))
	once := oneCue("once", "oven", 12) // one decision in twelve: in 35% of the rounds there is none
	once[3].Response = "dog"
	rarely := oneCue("partly", "oven", 12)
	rarely[3].Response = "dog"
	rarely[5].Response = "cat"
	trials = slices.Concat(trials, once, rarely)
	a := Analyze([]Experiment{{"exp", trials}}, Settings{Rounds: 400})
	get := func(name string) Observer { return find(t, a, "exp", name) }
	if o := get("never"); !math.IsNaN(float64(o.ShapeBias)) || !sameInterval(o.ShapeBiasCI, undefined()) || !sameInterval(o.ShapeBiasExact, undefined()) {
		t.Errorf("no shape and no texture decision: %v %v %v", o.ShapeBias, o.ShapeBiasCI, o.ShapeBiasExact)
	}
	if o := get("shape"); !sameInterval(o.ShapeBiasCI, Interval{1, 1}) || !(o.ShapeBiasExact[0] < 0.8) {
		t.Errorf("only shape decisions: %v, exact %v", o.ShapeBiasCI, o.ShapeBiasExact)
	}
	if o := get("once"); !sameInterval(o.ShapeBiasCI, Interval{0, 0}) {
		t.Errorf("one texture decision: %v, want the defined rounds' [0 0]", o.ShapeBiasCI)
	}
	for _, p := range a.Pairs {
		undefined := p.A == "never" || p.B == "never"
		if undefined != math.IsNaN(float64(p.ShapeBiasDifference)) || undefined != math.IsNaN(float64(p.ShapeBiasP)) {
			t.Errorf("%s and %s: difference %v, p %v", p.A, p.B, p.ShapeBiasDifference, p.ShapeBiasP)
		}
	}
	if raw := marshal(t, get("never")); !json.Valid([]byte(raw)) {
		t.Error("undefined values make the JSON invalid")
	}
	// One decision each, on different pictures: in 60% of the rounds one of the two has none.
	other := oneCue("other", "oven", 12)
	other[7].Response = "cat"
	p := Analyze([]Experiment{{"exp", slices.Concat(once, other)}}, Settings{Rounds: 400}).Pairs[0]
	if !same(p.ShapeBiasDifference, -1) || !sameInterval(p.ShapeBiasDifferenceCI, undefined()) {
		t.Errorf("difference %v %v, want -1 with an undefined interval", p.ShapeBiasDifference, p.ShapeBiasDifferenceCI)
	}
}

func TestSelectKth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.SliceOfN(rapid.Float64Range(0, 5), 1, 60).Draw(t, "values")
		for i := range v {
			v[i] = math.Floor(v[i]) // many equal ones
		}
		k := rapid.IntRange(0, len(v)-1).Draw(t, "k")
		sorted := slices.Sorted(slices.Values(v))
		if got := selectKth(slices.Clone(v), k); got != sorted[k] {
			t.Fatalf("%d-th of %v is %v, want %v", k, v, got, sorted[k])
		}
		if got, want := Float(quantile(slices.Clone(v), 0.975)), plainPercentiles(v, 1)[1]; !same(got, want) {
			t.Fatalf("97.5%% quantile of %v is %v, want %v", v, got, want)
		}
	})
}

// TestCoverage: of many made-up observers with a true shape bias of 0.3, about 95% of the intervals must hold it.
func TestCoverage(t *testing.T) {
	random := rand.New(rand.NewPCG(42, 0))
	const observers, truth = 400, 0.3
	var trials []Trial
	for o := range observers {
		for i := range 120 {
			a := "oven"
			if random.Float64() < 0.6 {
				a = "dog"
				if random.Float64() < truth {
					a = "cat"
				}
			}
			trials = append(trials, Trial{Subj: fmt.Sprintf("net%d", o), Trial: i, Response: a, Category: "cat",
				Image: fmt.Sprintf("cat%d-dog%d.png", i, o)}) // nobody shares a picture: no pairs
		}
	}
	boot, exact := 0, 0
	for _, o := range Analyze([]Experiment{{"exp", trials}}, Settings{Rounds: 400}).Observers {
		boot += one(o.ShapeBiasCI[0] <= truth && truth <= o.ShapeBiasCI[1])
		exact += one(o.ShapeBiasExact[0] <= truth && truth <= o.ShapeBiasExact[1])
	}
	// binomial standard error at 95%: 1.1%; the percentile bootstrap is a little short at 72 decisions
	if p := float64(boot) / observers; p < 0.91 || p > 0.985 {
		t.Errorf("%.3f of the bootstrap intervals hold the truth", p)
	}
	if p := float64(exact) / observers; p < 0.93 {
		t.Errorf("%.3f of the exact intervals hold the truth", p)
	}
}

// TestPermutationIsUniform: between observers of equal shape bias, p below 0.1 must come in a tenth of the cases.
func TestPermutationIsUniform(t *testing.T) {
	random := rand.New(rand.NewPCG(43, 0))
	var trials []Trial
	for o := range 30 {
		for i := range 100 {
			a := [...]string{"cat", "dog", "oven"}[random.IntN(3)]
			trials = append(trials, Trial{Subj: fmt.Sprintf("net%02d", o), Trial: i, Response: a, Category: "cat",
				Image: fmt.Sprintf("cat%d-dog1.png", i)})
		}
	}
	a := Analyze([]Experiment{{"exp", trials}}, Settings{Rounds: 500})
	low := 0
	for _, p := range a.Pairs {
		low += one(p.ShapeBiasP <= 0.1)
	}
	if share := float64(low) / float64(len(a.Pairs)); share < 0.05 || share > 0.16 {
		t.Errorf("%.3f of %d pairs have p <= 0.1", share, len(a.Pairs))
	}
}

func BenchmarkAnalyzeRawData(b *testing.B) {
	published(b)
	for b.Loop() {
		exps, err := ReadPaths(rawDataPath)
		if err != nil {
			b.Fatal(err)
		}
		Analyze(exps, Settings{})
	}
}
