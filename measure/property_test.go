package measure

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestErrorConsistencyExamples(t *testing.T) {
	for _, c := range []struct {
		name                      string
		g                         agreement
		observed, expected, kappa float64
	}{
		{"a right on 6, b on 5, both on 4, both wrong on 3", agreement{10, 6, 5, 4}, 0.7, 0.5, 0.4},
		{"one always right, the other not", agreement{10, 10, 7, 7}, 0.7, 0.7, 0},
		{"both always right", agreement{10, 10, 10, 10}, 1, 1, 1},
		{"both always wrong", agreement{10, 0, 0, 0}, 1, 1, 1},
		{"opposites", agreement{10, 5, 5, 0}, 0, 0.5, -1},
	} {
		if math.Abs(c.g.observed()-c.observed) > 1e-15 || math.Abs(c.g.expected()-c.expected) > 1e-15 || math.Abs(c.g.kappa()-c.kappa) > 1e-15 {
			t.Errorf("%s: observed %v, expected %v, kappa %v", c.name, c.g.observed(), c.g.expected(), c.g.kappa())
		}
	}
}

// Two observers who agree by chance alone within each condition, one of them easy and one hard.
func TestErrorConsistencyWithinConditions(t *testing.T) {
	var trials []Trial
	for _, name := range []string{"a", "b"} {
		for i := range 8 {
			condition, right := "c50", i < 4
			if name == "b" {
				right = i%2 == 0
			}
			for _, hard := range []bool{false, true} {
				x := Trial{Subj: name, Session: "1", Trial: i, RT: math.NaN(), Response: "cat", Category: "cat",
					Condition: condition, Image: string(rune('a'+i)) + ".png"}
				if hard {
					x.Condition = "c05"
				}
				if hard || !right {
					x.Response = "dog"
				}
				trials = append(trials, x)
			}
		}
	}
	p := Analyze([]Experiment{{"exp", trials}}, Settings{Rounds: -1}).Pairs[0]
	// easy: 4 of 8 each, 2 in common, kappa 0; hard: both always wrong, kappa 1
	if p.Conditions != 2 || p.Stimuli != 16 || !same(p.ErrorConsistencyWithin, 0.5) {
		t.Errorf("%d conditions, %d stimuli, mean error consistency %v, want 2, 16, 0.5", p.Conditions, p.Stimuli, p.ErrorConsistencyWithin)
	}
	if !same(p.ErrorConsistency, 1./3) { // 16 trials, 4 right each, 2 in common: (12/16 - 10/16)/(6/16)
		t.Errorf("error consistency over all trials %v, want 1/3", p.ErrorConsistency)
	}
}

// drawAgreement draws numbers that two observers can have.
func drawAgreement(t *rapid.T) agreement {
	n := rapid.IntRange(1, 2000).Draw(t, "n")
	a := rapid.IntRange(0, n).Draw(t, "a")
	b := rapid.IntRange(0, n).Draw(t, "b")
	return agreement{n, a, b, rapid.IntRange(max(0, a+b-n), min(a, b)).Draw(t, "both")}
}

func TestErrorConsistencyProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := drawAgreement(t)
		k := g.kappa()
		if !(k >= -1 && k <= 1) {
			t.Fatalf("kappa of %+v is %v", g, k)
		}
		if other := (agreement{g.n, g.b, g.a, g.both}).kappa(); other != k {
			t.Fatalf("kappa is not symmetric: %v and %v", k, other)
		}
		// right and wrong exchanged for both observers
		if other := (agreement{g.n, g.n - g.a, g.n - g.b, g.n - g.a - g.b + g.both}).kappa(); math.Abs(other-k) > 1e-12 {
			t.Fatalf("kappa changes when right and wrong are exchanged: %v and %v", k, other)
		}
		if g.agree() < g.n {
			if plain := (g.observed() - g.expected()) / (1 - g.expected()); math.Abs(plain-k) > 1e-9 {
				t.Fatalf("kappa of %+v is %v, by the plain formula %v", g, k, plain)
			}
		}
	})
}

// drawTrials draws one observer's answers to cue-conflict pictures.
func drawTrials(t *rapid.T) []Trial {
	category := rapid.SampledFrom(categories[:4])
	n := rapid.IntRange(1, 40).Draw(t, "trials")
	trials := make([]Trial, n)
	for i := range trials {
		shape, texture := category.Draw(t, "shape"), category.Draw(t, "texture")
		trials[i] = Trial{
			Subj: "net", Session: "1", Trial: i + 1, RT: math.NaN(), Category: shape, Condition: "0",
			Response: rapid.SampledFrom(append([]string{NoAnswer}, categories[:5]...)).Draw(t, "response"),
			Image:    shape + rapid.SampledFrom([]string{"1", "2", "10"}).Draw(t, "n") + "-" + texture + "3.png",
		}
	}
	return trials
}

func onlyObserver(trials []Trial) Observer {
	return Analyze([]Experiment{{"exp", trials}}, Settings{Rounds: 20}).Observers[0]
}

func TestShapeBiasProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		trials := drawTrials(t)
		o := onlyObserver(trials)
		if o.Shape+o.Texture+o.Other != o.ConflictTrials || o.ConflictTrials+o.NoConflictTrials != o.Trials {
			t.Fatalf("counts do not add up: %+v", o)
		}
		var shape, texture, conflict int
		for _, c := range categories {
			if o.PerShape[c].ConflictTrials > 0 || o.PerTexture[c].ConflictTrials > 0 {
				shape += o.PerShape[c].Shape
				texture += o.PerTexture[c].Texture
				conflict += o.PerShape[c].ConflictTrials
			}
		}
		if shape != o.Shape || texture != o.Texture || conflict != o.ConflictTrials {
			t.Fatalf("categories sum to %d %d %d, in all %d %d %d", shape, texture, conflict, o.Shape, o.Texture, o.ConflictTrials)
		}
		for name, iv := range map[string]Interval{"bootstrap": o.ShapeBiasCI, "exact": o.ShapeBiasExact, "accuracy": o.AccuracyCI} {
			if !math.IsNaN(float64(iv[0])) && !(0 <= iv[0] && iv[0] <= iv[1] && iv[1] <= 1) {
				t.Fatalf("%s interval %v", name, iv)
			}
		}

		// Neither pictures without conflict nor late answers nor other decisions move shape bias.
		more := slices.Clone(trials)
		for i, image := range []string{"cat1-cat3.png", "dog2-bird1.png", "dog2-bird3.png"} {
			more = append(more, Trial{Subj: "net", Session: "2", Trial: i, Category: image[:3], Condition: "0",
				Response: []string{"cat", NoAnswer, "knife"}[i], Image: image})
		}
		if m := onlyObserver(more); !same(m.ShapeBias, o.ShapeBias) || m.ConflictTrials != o.ConflictTrials+2 {
			t.Fatalf("shape bias %v became %v", o.ShapeBias, m.ShapeBias)
		}

		// With shape and texture exchanged, shape bias is the texture bias.
		turned := slices.Clone(trials)
		for i, x := range turned {
			shape, texture, _ := CueConflict(x.Image)
			turned[i].Image, turned[i].Category = texture+"1-"+shape+"1.png", texture
		}
		if m := onlyObserver(turned); !same(m.ShapeBias, 1-o.ShapeBias) {
			t.Fatalf("shape bias %v, of the exchanged pictures %v", o.ShapeBias, m.ShapeBias)
		}
	})
}

func TestSpearman(t *testing.T) {
	for _, c := range []struct {
		name string
		x, y []float64
		want float64
	}{
		{"ascending", []float64{1, 2, 3}, []float64{10, 200, 3000}, 1},
		{"descending", []float64{1, 2, 3}, []float64{3, 2, 1}, -1},
		{"ties share the mean rank", []float64{1, 2, 2, 4}, []float64{1, 3, 2, 4}, 0.9486832980505138}, // 4.5/sqrt(4.5*5)
		{"one side constant", []float64{1, 2, 3}, []float64{0.1, 0.1, 0.1}, math.NaN()},
		{"one value", []float64{1}, []float64{1}, math.NaN()},
		{"none", nil, nil, math.NaN()},
	} {
		if got := spearman(c.x, c.y); !same(Float(got), Float(c.want)) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}
