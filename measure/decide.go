package measure

import (
	"fmt"
	"math"
	"strings"

	"github.com/gestalt-vision/gestalt/dataset"
)

// Aggregation says how the probabilities of a category's classes become one score.
type Aggregation int

const (
	// Mean is the arithmetic mean, which the authors recommend: it favours no category for having many classes.
	Mean Aggregation = iota
	// Sum is the probability of the category as a whole; it favours dog (109 classes) and bird (49).
	Sum
	// Max is the probability of the best class.
	Max
)

var aggregationNames = [...]string{Mean: "mean", Sum: "sum", Max: "max"}

func (a Aggregation) String() string {
	if a < 0 || int(a) >= len(aggregationNames) {
		return fmt.Sprintf("Aggregation(%d)", int(a))
	}
	return aggregationNames[a]
}

// ParseAggregation reads "mean", "sum" or "max".
func ParseAggregation(s string) (Aggregation, error) {
	for a, name := range aggregationNames {
		if s == name {
			return Aggregation(a), nil
		}
	}
	return 0, fmt.Errorf("unknown aggregation %q (there are %s)", s, strings.Join(aggregationNames[:], ", "))
}

// categoryClasses are the ImageNet classes of each category.
var categoryClasses = func() (classes [len(categories)][]int) {
	for i, c := range categories {
		classes[i] = dataset.CategoryClasses(c)
	}
	return classes
}()

// Decide turns a network's probabilities of the 1,000 ImageNet classes (after the softmax over all of them; nothing is
// renormalised) into its answer: the category with the largest score. The alphabetically first category wins a tie. A
// score that is not a number never wins; where there is no other, the answer is "na". Decide panics unless there are
// 1,000 probabilities.
func Decide(probs []float32, how Aggregation) string {
	answer, best := NoAnswer, math.Inf(-1)
	for i, s := range Scores(probs, how) {
		if s > best {
			answer, best = categories[i], s
		}
	}
	return answer
}

// Scores gives the score of each category, in the order of dataset.Categories, from the probabilities of the 1,000
// ImageNet classes. It panics unless there are 1,000.
func Scores(probs []float32, how Aggregation) (scores [len(categories)]float64) {
	if len(probs) != dataset.NumClasses {
		panic(fmt.Sprintf("measure: %d probabilities are needed, got %d", dataset.NumClasses, len(probs)))
	}
	for i, classes := range categoryClasses {
		scores[i] = score(probs, classes, how)
	}
	return scores
}

// score adds in float64, in ascending order of the classes.
func score(probs []float32, classes []int, how Aggregation) float64 {
	sum, largest := 0.0, math.Inf(-1)
	for _, i := range classes {
		p := float64(probs[i])
		sum += p
		largest = max(largest, p) // NaN if p is
	}
	switch how {
	case Mean:
		return sum / float64(len(classes))
	case Sum:
		return sum
	case Max:
		return largest
	}
	panic(fmt.Sprintf("measure: %v is no aggregation", how))
}
