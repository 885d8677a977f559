package measure

import (
	"math"
	"testing"
)

// tailAtLeast is the probability of k or more successes among n, summed term by term.
func tailAtLeast(k, n int, p float64) (sum float64) {
	for i := n; i >= k; i-- {
		li, _ := math.Lgamma(float64(i + 1))
		lr, _ := math.Lgamma(float64(n - i + 1))
		ln, _ := math.Lgamma(float64(n + 1))
		sum += math.Exp(ln - li - lr + float64(i)*math.Log(p) + float64(n-i)*math.Log1p(-p))
	}
	return sum
}

// The bounds are defined by binomial tails of 2.5%.
func TestExactIsDefinedByBinomialTails(t *testing.T) {
	for _, c := range [][2]int{
		{1, 1}, {1, 2}, {1, 10}, {4, 10}, {9, 10}, {5, 5}, {0, 5}, {1, 734}, {162, 734}, {733, 734},
		{349, 1280}, {1394, 1600}, {9236, 9634}, {9927, 12800}, {1, 100000}, {50000, 100000},
	} {
		k, n := c[0], c[1]
		iv := exact95(k, n)
		lo, hi := float64(iv[0]), float64(iv[1])
		if k == 0 && lo != 0 || k == n && hi != 1 {
			t.Errorf("%d of %d: [%g, %g] must begin at 0 or end at 1", k, n, lo, hi)
		}
		if k > 0 {
			if p := tailAtLeast(k, n, lo); math.Abs(p-0.025) > 1e-9 {
				t.Errorf("%d of %d: P(K >= %d | %g) = %.12f, want 0.025", k, n, k, lo, p)
			}
		}
		if k < n {
			if p := 1 - tailAtLeast(k+1, n, hi); math.Abs(p-0.025) > 1e-9 {
				t.Errorf("%d of %d: P(K <= %d | %g) = %.12f, want 0.025", k, n, k, hi, p)
			}
		}
	}
}

func TestExactClosedForms(t *testing.T) {
	for _, n := range []int{1, 2, 10, 48, 1280, 12000} {
		none, all := exact95(0, n), exact95(n, n)
		want := 1 - math.Pow(0.025, 1/float64(n))
		if math.Abs(float64(none[1])-want) > 1e-13 || math.Abs(1-float64(all[0])-want) > 1e-13 {
			t.Errorf("n = %d: upper bound of none %v and lower of all %v, want %v from the ends", n, none[1], all[0], want)
		}
	}
	// the textbook case 4 of 10, as R's binom.test prints it
	iv := exact95(4, 10)
	if math.Abs(float64(iv[0])-0.1215523) > 1e-7 || math.Abs(float64(iv[1])-0.7376219) > 1e-7 {
		t.Errorf("4 of 10: %v, want [0.1215523 0.7376219]", iv)
	}
	if iv := exact95(0, 0); !math.IsNaN(float64(iv[0])) || !math.IsNaN(float64(iv[1])) {
		t.Errorf("0 of 0: %v, want undefined", iv)
	}
}

func TestExactOfEveryCountIsOrdered(t *testing.T) {
	const n = 75
	for k := 0; k <= n; k++ {
		iv, mirrored := exact95(k, n), exact95(n-k, n)
		p := float64(k) / n
		if !(float64(iv[0]) <= p && p <= float64(iv[1])) {
			t.Errorf("%d of %d: %v does not hold %v", k, n, iv, p)
		}
		if math.Abs(float64(iv[0]+mirrored[1])-1) > 1e-12 {
			t.Errorf("%d of %d: %v and its mirror image %v do not match", k, n, iv, mirrored)
		}
	}
}

func BenchmarkExact(b *testing.B) {
	for b.Loop() {
		exact95(162, 734)
		exact95(9236, 9634)
	}
}
