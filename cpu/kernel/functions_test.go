package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
)

// exactFunctions are those that all instruction sets must give the same bits for.
var exactFunctions = map[string]func(f *functions, dst, a, b, c []float32){
	"sub":         func(f *functions, dst, a, b, _ []float32) { f.sub(dst, a, b) },
	"div":         func(f *functions, dst, a, b, _ []float32) { f.div(dst, a, b) },
	"min":         func(f *functions, dst, a, b, _ []float32) { f.min(dst, a, b) },
	"less":        func(f *functions, dst, a, b, _ []float32) { f.less(dst, a, b) },
	"lessOrEqual": func(f *functions, dst, a, b, _ []float32) { f.lessOrEqual(dst, a, b) },
	"equal":       func(f *functions, dst, a, b, _ []float32) { f.equal(dst, a, b) },
	"notEqual":    func(f *functions, dst, a, b, _ []float32) { f.notEqual(dst, a, b) },
	"choose":      func(f *functions, dst, a, b, c []float32) { f.choose(dst, a, b, c) },
	"neg":         func(f *functions, dst, a, _, _ []float32) { f.neg(dst, a) },
	"abs":         func(f *functions, dst, a, _, _ []float32) { f.abs(dst, a) },
	"sign":        func(f *functions, dst, a, _, _ []float32) { f.sign(dst, a) },
	"sqrt":        func(f *functions, dst, a, _, _ []float32) { f.sqrt(dst, a) },
	"rsqrt":       func(f *functions, dst, a, _, _ []float32) { f.rsqrt(dst, a) },
	"round":       func(f *functions, dst, a, _, _ []float32) { f.round(dst, a) },
	"floor":       func(f *functions, dst, a, _, _ []float32) { f.floor(dst, a) },
	"ceil":        func(f *functions, dst, a, _, _ []float32) { f.ceil(dst, a) },
}

func TestFunctionsEqualGeneric(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		f := &current.Load().functions
		r := rand.New(rand.NewPCG(1, 1))
		for n := range 200 {
			a, b, c := mixed(r, n), mixed(r, n), mixed(r, n)
			for i := range a {
				a[i] *= 3
				if r.IntN(4) == 0 {
					b[i] = a[i]
				}
			}
			got, want := make([]float32, n+32), make([]float32, n)
			for name, run := range exactFunctions {
				for i := range got {
					got[i] = 123
				}
				run(f, got[16:16+n], a, b, c)
				run(&genericFunctions, want, a, b, c)
				for i, v := range got {
					if i < 16 || i >= 16+n {
						if v != 123 {
							t.Fatalf("%s of %d: wrote at %d", name, n, i-16)
						}
					} else if w := want[i-16]; !same(v, w) || math.Signbit(float64(v)) != math.Signbit(float64(w)) && v == v && name != "min" {
						t.Fatalf("%s of %d: element %d of %v, %v, %v is %v, want %v", name, n, i-16, a[i-16], b[i-16], c[i-16], v, w)
					}
				}
			}
		}
	})
}

// approximations are the functions with a stated error, over ranges that hold all
// that is interesting about them.
var approximations = []struct {
	name   string
	of     func(f *functions, dst, a []float32)
	truth  func(x float64) float64
	lo, hi float64 // of the magnitude
	both   bool    // also negative numbers
	ulp    float64
}{
	{"log", func(f *functions, dst, a []float32) { f.log(dst, a) }, math.Log, 0x1p-149, math.MaxFloat32, false, 1},
	{"logistic", func(f *functions, dst, a []float32) { f.logistic(dst, a) }, func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }, 1e-10, 87.3, true, 2.5},
	{"tanh", func(f *functions, dst, a []float32) { f.tanh(dst, a) }, math.Tanh, 1e-30, 100, true, 2},
	{"erf", func(f *functions, dst, a []float32) { f.erf(dst, a) }, math.Erf, 1e-30, 100, true, 1.5},
}

// TestFunctionErrors measures in units of the last place, at a hundred thousand
// points a function, evenly spread over the logarithm of the argument.
func TestFunctionErrors(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		f := &current.Load().functions
		const n = 1 << 16
		x, y := make([]float32, n), make([]float32, n)
		for _, a := range approximations {
			for i := range x {
				x[i] = float32(a.lo * math.Pow(a.hi/a.lo, float64(i)/(n-1)))
				if i%4 == 1 { // more around 1
					x[i] = float32(4 * float64(i) / n)
				}
				if a.both && i%2 == 1 {
					x[i] = -x[i]
				}
			}
			a.of(f, y, x)
			worst, at := 0.0, float32(0)
			for i, v := range y {
				want := a.truth(float64(x[i]))
				_, e := math.Frexp(want)
				if err := math.Abs(float64(v)-want) / math.Ldexp(1, max(e, -125)-24); err > worst {
					worst, at = err, x[i]
				}
			}
			t.Logf("%s: largest error %.3f ulp, at %v", a.name, worst, at)
			if !(worst <= a.ulp) {
				t.Errorf("%s: error of %.3f ulp at %v, want at most %v", a.name, worst, at, a.ulp)
			}
		}
	})
}

func TestFunctionsOfSpecialNumbers(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		nan, inf := float32(math.NaN()), float32(math.Inf(1))
		for _, test := range []struct {
			name    string
			of      func(dst, a []float32)
			x, want []float32
		}{
			{"log", Log, []float32{0, -1, inf, -inf, nan, 1}, []float32{-inf, nan, inf, nan, nan, 0}},
			{"logistic", Logistic, []float32{0, inf, -inf, nan, 200, -200}, []float32{0.5, 1, 0, nan, 1, 0}},
			{"tanh", Tanh, []float32{0, inf, -inf, nan, 50, -50}, []float32{0, 1, -1, nan, 1, -1}},
			{"erf", Erf, []float32{0, inf, -inf, nan, 50, -50}, []float32{0, 1, -1, nan, 1, -1}},
			{"rsqrt", Rsqrt, []float32{4, inf, 0, nan, -1, 1}, []float32{0.5, 0, inf, nan, nan, 1}},
		} {
			got := make([]float32, len(test.x))
			test.of(got, test.x)
			for i := range got {
				if !same(got[i], test.want[i]) {
					t.Errorf("%s of %v is %v, want %v", test.name, test.x[i], got[i], test.want[i])
				}
			}
		}
	})
}

// FuzzFunctions compares all instruction sets with portable Go on any bits: exactly,
// or within the sum of the errors.
func FuzzFunctions(f *testing.F) {
	f.Add([]byte{0, 0, 128, 127, 0, 0, 192, 127, 1, 0, 0, 0}, []byte{0, 0, 128, 255, 0, 0, 0, 128, 0, 0, 128, 63})
	f.Fuzz(func(t *testing.T, x, y []byte) {
		n := min(len(x), len(y)) / 4
		a, b := make([]float32, n), make([]float32, n)
		for i := range n {
			a[i], b[i] = float32At(x[4*i:]), float32At(y[4*i:])
		}
		got, want := make([]float32, n), make([]float32, n)
		for _, im := range available {
			for name, run := range exactFunctions {
				run(&im.functions, got, a, b, a)
				run(&genericFunctions, want, a, b, a)
				for i := range got {
					if !same(got[i], want[i]) {
						t.Fatalf("%s: %s(%v, %v) is %v, want %v", im.name, name, a[i], b[i], got[i], want[i])
					}
				}
			}
			for _, function := range approximations {
				function.of(&im.functions, got, a)
				for i, v := range got {
					w := function.truth(float64(a[i]))
					if v != v && w != w || float64(v) == w {
						continue
					}
					if !(math.Abs(float64(v)-w) <= function.ulp*0x1p-23*math.Abs(w)+1.2e-38) {
						t.Fatalf("%s: %s(%v) is %v, want %v", im.name, function.name, a[i], v, w)
					}
				}
			}
		}
	})
}

// BenchmarkFunctions works on slices that fit the level-1 cache.
func BenchmarkFunctions(b *testing.B) {
	const n = 1 << 11
	r := rand.New(rand.NewPCG(1, 1))
	x, dst := floats(r, n), make([]float32, n)
	Abs(x, x)
	for _, f := range []struct {
		name string
		run  func(dst, a []float32)
	}{{"exp", Exp}, {"log", Log}, {"logistic", Logistic}, {"tanh", Tanh}, {"erf", Erf}, {"sqrt", Sqrt}, {"rsqrt", Rsqrt},
		{"neg", Neg}, {"abs", Abs}, {"sign", Sign}, {"round", Round}, {"floor", Floor}, {"ceil", Ceil}} {
		b.Run(f.name, func(b *testing.B) { fastest(b, 8*n, n, func() { f.run(dst, x) }) })
	}
}

// TestFunctionBitsAgree compares the two vector forms, whose operations are the same.
func TestFunctionBitsAgree(t *testing.T) {
	if len(ISAs()) < 3 {
		t.Skip("needs AVX-512")
	}
	r := rand.New(rand.NewPCG(2, 2))
	x := mixed(r, 10007)
	for i := range x {
		x[i] *= 10
	}
	a, b := make([]float32, len(x)), make([]float32, len(x))
	for _, f := range approximations {
		f.of(&available[0].functions, a, x)
		f.of(&available[1].functions, b, x)
		for i, v := range a {
			if !same(v, b[i]) {
				t.Fatalf("%s of %v is %v and %v", f.name, x[i], v, b[i])
			}
		}
	}
}
