package observe

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gestalt-vision/gestalt/dataset"
	"github.com/gestalt-vision/gestalt/measure"
	"github.com/gestalt-vision/gestalt/nets"
)

// judge makes decisions among categories of a network's probabilities.
type judge struct {
	identity   string // of the question
	vocabulary measure.Vocabulary
	decide     func(probabilities []float32) Decision
	known      []string // categories that the network can answer with
}

func newJudge(m *nets.Model, how measure.Aggregation, v measure.Vocabulary) (judge, error) {
	if err := nameless(m); err != nil {
		return judge{}, err
	}
	if m.ClassNames == nil {
		if v != nil {
			return judge{}, fmt.Errorf("%s tells the classes of ImageNet apart, not %v", m.Name, v)
		}
		return judge{"decision by " + how.String(), v, func(p []float32) Decision {
			scores := measure.Scores(p, how)
			d := Decision{Response: measure.Decide(p, how), Scores: make([]float32, len(scores))}
			for c, score := range scores {
				d.Scores[c] = float32(score)
			}
			return d
		}, v.Names()}, nil
	}
	names := v.Names()
	class := make([]int, len(names)) // of each category, -1 where there is none
	var known []string
	for c, name := range names {
		if class[c] = slices.Index(m.ClassNames, name); class[c] >= 0 {
			known = append(known, name)
		}
	}
	if known == nil {
		return judge{}, fmt.Errorf("no class of %s (%s) is one of %v", m.Name, strings.Join(m.ClassNames, ", "), v)
	}
	return judge{fmt.Sprintf("decision for a class among %q", names), v, func(p []float32) Decision {
		d := Decision{Response: measure.NoAnswer, Scores: make([]float32, len(names))}
		best := float32(-1)
		for c, i := range class {
			if i < 0 {
				continue
			}
			if d.Scores[c] = p[i]; p[i] > best {
				d.Response, best = names[c], p[i]
			}
		}
		return d
	}, known}, nil
}

// nameless is an error where nothing tells what a network's classes are.
func nameless(m *nets.Model) error {
	if m.ClassNames == nil && m.Classes != dataset.NumClasses {
		return fmt.Errorf("%s tells %d classes apart, which are not the %d of ImageNet and have no names", m.Name, m.Classes, dataset.NumClasses)
	}
	return nil
}

// possible says whether an answer is one that the network can have given.
func (j judge) possible(d Decision) bool {
	return len(d.Scores) == len(j.vocabulary.Names()) && (d.Response == measure.NoAnswer || slices.Contains(j.known, d.Response))
}

// shown are the pictures that the network can answer rightly: all whose category, and in a cue-conflict picture that of the
// texture, it knows; also those whose category nothing tells, unless the vocabulary is one of its own, in which a foreign
// category cannot be told from none.
func (j judge) shown(o Options[Decision]) (only []int, err error) {
	knows := func(category string) bool { return slices.Contains(j.known, category) }
	indices := o.Only
	if indices == nil {
		for i := range o.Pictures.Len() {
			indices = append(indices, i)
		}
	}
	for _, i := range indices {
		item := o.Pictures.Item(i)
		category, ok := item.CategoryAmong(j.vocabulary.Names())
		if !ok && j.vocabulary == nil {
			only = append(only, i)
			continue
		}
		_, texture, conflict := j.vocabulary.CueConflict(item.Key)
		if !conflict {
			_, texture, conflict = measure.CueConflict(item.Key)
		}
		if knows(category) && (!conflict || knows(texture)) {
			only = append(only, i)
		}
	}
	if only == nil {
		return nil, fmt.Errorf("%s shows none of the categories that %s knows (%s)", o.Pictures.Path(), o.Model.Name, strings.Join(j.known, ", "))
	}
	return only, nil
}
