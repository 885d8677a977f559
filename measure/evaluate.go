package measure

import (
	"slices"

	"github.com/gestalt-vision/gestalt/dataset"
)

// Ranked is one picture of a known class and a network's answer to it.
type Ranked struct {
	Picture string // key in its set, the same for all networks
	Class   int    // true class
	Ranking
}

// Proportion is k of n with its exact 95% interval (Clopper and Pearson, Biometrika 26, 1934). The pictures are taken
// as drawn independently of each other, as they are one by one from the world of such pictures.
type Proportion struct {
	K     int      `json:"correct"`
	N     int      `json:"pictures"`
	Value Float    `json:"value"` // K/N, from 0 to 1; undefined for N = 0
	CI    Interval `json:"ci95"`
}

// NewProportion computes value and interval of k of n.
func NewProportion(k, n int) Proportion {
	return Proportion{k, n, Float(float64(k) / float64(n)), exact95(k, n)}
}

// Evaluation is how often a network is right on pictures of ImageNet classes. Right by top-k is an answer whose k most
// probable classes have the true one among them.
type Evaluation struct {
	Top1 Proportion `json:"top1"`
	Top5 Proportion `json:"top5"`

	// The mean over the classes that occur of their accuracies, which is Top1 where all have as many pictures.
	MeanPerClassTop1 Float `json:"mean_per_class_top1"`
	MeanPerClassTop5 Float `json:"mean_per_class_top5"`

	PerClass []ClassAccuracy `json:"per_class"` // the classes that occur, in their order
}

// ClassAccuracy is the accuracy on the pictures of one class.
type ClassAccuracy struct {
	Class int        `json:"class"`
	WNID  string     `json:"wnid"`
	Name  string     `json:"name"`
	Top1  Proportion `json:"top1"`
	Top5  Proportion `json:"top5"`
}

// Evaluate counts the right answers.
func Evaluate(pictures []Ranked) Evaluation {
	var n, top1, top5 [dataset.NumClasses]int
	for _, p := range pictures {
		n[p.Class]++
		if p.right(1) {
			top1[p.Class]++
		}
		if p.right(TopClasses) {
			top5[p.Class]++
		}
	}
	total := func(counts [dataset.NumClasses]int) (sum int) {
		for _, k := range counts {
			sum += k
		}
		return sum
	}
	e := Evaluation{
		Top1: NewProportion(total(top1), len(pictures)), Top5: NewProportion(total(top5), len(pictures)),
		PerClass: []ClassAccuracy{},
	}
	for class := range n {
		if n[class] == 0 {
			continue
		}
		wnid, name := dataset.Class(class)
		c := ClassAccuracy{class, wnid, name, NewProportion(top1[class], n[class]), NewProportion(top5[class], n[class])}
		e.PerClass = append(e.PerClass, c)
		e.MeanPerClassTop1 += c.Top1.Value
		e.MeanPerClassTop5 += c.Top5.Value
	}
	e.MeanPerClassTop1 /= Float(len(e.PerClass))
	e.MeanPerClassTop5 /= Float(len(e.PerClass))
	return e
}

func (r Ranking) right(k int) bool { return r.Rank >= 1 && r.Rank <= k }

// Mistakes are the pictures with a wrong first answer, those first whose answer the network was surest of.
func Mistakes(pictures []Ranked) []Ranked {
	wrong := slices.DeleteFunc(slices.Clone(pictures), func(p Ranked) bool { return p.right(1) })
	slices.SortStableFunc(wrong, func(a, b Ranked) int {
		switch pa, pb := a.Probabilities[0], b.Probabilities[0]; {
		case pa > pb:
			return -1
		case pa < pb:
			return 1
		}
		return 0
	})
	return wrong
}
