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

// Evaluation is how often a network is right on pictures of its classes. Right by top-k is an answer whose k most probable
// classes have the true one among them; of five classes or fewer, all figures by top-5 are undefined.
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
	WNID  string     `json:"wnid,omitempty"` // of a class of ImageNet
	Name  string     `json:"name"`
	Top1  Proportion `json:"top1"`
	Top5  Proportion `json:"top5"`
}

// Evaluate counts the right answers. names are those of the network's classes, nil for the 1,000 of ImageNet.
func Evaluate(pictures []Ranked, names []string) Evaluation {
	classes := len(names)
	if names == nil {
		classes = dataset.NumClasses
	}
	type counts struct{ n, top1, top5 int }
	var all counts
	of := make([]counts, classes)
	for _, p := range pictures {
		for _, c := range []*counts{&all, &of[p.Class]} {
			c.n++
			if p.right(1) {
				c.top1++
			}
			if p.right(TopClasses) {
				c.top5++
			}
		}
	}
	byTop5 := func(c counts) Proportion {
		if classes <= TopClasses {
			return NewProportion(0, 0)
		}
		return NewProportion(c.top5, c.n)
	}
	e := Evaluation{Top1: NewProportion(all.top1, all.n), Top5: byTop5(all), PerClass: []ClassAccuracy{}}
	for i, counted := range of {
		if counted.n == 0 {
			continue
		}
		c := ClassAccuracy{Class: i, Top1: NewProportion(counted.top1, counted.n), Top5: byTop5(counted)}
		c.WNID, c.Name = dataset.ClassAmong(names, i)
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
