package observe

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/gestalt-vision/gestalt/dataset"
	"github.com/gestalt-vision/gestalt/nets"
	"github.com/gestalt-vision/gestalt/pixel"
)

// Options say who observes what, and how. A is what is kept of each picture.
type Options[A Answer] struct {
	Model    *nets.Model
	Engine   string // all that the last bits depend on: another engine's answers are not taken from the journal
	Pictures *dataset.Set
	Only     []int              // indices of the pictures that are shown, ascending; nil for all
	Journal  *Journal[A]        // answers given so far, to which new ones are added; nil to keep none
	Batch    int                // pictures that go through the network at once
	Workers  int                // goroutines that decode
	Progress func(pictures int) // called after each batch with its size; may be nil
}

// Answer is what a network makes of one picture, and what a journal keeps.
type Answer interface {
	Decision | Classification

	// whole reports whether a line of a journal has all that an answer has.
	whole() bool
}

// Failure is a picture that could not be shown.
type Failure struct {
	Picture string `json:"picture"`
	Reason  string `json:"reason"`
}

// question is what a network is asked about a picture.
type question[A Answer] struct {
	identity string                          // all that the answer depends on beside network and picture
	answer   func(probabilities []float32) A // from those of the network's classes
	possible func(A) bool                    // whether an answer in a journal can be one to this question
}

// shown is one answered picture.
type shown[A Answer] struct {
	index  int // in the set
	answer A
}

// show is the loop of every observation: it shows the pictures to the network in batches, decoding ahead on several
// goroutines while the network looks at the batch in hand. ask says what is asked about picture i, or why it can't be
// shown. A picture that can't be shown, read or decoded is listed in failed, and the others go on. The answers come in
// the order of the set and depend neither on Workers nor on which of them were in the journal already. When ctx is
// cancelled, the batch in hand is finished and stored, and the error is ctx's.
func (o Options[A]) show(ctx context.Context, ask func(i int) (question[A], error)) (all []shown[A], failed []Failure, err error) {
	indices := o.Only
	if indices == nil {
		indices = make([]int, o.Pictures.Len())
		for i := range indices {
			indices[i] = i
		}
	}
	network := fmt.Sprintf("%s\n%s\n%+v\n%s\n", o.Model.Name, o.Model.WeightsSHA256, o.Model.Preprocess, o.Engine)
	if o.Model.ClassNames != nil {
		network += fmt.Sprintf("%q\n", o.Model.ClassNames)
	}
	batches := (len(indices) + o.Batch - 1) / o.Batch
	prepare := func(b int) (batch[A], error) {
		return o.prepare(indices[b*o.Batch:min((b+1)*o.Batch, len(indices))], network, ask), nil
	}
	for b, err := range dataset.Map(ctx, batches, o.Workers, prepare) {
		if err != nil {
			return all, failed, err
		}
		if err := o.answer(&b); err != nil {
			return all, failed, err
		}
		all = append(all, b.shown...)
		failed = append(failed, b.failed...)
		if o.Progress != nil {
			o.Progress(b.size)
		}
	}
	return all, failed, ctx.Err()
}

// batch is a run of pictures on its way to the network.
type batch[A Answer] struct {
	size      int // pictures, failed ones included
	shown     []shown[A]
	keys      []string // journal key of each of them
	questions []question[A]
	fresh     []int // those without an answer yet; shown[fresh[i]] is picture i of input
	input     []float32
	failed    []Failure
}

// prepare reads, hashes, decodes and normalises a batch.
func (o Options[A]) prepare(indices []int, network string, ask func(i int) (question[A], error)) batch[A] {
	out := batch[A]{size: len(indices)}
	for _, i := range indices {
		if err := o.add(&out, i, network, ask); err != nil {
			out.failed = append(out.failed, Failure{Picture: o.Pictures.Item(i).Key, Reason: err.Error()})
		}
	}
	return out
}

// add puts picture i into a batch.
func (o Options[A]) add(b *batch[A], i int, network string, ask func(i int) (question[A], error)) error {
	q, err := ask(i)
	if err != nil {
		return err
	}
	data, err := o.Pictures.Read(i)
	if err != nil {
		return err
	}
	content := sha256.Sum256(data)
	hash := sha256.Sum256(append([]byte(network+q.identity+"\n"), content[:]...))
	key := hex.EncodeToString(hash[:])
	answer, known := o.Journal.get(key)
	if !known || !q.possible(answer) {
		m, _, err := pixel.Decode(data)
		if err != nil {
			return err
		}
		each := o.Model.Preprocess.Crop * o.Model.Preprocess.Crop * 3
		if b.input == nil {
			// The network is compiled for one batch size; places without a picture stay zero.
			b.input = make([]float32, o.Batch*each)
		}
		at := len(b.fresh) * each
		if err := o.Model.Preprocess.Tensor(m, b.input[at:at+each]); err != nil {
			return err
		}
		b.fresh = append(b.fresh, len(b.shown))
	}
	b.shown = append(b.shown, shown[A]{i, answer})
	b.keys = append(b.keys, key)
	b.questions = append(b.questions, q)
	return nil
}

// answer runs the network on the pictures of the batch without an answer and stores what it says.
func (o Options[A]) answer(b *batch[A]) error {
	if len(b.fresh) == 0 {
		return nil
	}
	probabilities, err := o.Model.Probabilities(b.input, o.Batch)
	if err != nil {
		return err
	}
	entries := make([]entry[A], len(b.fresh))
	for i, at := range b.fresh {
		answer := b.questions[at].answer(probabilities[i*o.Model.Classes : (i+1)*o.Model.Classes])
		b.shown[at].answer = answer
		entries[i] = entry[A]{Key: b.keys[at], Answer: answer}
	}
	return o.Journal.add(entries)
}
