// Package observe shows pictures to a network and writes down what it answers: [Run] as the trials that package measure
// computes shape bias with, [Classify] as the ranks of the ImageNet classes that it computes accuracies with.
//
// A network with 1,000 ImageNet classes becomes an observer with 16 answers: the softmax probabilities of the classes
// that belong to each entry-level category are aggregated, and the category with the largest score is the response
// (Geirhos et al., ICLR 2019, appendix). A network with classes of its own answers with one of these.
package observe

import (
	"context"
	"fmt"
	"math"
	"path"

	"github.com/gestalt-vision/gestalt/measure"
)

// Decision is a network's answer to one picture where categories are the answers.
type Decision struct {
	Response string `json:"response"` // one of the categories
	// Scores are the aggregated probabilities of the categories, in the vocabulary's order; of a network with classes of its
	// own their probabilities, 0 for what is no class of it.
	Scores []float32 `json:"scores"`
}

func (d Decision) whole() bool { return d.Response != "" && len(d.Scores) > 0 }

// Result is what one network made of the stimuli.
type Result struct {
	Observations []Observation // in the order of the set, without the failed pictures
	Failed       []Failure
	// LeftOut counts the pictures that the network was not shown because the category of their shape or of their texture is
	// none of its classes.
	LeftOut int
}

// Observation is one answered picture.
type Observation struct {
	Index    int // in the set
	Key      string
	Category string // ground truth; with conflicting cues the shape category
	Decision
}

// Run shows pictures of the vocabulary's categories and has the network decide for one of these: a network of the 1,000
// ImageNet classes by how it aggregates them, for which the vocabulary must be the 16 categories; a network with classes
// of its own by the largest probability among those that are categories. A picture that cannot be read or decoded, or
// whose category nothing tells, is listed in Failed and the others go on; one of a category that the network does not
// know is left out. The result depends neither on Workers nor on which decisions were in the journal already. When ctx is
// cancelled, the batch in hand is finished and stored, and the error is ctx's.
func Run(ctx context.Context, o Options[Decision], how measure.Aggregation, v measure.Vocabulary) (Result, error) {
	judge, err := newJudge(o.Model, how, v)
	if err != nil {
		return Result{}, err
	}
	var result Result
	if o.Only, err = judge.shown(o); err != nil {
		return result, err
	}
	result.LeftOut = o.Pictures.Len() - len(o.Only)
	if o.Progress != nil && result.LeftOut > 0 {
		o.Progress(result.LeftOut)
	}
	decide := question[Decision]{identity: judge.identity, answer: judge.decide, possible: judge.possible}
	all, failed, err := o.show(ctx, func(i int) (question[Decision], error) {
		if _, ok := o.Pictures.Item(i).CategoryAmong(v.Names()); !ok {
			return decide, fmt.Errorf("neither its folder nor its name tells one of %v", v)
		}
		return decide, nil
	})
	result.Failed = failed
	for _, s := range all {
		item := o.Pictures.Item(s.index)
		category, _ := item.CategoryAmong(v.Names()) // known, or the picture had failed
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
