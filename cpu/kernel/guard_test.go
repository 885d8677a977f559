//go:build unix

package kernel

import (
	"math/rand/v2"
	"runtime/debug"
	"syscall"
	"testing"
	"unsafe"
)

// guarded returns a copy of s that lies directly before a page that can't be
// touched, or directly after one.
func guarded(t *testing.T, s []float32, before bool) []float32 {
	t.Helper()
	page := syscall.Getpagesize()
	size := (4*len(s) + page - 1) / page * page
	mem, err := syscall.Mmap(-1, 0, size+2*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Skip("no memory mapping:", err)
	}
	t.Cleanup(func() {
		if err := syscall.Munmap(mem); err != nil {
			t.Error(err)
		}
	})
	for _, guard := range [][]byte{mem[:page], mem[page+size:]} {
		if err := syscall.Mprotect(guard, syscall.PROT_NONE); err != nil {
			t.Fatal(err)
		}
	}
	start := page
	if before {
		start = page + size - 4*len(s)
	}
	g := unsafe.Slice((*float32)(unsafe.Pointer(&mem[start])), len(s))
	copy(g, s)
	return g
}

// TestStaysInside runs every kernel on slices that end, or begin, at a page that
// can't be touched; a fault is turned into a panic.
func TestStaysInside(t *testing.T) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	eachISA(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(7, 7))
		for i := range 120 {
			before := i%2 == 0
			c := newConvCase(r, randomConv(r), r.IntN(2)*r.IntN(5), r.IntN(2)*r.IntN(9))
			if c.N*c.H*c.W == 0 || c.OutH()*c.OutW() == 0 {
				continue
			}
			c.x, c.hwio = guarded(t, c.x, before), guarded(t, c.hwio, before)
			if c.ep.Bias != nil {
				c.ep.Bias = guarded(t, c.ep.Bias, before)
			}
			pixels := c.N * c.OutH() * c.OutW()
			if c.ep.Add != nil {
				c.ep.Add = guarded(t, c.ep.Add[:(pixels-1)*c.ep.AddPitch+c.K], before)
			}
			f := PackFilter(c.Conv, c.hwio, c.scale)
			if f.taps != nil {
				f.taps = guarded(t, f.taps, before)
			}
			for g := range f.groups {
				f.groups[g].data = guarded(t, f.groups[g].data, before)
			}
			out := guarded(t, make([]float32, (pixels-1)*c.outPitch+c.K), before)
			c.Run(Serial, c.x, c.xPitch, f, c.ep, out, c.outPitch)
		}
		for i := range 60 {
			l := randomPool(r)
			pixels := l.N * l.OutH() * l.OutW()
			if l.N*l.H*l.W == 0 || pixels == 0 {
				continue
			}
			x := guarded(t, floats(r, l.N*l.H*l.W*l.C), i%2 == 0)
			out := guarded(t, make([]float32, pixels*l.C), i%2 == 0)
			l.Max(Serial, x, l.C, out, l.C)
			l.Average(Serial, x, l.C, false, out, l.C)
		}
		for n := 1; n < 140; n++ {
			a, b := guarded(t, floats(r, n), n%2 == 0), guarded(t, floats(r, n), n%2 == 0)
			dst := guarded(t, a, n%2 == 0)
			Add(dst, a, b)
			Mul(dst, a, b)
			Max(dst, a, b)
			Limit(dst, a, 0, 1)
			Scale(dst, a, 2, 3)
			Exp(dst, a)
			Sum(a)
			Largest(a)
		}
	})
}
