// Package observe shows pictures to a network and writes down what it answers, as the trials that package measure
// computes with.
//
// A network with 1,000 ImageNet classes becomes an observer with 16 answers: the softmax probabilities of the classes
// that belong to each entry-level category are aggregated, and the category with the largest score is the response
// (Geirhos et al., ICLR 2019, appendix).
package observe

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"path"
	"strings"

	"github.com/gestalt-vision/gestalt/dataset"
	"github.com/gestalt-vision/gestalt/measure"
	"github.com/gestalt-vision/gestalt/nets"
	"github.com/gestalt-vision/gestalt/pixel"
)

// Options say who observes what, and how.
type Options struct {
	Model     *nets.Model
	Engine    string // all that the last bits depend on: another engine's decisions are not taken from the journal
	Stimuli   *dataset.Set
	Aggregate measure.Aggregation
	Journal   *Journal           // decisions made so far; new ones are added
	Batch     int                // pictures that go through the network at once
	Workers   int                // goroutines that decode
	Progress  func(pictures int) // called after each batch with its size; may be nil
}

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

// Failure is a picture that could not be shown.
type Failure struct {
	Picture string `json:"picture"`
	Reason  string `json:"reason"`
}

// Run shows every picture. A picture that cannot be read or decoded is listed in Failed and the others go on. The
// result depends neither on Workers nor on which decisions were in the journal already. When ctx is cancelled, the batch
// in hand is finished and stored, and the error is ctx's.
func Run(ctx context.Context, o Options) (Result, error) {
	var result Result
	identity := fmt.Sprintf("1\n%s\n%s\n%+v\n%s\n%s\n", o.Model.Name, o.Model.WeightsSHA256, o.Model.Preprocess, o.Engine, o.Aggregate)
	batches := (o.Stimuli.Len() + o.Batch - 1) / o.Batch
	prepare := func(b int) (batch, error) { return o.prepare(b, identity), nil }
	for b, err := range dataset.Map(ctx, batches, o.Workers, prepare) {
		if err != nil {
			return result, err
		}
		if err := o.decide(&b); err != nil {
			return result, err
		}
		result.Observations = append(result.Observations, b.observations...)
		result.Failed = append(result.Failed, b.failed...)
		if o.Progress != nil {
			o.Progress(b.size)
		}
	}
	return result, ctx.Err()
}

// batch is a run of pictures on its way to the network.
type batch struct {
	size         int // pictures of the set, failed ones included
	observations []Observation
	keys         []string // journal key of each observation
	fresh        []int    // observations without a decision yet; observation fresh[i] is picture i of input
	input        []float32
	failed       []Failure
}

// prepare reads, hashes, decodes and normalises batch b.
func (o Options) prepare(b int, identity string) batch {
	first := b * o.Batch
	last := min(first+o.Batch, o.Stimuli.Len())
	out := batch{size: last - first}
	side := o.Model.Preprocess.Crop
	for i := first; i < last; i++ {
		item := o.Stimuli.Item(i)
		fail := func(err error) {
			out.failed = append(out.failed, Failure{Picture: item.Key, Reason: err.Error()})
		}
		category, err := categoryOf(item)
		if err != nil {
			fail(err)
			continue
		}
		data, err := o.Stimuli.Read(i)
		if err != nil {
			fail(err)
			continue
		}
		content := sha256.Sum256(data)
		hash := sha256.Sum256(append([]byte(identity), content[:]...))
		key := hex.EncodeToString(hash[:])
		decision, known := o.Journal.get(key)
		if !known {
			m, _, err := pixel.Decode(data)
			if err != nil {
				fail(err)
				continue
			}
			if out.input == nil {
				// The network is compiled for one batch size; places without a picture stay zero.
				out.input = make([]float32, o.Batch*side*side*3)
			}
			at := len(out.fresh) * side * side * 3
			if err := o.Model.Preprocess.Tensor(m, out.input[at:at+side*side*3]); err != nil {
				fail(err)
				continue
			}
			out.fresh = append(out.fresh, len(out.observations))
		}
		out.observations = append(out.observations, Observation{Index: i, Key: item.Key, Category: category, Decision: decision})
		out.keys = append(out.keys, key)
	}
	return out
}

// decide runs the network on the pictures of the batch without a decision and stores the answers.
func (o Options) decide(b *batch) error {
	if len(b.fresh) == 0 {
		return nil
	}
	probabilities, err := o.Model.Probabilities(b.input, o.Batch)
	if err != nil {
		return err
	}
	classes := len(probabilities) / o.Batch
	entries := make([]entry, len(b.fresh))
	for i, at := range b.fresh {
		p := probabilities[i*classes : (i+1)*classes]
		decision := &b.observations[at].Decision
		decision.Response = measure.Decide(p, o.Aggregate)
		for c, score := range measure.Scores(p, o.Aggregate) {
			decision.Scores[c] = float32(score)
		}
		entries[i] = entry{Key: b.keys[at], Decision: *decision}
	}
	return o.Journal.add(entries)
}

// categoryOf tells the ground truth of a picture: the category that its folder is named after, else the one that its
// name begins with (cat7-elephant1.png, bear3.png).
func categoryOf(item dataset.Item) (string, error) {
	if isCategory(item.Class) {
		return item.Class, nil
	}
	name, _, _ := strings.Cut(path.Base(item.Key), "-")
	name = strings.TrimRight(strings.TrimSuffix(name, path.Ext(name)), "0123456789")
	if isCategory(name) {
		return name, nil
	}
	return "", errors.New("neither its folder nor its name tells one of the 16 categories")
}

func isCategory(name string) bool { return dataset.CategoryClasses(name) != nil }

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
