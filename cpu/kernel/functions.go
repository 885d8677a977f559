package kernel

// functions is one instruction set's version of the functions of one, two and
// three operands. Their vector forms are in asm/functions.go.
type functions struct {
	sub, div, min, less, lessOrEqual, equal, notEqual                         func(dst, a, b []float32)
	choose                                                                    func(dst, which, yes, no []float32)
	neg, abs, sign, sqrt, rsqrt, round, floor, ceil, log, logistic, tanh, erf func(dst, a []float32)
}

// Sub computes dst[i] = a[i] - b[i].
func Sub(dst, a, b []float32) { current.Load().functions.sub(dst, a[:len(dst)], b[:len(dst)]) }

// Div computes dst[i] = a[i] / b[i].
func Div(dst, a, b []float32) { current.Load().functions.div(dst, a[:len(dst)], b[:len(dst)]) }

// Min computes dst[i] = min(a[i], b[i]), NaN if one of them is.
func Min(dst, a, b []float32) { current.Load().functions.min(dst, a[:len(dst)], b[:len(dst)]) }

// Less computes dst[i] = 1 where a[i] < b[i] and 0 elsewhere.
func Less(dst, a, b []float32) { current.Load().functions.less(dst, a[:len(dst)], b[:len(dst)]) }

// LessOrEqual computes dst[i] = 1 where a[i] <= b[i] and 0 elsewhere.
func LessOrEqual(dst, a, b []float32) {
	current.Load().functions.lessOrEqual(dst, a[:len(dst)], b[:len(dst)])
}

// Equal computes dst[i] = 1 where a[i] = b[i] and 0 elsewhere.
func Equal(dst, a, b []float32) { current.Load().functions.equal(dst, a[:len(dst)], b[:len(dst)]) }

// NotEqual computes dst[i] = 1 where a[i] ≠ b[i], also if one of them is NaN, and 0 elsewhere.
func NotEqual(dst, a, b []float32) {
	current.Load().functions.notEqual(dst, a[:len(dst)], b[:len(dst)])
}

// Choose computes dst[i] = yes[i] where which[i] is not 0, and no[i] elsewhere.
func Choose(dst, which, yes, no []float32) {
	n := len(dst)
	current.Load().functions.choose(dst, which[:n], yes[:n], no[:n])
}

// Neg computes dst[i] = -a[i].
func Neg(dst, a []float32) { current.Load().functions.neg(dst, a[:len(dst)]) }

// Abs computes dst[i] = |a[i]|.
func Abs(dst, a []float32) { current.Load().functions.abs(dst, a[:len(dst)]) }

// Sign computes dst[i] = 1 where a[i] > 0, -1 where a[i] < 0, and a[i] where it is
// zero or NaN.
func Sign(dst, a []float32) { current.Load().functions.sign(dst, a[:len(dst)]) }

// Sqrt computes dst[i] = √a[i], correctly rounded.
func Sqrt(dst, a []float32) { current.Load().functions.sqrt(dst, a[:len(dst)]) }

// Rsqrt computes dst[i] = 1/√a[i] with both operations rounded: an error of less than 1.5 units in
// the last place.
func Rsqrt(dst, a []float32) { current.Load().functions.rsqrt(dst, a[:len(dst)]) }

// Round computes dst[i] = a[i] rounded to the nearest integer, to the even one of two.
func Round(dst, a []float32) { current.Load().functions.round(dst, a[:len(dst)]) }

// Floor computes dst[i] = the largest integer that is at most a[i].
func Floor(dst, a []float32) { current.Load().functions.floor(dst, a[:len(dst)]) }

// Ceil computes dst[i] = the smallest integer that is at least a[i].
func Ceil(dst, a []float32) { current.Load().functions.ceil(dst, a[:len(dst)]) }

// Log computes dst[i] = the natural logarithm of a[i] with an error of less than 1 unit in the
// last place, subnormal numbers included; -Inf for 0, NaN below.
func Log(dst, a []float32) { current.Load().functions.log(dst, a[:len(dst)]) }

// Logistic computes dst[i] = 1/(1+e^-a[i]) with an error of at most 2.5 units in the last place
// where the result is a normal number; smaller ones may be zero.
func Logistic(dst, a []float32) { current.Load().functions.logistic(dst, a[:len(dst)]) }

// Tanh computes dst[i] = tanh a[i] with an error of at most 2 units in the last place.
func Tanh(dst, a []float32) { current.Load().functions.tanh(dst, a[:len(dst)]) }

// Erf computes dst[i] = erf a[i] with an error of at most 1.5 units in the last place.
func Erf(dst, a []float32) { current.Load().functions.erf(dst, a[:len(dst)]) }
