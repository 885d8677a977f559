package kernel

import (
	"fmt"
	"math"
)

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

// Relu computes dst[i] = max(a[i], 0), NaN if a[i] is.
func Relu(dst, a []float32) {
	current.Load().clamp(dst, a[:len(dst)], 0, float32(math.Inf(1)))
}

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

// Softmax computes dst = e^x / Σ e^x for each of rows rows of n elements, row i
// at x[i*n] and dst[i*n]; dst may be x. The largest element is subtracted first,
// so that nothing overflows. A row that contains NaN or +Inf, or only -Inf,
// becomes NaN. It panics if a slice is too short.
func Softmax(p Parallel, rows, n int, x, dst []float32) {
	if rows < 0 || n < 0 || len(x) < rows*n || len(dst) < rows*n {
		panic(fmt.Sprintf("kernel: softmax of %d rows of %d elements from %d to %d", rows, n, len(x), len(dst)))
	}
	im := current.Load()
	per := max(1, (1<<15)/max(1, n))
	p((rows+per-1)/per, func(i int) {
		for r := i * per; r < min(rows, (i+1)*per); r++ {
			in, out := x[r*n:(r+1)*n], dst[r*n:(r+1)*n]
			im.scale(out, in, 1, -im.rowMax(in))
			im.exp(out, out)
			im.scale(out, out, 1/im.rowSum(out), 0)
		}
	})
}
