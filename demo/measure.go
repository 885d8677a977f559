package demo

import (
	"context"
	"fmt"
	"math"

	"github.com/gestalt-vision/gestalt/measure"
	"github.com/gestalt-vision/gestalt/nets"
	"github.com/gestalt-vision/gestalt/synth"
	"github.com/gestalt-vision/gestalt/train"
)

// answers are what a network says to the pictures of a set.
type answers struct {
	first []int // class
	rank  []int // of the right class: 0 where it is the first
}

// show shows a set to a network.
func show(ctx context.Context, m *nets.Model, s train.Source, batch int) (a answers, err error) {
	size := m.Preprocess.Crop * m.Preprocess.Crop * 3
	tensors := make([]float32, batch*size)
	for at := 0; at < s.Len(); at += batch {
		n := min(batch, s.Len()-at)
		if err := ctx.Err(); err != nil {
			return a, err
		}
		for i := range n {
			picture, err := s.Picture(at + i)
			if err == nil {
				err = m.Preprocess.Tensor(picture, tensors[i*size:][:size])
			}
			if err != nil {
				return a, fmt.Errorf("%s: %w", s.Key(at+i), err)
			}
		}
		logits, err := m.Logits(tensors[:n*size], n)
		if err != nil {
			return a, err
		}
		for i := range n {
			first, rank := judge(logits[i*m.Classes:][:m.Classes], s.Class(at+i))
			a.first, a.rank = append(a.first, first), append(a.rank, rank)
		}
	}
	return a, nil
}

// judge gives the first answer, and how many classes come before the right one. Of equal logits that of the earlier class
// comes first.
func judge(logits []float32, right int) (first, rank int) {
	for c, v := range logits {
		if v > logits[first] {
			first = c
		}
		if v > logits[right] || v == logits[right] && c < right {
			rank++
		}
	}
	return first, rank
}

// within is how many of the answers have the right class among the first n.
func (a answers) within(n int) (k int) {
	for _, rank := range a.rank {
		if rank < n {
			k++
		}
	}
	return k
}

// trials are the answers to cue conflicts as the field stores them.
func (a answers) trials(observer string, g *gallery) []measure.Trial {
	classes, list := synth.Classes(), make([]measure.Trial, len(a.first))
	for i, answer := range a.first {
		list[i] = measure.Trial{Subj: observer, Session: "1", Trial: i + 1, RT: math.NaN(), Response: classes[answer],
			Category: classes[g.Class(i)], Condition: "0", Image: g.name(i)}
	}
	return list
}
