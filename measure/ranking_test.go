package measure

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gestalt-vision/gestalt/dataset"
)

// TestRankClasses compares with sorting all classes, with many equal probabilities.
func TestRankClasses(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for round := range 300 {
		probs := make([]float32, dataset.NumClasses)
		for i := range probs {
			probs[i] = float32(random.IntN(1+round*10)) / 1024
		}
		order := make([]int, len(probs))
		for i := range order {
			order[i] = i
		}
		slices.SortFunc(order, func(a, b int) int { return cmp.Or(cmp.Compare(probs[b], probs[a]), cmp.Compare(a, b)) })
		for _, class := range []int{order[0], order[4], order[5], random.IntN(len(probs))} {
			got := RankClasses(probs, class)
			if got.Rank != 1+slices.Index(order, class) || got.Probability != probs[class] || !slices.Equal(got.Top, order[:TopClasses]) || !got.Valid() {
				t.Fatalf("round %d, class %d: %+v", round, class, got)
			}
			for i, c := range got.Top {
				if got.Probabilities[i] != probs[c] {
					t.Fatalf("round %d: probabilities %v of %v", round, got.Probabilities, got.Top)
				}
			}
		}
		if got := RankClasses(probs, -1); got.Rank != 0 || got.Probability != 0 || !got.Valid() {
			t.Fatalf("an unknown class has rank %d", got.Rank)
		}
		if n := random.IntN(12); !slices.Equal(Top(probs[:10], n), slices.DeleteFunc(slices.Clone(order), func(i int) bool { return i >= 10 })[:min(n, 10)]) {
			t.Fatalf("round %d: top %d of 10 is %v", round, n, Top(probs[:10], n))
		}
	}
	for _, bad := range []Ranking{
		{}, {Top: []int{1}}, {Top: []int{1, 2, 1}, Probabilities: []float32{0, 0, 0}}, {Top: []int{-1}, Probabilities: []float32{0}},
		{Top: []int{1, 2}, Probabilities: []float32{0, 0}, Rank: -1}, {Top: []int{1, 2}, Probabilities: []float32{0, 0}, Rank: 1, Probability: 1},
		{Top: []int{1, 2, 3, 4, 5, 6}, Probabilities: make([]float32, 6)},
	} {
		if bad.Valid() {
			t.Errorf("%+v is valid", bad)
		}
	}
}

// Of fewer classes than are named all are.
func TestRankFewClasses(t *testing.T) {
	got := RankClasses([]float32{0.2, 0.5, 0.3}, 0)
	if !slices.Equal(got.Top, []int{1, 2, 0}) || !slices.Equal(got.Probabilities, []float32{0.5, 0.3, 0.2}) || got.Rank != 3 || !got.Valid() {
		t.Errorf("%+v", got)
	}
}
