//go:build linux && !noasm

package pixel

import (
	"bytes"
	"math/rand/v2"
	"syscall"
	"testing"
)

// plain resizes with the loops in Go.
func plain(m *Image, w, h int, f Filter) *Image {
	defer func(has bool) { hasAVX2 = has }(hasAVX2)
	hasAVX2 = false
	return Resize(m, w, h, f)
}

// atEdge copies the picture to where reading one byte past its last one, or
// before its first page, is a fault.
func atEdge(t *testing.T, m *Image) *Image {
	page := syscall.Getpagesize()
	size := (len(m.Pix)+page-1)/page*page + 2*page
	mem, err := syscall.Mmap(-1, 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Skip("no memory map: ", err)
	}
	t.Cleanup(func() { syscall.Munmap(mem) })
	for _, guard := range [][]byte{mem[:page], mem[size-page:]} {
		if err := syscall.Mprotect(guard, syscall.PROT_NONE); err != nil {
			t.Skip("no guard pages: ", err)
		}
	}
	pix := mem[size-page-len(m.Pix) : size-page : size-page]
	copy(pix, m.Pix)
	return &Image{W: m.W, H: m.H, C: m.C, Pix: pix}
}

// The assembly and the plain loops must agree, and the assembly must not read
// beyond the picture.
func TestResizeAssembly(t *testing.T) {
	if !hasAVX2 {
		t.Skip("this processor has no AVX2")
	}
	r := rand.New(rand.NewPCG(7, 8))
	for i := range 1500 {
		top := []int{3, 30, 100}[i%3]
		m := generated(uint32(i), 1+r.IntN(top), 1+r.IntN(top), []int{1, 3, 3, 4}[r.IntN(4)])
		w, h, f := 1+r.IntN(top), 1+r.IntN(top), Filter(1+r.IntN(5))
		if want, got := plain(m, w, h, f), Resize(atEdge(t, m), w, h, f); !bytes.Equal(got.Pix, want.Pix) {
			t.Errorf("%d x %d x %d to %d x %d, %v: the assembly gives something else", m.W, m.H, m.C, w, h, f)
		}
	}
}

func FuzzResize(f *testing.F) {
	f.Add(uint32(1), uint8(40), uint8(30), uint8(20), uint8(60), uint8(2))
	f.Add(uint32(2), uint8(255), uint8(3), uint8(4), uint8(1), uint8(5))
	f.Fuzz(func(t *testing.T, seed uint32, w, h, toW, toH, choice uint8) {
		if w == 0 || h == 0 || toW == 0 || toH == 0 {
			return
		}
		m := generated(seed, int(w), int(h), []int{1, 3, 4}[choice/5%3])
		filter := Filter(1 + choice%5)
		want, got := plain(m, int(toW), int(toH), filter), Resize(m, int(toW), int(toH), filter)
		if !bytes.Equal(got.Pix, want.Pix) {
			t.Errorf("%d x %d x %d to %d x %d, %v: the assembly gives something else", w, h, m.C, toW, toH, filter)
		}
	})
}
