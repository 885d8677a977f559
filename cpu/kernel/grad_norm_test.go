package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
)

// close32 fails unless got equals want within tolerance times the largest value.
func close32(t *testing.T, what string, got []float32, want []float64, tolerance float64) {
	t.Helper()
	largest := 1e-30
	for _, v := range want {
		largest = max(largest, math.Abs(v))
	}
	for i, v := range got {
		if !(math.Abs(float64(v)-want[i]) <= tolerance*largest) {
			t.Fatalf("%s: element %d is %v, want %v", what, i, v, want[i])
		}
	}
}

// normCase is a normalisation with operands.
type normCase struct {
	Norm
	x, add, dy, k, q, r []float32
}

func newNormCase(r *rand.Rand) normCase {
	c := normCase{Norm: Norm{Rows: 1 + r.IntN(300), C: 1 + r.IntN(90)}}
	if r.IntN(4) == 0 {
		c.Rows, c.C = 1+r.IntN(9), 900+r.IntN(300)
	}
	if r.IntN(6) == 0 {
		c.Rows = 20000 / c.C * 5
	}
	if r.IntN(2) == 0 {
		c.High = 0.2 + r.Float32()
	}
	n := c.Rows * c.C
	c.x, c.add, c.dy = floats(r, n), floats(r, n), floats(r, n)
	for _, v := range []*[]float32{&c.Mean, &c.Scale, &c.Offset, &c.k, &c.q, &c.r} {
		*v = floats(r, c.C)
	}
	return c
}

// y is the value before the activation, as vector loops compute it and in double
// precision.
func (c normCase) y(i int) float64 {
	j := i % c.C
	return (float64(c.x[i])-float64(c.Mean[j]))*float64(c.Scale[j]) + float64(c.Offset[j])
}

// high is the least value that a gate doesn't let pass.
func (c normCase) high() float64 {
	if c.High == 0 {
		return math.Inf(1)
	}
	return float64(c.High)
}

func TestNormEqualsDefinition(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		for seed := range uint64(40) {
			r := rand.New(rand.NewPCG(seed, 31))
			c := newNormCase(r)
			n := c.Rows * c.C
			const shift = 1000 // a mean that a sum of squares would not survive
			shifted, wantMean, wantVariance := make([]float32, n), make([]float64, c.C), make([]float64, c.C)
			for i, v := range c.x {
				shifted[i] = v + shift
				wantMean[i%c.C] += float64(shifted[i]) / float64(c.Rows)
			}
			for i, v := range shifted {
				d := float64(v) - wantMean[i%c.C]
				wantVariance[i%c.C] += d * d / float64(c.Rows)
			}
			both := make([]float32, 2*c.C)
			Moments(workers(2), 1, c.Rows, c.C, shifted, both)
			mean, variance := both[:c.C], both[c.C:]
			close32(t, "mean", mean, wantMean, 1e-6)
			close32(t, "variance", variance, wantVariance, 1e-5)

			out, wantOut := make([]float32, n), make([]float64, n)
			c.Apply(workers(2), c.x, nil, None, out)
			for i := range wantOut {
				wantOut[i] = c.y(i)
			}
			close32(t, "normalised", out, wantOut, 1e-6)
			c.Apply(workers(2), c.x, c.add, ReLU, out)
			for i := range wantOut {
				wantOut[i] = min(max(0, c.y(i)+float64(c.add[i])), c.high())
			}
			close32(t, "normalised, with addend and activation", out, wantOut, 1e-6)

			sum, sumX, wantSum, wantSumX := make([]float32, c.C), make([]float32, c.C), make([]float64, c.C), make([]float64, c.C)
			for i, v := range c.dy {
				if y := c.y(i) + float64(c.add[i]); y < 0 || y >= c.high() {
					v = 0
				}
				wantOut[i] = float64(v)
				wantSum[i%c.C] += float64(v)
				wantSumX[i%c.C] += float64(v) * (float64(c.x[i]) - float64(c.Mean[i%c.C]))
			}
			passed := append([]float32(nil), c.dy...)
			c.GatedSums(workers(2), c.x, c.add, passed, passed, sum, sumX)
			close32(t, "gated", passed, wantOut, 0)
			close32(t, "gated sum", sum, wantSum, 1e-5)
			close32(t, "gated sum of products", sumX, wantSumX, 1e-5)

			for _, gated := range []bool{false, true} {
				sum, sumX, wantSum, wantSumX := make([]float32, c.C), make([]float32, c.C), make([]float64, c.C), make([]float64, c.C)
				for i, v := range c.dy {
					j := i % c.C
					d := float64(v)
					if gated && (c.y(i) < 0 || c.y(i) >= c.high()) {
						d = 0
					}
					centred := float64(c.x[i]) - float64(c.Mean[j])
					wantSum[j] += d
					wantSumX[j] += d * centred
					wantOut[i] = d*float64(c.k[j]) + centred*float64(c.q[j]) + float64(c.r[j])
				}
				c.GradientSums(workers(2), c.x, c.dy, gated, sum, sumX)
				close32(t, "sum", sum, wantSum, 1e-5)
				close32(t, "sum of products", sumX, wantSumX, 1e-5)
				c.Gradient(workers(2), c.x, c.dy, gated, c.k, c.q, c.r, out)
				close32(t, "gradient", out, wantOut, 1e-6)
				again := append([]float32(nil), c.dy...)
				c.Gradient(Serial, c.x, again, gated, c.k, c.q, c.r, again)
				if i := firstDifference(again, out); i >= 0 {
					t.Fatalf("gradient in place: element %d differs", i)
				}
			}
		}
	})
}

func TestNormBitsDoNotDependOnWorkers(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 31))
	for range 30 {
		c := newNormCase(r)
		run := func(p Parallel) []float32 {
			result := make([]float32, 4*c.C)
			Moments(p, 1, c.Rows, c.C, c.x, result[:2*c.C])
			c.GradientSums(p, c.x, c.dy, true, result[2*c.C:], result[3*c.C:])
			return result
		}
		if i := firstDifference(run(Serial), run(workers(3))); i >= 0 {
			t.Fatalf("%d x %d: element %d differs with 3 workers", c.Rows, c.C, i)
		}
	}
}

func TestGate(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		b := []float32{-1, 0, float32(math.Copysign(0, -1)), 2, float32(math.Inf(-1)), float32(math.Inf(1)), -1e-45}
		for len(b) < 150 {
			b = append(b, b...)
		}
		for n := range b {
			a, got := make([]float32, n), make([]float32, n)
			for i := range a {
				a[i] = float32(i) - 3
			}
			Gate(got, a, b[:n])
			for i, v := range got {
				want := a[i]
				if b[i] < 0 {
					want = 0
				}
				if v != want {
					t.Fatalf("gate of %v by %v is %v", a[i], b[i], v)
				}
			}
		}
	})
}

// The moments of several pictures are those of each.
func TestMomentsOfPictures(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(6, 31))
		for range 20 {
			pictures, rows, c := 1+r.IntN(4), 1+r.IntN(9000), 1+r.IntN(90)
			x := floats(r, pictures*rows*c)
			all := make([]float32, pictures*2*c)
			Moments(workers(3), pictures, rows, c, x, all)
			one := make([]float32, 2*c)
			for i := range pictures {
				Moments(Serial, 1, rows, c, x[i*rows*c:(i+1)*rows*c], one)
				if j := firstDifference(one, all[i*2*c:][:2*c]); j >= 0 {
					t.Fatalf("picture %d of %d, %d x %d: element %d differs", i, pictures, rows, c, j)
				}
			}
		}
	})
}
