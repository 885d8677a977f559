package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestGemmEqualsDefinition(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		for seed := range uint64(150) {
			r := rand.New(rand.NewPCG(seed, 3))
			m, n, k := r.IntN(60), r.IntN(80), r.IntN(70)
			if seed%10 == 0 {
				k = 1024 // rows that collide in the cache
			}
			lda, ldb, ldc := k+r.IntN(2)*3, r.IntN(3), n+r.IntN(2)*5
			transposed := r.IntN(2) == 0
			var b []float32
			at := func(i, j int) float32 { return b[i*ldb+j] }
			if transposed {
				ldb += k
				b = floats(r, n*ldb)
				at = func(i, j int) float32 { return b[j*ldb+i] }
			} else {
				ldb += n
				b = floats(r, k*ldb)
			}
			a, c := floats(r, m*lda), make([]float32, m*ldc)
			Gemm(workers(2), m, a, lda, PackB(k, n, b, ldb, transposed), Epilogue{}, c, ldc)
			for i := range m {
				for j := range n {
					var want, mag float64
					for l := range k {
						v := float64(a[i*lda+l]) * float64(at(l, j))
						want += v
						mag += math.Abs(v)
					}
					if got := float64(c[i*ldc+j]); math.Abs(got-want) > mag*float64(k)*0x1p-24 {
						t.Fatalf("seed %d: %d x %d x %d: element %d, %d is %v, want %v", seed, m, k, n, i, j, got, want)
					}
				}
			}
		}
	})
}

// TestGemmBitsDoNotDependOnTheTile: a row's result is the same in tiles of every
// height.
func TestGemmBitsDoNotDependOnTheTile(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(8, 8))
		const most, k, n = 40, 37, 53
		a := floats(r, most*k)
		b := PackB(k, n, floats(r, k*n), n, false)
		ep := Epilogue{Bias: floats(r, n), Act: Clamp, Lo: -4, Hi: 4}
		single := make([]float32, most*n)
		for i := range most {
			Gemm(Serial, 1, a[i*k:], k, b, ep, single[i*n:], n)
		}
		for m := range most + 1 {
			c := make([]float32, m*n)
			Gemm(Serial, m, a, k, b, ep, c, n)
			if i := firstDifference(c, single); i >= 0 {
				t.Fatalf("%d rows: element %d is %v, alone %v", m, i, c[i], single[i])
			}
		}
	})
}

// TestEpiloguePassesNaN: every activation, and zero weights too.
func TestEpiloguePassesNaN(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		nan := float32(math.NaN())
		for _, act := range []Activation{None, ReLU, Clamp} {
			c := []float32{0}
			Gemm(Serial, 1, []float32{nan}, 1, PackB(1, 1, []float32{0}, 1, false), Epilogue{Act: act, Hi: 6}, c, 1)
			if c[0] == c[0] {
				t.Errorf("activation %d makes %v of NaN", act, c[0])
			}
		}
	})
}

// TestAddMayBeTheOutput: c += a·b.
func TestAddMayBeTheOutput(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		c := []float32{1, 2, 3, 4}
		Gemm(Serial, 2, []float32{10, 20}, 1, PackB(1, 2, []float32{1, 2}, 2, false), Epilogue{Add: c, AddPitch: 2}, c, 2)
		for i, want := range []float32{11, 22, 23, 44} {
			if c[i] != want {
				t.Fatalf("got %v", c)
			}
		}
	})
}

func TestBadInputPanics(t *testing.T) {
	conv := Conv{N: 1, H: 4, W: 4, C: 2, KH: 3, KW: 3, K: 5}
	f := PackFilter(conv, make([]float32, 90), nil)
	x, out := make([]float32, 32), make([]float32, 20)
	other := conv
	other.K = 4
	for name, f := range map[string]func(){
		"short input":        func() { conv.Run(Serial, x[:31], 2, f, Epilogue{}, out, 5) },
		"short output":       func() { conv.Run(Serial, x, 2, f, Epilogue{}, out[:19], 5) },
		"small pitch":        func() { conv.Run(Serial, x, 1, f, Epilogue{}, out, 5) },
		"short bias":         func() { conv.Run(Serial, x, 2, f, Epilogue{Bias: out[:4]}, out, 5) },
		"short addend":       func() { conv.Run(Serial, x, 2, f, Epilogue{Add: out[:19], AddPitch: 5}, out, 5) },
		"unknown activation": func() { conv.Run(Serial, x, 2, f, Epilogue{Act: 9}, out, 5) },
		"another filter":     func() { other.Run(Serial, x, 2, f, Epilogue{}, out, 5) },
		"short weights":      func() { PackFilter(conv, make([]float32, 89), nil) },
		"short scale":        func() { PackFilter(conv, make([]float32, 90), out[:4]) },
		"uneven groups":      func() { PackFilter(Conv{N: 1, H: 1, W: 1, C: 3, KH: 1, KW: 1, K: 4, Groups: 2}, x, nil) },
		"negative padding":   func() { PackFilter(Conv{C: 1, KH: 1, KW: 1, K: 1, PadTop: -1}, x, nil) },
		"short matrix":       func() { PackB(3, 4, x[:11], 4, false) },
		"short left matrix":  func() { Gemm(Serial, 3, x[:5], 2, PackB(2, 1, x, 1, false), Epilogue{}, out, 1) },
		"short product":      func() { Gemm(Serial, 3, x, 2, PackB(2, 1, x, 1, false), Epilogue{}, out[:2], 1) },
		"short pool":         func() { Pool{N: 1, H: 4, W: 4, C: 2, KH: 2, KW: 2}.Max(Serial, x[:31], 2, out, 2) },
		"short operand":      func() { Add(out, out, x[:3:3]) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			f()
		})
	}
}

func TestUse(t *testing.T) {
	defer Use(ISA())
	for _, isa := range ISAs() {
		if err := Use(isa); err != nil || ISA() != isa {
			t.Errorf("Use(%q): %v, then %q", isa, err, ISA())
		}
	}
	before := ISA()
	if err := Use("mmx"); err == nil || ISA() != before {
		t.Error("an unknown instruction set was accepted")
	}
}

// TestRepackB packs on several goroutines into what another matrix of the same size was
// packed into.
func TestRepackB(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 3))
	for _, size := range [][2]int{{1, 1}, {7, 45}, {100, 64}, {33, 100}} {
		k, n := size[0], size[1]
		for _, transposed := range []bool{false, true} {
			pitch := n
			if transposed {
				pitch = k
			}
			first, second := floats(r, k*n), floats(r, k*n)
			old := PackB(k, n, first, pitch, transposed)
			got := RepackB(workers(3), old, k, n, second, pitch, transposed)
			if &got.data[0] != &old.data[0] {
				t.Errorf("%d x %d: new storage", k, n)
			}
			if i := firstDifference(got.data, PackB(k, n, second, pitch, transposed).data); i >= 0 {
				t.Errorf("%d x %d: element %d differs", k, n, i)
			}
			if other := RepackB(Serial, old, k+1, n, floats(r, (max(k, n)+1)*(max(k, n)+1)), max(k, n)+1, transposed); &other.data[0] == &old.data[0] {
				t.Errorf("%d x %d: storage of another size", k, n)
			}
		}
	}
}
