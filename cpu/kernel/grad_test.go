package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// refGradients is the definition of both gradients of a convolution, in double
// precision, with the sums of the absolute values of all terms. Operands as in
// refConv; dy is dense.
func refGradients(c Conv, x []float32, xPitch int, hwio, dy []float32) (dx, dxMag, dw, dwMag []float64) {
	c = c.normal()
	oh, ow, cg, kg := c.OutH(), c.OutW(), c.C/c.Groups, c.K/c.Groups
	dx, dxMag = make([]float64, c.N*c.H*c.W*c.C), make([]float64, c.N*c.H*c.W*c.C)
	dw, dwMag = make([]float64, len(hwio)), make([]float64, len(hwio))
	for p := range c.N * oh * ow {
		n, oy, ox := p/(oh*ow), p/ow%oh, p%ow
		for kh := range c.KH {
			for kw := range c.KW {
				iy, ix := oy*c.StrideH-c.PadTop+kh*c.DilationH, ox*c.StrideW-c.PadLeft+kw*c.DilationW
				if iy < 0 || iy >= c.H || ix < 0 || ix >= c.W {
					continue
				}
				pixel := (n*c.H+iy)*c.W + ix
				for k := range c.K {
					d := float64(dy[p*c.K+k])
					for i := range cg {
						channel, weight := k/kg*cg+i, ((kh*c.KW+kw)*cg+i)*c.K+k
						v, u := d*float64(hwio[weight]), d*float64(x[pixel*xPitch+channel])
						dx[pixel*c.C+channel] += v
						dxMag[pixel*c.C+channel] += math.Abs(v)
						dw[weight] += u
						dwMag[weight] += math.Abs(u)
					}
				}
			}
		}
	}
	return dx, dxMag, dw, dwMag
}

// gradientCase is a convolution with what its gradients need.
type gradientCase struct {
	Conv
	xPitch, dyPitch, dxPitch int
	x, hwio, dense, dy       []float32 // dense is dy without gaps
}

func newGradientCase(r *rand.Rand, c Conv, extra int) gradientCase {
	t := gradientCase{Conv: c, xPitch: c.C + extra, dyPitch: c.K + extra/2, dxPitch: c.C + 2*extra}
	n := c.normal()
	pixels := c.N * c.OutH() * c.OutW()
	t.x = floats(r, max(0, c.N*c.H*c.W*t.xPitch-extra))
	t.hwio = floats(r, c.KH*c.KW*c.C/n.Groups*c.K)
	t.dense = floats(r, pixels*c.K)
	t.dy = make([]float32, max(0, pixels*t.dyPitch-(t.dyPitch-c.K)))
	for i := range t.dy {
		t.dy[i] = float32(math.NaN())
	}
	for p := range pixels {
		copy(t.dy[p*t.dyPitch:][:c.K], t.dense[p*c.K:])
	}
	return t
}

// randomGradient is a small convolution of any kind, negative paddings included.
func randomGradient(r *rand.Rand) Conv {
	c := randomConv(r)
	c.Border = Zeros
	if r.IntN(3) == 0 {
		for _, pad := range []*int{&c.PadTop, &c.PadBottom, &c.PadLeft, &c.PadRight} {
			*pad = r.IntN(5) - 2
		}
	}
	if r.IntN(4) == 0 && c.Groups <= 1 {
		c.C = 1 + r.IntN(8)
	}
	return c
}

func (t gradientCase) filter(p Parallel) []float32 {
	dw := make([]float32, len(t.hwio))
	for i := range dw {
		dw[i] = float32(math.NaN())
	}
	t.FilterGradient(p, t.x, t.xPitch, t.dy, t.dyPitch, dw)
	return dw
}

func (t gradientCase) input(p Parallel) []float32 {
	dx := make([]float32, max(0, t.N*t.H*t.W*t.dxPitch-(t.dxPitch-t.C)))
	for i := range dx {
		dx[i] = float32(math.NaN())
	}
	t.InputGradient(p, t.dy, t.dyPitch, PackInputFilter(p, t.Conv, t.hwio), dx, t.dxPitch)
	return dx
}

// near compares with the definition.
func near(got []float32, want, mag []float64, terms int) error {
	for i, v := range got {
		if tol := 1e-30 + mag[i]*float64(terms+8)*0x1p-24; !(math.Abs(float64(v)-want[i]) <= tol) {
			return fmt.Errorf("element %d is %v, want %v ± %v", i, v, want[i], tol)
		}
	}
	return nil
}

func (t gradientCase) diff(p Parallel) error {
	dx, dxMag, dw, dwMag := refGradients(t.Conv, t.x, t.xPitch, t.hwio, t.dense)
	terms := t.N * t.OutH() * t.OutW()
	if t.normal().winogradGradient() {
		largest := 0.0
		for _, v := range dwMag {
			largest = max(largest, v)
		}
		dwMag, terms = slices.Repeat([]float64{largest}, len(dwMag)), 40 // of the sum of absolute values
	}
	if err := near(t.filter(p), dw, dwMag, terms); err != nil {
		return fmt.Errorf("%+v: filter gradient: %w", t.Conv, err)
	}
	got := t.input(p)
	dense := make([]float32, 0, len(dx))
	for i, v := range got {
		if i%t.dxPitch < t.C {
			dense = append(dense, v)
		} else if v == v {
			return fmt.Errorf("%+v: input gradient: wrote beyond the channels of pixel %d", t.Conv, i/t.dxPitch)
		}
	}
	if err := near(dense, dx, dxMag, t.KH*t.KW*t.K); err != nil {
		return fmt.Errorf("%+v: input gradient: %w", t.Conv, err)
	}
	return nil
}

func TestGradientsEqualDefinition(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		for seed := range uint64(250) {
			r := rand.New(rand.NewPCG(seed, 11))
			c := newGradientCase(r, randomGradient(r), r.IntN(2)*r.IntN(5))
			if err := c.diff(Serial); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
		}
	})
}

// winogradGradients are convolutions whose filter gradient goes through Winograd's
// transforms: with tiles that reach beyond the picture, several blocks, few and many
// channels, unusual paddings.
var winogradGradients = []Conv{
	{N: 4, H: 16, W: 16, C: 8, KH: 3, KW: 3, K: 8, PadTop: 1, PadBottom: 1, PadLeft: 1, PadRight: 1},
	{N: 5, H: 14, W: 18, C: 35, KH: 3, KW: 3, K: 50, PadTop: 1, PadBottom: 1, PadLeft: 1, PadRight: 1},
	{N: 3, H: 31, W: 30, C: 16, KH: 3, KW: 3, K: 80},
	{N: 2, H: 29, W: 40, C: 20, KH: 3, KW: 3, K: 33, PadTop: 2, PadBottom: 0, PadLeft: -1, PadRight: 3},
	{N: 1, H: 50, W: 66, C: 16, KH: 3, KW: 3, K: 17, PadTop: 1, PadBottom: 1, PadLeft: 1, PadRight: 1},
	{N: 1, H: 32, W: 32, C: 256, KH: 3, KW: 3, K: 8, PadTop: 1, PadBottom: 1, PadLeft: 1, PadRight: 1},
}

func TestWinogradGradientEqualsDefinition(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(19, 4))
		for i, l := range winogradGradients {
			if !l.normal().winogradGradient() {
				t.Fatalf("%+v is not for Winograd", l)
			}
			if testing.Short() && i > 2 {
				break
			}
			if err := newGradientCase(r, l, i%3).diff(workers(2)); err != nil {
				t.Error(err)
			}
		}
	})
}

// TestWinogradGradientError holds the rounding error against double precision on what
// layers see, inputs that went through a ReLU, relative to the largest element of the
// gradient.
func TestWinogradGradientError(t *testing.T) {
	r := rand.New(rand.NewPCG(20, 4))
	c := newGradientCase(r, Conv{N: 2, H: 28, W: 28, C: 32, KH: 3, KW: 3, K: 32, PadTop: 1, PadBottom: 1, PadLeft: 1, PadRight: 1}, 0)
	for i, v := range c.x {
		c.x[i] = max(0, v)
	}
	_, _, dw, _ := refGradients(c.Conv, c.x, c.xPitch, c.hwio, c.dense)
	worst, largest := 0.0, 0.0
	for i, v := range c.filter(Serial) {
		worst, largest = max(worst, math.Abs(float64(v)-dw[i])), max(largest, math.Abs(dw[i]))
	}
	t.Logf("error %.2g of the largest element", worst/largest)
	if worst > 1e-5*largest {
		t.Errorf("error %.2g of the largest element", worst/largest)
	}
}

func TestGradientBitsDoNotDependOnWorkers(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(13, 4))
		cases := append(append([]Conv(nil), layers...), winogradGradients[:3]...)
		for range 40 {
			cases = append(cases, randomGradient(r))
		}
		for _, l := range cases {
			c := newGradientCase(r, l, 0)
			if i := firstDifference(c.filter(workers(3)), c.filter(Serial)); i >= 0 {
				t.Fatalf("%+v: filter gradient differs at element %d with 3 workers", l, i)
			}
			if i := firstDifference(c.input(workers(3)), c.input(Serial)); i >= 0 {
				t.Fatalf("%+v: input gradient differs at element %d with 3 workers", l, i)
			}
		}
	})
}

// TestAddInputGradient adds to what is in the place of the result.
func TestAddInputGradient(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		added := 0
		for seed := range uint64(120) {
			r := rand.New(rand.NewPCG(seed, 12))
			l := randomGradient(r)
			l.StrideH, l.StrideW = 1, 1
			c := newGradientCase(r, l, 0)
			if !c.AddsInputGradient() || len(c.dy) == 0 {
				continue
			}
			added++
			got, before := c.input(Serial), floats(r, len(c.x))
			want := append([]float32(nil), before...)
			for i := range want {
				want[i] = got[i] + before[i]
			}
			c.AddInputGradient(workers(2), c.dy, c.dyPitch, PackInputFilter(Serial, c.Conv, c.hwio), before, before, c.dxPitch)
			if i := firstDifference(before, want); i >= 0 {
				t.Fatalf("%+v: element %d is %v, want %v", c.Conv, i, before[i], want[i])
			}
		}
		if added < 20 {
			t.Errorf("only %d of the convolutions add", added)
		}
	})
}

func FuzzGradients(f *testing.F) {
	f.Add(uint64(1))
	f.Add(uint64(97))
	f.Fuzz(func(t *testing.T, seed uint64) {
		eachISA(t, func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 23))
			if err := newGradientCase(r, randomGradient(r), r.IntN(4)).diff(workers(2)); err != nil {
				t.Fatal(err)
			}
		})
	})
}
