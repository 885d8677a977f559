package speed

import (
	"time"

	"github.com/gestalt-vision/gestalt/cpu/kernel"
)

// Peak measures how many floating-point operations a second the threads could do in the best of cases, in GFLOP/s: a
// matrix product on one core whose operands stay in its first cache, in the instruction set in use, times the threads.
func Peak(threads int) float64 {
	const m, n, k, products, windows = 14, 32, 160, 400, 100
	a, b, c := noise(m*k), noise(k*n), make([]float32, m*n)
	packed := kernel.PackB(k, n, b, n, false)
	fastest := time.Hour
	for range windows {
		start := time.Now()
		for range products {
			kernel.Gemm(kernel.Serial, m, a, k, packed, kernel.Epilogue{}, c, n)
		}
		fastest = min(fastest, time.Since(start))
	}
	return 2 * m * n * k * products / fastest.Seconds() / 1e9 * float64(threads)
}
