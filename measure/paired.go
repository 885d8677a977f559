package measure

import "math"

// PairedEvaluation compares two networks on the pictures that both were shown.
type PairedEvaluation struct {
	A        string           `json:"a"`
	B        string           `json:"b"`
	Pictures int              `json:"pictures"`
	Top1     PairedDifference `json:"top1"`
	Top5     PairedDifference `json:"top5"`
}

// PairedDifference is the difference of two accuracies on the same pictures. Only those that one network gets right and
// the other does not tell the two apart.
type PairedDifference struct {
	OnlyA      int      `json:"only_a_correct"`
	OnlyB      int      `json:"only_b_correct"`
	Difference Float    `json:"difference"` // accuracy of A minus that of B: (OnlyA - OnlyB) / pictures
	CI         Interval `json:"ci95"`       // Tango's score interval
	P          Float    `json:"p"`          // of McNemar's exact test, two-sided
}

// CompareEvaluations pairs the answers of two networks by picture. names are those of the classes of both, nil for the 1,000
// of ImageNet; of five classes or fewer, the difference by top-5 is undefined.
func CompareEvaluations(nameA string, a []Ranked, nameB string, b []Ranked, names []string) PairedEvaluation {
	of := make(map[string]Ranking, len(b))
	for _, r := range b {
		of[r.Picture] = r.Ranking
	}
	pair := PairedEvaluation{A: nameA, B: nameB}
	var only [2]struct{ a, b int } // by top-1 and top-5
	for _, x := range a {
		y, ok := of[x.Picture]
		if !ok {
			continue
		}
		pair.Pictures++
		for i, k := range [2]int{1, TopClasses} {
			switch right := x.right(k); {
			case right == y.right(k):
			case right:
				only[i].a++
			default:
				only[i].b++
			}
		}
	}
	pair.Top1 = newPairedDifference(only[0].a, only[0].b, pair.Pictures)
	pair.Top5 = newPairedDifference(only[1].a, only[1].b, pair.Pictures)
	if names != nil && len(names) <= TopClasses {
		nan := Float(math.NaN())
		pair.Top5 = PairedDifference{Difference: nan, CI: undefined(), P: nan}
	}
	return pair
}

func newPairedDifference(onlyA, onlyB, n int) PairedDifference {
	return PairedDifference{onlyA, onlyB, Float(float64(onlyA-onlyB) / float64(n)), scoreInterval(onlyA, onlyB, n), Float(McNemar(onlyA, onlyB))}
}

// McNemar is the two-sided p-value of the exact form of McNemar's test (Psychometrika 12, 1947): if two networks are
// equally good, each picture that only one of them gets right is as likely to be A's as B's, so that the smaller of the
// two counts is binomial with probability 1/2. It is 1 where they agree on every picture.
func McNemar(onlyA, onlyB int) float64 {
	n, k := onlyA+onlyB, min(onlyA, onlyB)
	logHalves := float64(n) * math.Ln2
	lgN, _ := math.Lgamma(float64(n + 1))
	p := 0.0
	for i := k; i >= 0; i-- { // from the largest term down, until they add nothing
		lgI, _ := math.Lgamma(float64(i + 1))
		lgRest, _ := math.Lgamma(float64(n - i + 1))
		term := math.Exp(lgN - lgI - lgRest - logHalves)
		if p += term; term < 1e-18*p {
			break
		}
	}
	return min(1, 2*p)
}

// scoreInterval is the 95% interval for the difference of two paired proportions by Tango's score test (Statistics in
// Medicine 17, 1998, 891-908): the differences D that the data don't contradict at the level of 5%. With b pictures that
// only A gets right, c that only B does and the probability q of the latter, that of the former is q + D, and the
// difference b - c has the expectation nD and the variance n(2q + D - D²) = n(2q + D(1 - D)). For q stands its most
// likely value given D, the larger root of
//
//	2n q² - (b + c - (2n - b + c) D) q - c D (1 - D) = 0.
//
// The score falls as D rises, so each bound is found by halving. At D = 0 it is the statistic of McNemar's test.
func scoreInterval(b, c, n int) Interval {
	if n == 0 {
		return undefined()
	}
	bf, cf, nf := float64(b), float64(c), float64(n)
	score := func(d float64) float64 {
		linear := bf + cf - (2*nf-bf+cf)*d
		q := (linear + math.Sqrt(max(linear*linear+8*nf*cf*d*(1-d), 0))) / (4 * nf)
		distance := bf - cf - nf*d
		if distance == 0 {
			return 0
		}
		return distance / math.Sqrt(max(nf*(2*q+d*(1-d)), 0)) // infinite where D leaves no variance
	}
	const z = 1.959963984540054 // 97.5% quantile of the normal distribution
	bound := func(lo, hi, at float64) Float {
		for range 60 {
			if mid := (lo + hi) / 2; score(mid) > at {
				lo = mid
			} else {
				hi = mid
			}
		}
		return Float((lo + hi) / 2)
	}
	d := (bf - cf) / nf
	return Interval{bound(-1, d, z), bound(d, 1, -z)}
}
