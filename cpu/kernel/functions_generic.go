package kernel

import "math"

// genericFunctions are the portable versions.
var genericFunctions = functions{
	sub: func(dst, a, b []float32) {
		a, b = a[:len(dst)], b[:len(dst)]
		for i := range dst {
			dst[i] = a[i] - b[i]
		}
	},
	div: func(dst, a, b []float32) {
		a, b = a[:len(dst)], b[:len(dst)]
		for i := range dst {
			dst[i] = a[i] / b[i]
		}
	},
	min: func(dst, a, b []float32) {
		a, b = a[:len(dst)], b[:len(dst)]
		for i := range dst {
			dst[i] = min(a[i], b[i])
		}
	},
	less: func(dst, a, b []float32) {
		a, b = a[:len(dst)], b[:len(dst)]
		for i := range dst {
			dst[i] = truth(a[i] < b[i])
		}
	},
	lessOrEqual: func(dst, a, b []float32) {
		a, b = a[:len(dst)], b[:len(dst)]
		for i := range dst {
			dst[i] = truth(a[i] <= b[i])
		}
	},
	equal: func(dst, a, b []float32) {
		a, b = a[:len(dst)], b[:len(dst)]
		for i := range dst {
			dst[i] = truth(a[i] == b[i])
		}
	},
	notEqual: func(dst, a, b []float32) {
		a, b = a[:len(dst)], b[:len(dst)]
		for i := range dst {
			dst[i] = truth(a[i] != b[i])
		}
	},
	choose: func(dst, which, yes, no []float32) {
		which, yes, no = which[:len(dst)], yes[:len(dst)], no[:len(dst)]
		for i, w := range which {
			if w != 0 {
				dst[i] = yes[i]
			} else {
				dst[i] = no[i]
			}
		}
	},
	neg: each(func(v float32) float32 { return -v }),
	abs: each(func(v float32) float32 { return math.Float32frombits(math.Float32bits(v) &^ (1 << 31)) }),
	sign: each(func(v float32) float32 {
		switch {
		case v > 0:
			return 1
		case v < 0:
			return -1
		}
		return v
	}),
	sqrt:     each(func(v float32) float32 { return sqrt(v) }),
	rsqrt:    each(func(v float32) float32 { return 1 / sqrt(v) }),
	round:    each(func(v float32) float32 { return float32(math.RoundToEven(float64(v))) }),
	floor:    each(func(v float32) float32 { return float32(math.Floor(float64(v))) }),
	ceil:     each(func(v float32) float32 { return float32(math.Ceil(float64(v))) }),
	log:      each(func(v float32) float32 { return float32(math.Log(float64(v))) }),
	logistic: each(func(v float32) float32 { return float32(1 / (1 + math.Exp(-float64(v)))) }),
	tanh:     each(func(v float32) float32 { return float32(math.Tanh(float64(v))) }),
	erf:      each(func(v float32) float32 { return float32(math.Erf(float64(v))) }),
}

func each(f func(v float32) float32) func(dst, a []float32) {
	return func(dst, a []float32) {
		a = a[:len(dst)]
		for i, v := range a {
			dst[i] = f(v)
		}
	}
}

func sqrt(v float32) float32 { return float32(math.Sqrt(float64(v))) }

func truth(b bool) float32 {
	if b {
		return 1
	}
	return 0
}
