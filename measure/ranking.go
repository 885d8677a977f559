package measure

import "slices"

// TopClasses is how many classes a [Ranking] names, where there are so many.
const TopClasses = 5

// Ranking is a network's answer to a picture of a known class.
type Ranking struct {
	Top           []int     `json:"top"`           // the most probable classes, the first the most
	Probabilities []float32 `json:"probabilities"` // of these, from 0 to 1

	Rank        int     `json:"rank"`        // of the true class, 1 for the most probable; 0 where that is not known
	Probability float32 `json:"probability"` // of the true class
}

// Valid reports whether the classes and ranks are possible ones.
func (r Ranking) Valid() bool {
	if n := len(r.Top); n == 0 || n > TopClasses || n != len(r.Probabilities) || r.Rank < 0 {
		return false
	}
	for i, class := range r.Top {
		if class < 0 || slices.Contains(r.Top[:i], class) || r.Rank == i+1 && r.Probability != r.Probabilities[i] {
			return false
		}
	}
	return true
}

// RankClasses ranks the probabilities of a network's classes; class is the true one, -1 where it is not known. Of equal
// probabilities that of the first class comes first.
func RankClasses(probs []float32, class int) Ranking {
	r := Ranking{Top: Top(probs, TopClasses)}
	for _, c := range r.Top {
		r.Probabilities = append(r.Probabilities, probs[c])
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
