package style

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// gaussian is a normal distribution of vectors.
type gaussian struct {
	mean []float32
	root []float32 // lower triangular L with L·Lᵀ = covariance, row-major
}

// newGaussian is the distribution with this mean [n] and covariance [n, n].
func newGaussian(mean, covariance []float32) (*gaussian, error) {
	root, err := cholesky(covariance, len(mean))
	if err != nil {
		return nil, err
	}
	return &gaussian{mean, root}, nil
}

// draw draws a vector: mean + L·n with n of independent standard normal numbers.
func (g *gaussian) draw(seed uint64) []float32 {
	n := len(g.mean)
	normal := rand.New(rand.NewPCG(seed, drawPurpose))
	standard := make([]float64, n)
	for i := range standard {
		standard[i] = normal.NormFloat64()
	}
	z := make([]float32, n)
	for i := range z {
		sum := float64(g.mean[i])
		for j := range i + 1 {
			sum += float64(g.root[i*n+j]) * standard[j]
		}
		z[i] = float32(sum)
	}
	return z
}

// drawPurpose keeps the numbers for styles apart from those that other things draw from the same seed.
const drawPurpose = 0x7374796c65 // "style"

// cholesky gives the lower triangular root of a symmetric matrix. Directions in which the matrix has no extent (a
// covariance of fewer vectors than numbers) stay zero; a matrix that is no covariance is refused.
func cholesky(matrix []float32, n int) ([]float32, error) {
	largest := 0.0
	for i := range n {
		largest = max(largest, float64(matrix[i*n+i]))
	}
	if math.IsInf(largest, 0) || math.IsNaN(largest) {
		return nil, fmt.Errorf("its entries are no numbers")
	}
	tiny := 1e-6 * largest
	root := make([]float64, n*n)
	for i := range n {
		for j := range i + 1 {
			sum := float64(matrix[i*n+j])
			for k := range j {
				sum -= root[i*n+k] * root[j*n+k]
			}
			switch {
			case i != j && root[j*n+j] > 0:
				root[i*n+j] = sum / root[j*n+j]
			case i == j && sum > tiny:
				root[i*n+i] = math.Sqrt(sum)
			case i == j && !(sum >= -tiny):
				return nil, fmt.Errorf("it is not positive semidefinite")
			}
		}
	}
	out := make([]float32, n*n)
	for i, v := range root {
		out[i] = float32(v)
	}
	return out, nil
}
