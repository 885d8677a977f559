package kernel

import (
	"math/rand/v2"
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
