package kernel

import "math"

// refConv is the definition of a convolution: x is N x H x W pixels of pitch
// xPitch, hwio KH x KW x C/Groups x K, the result N x OutH x OutW x K, dense and
// in double precision. mag is the sum of the absolute values of all terms, which
// bounds the rounding error of any order of summation.
func refConv(c Conv, x []float32, xPitch int, hwio, scale []float32, ep Epilogue) (out, mag []float64) {
	c = c.normal()
	oh, ow, cg, kg := c.OutH(), c.OutW(), c.C/c.Groups, c.K/c.Groups
	lo, hi := ep.bounds()
	for p := range c.N * oh * ow {
		n, oy, ox := p/(oh*ow), p/ow%oh, p%ow
		for k := range c.K {
			var sum, m float64
			term := func(v float64) { sum += v; m += math.Abs(v) }
			for kh := range c.KH {
				for kw := range c.KW {
					iy, ix := oy*c.StrideH-c.PadTop+kh*c.DilationH, ox*c.StrideW-c.PadLeft+kw*c.DilationW
					iy, ix = refBorder(c.Border, iy, c.H), refBorder(c.Border, ix, c.W)
					if iy < 0 || iy >= c.H || ix < 0 || ix >= c.W {
						continue
					}
					for i := range cg {
						v := float64(x[((n*c.H+iy)*c.W+ix)*xPitch+k/kg*cg+i]) * float64(hwio[((kh*c.KW+kw)*cg+i)*c.K+k])
						if scale != nil {
							v *= float64(scale[k])
						}
						term(v)
					}
				}
			}
			if ep.Bias != nil {
				term(float64(ep.Bias[k]))
			}
			if ep.Add != nil {
				term(float64(ep.Add[p*ep.AddPitch+k]))
			}
			out = append(out, math.Min(math.Max(sum, float64(lo)), float64(hi)))
			mag = append(mag, m)
		}
	}
	return out, mag
}

// refBorder is the place of what stands at place i of n pixels.
func refBorder(b Border, i, n int) int {
	switch {
	case b == Mirror && i < 0:
		return -i
	case b == Mirror && i >= n:
		return n - 1 - (i - (n - 1))
	case b == Repeat && i < 0:
		return 0
	case b == Repeat && i >= n:
		return n - 1
	}
	return i
}

// refPool is the definition of pooling; kind is "max", "sum", "average" or
// "average with padding".
func refPool(l Pool, kind string, x []float32, xPitch int) []float64 {
	c := l.conv()
	oh, ow := c.OutH(), c.OutW()
	var out []float64
	for p := range c.N * oh * ow {
		n, oy, ox := p/(oh*ow), p/ow%oh, p%ow
		for ch := range c.C {
			sum, largest, seen := 0.0, math.Inf(-1), 0
			for kh := range c.KH {
				for kw := range c.KW {
					iy, ix := oy*c.StrideH-c.PadTop+kh*c.DilationH, ox*c.StrideW-c.PadLeft+kw*c.DilationW
					if iy < 0 || iy >= c.H || ix < 0 || ix >= c.W {
						continue
					}
					v := float64(x[((n*c.H+iy)*c.W+ix)*xPitch+ch])
					sum += v
					largest = math.Max(largest, v)
					seen++
				}
			}
			switch kind {
			case "max":
				out = append(out, largest)
			case "sum":
				out = append(out, sum)
			case "average":
				out = append(out, sum/float64(max(1, seen)))
			case "average with padding":
				out = append(out, sum/float64(c.KH*c.KW))
			}
		}
	}
	return out
}
