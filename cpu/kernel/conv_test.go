package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"testing"
)

// eachISA runs f once with every instruction set of this machine.
func eachISA(t *testing.T, f func(t *testing.T)) {
	before := ISA()
	t.Cleanup(func() { Use(before) })
	for _, isa := range ISAs() {
		t.Run(isa, func(t *testing.T) {
			if err := Use(isa); err != nil {
				t.Fatal(err)
			}
			f(t)
		})
	}
}

// workers is a Parallel of n goroutines that take tasks in turn, the last first.
func workers(n int) Parallel {
	return func(tasks int, f func(i int)) {
		var wg sync.WaitGroup
		for w := range n {
			wg.Go(func() {
				for i := tasks - 1 - w; i >= 0; i -= n {
					f(i)
				}
			})
		}
		wg.Wait()
	}
}

func floats(r *rand.Rand, n int) []float32 {
	s := make([]float32, n)
	for i := range s {
		s[i] = float32(r.NormFloat64())
	}
	return s
}

// convCase is a convolution with everything that it needs.
type convCase struct {
	Conv
	xPitch, outPitch int
	x, hwio, scale   []float32
	ep               Epilogue
}

func newConvCase(r *rand.Rand, c Conv, xExtra, outExtra int) convCase {
	t := convCase{Conv: c, xPitch: c.C + xExtra, outPitch: c.K + outExtra}
	n := c.normal()
	t.x = floats(r, max(0, c.N*c.H*c.W*t.xPitch-xExtra))
	t.hwio = floats(r, c.KH*c.KW*c.C/n.Groups*c.K)
	if r.IntN(2) == 0 {
		t.scale = floats(r, c.K)
	}
	if r.IntN(2) == 0 {
		t.ep.Bias = floats(r, c.K)
	}
	if r.IntN(2) == 0 {
		t.ep.AddPitch = c.K + r.IntN(3)
		t.ep.Add = floats(r, c.N*c.OutH()*c.OutW()*t.ep.AddPitch)
	}
	switch r.IntN(3) {
	case 1:
		t.ep.Act = ReLU
	case 2:
		t.ep.Act, t.ep.Lo, t.ep.Hi = Clamp, -0.5, 1.5
	}
	return t
}

// randomConv is a small convolution of any kind.
func randomConv(r *rand.Rand) Conv {
	c := Conv{N: 1 + r.IntN(3), H: r.IntN(20), W: r.IntN(34), KH: 1 + r.IntN(4), KW: 1 + r.IntN(4),
		StrideH: r.IntN(4), StrideW: r.IntN(4), DilationH: r.IntN(3), DilationW: r.IntN(3),
		PadTop: r.IntN(4), PadBottom: r.IntN(4), PadLeft: r.IntN(4), PadRight: r.IntN(4)}
	switch r.IntN(8) {
	case 7:
		return randomBorder(r, randomTall(r))
	case 6:
		return randomBorder(r, randomWinograd(r))
	case 0: // depthwise
		c.C = 2 + r.IntN(150)
		if r.IntN(3) > 0 { // of the kinds with loops of their own
			c.KH, c.KW, c.StrideW, c.DilationW = 1+r.IntN(5), 3+r.IntN(2)*2, 1+r.IntN(2), 1
		}
		c.K, c.Groups = c.C, c.C
	case 1: // grouped
		c.Groups = 2 + r.IntN(3)
		c.C, c.K = c.Groups*(1+r.IntN(20)), c.Groups*(1+r.IntN(40))
	case 2: // pointwise
		c.KH, c.KW, c.StrideH, c.StrideW = 1, 1, 1, 1
		c.PadTop, c.PadBottom, c.PadLeft, c.PadRight = 0, 0, 0, 0
		fallthrough
	default:
		c.C, c.K = 1+r.IntN(40), 1+r.IntN(100)
	}
	return randomBorder(r, c)
}

// randomBorder gives every other convolution a border, if its input is large enough for one.
func randomBorder(r *rand.Rand, c Conv) Conv {
	fits := c.H > max(c.PadTop, c.PadBottom) && c.W > max(c.PadLeft, c.PadRight)
	if n := c.normal(); fits && !n.depthwise() && r.IntN(2) == 0 {
		c.Border = []Border{Mirror, Repeat}[r.IntN(2)]
	}
	return c
}

func TestImpossibleBorders(t *testing.T) {
	for name, c := range map[string]Conv{
		"mirror as wide as the picture": {N: 1, H: 9, W: 4, C: 2, KH: 3, KW: 3, K: 2, PadLeft: 4, Border: Mirror},
		"nothing to repeat":             {N: 1, H: 0, W: 4, C: 2, KH: 3, KW: 3, K: 2, PadTop: 4, Border: Repeat},
		"depthwise":                     {N: 1, H: 9, W: 9, C: 2, KH: 3, KW: 3, K: 2, PadTop: 1, Border: Repeat, Groups: 2},
		"unknown":                       {N: 1, H: 9, W: 9, C: 2, KH: 3, KW: 3, K: 2, PadTop: 1, Border: 7},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			c.Run(Serial, make([]float32, 1000), c.C, PackFilter(c, make([]float32, 1000), nil), Epilogue{}, make([]float32, 1000), c.K)
		})
	}
}

// run returns the output with its pitch; floats that don't belong to it are NaN.
func (t convCase) run(p Parallel) []float32 {
	n := t.N * t.OutH() * t.OutW()
	out := make([]float32, max(0, n*t.outPitch-(t.outPitch-t.K)))
	for i := range out {
		out[i] = float32(math.NaN())
	}
	t.Run(p, t.x, t.xPitch, PackFilter(t.Conv, t.hwio, t.scale), t.ep, out, t.outPitch)
	return out
}

// diff compares an output with the definition.
func (t convCase) diff(out []float32) error {
	want, mag := refConv(t.Conv, t.x, t.xPitch, t.hwio, t.scale, t.ep)
	terms := float64(t.KH*t.KW*t.C + 4)
	for i, v := range out {
		pixel, ch := i/t.outPitch, i%t.outPitch
		if ch >= t.K {
			if v == v {
				return fmt.Errorf("%+v: pixel %d: wrote beyond the channels", t.Conv, pixel)
			}
			continue
		}
		j := pixel*t.K + ch
		if tol := 1e-30 + mag[j]*terms*0x1p-24; !(math.Abs(float64(v)-want[j]) <= tol) {
			return fmt.Errorf("%+v: pixel %d channel %d: got %v, want %v ± %v", t.Conv, pixel, ch, v, want[j], tol)
		}
	}
	return nil
}

func TestConvEqualsDefinition(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		for seed := range uint64(250) {
			r := rand.New(rand.NewPCG(seed, 1))
			c := newConvCase(r, randomConv(r), r.IntN(2)*r.IntN(5), r.IntN(2)*r.IntN(70))
			if err := c.diff(c.run(Serial)); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
		}
	})
}

// layers are the shapes of real layers, smaller where only the number of
// pictures or channels differs.
var layers = []Conv{
	{N: 1, H: 224, W: 224, C: 3, KH: 3, KW: 3, K: 64, StrideH: 2, StrideW: 2},
	{N: 1, H: 112, W: 112, C: 3, KH: 7, KW: 7, K: 64, StrideH: 2, StrideW: 2, PadTop: 3, PadBottom: 3, PadLeft: 3, PadRight: 3},
	{N: 2, H: 55, W: 55, C: 16, KH: 3, KW: 3, K: 64, PadTop: 1, PadBottom: 1, PadLeft: 1, PadRight: 1},
	{N: 3, H: 7, W: 7, C: 96, KH: 3, KW: 3, K: 80, PadTop: 1, PadBottom: 1, PadLeft: 1, PadRight: 1},
	{N: 2, H: 14, W: 14, C: 256, KH: 1, KW: 1, K: 512, StrideH: 2, StrideW: 2},
	{N: 2, H: 30, W: 132, C: 8, KH: 9, KW: 12, K: 12, StrideW: 4},
	{N: 1, H: 11, W: 50, C: 32, KH: 9, KW: 9, K: 40, PadTop: 4, PadBottom: 4, PadLeft: 4, PadRight: 4},
	{N: 2, H: 13, W: 13, C: 512, KH: 1, KW: 1, K: 200},
	// Pitches at which rows collide in the cache and are copied first.
	{N: 1, H: 6, W: 6, C: 1024, KH: 1, KW: 1, K: 72},
	{N: 1, H: 9, W: 9, C: 512, KH: 1, KW: 1, K: 40, StrideH: 2, StrideW: 2, PadTop: 1, PadLeft: 1, PadRight: 2},
}

func TestConvOfRealLayers(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(1, 2))
		for _, l := range layers {
			c := newConvCase(r, l, 0, 0)
			if err := c.diff(c.run(workers(2))); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestConvBitsDoNotDependOnWorkers(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(3, 4))
		cases := append([]Conv(nil), layers...)
		for range 40 {
			cases = append(cases, randomConv(r))
		}
		for _, l := range cases {
			c := newConvCase(r, l, 0, 0)
			want := c.run(Serial)
			for _, n := range []int{2, 3, 7} {
				if i := firstDifference(want, c.run(workers(n))); i >= 0 {
					t.Fatalf("%+v: element %d differs with %d workers", l, i, n)
				}
			}
		}
	})
}

// TestVectorISAsAgree: AVX-512 and AVX2 add the same products in the same order.
func TestVectorISAsAgree(t *testing.T) {
	if len(ISAs()) < 3 {
		t.Skip("needs AVX-512")
	}
	defer Use(ISA())
	r := rand.New(rand.NewPCG(5, 6))
	for range 100 {
		c := newConvCase(r, randomConv(r), 0, 0)
		Use("avx512")
		want := c.run(Serial)
		Use("avx2")
		if i := firstDifference(want, c.run(Serial)); i >= 0 {
			t.Fatalf("%+v: element %d differs", c.Conv, i)
		}
	}
}

// firstDifference is the index of the first element whose bits differ, or -1.
func firstDifference(a, b []float32) int {
	for i := range a {
		if math.Float32bits(a[i]) != math.Float32bits(b[i]) {
			return i
		}
	}
	return -1
}

func FuzzConv(f *testing.F) {
	for seed := range uint64(4) {
		f.Add(seed, uint8(0), uint8(0))
	}
	f.Fuzz(func(t *testing.T, seed uint64, xExtra, outExtra uint8) {
		r := rand.New(rand.NewPCG(seed, 0))
		c := newConvCase(r, randomConv(r), int(xExtra), int(outExtra))
		before := ISA()
		defer Use(before)
		for _, isa := range ISAs() {
			Use(isa)
			if err := c.diff(c.run(Serial)); err != nil {
				t.Fatalf("%s: %v", isa, err)
			}
		}
	})
}
