package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
)

func randomPool(r *rand.Rand) Pool {
	return Pool{N: 1 + r.IntN(2), H: r.IntN(14), W: r.IntN(14), C: 1 + r.IntN(150), KH: 1 + r.IntN(4), KW: 1 + r.IntN(4),
		StrideH: r.IntN(4), StrideW: r.IntN(4), DilationH: r.IntN(3), DilationW: r.IntN(3),
		PadTop: r.IntN(3), PadBottom: r.IntN(3), PadLeft: r.IntN(3), PadRight: r.IntN(3)}
}

func TestPoolEqualsDefinition(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		for seed := range uint64(150) {
			r := rand.New(rand.NewPCG(seed, 9))
			l := randomPool(r)
			xPitch, outPitch := l.C+r.IntN(2)*r.IntN(5), l.C+r.IntN(2)*r.IntN(20)
			x := floats(r, l.N*l.H*l.W*xPitch)
			pixels := l.N * l.OutH() * l.OutW()
			for kind, run := range map[string]func(p Parallel, out []float32){
				"max":                  func(p Parallel, out []float32) { l.Max(p, x, xPitch, out, outPitch) },
				"sum":                  func(p Parallel, out []float32) { l.Sum(p, x, xPitch, out, outPitch) },
				"average":              func(p Parallel, out []float32) { l.Average(p, x, xPitch, false, out, outPitch) },
				"average with padding": func(p Parallel, out []float32) { l.Average(p, x, xPitch, true, out, outPitch) },
			} {
				out := make([]float32, pixels*outPitch)
				for i := range out {
					out[i] = 123
				}
				run(workers(2), out)
				want := refPool(l, kind, x, xPitch)
				for i, v := range out {
					if ch := i % outPitch; ch >= l.C {
						if v != 123 {
							t.Fatalf("seed %d: %s %+v: wrote beyond the channels", seed, kind, l)
						}
					} else if w := want[i/outPitch*l.C+ch]; float64(v) != w && math.Abs(float64(v)-w) > 2e-5 {
						t.Fatalf("seed %d: %s %+v: element %d is %v, want %v", seed, kind, l, i, v, w)
					}
				}
			}
		}
	})
}

func TestMaxPoolKeepsNaN(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		for place := range 4 {
			x := make([]float32, 4*70)
			for c := range 70 {
				x[place*70+c] = float32(math.NaN())
			}
			out := make([]float32, 70)
			Pool{N: 1, H: 2, W: 2, C: 70, KH: 2, KW: 2}.Max(Serial, x, 70, out, 70)
			for c, v := range out {
				if v == v {
					t.Fatalf("NaN in input %d, channel %d: got %v", place, c, v)
				}
			}
		}
	})
}
