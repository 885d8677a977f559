package measure

import (
	"fmt"

	"github.com/gestalt-vision/gestalt/dataset"
)

// TopClasses is how many classes a [Ranking] names.
const TopClasses = 5

// Ranking is a network's answer to a picture of a known ImageNet class.
type Ranking struct {
	Top           [TopClasses]int     `json:"top"`           // the most probable classes, the first the most
	Probabilities [TopClasses]float32 `json:"probabilities"` // of these, from 0 to 1

	Rank        int     `json:"rank"`        // of the true class, 1 for the most probable; 0 where that is not known
	Probability float32 `json:"probability"` // of the true class
}

// Valid reports whether the classes and ranks are possible ones.
func (r Ranking) Valid() bool {
	for i, class := range r.Top {
		if class < 0 || class >= dataset.NumClasses || r.Rank == i+1 && r.Probability != r.Probabilities[i] {
			return false
		}
	}
	return r.Top[0] != r.Top[1] && r.Rank >= 0 && r.Rank <= dataset.NumClasses
}

// RankClasses ranks the probabilities of the 1,000 ImageNet classes; class is the true one, -1 where it is not known. Of equal
// probabilities that of the first class comes first. It panics unless there are 1,000.
func RankClasses(probs []float32, class int) Ranking {
	if len(probs) != dataset.NumClasses {
		panic(fmt.Sprintf("measure: %d probabilities are needed, got %d", dataset.NumClasses, len(probs)))
	}
	var r Ranking
	for i, c := range Top(probs, TopClasses) {
		r.Top[i], r.Probabilities[i] = c, probs[c]
	}
	if class < 0 {
		return r
	}
	r.Rank, r.Probability = 1, probs[class]
	for c, p := range probs {
		if p > r.Probability || p == r.Probability && c < class {
			r.Rank++
		}
	}
	return r
}

// Top gives the indices of the n largest values, the largest first; of equal ones the first index comes first.
func Top(values []float32, n int) []int {
	top := make([]int, 0, n+1)
	for i, v := range values {
		at := len(top)
		for at > 0 && v > values[top[at-1]] {
			at--
		}
		if at == n {
			continue
		}
		top = append(top, 0)
		copy(top[at+1:], top[at:])
		top[at] = i
		top = top[:min(len(top), n)]
	}
	return top
}
