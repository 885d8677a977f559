package measure

import (
	"math"
	"testing"

	"github.com/gestalt-vision/gestalt/dataset"
)

func TestDecide(t *testing.T) {
	uniform := make([]float32, 1000)
	for i := range uniform {
		uniform[i] = 0.001
	}
	with := func(base []float32, p float32, classes ...int) []float32 {
		v := append([]float32(nil), base...)
		for _, c := range classes {
			v[c] = p
		}
		return v
	}
	zero := make([]float32, 1000)
	nan := with(zero, float32(math.NaN()), 404, 294)
	allNaN := make([]float32, 1000)
	for i := range allNaN {
		allNaN[i] = float32(math.NaN())
	}
	dogs := with(zero, 0.005, dataset.CategoryClasses("dog")...)
	for _, c := range []struct {
		name  string
		probs []float32
		how   Aggregation
		want  string
	}{
		{"equal means: the first of the alphabet", uniform, Mean, "airplane"},
		{"equal probabilities, the largest category by sum", uniform, Sum, "dog"},
		{"equal maxima: the first of the alphabet", uniform, Max, "airplane"},
		{"nothing but zeros", zero, Mean, "airplane"},
		{"a tie of two later ones", with(zero, 0.25, 499, 766), Mean, "knife"},
		{"one knife", with(uniform, 0.02, 499), Mean, "knife"},
		{"one cat of six, mean dilutes it", with(uniform, 0.003, 281), Max, "cat"},
		{"109 dogs against one oven, mean", with(dogs, 0.1, 766), Mean, "oven"},
		{"109 dogs against one oven, sum", with(dogs, 0.1, 766), Sum, "dog"},
		{"unused classes count for nothing", with(uniform, 0.9, 0, 1, 999), Mean, "airplane"},
		{"NaN does not win", nan, Mean, "bicycle"},
		{"NaN does not win by max", nan, Max, "bicycle"},
		{"nothing but NaN", allNaN, Mean, "na"},
	} {
		if got := Decide(c.probs, c.how); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestDecideNeedsAllClasses(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("Decide took 999 probabilities")
		}
	}()
	Decide(make([]float32, 999), Mean)
}

func TestParseAggregation(t *testing.T) {
	for _, a := range []Aggregation{Mean, Sum, Max} {
		if got, err := ParseAggregation(a.String()); err != nil || got != a {
			t.Errorf("ParseAggregation(%q) = %v, %v", a, got, err)
		}
	}
	if _, err := ParseAggregation("median"); err == nil {
		t.Error("median was accepted")
	}
}

func BenchmarkDecide(b *testing.B) {
	probs := make([]float32, 1000)
	for i := range probs {
		probs[i] = float32(i%17) / 8000
	}
	for b.Loop() {
		Decide(probs, Mean)
	}
}
