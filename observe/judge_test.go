package observe

import (
	"slices"
	"strings"
	"testing"

	"github.com/gestalt-vision/gestalt/measure"
	"github.com/gestalt-vision/gestalt/nets"
)

// A network with classes of its own answers with the most probable of those that are categories.
func TestJudgeOfOwnClasses(t *testing.T) {
	m := &nets.Model{Name: "own", Classes: 4, ClassNames: []string{"dog", "lamp", "bear", "cat"}}
	j, err := newJudge(m, measure.Mean, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		probabilities []float32
		answer        string
	}{
		{[]float32{.1, .6, .1, .2}, "cat"}, // lamps are no category
		{[]float32{.4, 0, .2, .4}, "cat"},  // of equal ones the first in the order of categories
		{[]float32{0, 1, 0, 0}, "bear"},
	} {
		d := j.decide(c.probabilities)
		if d.Response != c.answer || !j.possible(d) || d.Scores[1] != c.probabilities[2] || d.Scores[0] != 0 {
			t.Errorf("%v: %+v, want %s", c.probabilities, d, c.answer)
		}
	}
	full := make([]float32, 16)
	for _, d := range []Decision{{"lamp", full}, {"airplane", full}, {"dog", full[:3]}} {
		if j.possible(d) {
			t.Errorf("%+v is possible", d)
		}
	}
	own := measure.Vocabulary{"lamp", "violin"}
	if j, err = newJudge(m, measure.Mean, own); err != nil || !slices.Equal(j.known, []string{"lamp"}) || j.decide([]float32{.9, .05, .05, 0}).Response != "lamp" {
		t.Errorf("among lamps and violins: %v, %v", j.known, err)
	}
	for _, c := range []struct {
		m    *nets.Model
		v    measure.Vocabulary
		says string
	}{
		{m, measure.Vocabulary{"violin"}, "no class of own (dog, lamp, bear, cat) is one of the categories violin"},
		{&nets.Model{Name: "nameless", Classes: 4}, nil, "nameless tells 4 classes apart"},
		{&nets.Model{Name: "usual", Classes: 1000}, own, "usual tells the classes of ImageNet apart, not the categories lamp, violin"},
	} {
		if _, err := newJudge(c.m, measure.Mean, c.v); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", c.m.Name, err)
		}
	}
}

// What a journal says is taken only where the network can have said it.
func TestPossibleClassifications(t *testing.T) {
	p := []float32{.1, .2, .3, .4, 0, 0, 0}
	c := Classification{Ranking: measure.RankClasses(p[:4], 1)}
	if !c.possible(4) || c.possible(3) || c.possible(7) {
		t.Errorf("%+v", c)
	}
	if c = (Classification{Ranking: measure.RankClasses(p, 6)}); !c.possible(7) || c.possible(6) {
		t.Errorf("%+v", c)
	}
}
