package measure

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// ranks computes the paper's rank correlation: Spearman, over the categories, between an observer's shape bias in cue
// conflict and the accuracy of the observer of the same name on edges. The directories have to be of one kind, since the
// same name in another kind of directory is another observer (alexnet of the published data is Caffe's there,
// torchvision's among the later networks). Single people are left out: in the published data person 01 of one
// experiment is not person 01 of another.
func ranks(observers []Observer, edges map[string]bool, v Vocabulary) []Rank {
	out := []Rank{}
	for _, o := range observers {
		if o.ConflictTrials == 0 {
			continue
		}
		for _, e := range observers {
			if e.Observer != o.Observer || e.Human != o.Human || !edges[e.Experiment] ||
				kindOf(o.Experiment) != kindOf(e.Experiment) || o.Human && o.Pooled == 0 {
				continue
			}
			r := Rank{Observer: o.Observer, Conflict: o.Experiment, Edges: e.Experiment}
			var bias, accuracy []float64
			for _, c := range v.Names() {
				row, ok := e.PerCategory[c]
				if b := float64(o.PerShape[c].ShapeBias); ok && !math.IsNaN(b) {
					bias = append(bias, b)
					accuracy = append(accuracy, float64(row.Accuracy))
				}
			}
			r.Categories = len(bias)
			r.Spearman = Float(spearman(bias, accuracy))
			out = append(out, r)
		}
	}
	return out
}

// directoryKind is by what convention a directory of trials is named.
type directoryKind int

const (
	otherDirectory     directoryKind = iota // model-vs-human's names, ours, anybody's
	publishedDirectory                      // of the paper's data: people and the networks of its time
	laterDirectory                          // of the networks trained later
)

func kindOf(experiment string) directoryKind {
	if strings.HasSuffix(experiment, trainedSuffix) {
		return laterDirectory
	}
	for _, k := range KnownExperiments {
		if experiment == k.Directory {
			return publishedDirectory
		}
	}
	return otherDirectory
}

// edgeExperiments tells the experiments that show edges, by the code in the names of their images or, where these are
// bare, by their own name.
func edgeExperiments(exps []Experiment) map[string]bool {
	edges := map[string]bool{}
	for _, e := range exps {
		if len(e.Trials) == 0 {
			continue
		}
		switch experimentCode(e.Trials[0].Image) {
		case "edg":
			edges[e.Name] = true
		case "":
			edges[e.Name] = edges[e.Name] || strings.Contains(strings.ToLower(e.Name), "edge")
		}
	}
	return edges
}

// spearman is Pearson's correlation of the ranks; equal values share the mean of their ranks. NaN where it is
// undefined: fewer than two values, or all of one side equal.
func spearman(x, y []float64) float64 {
	return pearson(rankValues(x), rankValues(y))
}

func rankValues(v []float64) []float64 {
	order := make([]int, len(v))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(v[a], v[b]) })
	ranks := make([]float64, len(v))
	for i := 0; i < len(order); {
		j := i
		for j < len(order) && v[order[j]] == v[order[i]] {
			j++
		}
		for k := i; k < j; k++ {
			ranks[order[k]] = float64(i+j+1) / 2
		}
		i = j
	}
	return ranks
}

func pearson(x, y []float64) float64 {
	var mx, my float64
	for i := range x {
		mx += x[i]
		my += y[i]
	}
	mx, my = mx/float64(len(x)), my/float64(len(y))
	var xx, yy, xy float64
	for i := range x {
		xx += (x[i] - mx) * (x[i] - mx)
		yy += (y[i] - my) * (y[i] - my)
		xy += (x[i] - mx) * (y[i] - my)
	}
	return xy / math.Sqrt(xx*yy)
}
