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
	pix := guarded(t, len(m.Pix))
	copy(pix, m.Pix)
	return &Image{W: m.W, H: m.H, C: m.C, Pix: pix}
}

// guarded returns n bytes in front of a page that may not be touched.
func guarded(t *testing.T, n int) []byte {
	page := syscall.Getpagesize()
	size := (n+page-1)/page*page + 2*page
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
	return mem[size-page-n : size-page : size-page]
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
		w, h, f := 1+r.IntN(top), 1+r.IntN(top), Filter(r.IntN(6))
		if want, got := plain(m, w, h, f), Resize(atEdge(t, m), w, h, f); !bytes.Equal(got.Pix, want.Pix) {
			t.Errorf("%d x %d x %d to %d x %d, %v: the assembly gives something else", m.W, m.H, m.C, w, h, f)
		}
	}
}

// Nearest writes beyond the rows that it makes: into the next one, which comes
// later, and into the room after the last one, and no farther.
func TestNearestAssembly(t *testing.T) {
	if !hasAVX2 {
		t.Skip("this processor has no AVX2")
	}
	r := rand.New(rand.NewPCG(9, 10))
	for i := range 600 {
		top := []int{3, 30, 100}[i%3]
		m := generated(uint32(i), 1+r.IntN(top), 1+r.IntN(top), []int{1, 3, 4}[i/3%3])
		w, h := 1+r.IntN(top), 1+r.IntN(top)
		n := w * h * m.C
		out := &Image{W: w, H: h, C: m.C, Pix: guarded(t, n+rowRoom)[:n]}
		columns, rows := nearest(m.W, w, 0, w), nearest(m.H, h, 0, h)
		if i%5 == 0 { // as rounding does to pictures too large for a test
			columns, rows = columns[:r.IntN(w+1)], rows[:r.IntN(h+1)]
		}
		want := New(w, h, m.C)
		for y, from := range rows {
			for x, at := range columns {
				copy(want.Row(y)[x*m.C:], m.Row(from)[at*m.C:][:m.C])
			}
		}
		pickPixels(out, atEdge(t, m), columns, rows)
		if !bytes.Equal(out.Pix, want.Pix) {
			t.Errorf("%d x %d x %d to %d x %d: the assembly gives something else", m.W, m.H, m.C, w, h)
		}
	}
}

// Every colour with every alpha.
func TestPremultiplyAssembly(t *testing.T) {
	m := New(256, 256, 4)
	for i := range 256 * 256 {
		colour := byte(i)
		copy(m.Pix[4*i:], []byte{colour, ^colour, colour + 85, byte(i >> 8)})
	}
	got := premultiplied(m)
	for i, v := range got.Pix {
		alpha := int(m.Pix[i|3])
		want := (int(m.Pix[i])*alpha*2 + 255) / (2 * 255) // rounded; there are no halves, 255 being odd
		if i%4 == 3 {
			want = alpha
		}
		if int(v) != want {
			t.Fatalf("sample %d with alpha %d becomes %d, not %d", m.Pix[i], alpha, v, want)
		}
	}
}

func FuzzResize(f *testing.F) {
	f.Add(uint32(1), uint8(40), uint8(30), uint8(20), uint8(60), uint8(8))
	f.Add(uint32(3), uint8(50), uint8(40), uint8(33), uint8(21), uint8(6))
	f.Add(uint32(2), uint8(255), uint8(3), uint8(4), uint8(1), uint8(5))
	f.Fuzz(func(t *testing.T, seed uint32, w, h, toW, toH, choice uint8) {
		if w == 0 || h == 0 || toW == 0 || toH == 0 {
			return
		}
		m := generated(seed, int(w), int(h), []int{1, 3, 4}[choice/6%3])
		filter := Filter(choice % 6)
		want, got := plain(m, int(toW), int(toH), filter), Resize(m, int(toW), int(toH), filter)
		if !bytes.Equal(got.Pix, want.Pix) {
			t.Errorf("%d x %d x %d to %d x %d, %v: the assembly gives something else", w, h, m.C, toW, toH, filter)
		}
	})
}
