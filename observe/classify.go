package observe

import (
	"context"
	"fmt"

	"github.com/gestalt-vision/gestalt/dataset"
	"github.com/gestalt-vision/gestalt/measure"
)

// Classification is a network's answer to one picture where there are 1,000.
type Classification struct {
	measure.Ranking
	Category string `json:"category"` // what the network would decide among the 16 categories, by the mean (measure.Decide)
}

func (c Classification) whole() bool {
	return c.Ranking.Valid() && dataset.CategoryClasses(c.Category) != nil
}

// Classified is one answered picture.
type Classified struct {
	Index int // in the set
	measure.Ranked
	Category string // see Classification
}

// Classify shows pictures of ImageNet classes. truths has the class of every picture of the set, as
// [dataset.Set.Truths] tells it: one with an error is listed as failed; one with class -1 and no error is shown, and its
// rank is 0. For the rest it is like [Run].
func Classify(ctx context.Context, o Options[Classification], truths []dataset.Truth) ([]Classified, []Failure, error) {
	all, failed, err := o.show(ctx, func(i int) (question[Classification], error) {
		class := truths[i].Class
		return question[Classification]{
			identity: fmt.Sprintf("classification of %d", class),
			answer: func(p []float32) Classification {
				return Classification{measure.RankClasses(p, class), measure.Decide(p, measure.Mean)}
			},
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
