package kernel

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestMaxGradientEqualsDefinition(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		for seed := range uint64(80) {
			r := rand.New(rand.NewPCG(seed, 41))
			l := randomPool(r)
			c := l.conv()
			oh, ow := c.OutH(), c.OutW()
			x, dy := floats(r, c.N*c.H*c.W*c.C), floats(r, c.N*oh*ow*c.C)
			if seed%2 == 0 { // equal elements
				for i := range x {
					x[i] = float32(int(x[i] * 2))
				}
			}
			dx, want := floats(r, len(x)), make([]float64, len(x))
			for p := range c.N * oh * ow * c.C {
				n, oy, ox, ch := p/c.C/ow/oh, p/c.C/ow%oh, p/c.C%ow, p%c.C
				best := -1
				for tap := range c.KH * c.KW {
					iy, ix := oy*c.StrideH-c.PadTop+tap/c.KW*c.DilationH, ox*c.StrideW-c.PadLeft+tap%c.KW*c.DilationW
					if iy < 0 || iy >= c.H || ix < 0 || ix >= c.W {
						continue
					}
					if at := ((n*c.H+iy)*c.W+ix)*c.C + ch; best < 0 || x[at] > x[best] {
						best = at
					}
				}
				if best >= 0 {
					want[best] += float64(dy[p])
				}
			}
			l.MaxGradient(workers(2), x, dy, dx)
			close32(t, "gradient", dx, want, 1e-6)
		}
	})
}

// TestMaxGradientOfSpecials: infinite inputs and gradients stay where they are, and a
// window with a NaN gives its gradient away once.
func TestMaxGradientOfSpecials(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	eachISA(t, func(t *testing.T) {
		for _, test := range []struct {
			x    [3]float32
			dy   float32
			want [3]float32
		}{
			{[3]float32{1, inf, inf}, 2, [3]float32{0, 2, 0}},
			{[3]float32{-inf, -inf, -inf}, 2, [3]float32{2, 0, 0}},
			{[3]float32{1, 3, 2}, inf, [3]float32{0, inf, 0}},
			{[3]float32{1, nan, 2}, 2, [3]float32{2, 0, 0}},
		} {
			const channels = 37
			var x []float32
			for _, v := range test.x {
				x = append(x, slices.Repeat([]float32{v}, channels)...)
			}
			dy, dx := slices.Repeat([]float32{test.dy}, channels), make([]float32, len(x))
			Pool{N: 1, H: 1, W: 3, C: channels, KH: 1, KW: 3}.MaxGradient(Serial, x, dy, dx)
			for i, v := range dx {
				if v != test.want[i/channels] {
					t.Fatalf("gradient %v of %v is %v at %d", test.dy, test.x, v, i)
				}
			}
		}
	})
}
