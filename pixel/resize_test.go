package pixel

import (
	"bufio"
	"bytes"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
)

// generated is picture() of testdata/make_resize.py.
func generated(seed uint32, w, h, c int) *Image {
	m := New(w, h, c)
	state := seed
	for i := range m.Pix {
		state = state*1664525 + 1013904223
		if seed%2 == 0 {
			m.Pix[i] = byte(state >> 24)
		} else {
			m.Pix[i] = byte(255 * (state >> 31))
		}
	}
	return m
}

func eachLine(t *testing.T, file string, f func(line string)) {
	t.Helper()
	r, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		f(lines.Text())
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
}

func filterNamed(t *testing.T, name string) Filter {
	i := slices.Index(filterNames[:], name)
	if i < 0 {
		t.Fatalf("no filter is called %q", name)
	}
	return Filter(i)
}

// Every sample must be Pillow's.
func TestResizeAsPillow(t *testing.T) {
	n := 0
	eachLine(t, "testdata/resize.txt", func(line string) {
		var seed, want uint32
		var w, h, c, toW, toH int
		var filter string
		if _, err := fmt.Sscan(line, &seed, &w, &h, &c, &toW, &toH, &filter); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if _, err := fmt.Sscanf(line[len(line)-8:], "%08x", &want); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		n++
		m := generated(seed, w, h, c)
		before := bytes.Clone(m.Pix)
		out := Resize(m, toW, toH, filterNamed(t, filter))
		if out.W != toW || out.H != toH || out.C != c || len(out.Pix) != toW*toH*c {
			t.Fatalf("%s: the result is %d x %d x %d with %d samples", line, out.W, out.H, out.C, len(out.Pix))
		}
		if got := crc32.ChecksumIEEE(out.Pix); got != want {
			t.Errorf("%s: the checksum is %08x", line, got)
		}
		if !bytes.Equal(m.Pix, before) {
			t.Errorf("%s: the picture itself was changed", line)
		}
		if &m.Pix[0] == &out.Pix[0] {
			t.Errorf("%s: the result shares the picture's memory", line)
		}
	})
	if n < 450 {
		t.Errorf("only %d cases", n)
	}
}

func TestSizesAsTorchvision(t *testing.T) {
	n := 0
	eachLine(t, "testdata/crop.txt", func(line string) {
		n++
		var kind string
		var a [6]int
		if k, _ := fmt.Sscan(line, &kind, &a[0], &a[1], &a[2], &a[3], &a[4], &a[5]); k < 6 {
			t.Fatalf("%q has %d fields", line, k)
		}
		switch kind {
		case "short":
			if out := ResizeShort(New(a[0], a[1], 1), a[2], Nearest); out.W != a[3] || out.H != a[4] {
				t.Errorf("%s: got %d x %d", line, out.W, out.H)
			}
		case "crop":
			w, h, toW, toH, left, top := a[0], a[1], a[2], a[3], a[4], a[5]
			m := generated(4, w, h, 3)
			out := CenterCrop(m, toW, toH)
			if out.W != toW || out.H != toH {
				t.Fatalf("%s: got %d x %d", line, out.W, out.H)
			}
			for y := range toH {
				for x := range toW {
					want := []byte{0, 0, 0}
					if sx, sy := x+left, y+top; sx >= 0 && sx < w && sy >= 0 && sy < h {
						want = m.Row(sy)[3*sx:][:3]
					}
					if got := out.Row(y)[3*x:][:3]; !bytes.Equal(got, want) {
						t.Fatalf("%s: column %d, row %d is %v, want %v", line, x, y, got, want)
					}
				}
			}
		default:
			t.Fatalf("%q", line)
		}
	})
	if n != 500 {
		t.Errorf("%d cases", n)
	}
}

// The short cut must give what its two steps give.
func TestResizeShortCrop(t *testing.T) {
	r := rand.New(rand.NewPCG(15, 16))
	for i := range 3000 {
		top := []int{6, 60}[i%2]
		m := generated(uint32(i), 1+r.IntN(top), 1+r.IntN(top), []int{1, 3, 3, 4}[r.IntN(4)])
		side, w, h, f := 1+r.IntN(top), 1+r.IntN(top), 1+r.IntN(top), Filter(r.IntN(6))
		if i%5 == 0 {
			side = min(m.W, m.H) // nothing to resize
		}
		want, got := CenterCrop(ResizeShort(m, side, f), w, h), ResizeShortCrop(m, side, w, h, f)
		if got.W != want.W || got.H != want.H || got.C != want.C || !bytes.Equal(got.Pix, want.Pix) {
			t.Fatalf("%d x %d x %d to %d, cropped to %d x %d, %v: not the same", m.W, m.H, m.C, side, w, h, f)
		}
	}
	// The whole would have 256 x 512,000,000 pixels.
	if got := ResizeShortCrop(generated(2, 2, 4_000_000, 1), 256, 224, 224, Bilinear); got.W != 224 || got.H != 224 {
		t.Errorf("a long picture came out as %d x %d", got.W, got.H)
	}
}

// One side as it was, the other not, and a part of it: each pass alone.
func TestResizedPart(t *testing.T) {
	r := rand.New(rand.NewPCG(17, 18))
	for i := range 500 {
		m := generated(uint32(i), 1+r.IntN(40), 1+r.IntN(40), []int{1, 3, 4}[i%3])
		w, h, f := m.W, m.H, Filter(r.IntN(6))
		if i%2 == 0 {
			w = 1 + r.IntN(60)
		} else {
			h = 1 + r.IntN(60)
		}
		x, y := r.IntN(w), r.IntN(h)
		part := window{x, y, 1 + r.IntN(w-x), 1 + r.IntN(h-y)}
		if want, got := cut(Resize(m, w, h, f), part), resized(m, w, h, part, f); !bytes.Equal(got.Pix, want.Pix) {
			t.Fatalf("%v of %d x %d x %d at %d x %d, %v: not the same", part, m.W, m.H, m.C, w, h, f)
		}
	}
}

func TestNothingToDo(t *testing.T) {
	m := generated(2, 300, 224, 3)
	if ResizeShort(m, 224, Bilinear) != m {
		t.Error("ResizeShort copied a picture that had the size")
	}
	if CenterCrop(m, 300, 224) != m {
		t.Error("CenterCrop copied a picture that had the size")
	}
}

func TestResizeRefuses(t *testing.T) {
	m := New(4, 4, 3)
	for name, f := range map[string]func(){
		"width 0":  func() { Resize(m, 0, 4, Box) },
		"height 0": func() { Resize(m, 4, 0, Box) },
		"empty":    func() { Resize(New(0, 4, 3), 4, 4, Box) },
		"filter 6": func() { Resize(m, 2, 2, Lanczos+1) },
		"crop 0":   func() { CenterCrop(m, 0, 2) },
		"side 0":   func() { ResizeShort(m, 0, Box) },
		"both 0":   func() { ResizeShortCrop(m, 0, 2, 2, Box) },
	} {
		func() {
			defer func() { recover() }()
			f()
			t.Errorf("%s did not panic", name)
		}()
	}
}

func TestFilterString(t *testing.T) {
	if s := fmt.Sprint(Nearest, Bilinear, Lanczos, Filter(9)); s != "nearest bilinear lanczos Filter(9)" {
		t.Error(s)
	}
}

// BenchmarkPreprocess is what a photograph goes through on its way to a network.
func BenchmarkPreprocess(b *testing.B) {
	m := generated(2, 500, 375, 3)
	b.Run("two steps", func(b *testing.B) {
		for b.Loop() {
			CenterCrop(ResizeShort(m, 256, Bilinear), 224, 224)
		}
	})
	b.Run("one step", func(b *testing.B) {
		for b.Loop() {
			ResizeShortCrop(m, 256, 224, 224, Bilinear)
		}
	})
}
