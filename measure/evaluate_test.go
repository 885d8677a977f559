package measure

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// ranked makes pictures "0", "1", … of a class with these ranks.
func ranked(class int, ranks ...int) []Ranked {
	pictures := make([]Ranked, len(ranks))
	for i, rank := range ranks {
		pictures[i] = Ranked{Picture: fmt.Sprint(class, "/", i), Class: class, Ranking: Ranking{Rank: rank, Probabilities: make([]float32, TopClasses)}}
	}
	return pictures
}

func TestEvaluate(t *testing.T) {
	e := Evaluate(append(ranked(7, 1, 2, 6, 1), ranked(3, 5, 1000)...), nil)
	if e.Top1.K != 2 || e.Top1.N != 6 || e.Top5.K != 4 || e.Top1.Value != 2./6 {
		t.Errorf("top-1 %+v, top-5 %+v; want 2 and 4 of 6", e.Top1, e.Top5)
	}
	if math.Abs(float64(e.MeanPerClassTop1)-(0.5+0)/2) > 1e-15 || math.Abs(float64(e.MeanPerClassTop5)-(0.75+0.5)/2) > 1e-15 {
		t.Errorf("means of the classes %v, %v", e.MeanPerClassTop1, e.MeanPerClassTop5)
	}
	if len(e.PerClass) != 2 || e.PerClass[0].WNID != "n01491361" || e.PerClass[0].Top5.K != 1 || e.PerClass[1].Class != 7 || e.PerClass[1].Top1.N != 4 {
		t.Errorf("per class %+v", e.PerClass)
	}
	none := Evaluate(nil, nil)
	if !math.IsNaN(float64(none.Top1.Value)) || !math.IsNaN(float64(none.MeanPerClassTop1)) || none.PerClass == nil {
		t.Errorf("of nothing: %+v", none)
	}
}

// Classes of a network's own: their names, and no figures by top-5 where that says nothing.
func TestEvaluateOwnClasses(t *testing.T) {
	six := []string{"f", "e", "d", "c", "b", "a"}
	e := Evaluate(append(ranked(5, 1, 2, 6), ranked(0, 5)...), six)
	if e.Top1.K != 1 || e.Top5.K != 3 || len(e.PerClass) != 2 || e.PerClass[0].Name != "f" || e.PerClass[1].Name != "a" || e.PerClass[0].WNID != "" {
		t.Errorf("%+v", e)
	}
	five := six[:5]
	e = Evaluate(ranked(4, 1, 2, 5), five)
	if e.Top1.K != 1 || e.Top1.N != 3 || e.Top5.N != 0 || !math.IsNaN(float64(e.Top5.Value)) || !math.IsNaN(float64(e.MeanPerClassTop5)) ||
		!math.IsNaN(float64(e.PerClass[0].Top5.Value)) {
		t.Errorf("%+v", e)
	}
	if p := CompareEvaluations("a", ranked(4, 1, 2), "b", ranked(4, 2, 2), five); p.Top1.OnlyA != 1 || !math.IsNaN(float64(p.Top5.Difference)) || !math.IsNaN(float64(p.Top5.P)) {
		t.Errorf("%+v", p)
	}
}

func TestMistakes(t *testing.T) {
	pictures := ranked(1, 1, 2, 3, 9)
	for i, p := range []float32{.9, .3, .8, .3} {
		pictures[i].Probabilities[0] = p
	}
	got := Mistakes(pictures)
	if len(got) != 3 || got[0].Rank != 3 || got[1].Rank != 2 || got[2].Rank != 9 {
		t.Errorf("%+v", got)
	}
	if pictures[0].Rank != 1 {
		t.Error("the pictures were changed")
	}
}

func TestCompareEvaluations(t *testing.T) {
	a, b := ranked(1, 1, 1, 4, 7, 1), ranked(1, 1, 2, 6, 1, 8)
	a = append(a, Ranked{Picture: "only A's", Ranking: Ranking{Rank: 1}})
	got := CompareEvaluations("a", a, "b", b, nil)
	if got.Pictures != 5 || got.Top1.OnlyA != 2 || got.Top1.OnlyB != 1 || got.Top5.OnlyA != 2 || got.Top5.OnlyB != 1 {
		t.Errorf("%+v", got)
	}
	if d := got.Top1; d.Difference != 0.2 || !(d.CI[0] < 0 && d.CI[1] > 0.2) || d.P != 1 {
		t.Errorf("%+v", d)
	}
	swapped := CompareEvaluations("b", b, "a", a, nil)
	if math.Abs(float64(swapped.Top1.CI[0]+got.Top1.CI[1])) > 1e-12 || swapped.Top1.P != got.Top1.P {
		t.Errorf("the other way round %+v is not the mirror of %+v", swapped.Top1, got.Top1)
	}
	if none := CompareEvaluations("a", nil, "b", nil, nil); !math.IsNaN(float64(none.Top1.Difference)) || !math.IsNaN(float64(none.Top1.CI[0])) || none.Top1.P != 1 {
		t.Errorf("of nothing: %+v", none)
	}
}

// TestMcNemar compares with sums of binomial coefficients in whole numbers.
func TestMcNemar(t *testing.T) {
	for _, c := range [][2]int{{0, 0}, {0, 1}, {1, 0}, {5, 5}, {4, 6}, {1, 8}, {0, 30}, {60, 100}, {480, 520}, {2000, 2500}} {
		n := c[0] + c[1]
		tail := new(big.Int)
		for i := range min(c[0], c[1]) + 1 {
			tail.Add(tail, new(big.Int).Binomial(int64(n), int64(i)))
		}
		want, _ := new(big.Rat).SetFrac(tail.Lsh(tail, 1), new(big.Int).Lsh(big.NewInt(1), uint(n))).Float64()
		want = min(want, 1)
		if got := McNemar(c[0], c[1]); math.Abs(got-want) > 1e-9*want {
			t.Errorf("McNemar(%d, %d) = %g, want %g", c[0], c[1], got, want)
		}
	}
}

// naiveScore is Tango's statistic with the likeliest q found by trying, not by its formula.
func naiveScore(b, c, n int, d float64) float64 {
	likelihood := func(q float64) float64 {
		both := 1 - 2*q - d // right or wrong for both
		l := 0.0
		for _, t := range []struct {
			count int
			p     float64
		}{{b, q + d}, {c, q}, {n - b - c, both}} {
			if t.p < 0 || t.count > 0 && t.p == 0 {
				return math.Inf(-1)
			}
			if t.count > 0 {
				l += float64(t.count) * math.Log(t.p)
			}
		}
		return l
	}
	lo, hi := max(0, -d), (1-d)/2
	for range 200 { // the likelihood has one top
		third := (hi - lo) / 3
		if likelihood(lo+third) < likelihood(hi-third) {
			lo += third
		} else {
			hi -= third
		}
	}
	q := (lo + hi) / 2
	return (float64(b-c) - float64(n)*d) / math.Sqrt(float64(n)*(2*q+d-d*d))
}

func TestScoreInterval(t *testing.T) {
	for _, c := range [][3]int{{10, 4, 50}, {1, 0, 44}, {0, 7, 30}, {30, 20, 50}, {120, 80, 1000}, {3, 3, 12}} {
		iv := scoreInterval(c[0], c[1], c[2])
		for i, want := range []float64{1.959964, -1.959964} {
			if got := naiveScore(c[0], c[1], c[2], float64(iv[i])); math.Abs(got-want) > 1e-4 {
				t.Errorf("%v: bound %v has the score %.6f, want %.6f", c, iv[i], got, want)
			}
		}
	}
	// Where the networks agree on all n pictures the bounds have a simple form: z²/(n + z²) (q is 0, so that
	// nD = z sqrt(nD(1 - D))).
	z2 := 1.959963984540054 * 1.959963984540054
	if iv := scoreInterval(0, 0, 20); math.Abs(float64(iv[1])-z2/(20+z2)) > 1e-9 || math.Abs(float64(iv[0]+iv[1])) > 1e-9 {
		t.Errorf("without a difference: %v", iv)
	}
	if iv := scoreInterval(20, 0, 20); iv[1] < 1-1e-9 || !(iv[0] > 0.5 && iv[0] < 1) {
		t.Errorf("all for A: %v", iv)
	}
}

// TestScoreIntervalCovers draws networks of known difference: the interval must hold it in about 95% of the draws.
func TestScoreIntervalCovers(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for _, c := range []struct {
		n    int
		b, c float64
	}{{50, .2, .1}, {200, .05, .02}, {1000, .1, .1}} {
		const rounds = 2000
		held := 0
		for range rounds {
			b, cc := 0, 0
			for range c.n {
				switch u := random.Float64(); {
				case u < c.b:
					b++
				case u < c.b+c.c:
					cc++
				}
			}
			iv := scoreInterval(b, cc, c.n)
			if d := Float(c.b - c.c); iv[0] <= d && d <= iv[1] {
				held++
			}
		}
		if share := float64(held) / rounds; share < 0.935 || share > 0.97 {
			t.Errorf("n = %d, %v and %v: %.1f%% of the intervals hold the difference", c.n, c.b, c.c, 100*share)
		}
	}
}
