// Package observe shows pictures to a network and writes down what it answers: [Run] as the trials that package measure
// computes shape bias with, [Classify] as the ranks of the ImageNet classes that it computes accuracies with.
//
// A network with 1,000 ImageNet classes becomes an observer with 16 answers: the softmax probabilities of the classes
// that belong to each entry-level category are aggregated, and the category with the largest score is the response
// (Geirhos et al., ICLR 2019, appendix).
package observe

import (
	"context"
	"fmt"
	"math"
	"path"

	"github.com/gestalt-vision/gestalt/dataset"
	"github.com/gestalt-vision/gestalt/measure"
)

// Decision is a network's answer to one picture where there are 16.
type Decision struct {
	Response string      `json:"response"` // one of the 16 categories
	Scores   [16]float32 `json:"scores"`   // aggregated probability of each category, in the order of dataset.Categories
}

func (d Decision) whole() bool { return dataset.CategoryClasses(d.Response) != nil }

// Result is what one network made of the stimuli.
type Result struct {
	Observations []Observation // in the order of the set, without the failed pictures
	Failed       []Failure
}

// Observation is one answered picture.
type Observation struct {
	Index    int // in the set
	Key      string
	Category string // ground truth; with conflicting cues the shape category
	Decision
}

// Run shows pictures of the 16 categories and has the network decide for one of these. A picture that cannot be read or
// decoded, or whose category nothing tells, is listed in Failed and the others go on. The result depends neither on
// Workers nor on which decisions were in the journal already. When ctx is cancelled, the batch in hand is finished and
// stored, and the error is ctx's.
func Run(ctx context.Context, o Options[Decision], how measure.Aggregation) (Result, error) {
	decide := question[Decision]{
		identity: "decision by " + how.String(),
		answer: func(p []float32) Decision {
			d := Decision{Response: measure.Decide(p, how)}
			for c, score := range measure.Scores(p, how) {
				d.Scores[c] = float32(score)
			}
			return d
		},
	}
	all, failed, err := o.show(ctx, func(i int) (question[Decision], error) {
		_, err := o.Pictures.Item(i).Category()
		return decide, err
	})
	result := Result{Failed: failed}
	for _, s := range all {
		item := o.Pictures.Item(s.index)
		category, _ := item.Category() // known, or the picture had failed
		result.Observations = append(result.Observations, Observation{s.index, item.Key, category, s.answer})
	}
	return result, err
}

// Trials writes the observations in the published form: one trial a picture, in the order of the set, without response
// times. subj names the network; code is the three letters that the field gives the experiment (s5n for cue conflict).
func (r Result) Trials(subj, code string) []measure.Trial {
	trials := make([]measure.Trial, len(r.Observations))
	for i, o := range r.Observations {
		trials[i] = measure.Trial{
			Subj: subj, Session: "1", Trial: i + 1, RT: math.NaN(),
			Response: o.Response, Category: o.Category, Condition: "0",
			Image: fmt.Sprintf("%04d_%s_dnn_0_%s_00_%s", i+1, code, o.Category, path.Base(o.Key)),
		}
	}
	return trials
}
