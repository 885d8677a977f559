package measure

import (
	"math"
	"slices"
	"strings"
	"testing"
)

func TestFamily(t *testing.T) {
	for name, want := range map[string]string{
		"cue-conflict":                                                       "cue-conflict",
		"style-transfer-512-nomask-experiment":                               "cue-conflict",
		"style-transfer-512-nomask-experiment-trained-CNNs":                  "cue-conflict",
		"style-transfer-512-nomask-texture-guessing-experiment":              "texture-guessing",
		"style-transfer-512-nomask-texture-guessing-experiment-trained-CNNs": "texture-guessing",
		"mine":              "mine",
		"mine-trained-CNNs": "mine",
	} {
		if got := Family(name); got != want {
			t.Errorf("Family(%q) = %q, want %q", name, got, want)
		}
	}
}

// A network that saw half of the published pictures, under bare names and in a directory of our own, is compared with
// the published people on that half.
func TestOwnTrialsMeetPublishedPeople(t *testing.T) {
	exps, _ := published(t)
	const plain = "style-transfer-512-nomask-experiment"
	at := slices.IndexFunc(exps, func(e Experiment) bool { return e.Name == plain })
	people := Experiment{Name: plain}
	own := Experiment{Name: "cue-conflict"}
	for i, x := range exps[at].Trials {
		switch {
		case x.Human():
			people.Trials = append(people.Trials, x)
		case x.Subj == "alexnet" && i%2 == 0:
			x.Subj, x.Image = "mine", StimulusName(x.Image)
			own.Trials = append(own.Trials, x)
		}
	}
	a := Analyze([]Experiment{people, own}, Settings{Rounds: 50})
	network := find(t, a, "cue-conflict", "mine")
	pairs := 0
	for _, p := range a.Pairs {
		if p.B != "mine" && p.A != "mine" {
			continue
		}
		pairs++
		if p.Stimuli != 640 {
			t.Errorf("%s and %s share %d stimuli, want 640", p.A, p.B, p.Stimuli)
		}
		if p.A != Humans {
			continue
		}
		if p.Experiment != plain || p.ExperimentB != "cue-conflict" {
			t.Errorf("the pool is of %s, the network of %s", p.Experiment, p.ExperimentB)
		}
		// the people's shape bias on the same half, not on all pictures
		half := map[string]bool{}
		for _, x := range own.Trials {
			half[x.Image] = true
		}
		var shape, texture float64
		for _, x := range people.Trials {
			s, c, _ := CueConflict(x.Image)
			if half[StimulusName(x.Image)] && s != c {
				shape += float64(one(x.Response == s))
				texture += float64(one(x.Response == c))
			}
		}
		want := shape/(shape+texture) - float64(network.ShapeBias)
		if math.Abs(float64(p.ShapeBiasDifference)-want) > 1e-12 {
			t.Errorf("difference of shape bias %v, on the shared pictures %v", p.ShapeBiasDifference, want)
		}
		if !(p.ShapeBiasDifferenceCI[0] < Float(want) && Float(want) < p.ShapeBiasDifferenceCI[1]) {
			t.Errorf("the interval %v does not hold %v", p.ShapeBiasDifferenceCI, want)
		}
	}
	if pairs != 11 {
		t.Errorf("%d pairs with the network, want one with each of 10 people and one with the pool", pairs)
	}
}

// The same name in another kind of directory is another observer, and so are people of two experiments.
func TestRanksMatchDirectories(t *testing.T) {
	_, a := published(t)
	var got []string
	for _, r := range a.Ranks {
		got = append(got, r.Observer+" "+r.Conflict+" "+r.Edges)
		if r.Categories != len(categories) {
			t.Errorf("%s: %d categories", r.Observer, r.Categories)
		}
	}
	const plain, later = " style-transfer-512-nomask-experiment edge-experiment",
		" style-transfer-512-nomask-experiment-trained-CNNs edge-experiment-trained-CNNs"
	want := []string{"humans" + plain, "alexnet" + plain, "googlenet" + plain, "vgg" + plain,
		"resnet50" + later, "resnet50-train-60-epochs" + later}
	if !slices.Equal(got, want) {
		t.Errorf("rank correlations\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	// the plain way: ranks counted pair by pair
	bias, edges := find(t, a, "style-transfer-512-nomask-experiment", Humans), find(t, a, "edge-experiment", Humans)
	rank := func(v func(string) Float, c string) (r float64) {
		for _, other := range categories {
			if v(other) < v(c) {
				r++
			} else if v(other) == v(c) {
				r += 0.5
			}
		}
		return r
	}
	var xy, xx, yy float64
	for _, c := range categories {
		x := rank(func(c string) Float { return bias.PerShape[c].ShapeBias }, c) - 8
		y := rank(func(c string) Float { return edges.PerCategory[c].Accuracy }, c) - 8
		xy, xx, yy = xy+x*y, xx+x*x, yy+y*y
	}
	if want := xy / math.Sqrt(xx*yy); math.Abs(float64(a.Ranks[0].Spearman)-want) > 1e-12 {
		t.Errorf("rank correlation of the pooled humans %v, plain %v", a.Ranks[0].Spearman, want)
	}
}
