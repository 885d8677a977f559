package report

import (
	"math"

	"github.com/gestalt-vision/gestalt/measure"
)

var nan = measure.Float(math.NaN())

// counts are the conflict trials, shape decisions and texture decisions of one category.
type counts [3]int

// observer makes an observer from its counts per shape category. The intervals are those of the normal approximation:
// made-up but plausible, since this package only draws them.
func observer(experiment, name string, human bool, pooled int, rows map[string]counts) measure.Observer {
	o := measure.Observer{Experiment: experiment, Observer: name, Human: human, Pooled: pooled,
		PerShape: map[string]measure.CategoryBias{}, PerTexture: map[string]measure.CategoryBias{},
		Confusion: map[string]map[string]int{}, MedianResponseTimeMS: nan, MeanObserverAccuracy: nan,
		MinObserverAccuracy: nan, MaxObserverAccuracy: nan, ShapeBiasFromCategoryMeans: nan, MeanOfPerCategoryShapeBias: nan,
		ResponseEntropy: nan}
	for category, n := range rows {
		o.ConflictTrials += n[0]
		o.Shape += n[1]
		o.Texture += n[2]
		bias, ci := proportion(n[1], n[1]+n[2])
		o.PerShape[category] = measure.CategoryBias{ConflictTrials: n[0], Shape: n[1], Texture: n[2], ShapeBias: bias, ShapeBiasCI: ci, ShapeBiasExact: ci}
		o.PerTexture[category] = o.PerShape[category]
		o.Confusion[category] = map[string]int{category: n[1], "dog": n[2], "na": n[0] - n[1] - n[2]}
	}
	o.Trials = o.ConflictTrials
	o.Other = o.ConflictTrials - o.Shape - o.Texture
	o.Correct = o.Shape
	o.ShapeBias, o.ShapeBiasCI = proportion(o.Shape, o.Shape+o.Texture)
	o.ShapeBiasExact = o.ShapeBiasCI
	o.FractionShape, o.FractionShapeCI = proportion(o.Shape, o.ConflictTrials)
	o.FractionTexture, o.FractionTextureCI = proportion(o.Texture, o.ConflictTrials)
	o.Accuracy, o.AccuracyCI = proportion(o.Correct, o.Trials)
	o.AccuracyExact = o.AccuracyCI
	return o
}

func proportion(k, n int) (measure.Float, measure.Interval) {
	if n == 0 {
		return nan, measure.Interval{nan, nan}
	}
	p := float64(k) / float64(n)
	half := 1.96 * math.Sqrt(p*(1-p)/float64(n))
	return measure.Float(p), measure.Interval{measure.Float(max(0, p-half)), measure.Float(min(1, p+half))}
}

const (
	conflictDirectory = "style-transfer-512-nomask-experiment"
	edgeDirectory     = "edge-experiment"
)

// smallAnalysis has two people and their pool, two networks of one name in sibling directories, one that never decided,
// and a second experiment without cue conflict.
func smallAnalysis() measure.Analysis {
	person1 := map[string]counts{"cat": {20, 17, 1}, "bear": {20, 12, 3}, "truck": {20, 19, 0}}
	person2 := map[string]counts{"cat": {20, 15, 2}, "bear": {20, 16, 2}, "truck": {20, 18, 1}}
	both := map[string]counts{"cat": {40, 32, 3}, "bear": {40, 28, 5}, "truck": {40, 37, 1}}
	plain := map[string]counts{"cat": {20, 4, 9}, "bear": {20, 0, 14}, "truck": {20, 8, 5}}
	trained := map[string]counts{"cat": {20, 9, 5}, "bear": {20, 7, 6}, "truck": {20, 14, 3}}
	silent := map[string]counts{"cat": {20, 0, 0}, "bear": {20, 0, 0}, "truck": {20, 0, 0}}
	a := measure.Analysis{Settings: measure.Settings{Rounds: 2000, Seed: 7}}
	pooled := observer(conflictDirectory, "humans", true, 2, both)
	pooled.MedianResponseTimeMS, pooled.NA = 1042.4, 14
	a.Observers = append(a.Observers,
		observer(conflictDirectory, "alexnet", false, 0, plain), pooled,
		observer(conflictDirectory, "subject-01", true, 0, person1),
		observer(conflictDirectory, "subject-02", true, 0, person2),
		observer(conflictDirectory+trainedSuffix, "alexnet", false, 0, trained),
		observer(conflictDirectory+trainedSuffix, "silent", false, 0, silent))
	for _, name := range []string{"alexnet", "humans"} {
		o := observer(edgeDirectory, name, name == "humans", 0, nil)
		o.Trials, o.Correct = 160, 64
		o.Accuracy, o.AccuracyCI = proportion(64, 160)
		o.AccuracyExact = o.AccuracyCI
		a.Observers = append(a.Observers, o)
	}
	a.Pairs = []measure.Pair{
		{Experiment: conflictDirectory, ExperimentB: conflictDirectory + trainedSuffix, A: "alexnet", B: "alexnet", Stimuli: 60,
			ObservedConsistency: .7, ExpectedConsistency: .5, ErrorConsistency: .4, ErrorConsistencyCI: measure.Interval{.2, .6},
			AccuracyDifference: .09, ShapeBiasDifference: -.382, ShapeBiasDifferenceCI: measure.Interval{-.5, -.26}, ShapeBiasP: .0005},
		{Experiment: conflictDirectory, A: "subject-01", B: "subject-02", Stimuli: 60, ObservedConsistency: .5,
			ExpectedConsistency: .6, ErrorConsistency: -.25, ErrorConsistencyCI: measure.Interval{nan, nan}, AccuracyDifference: 0,
			ShapeBiasDifference: nan, ShapeBiasDifferenceCI: measure.Interval{nan, nan}, ShapeBiasP: nan},
	}
	a.Ranks = []measure.Rank{{Observer: "alexnet", Conflict: conflictDirectory, Edges: edgeDirectory, Spearman: .5, Categories: 3},
		{Observer: "humans", Conflict: conflictDirectory, Edges: edgeDirectory, Spearman: nan, Categories: 0}}
	return a
}

func smallPage() Page {
	return Page{
		Title:    "Shape or texture: a small example",
		Analysis: smallAnalysis(),
		Failed:   []Failure{{"cat/cat7-elephant1.png", "unexpected end of file"}},
		Made:     []Row{{"Version", "gestalt 0"}, {"alexnet.safetensors", "sha256 0123456789abcdef"}},
		Thumbnails: []Thumbnail{
			{Observer: "alexnet", Kind: "texture", Name: "cat1-dog1.png", Caption: "answered dog", Score: .875, JPEG: []byte("\xff\xd8\xff\xd9")},
			{Observer: "alexnet", Kind: "shape", Name: "truck1-dog2.png", Caption: "answered truck", Score: math.NaN()},
		},
	}
}

// crowd is an analysis of many networks in two directories, beside ten people.
func crowd(networks int) measure.Analysis {
	var a measure.Analysis
	rows := map[string]counts{"cat": {20, 4, 9}, "bear": {20, 1, 14}, "truck": {20, 8, 5}}
	a.Observers = append(a.Observers, observer("x", "humans", true, 10, rows))
	for i := range 10 {
		a.Observers = append(a.Observers, observer("x", "subject-"+number(float64(i)), true, 0, rows))
	}
	for i := range networks {
		directory := "x"
		if i >= 3 {
			directory += trainedSuffix
		}
		a.Observers = append(a.Observers, observer(directory, "net"+number(float64(i)), false, 0, rows))
	}
	return a
}
