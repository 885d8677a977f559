package kernel

// The element-wise functions work on the first len(dst) elements; operands that
// are shorter panic. dst may be one of the operands, but must not overlap them
// otherwise. They run on the caller's goroutine: cut long slices to use more
// cores, the results don't depend on where.

// Add computes dst[i] = a[i] + b[i].
func Add(dst, a, b []float32) { current.Load().add(dst, a[:len(dst)], b[:len(dst)]) }

// Mul computes dst[i] = a[i] * b[i].
func Mul(dst, a, b []float32) { current.Load().mul(dst, a[:len(dst)], b[:len(dst)]) }

// Max computes dst[i] = max(a[i], b[i]), NaN if one of them is.
func Max(dst, a, b []float32) { current.Load().max(dst, a[:len(dst)], b[:len(dst)]) }

// Limit computes dst[i] = min(max(a[i], lo), hi), NaN if a[i] is.
func Limit(dst, a []float32, lo, hi float32) { current.Load().clamp(dst, a[:len(dst)], lo, hi) }

// Scale computes dst[i] = a[i]*s + offset, rounded once or twice.
func Scale(dst, a []float32, s, offset float32) {
	current.Load().scale(dst, a[:len(dst)], s, offset)
}

// Exp computes dst[i] = e^a[i] with an error of at most 1.1 units in the last place
// where the result is a normal number. Results below the smallest normal number
// are within 1e-38 of the truth and may be zero; Inf, -Inf and NaN give Inf, 0
// and NaN.
func Exp(dst, a []float32) { current.Load().exp(dst, a[:len(dst)]) }

// Sum adds up a. Four times 8 or twice 16 sums run side by side in every
// implementation, so that all give the same bits; the error is that of adding
// len(a)/32 numbers one after the other.
func Sum(a []float32) float32 { return current.Load().rowSum(a) }

// Largest returns the largest element of a, -Inf if there are none and NaN if
// one of them is.
func Largest(a []float32) float32 { return current.Load().rowMax(a) }
