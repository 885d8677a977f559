package measure

import (
	"bytes"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/gestalt-vision/gestalt/dataset"
)

// renamed are trials of the 16 categories under other names.
func renamed(trials []Trial, rename func(string) string) []Trial {
	out := slices.Clone(trials)
	for i := range out {
		t := &out[i]
		if shape, texture, ok := CueConflict(t.Image); ok {
			t.Image = strings.Replace(t.Image, shape, rename(shape), 1)
			t.Image = strings.Replace(t.Image, "-"+texture, "-"+rename(texture), 1)
		}
		t.Category = rename(t.Category)
		if t.Response != NoAnswer {
			t.Response = rename(t.Response)
		}
	}
	return out
}

// The 16 categories given by name are the zero vocabulary, and more names than occur change nothing but their own rows.
func TestVocabularyOfTheSixteen(t *testing.T) {
	exps := someTrials(3)
	settings := Settings{Rounds: 60, Seed: 4}
	want := Analyze(exps, settings)
	settings.Categories = append(dataset.Categories[:len(dataset.Categories):len(dataset.Categories)], "violin", "zebra")
	got := Analyze(exps, settings)
	if !slices.Equal(got.Settings.Categories, settings.Categories) || want.Settings.Categories != nil {
		t.Errorf("settings %+v and %+v", got.Settings, want.Settings)
	}
	for i := range got.Observers {
		o := &got.Observers[i]
		if row, ok := o.PerShape["zebra"]; ok && (row.ConflictTrials != 0 || o.PerTexture["violin"].ConflictTrials != 0) {
			t.Errorf("%s has answers to zebras: %+v", o.Observer, row)
		}
		for _, rows := range []map[string]CategoryBias{o.PerShape, o.PerTexture} {
			delete(rows, "violin")
			delete(rows, "zebra")
		}
	}
	got.Settings = want.Settings
	if text, plain := marshal(t, got), marshal(t, want); text != plain {
		t.Errorf("with the names given the analysis is\n%s\nwithout\n%s", text, plain)
	}
}

// A vocabulary of other names, in another order: everything but the draws, which depend on the stimuli's names, is what it
// was, and the intervals are the plain ones.
func TestVocabularyOfOthers(t *testing.T) {
	const rounds = 60
	rename := func(name string) string { return "the " + strings.ToUpper(name) }
	var names Vocabulary
	for _, c := range slices.Backward(categories[:]) {
		names = append(names, rename(c))
	}
	exps := someTrials(3)
	want := Analyze(exps, Settings{Rounds: -1})
	for i := range exps {
		exps[i].Trials = renamed(exps[i].Trials, rename)
	}
	got := Analyze(exps, Settings{Rounds: -1, Categories: names})
	for i, o := range got.Observers {
		w := want.Observers[i]
		if o.Shape != w.Shape || o.Texture != w.Texture || o.ConflictTrials != w.ConflictTrials || o.NA != w.NA || o.Correct != w.Correct ||
			!same(o.ResponseEntropy, w.ResponseEntropy) || o.ShapeBiasExact != w.ShapeBiasExact {
			t.Errorf("%s: %+v, with the usual names %+v", o.Observer, o, w)
		}
		for _, c := range categories {
			if a, b := o.PerShape[rename(c)], w.PerShape[c]; a.Shape != b.Shape || a.ConflictTrials != b.ConflictTrials {
				t.Errorf("%s, shape %s: %+v, with the usual names %+v", o.Observer, c, a, b)
			}
			if a, b := o.PerTexture[rename(c)], w.PerTexture[c]; a.Shape != b.Shape || a.Texture != b.Texture {
				t.Errorf("%s, texture %s: %+v, with the usual names %+v", o.Observer, c, a, b)
			}
			for _, answer := range categories {
				if a, b := o.Confusion[rename(c)][rename(answer)], w.Confusion[c][answer]; a != b {
					t.Errorf("%s: %s taken for %s %d times, with the usual names %d", o.Observer, c, answer, a, b)
				}
			}
		}
	}
	a := Analyze(exps, Settings{Rounds: rounds, Seed: 11, Categories: names})
	f := families(exps, names)[0]
	for i, s := range f.subjects {
		for figure, want := range plainIntervals(f, s, 11, rounds) {
			if got := intervals(a.Observers[i], names)[figure]; !sameInterval(got, want) {
				t.Errorf("%s: interval of %s %v, plain %v", s.name, figure, got, want)
			}
		}
	}
}

// Two categories are enough, and a trial of a third is a mistake that Analyze does not pass over.
func TestVocabularySmall(t *testing.T) {
	small := Vocabulary{"star", "moon"}
	trial := func(n int, image, category, response string) Trial {
		return Trial{Subj: "net", Session: "1", Trial: n, Response: response, Category: category, Condition: "0", Image: image}
	}
	trials := []Trial{
		trial(1, "star1-moon1.png", "star", "star"), trial(2, "star2-moon7.png", "star", "moon"),
		trial(3, "moon3-star3.png", "moon", "moon"), trial(4, "moon4.png", "moon", "na"),
	}
	o := Analyze([]Experiment{{"own", trials}}, Settings{Rounds: 20, Categories: small}).Observers[0]
	if o.Shape != 2 || o.Texture != 1 || o.ConflictTrials != 3 || o.Correct != 2 || o.NA != 1 || len(o.PerShape) != 2 {
		t.Errorf("%+v", o)
	}
	var table bytes.Buffer
	if err := small.WriteTrials(&table, trials[:3]); err != nil {
		t.Fatal(err)
	}
	text := table.String()
	if again, err := small.ReadTrials(&table, "own.csv"); err != nil || len(again) != 3 || again[2].Category != "moon" {
		t.Errorf("read back %v, %v", again, err)
	}
	if _, err := ReadTrials(strings.NewReader(text), "own.csv"); err == nil || !strings.Contains(err.Error(), `"star" is not one of the 16 categories`) {
		t.Errorf("read as published trials: %v", err)
	}
	trials[0].Response = "cat"
	if err := small.WriteTrials(&table, trials); err == nil || !strings.Contains(err.Error(), `"cat" is neither one of the categories star, moon nor na`) {
		t.Errorf("a foreign answer: %v", err)
	}
	panics(t, "a foreign category", func() { Analyze([]Experiment{{"own", trials}}, Settings{}) })
	for _, bad := range []Vocabulary{{}, {"star", "star"}, {""}, {"na"}} {
		if bad.Check() == nil {
			t.Errorf("%q is a vocabulary", []string(bad))
		}
		panics(t, "a bad vocabulary", func() { Analyze(nil, Settings{Categories: bad}) })
	}
	if got := Vocabulary(nil).Names(); !reflect.DeepEqual(got, dataset.Categories[:]) {
		t.Errorf("the zero vocabulary is %q", got)
	}
}

func panics(t *testing.T, what string, do func()) {
	t.Helper()
	defer func() {
		if recover() == nil {
			t.Errorf("%s: no panic", what)
		}
	}()
	do()
}
