package observe

import (
	"context"
	"fmt"
	"slices"

	"github.com/gestalt-vision/gestalt/dataset"
	"github.com/gestalt-vision/gestalt/measure"
)

// Classification is a network's answer to one picture where its classes are the answers.
type Classification struct {
	measure.Ranking
	// Category is what a network of ImageNet's classes would decide among the 16 categories, by the mean (measure.Decide).
	Category string `json:"category,omitempty"`
}

func (c Classification) whole() bool {
	return c.Ranking.Valid() && (c.Category == "" || dataset.CategoryClasses(c.Category) != nil)
}

// possible says whether a network with so many classes can have given the answer.
func (c Classification) possible(classes int) bool {
	return len(c.Top) == min(measure.TopClasses, classes) && slices.Max(c.Top) < classes && c.Rank <= classes
}

// Classified is one answered picture.
type Classified struct {
	Index int // in the set
	measure.Ranked
	Category string // see Classification
}

// Classify shows pictures of the network's classes. truths has the class of every picture of the set, as
// [dataset.Set.Truths] tells those of ImageNet and [dataset.Set.TruthsAmong] those of a network's own: one with an error
// is listed as failed; one with class -1 and no error is shown, and its rank is 0. For the rest it is like [Run].
func Classify(ctx context.Context, o Options[Classification], truths []dataset.Truth) ([]Classified, []Failure, error) {
	if err := nameless(o.Model); err != nil {
		return nil, nil, err
	}
	all, failed, err := o.show(ctx, func(i int) (question[Classification], error) {
		class := truths[i].Class
		return question[Classification]{
			identity: fmt.Sprintf("classification of %d", class),
			answer: func(p []float32) Classification {
				c := Classification{Ranking: measure.RankClasses(p, class)}
				if o.Model.ClassNames == nil {
					c.Category = measure.Decide(p, measure.Mean)
				}
				return c
			},
			possible: func(c Classification) bool { return c.possible(o.Model.Classes) },
		}, truths[i].Err
	})
	seen := make([]Classified, len(all))
	for i, s := range all {
		seen[i] = Classified{s.index, measure.Ranked{
			Picture: o.Pictures.Item(s.index).Key, Class: truths[s.index].Class, Ranking: s.answer.Ranking,
		}, s.answer.Category}
	}
	return seen, failed, err
}
