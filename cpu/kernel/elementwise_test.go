package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
)

// special are the values that vector instructions like to treat differently.
var special = []float32{0, float32(math.Copysign(0, -1)), 1, -1, float32(math.Inf(1)), float32(math.Inf(-1)), float32(math.NaN()),
	math.MaxFloat32, -math.MaxFloat32, math.SmallestNonzeroFloat32}

// mixed is n random numbers, special ones among them.
func mixed(r *rand.Rand, n int) []float32 {
	s := floats(r, n)
	for i := range s {
		if r.IntN(8) == 0 {
			s[i] = special[r.IntN(len(special))]
		}
	}
	return s
}

// same reports whether two results are equal; all NaN are, and both zeros.
func same(a, b float32) bool { return a == b || a != a && b != b }

func TestElementwiseEqualsGeneric(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		im := current.Load()
		r := rand.New(rand.NewPCG(1, 1))
		for n := range 200 {
			a, b := mixed(r, n), mixed(r, n)
			check := func(name string, run func(im *impl, dst []float32)) {
				t.Helper()
				// Canaries on both sides.
				got, want := make([]float32, n+32), make([]float32, n)
				for i := range got {
					got[i] = 123
				}
				run(im, got[16:16+n])
				run(&generic, want)
				for i, v := range got {
					if i < 16 || i >= 16+n {
						if v != 123 {
							t.Fatalf("%s of %d: wrote at %d", name, n, i-16)
						}
					} else if !same(v, want[i-16]) {
						t.Fatalf("%s of %d: element %d is %v, want %v", name, n, i-16, v, want[i-16])
					}
				}
			}
			check("add", func(im *impl, dst []float32) { im.add(dst, a, b) })
			check("mul", func(im *impl, dst []float32) { im.mul(dst, a, b) })
			check("max", func(im *impl, dst []float32) { im.max(dst, a, b) })
			check("clamp", func(im *impl, dst []float32) { im.clamp(dst, a, -0.25, 0.5) })
			check("scale", func(im *impl, dst []float32) { im.scale(dst, a, 2, 0) })
			if got, want := im.rowSum(a), rowSumGeneric(a); !same(got, want) {
				t.Fatalf("sum of %d: %v, want %v", n, got, want)
			}
			if got, want := im.rowMax(a), rowMaxGeneric(a); !same(got, want) {
				t.Fatalf("max of %d: %v, want %v", n, got, want)
			}
			finite := floats(r, n)
			if got, want := im.rowSum(finite), rowSumGeneric(finite); got != want {
				t.Fatalf("sum of %d finite: %v, want %v", n, got, want)
			}
		}
	})
}

func TestElementwiseByDefinition(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		nan, inf := float32(math.NaN()), float32(math.Inf(1))
		a, b := []float32{1, -2, 3, nan, 5}, []float32{10, 20, -30, 40, nan}
		dst := make([]float32, 5)
		for _, c := range []struct {
			name string
			run  func()
			want []float32
		}{
			{"add", func() { Add(dst, a, b) }, []float32{11, 18, -27, nan, nan}},
			{"mul", func() { Mul(dst, a, b) }, []float32{10, -40, -90, nan, nan}},
			{"max", func() { Max(dst, a, b) }, []float32{10, 20, 3, nan, nan}},
			{"relu", func() { Limit(dst, a, 0, float32(math.Inf(1))) }, []float32{1, 0, 3, nan, 5}},
			{"limit", func() { Limit(dst, a, -1, 2) }, []float32{1, -1, 2, nan, 2}},
			{"scale", func() { Scale(dst, a, 2, 1) }, []float32{3, -3, 7, nan, 11}},
			{"exp", func() { Exp(dst, []float32{0, inf, -inf, nan, -200}) }, []float32{1, inf, 0, nan, 0}},
		} {
			c.run()
			for i := range dst {
				if !same(dst[i], c.want[i]) {
					t.Errorf("%s: %v, want %v", c.name, dst, c.want)
					break
				}
			}
		}
		if Sum(a[:3]) != 2 || Largest(a[:3]) != 3 || !math.IsNaN(float64(Largest(a))) {
			t.Error("wrong sum or largest element")
		}
		if Sum(nil) != 0 || Largest(nil) != -inf {
			t.Error("wrong sum or largest element of nothing")
		}
	})
}

// TestExpError measures Exp over its whole range, in steps of about 1/10,000.
func TestExpError(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		const n = 1 << 10
		x, y := make([]float32, n), make([]float32, n)
		worst, at := 0.0, float32(0)
		for lo := -105.0; lo < 90; lo += 0.1 {
			for i := range x {
				x[i] = float32(lo + 0.1*float64(i)/n)
			}
			Exp(y, x)
			for i, v := range y {
				want := math.Exp(float64(x[i]))
				switch {
				case want > math.MaxFloat32*(1+0x1p-25):
					if !math.IsInf(float64(v), 1) {
						t.Fatalf("exp(%v) = %v, want Inf", x[i], v)
					}
				case want < 0x1p-126:
					if math.Abs(float64(v)-want) > 1e-38 {
						t.Fatalf("exp(%v) = %v, want %v", x[i], v, want)
					}
				default:
					_, e := math.Frexp(want)
					if err := math.Abs(float64(v)-want) / math.Ldexp(1, e-24); err > worst {
						worst, at = err, x[i]
					}
				}
			}
		}
		t.Logf("largest error %.3f ulp, at %v", worst, at)
		if worst > 1.1 {
			t.Errorf("error of %.3f ulp at %v, want at most 1.1", worst, at)
		}
	})
}

func TestExpBitsAgree(t *testing.T) {
	if len(ISAs()) < 3 {
		t.Skip("needs AVX-512")
	}
	r := rand.New(rand.NewPCG(2, 2))
	x := floats(r, 10007)
	for i := range x {
		x[i] *= 60
	}
	a, b := make([]float32, len(x)), make([]float32, len(x))
	available[0].exp(a, x)
	available[1].exp(b, x)
	if i := firstDifference(a, b); i >= 0 {
		t.Fatalf("exp(%v) is %v and %v", x[i], a[i], b[i])
	}
}

// FuzzElementwise compares all instruction sets with portable Go on any bits.
func FuzzElementwise(f *testing.F) {
	f.Add([]byte{0, 0, 128, 127, 0, 0, 192, 127, 1, 0, 0, 0}, []byte{0, 0, 128, 255, 0, 0, 0, 128, 0, 0, 128, 63})
	f.Fuzz(func(t *testing.T, x, y []byte) {
		n := min(len(x), len(y)) / 4
		a, b := make([]float32, n), make([]float32, n)
		for i := range n {
			a[i], b[i] = float32At(x[4*i:]), float32At(y[4*i:])
		}
		got, want := make([]float32, n), make([]float32, n)
		for _, im := range available {
			for name, run := range map[string]func(im *impl, dst []float32){
				"add":   func(im *impl, dst []float32) { im.add(dst, a, b) },
				"mul":   func(im *impl, dst []float32) { im.mul(dst, a, b) },
				"max":   func(im *impl, dst []float32) { im.max(dst, a, b) },
				"clamp": func(im *impl, dst []float32) { im.clamp(dst, a, -1, 1) },
			} {
				run(im, got)
				run(&generic, want)
				for i := range got {
					if !same(got[i], want[i]) {
						t.Fatalf("%s: %s(%v, %v) is %v, want %v", im.name, name, a[i], b[i], got[i], want[i])
					}
				}
			}
			if got, want := im.rowSum(a), rowSumGeneric(a); !same(got, want) {
				t.Fatalf("%s: sum is %v, want %v", im.name, got, want)
			}
			if got, want := im.rowMax(a), rowMaxGeneric(a); !same(got, want) {
				t.Fatalf("%s: largest is %v, want %v", im.name, got, want)
			}
		}
	})
}

// float32At is the little-endian number that b begins with.
func float32At(b []byte) float32 {
	return math.Float32frombits(uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24)
}
