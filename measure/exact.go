package measure

import "math"

// exact95 is the Clopper-Pearson interval of a proportion of k among n independent trials: the values p under which
// neither k or more nor k or fewer has a probability below 2.5%. Its bounds are quantiles of beta distributions
// (Clopper and Pearson, Biometrika 26, 1934). For pooled people, whose answers to one stimulus are not independent of
// each other, it is too narrow; the bootstrap beside it is not.
func exact95(k, n int) Interval {
	if n == 0 {
		return undefined()
	}
	const tail = 0.025
	iv := Interval{0, 1}
	if k > 0 {
		iv[0] = Float(betaQuantile(tail, float64(k), float64(n-k+1)))
	}
	if k < n {
		iv[1] = Float(betaQuantile(1-tail, float64(k+1), float64(n-k)))
	}
	return iv
}

// betaQuantile finds x with I_x(a, b) = p by Newton's method, held inside a bracket that shrinks at every step, so
// that a bad step falls back to halving.
func betaQuantile(p, a, b float64) float64 {
	norm := logBeta(a, b)
	lo, hi := 0.0, 1.0
	x := a / (a + b)
	for range 200 {
		err := betaCDF(x, a, b, norm) - p
		if err == 0 {
			return x
		}
		if err > 0 {
			hi = x
		} else {
			lo = x
		}
		density := math.Exp((a-1)*math.Log(x) + (b-1)*math.Log1p(-x) - norm)
		next := x - err/density
		if !(next > lo && next < hi) {
			next = lo + (hi-lo)/2
		}
		if math.Abs(next-x) <= 1e-15*x || next == lo && lo > 0 || next == hi && hi < 1 {
			return next
		}
		x = next
	}
	return x
}

// betaCDF is the regularised incomplete beta function I_x(a, b), from the continued fraction DLMF 8.17.22, which
// converges fast for x below the mean; beyond it the symmetry I_x(a, b) = 1 - I_{1-x}(b, a) leads there.
func betaCDF(x, a, b, norm float64) float64 {
	switch {
	case x <= 0:
		return 0
	case x >= 1:
		return 1
	}
	front := math.Exp(a*math.Log(x) + b*math.Log1p(-x) - norm)
	if x < (a+1)/(a+b+2) {
		return front * betaFraction(x, a, b) / a
	}
	return 1 - front*betaFraction(1-x, b, a)/b
}

// betaFraction is 1/(1 + d1/(1 + d2/(1 + …))) with the d of DLMF 8.17.23, by Lentz's method.
func betaFraction(x, a, b float64) float64 {
	const tiny = 1e-300
	away := func(v float64) float64 { // from zero, where Lentz's method would divide by it
		if math.Abs(v) < tiny {
			return tiny
		}
		return v
	}
	c, d := 1.0, 1/away(1-(a+b)*x/(a+1))
	f := d
	for m := 1.0; m < 10000; m++ {
		even := m * (b - m) * x / ((a + 2*m - 1) * (a + 2*m))
		d = 1 / away(1+even*d)
		c = away(1 + even/c)
		f *= c * d
		odd := -(a + m) * (a + b + m) * x / ((a + 2*m) * (a + 2*m + 1))
		d = 1 / away(1+odd*d)
		c = away(1 + odd/c)
		step := c * d
		f *= step
		if math.Abs(step-1) < 1e-16 {
			break
		}
	}
	return f
}

func logBeta(a, b float64) float64 {
	la, _ := math.Lgamma(a)
	lb, _ := math.Lgamma(b)
	lab, _ := math.Lgamma(a + b)
	return la + lb - lab
}
