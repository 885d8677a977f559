package pixel

import (
	"bytes"
	"sync"
	"testing"
)

func TestRGB(t *testing.T) {
	grey := &Image{2, 1, 1, []byte{7, 9}}
	if got := grey.RGB(); got.C != 3 || !bytes.Equal(got.Pix, []byte{7, 7, 7, 9, 9, 9}) {
		t.Errorf("grey became %v", got)
	}
	alpha := &Image{1, 2, 4, []byte{1, 2, 3, 0, 4, 5, 6, 255}}
	if got := alpha.RGB(); got.C != 3 || got.W != 1 || got.H != 2 || !bytes.Equal(got.Pix, []byte{1, 2, 3, 4, 5, 6}) {
		t.Errorf("RGBA became %v", got)
	}
	rgb := New(3, 3, 3)
	if rgb.RGB() != rgb {
		t.Error("RGB was copied")
	}
}

func TestRow(t *testing.T) {
	m := New(2, 3, 3)
	copy(m.Row(1), []byte{1, 2, 3, 4, 5, 6, 7})
	if want := append(append(make([]byte, 6), 1, 2, 3, 4, 5, 6), make([]byte, 6)...); !bytes.Equal(m.Pix, want) {
		t.Errorf("%v, want %v", m.Pix, want)
	}
}

func TestNewRefuses(t *testing.T) {
	for _, c := range [][3]int{{-1, 1, 3}, {1, -1, 3}, {1, 1, 2}, {1, 1, 0}} {
		func() {
			defer func() { recover() }()
			New(c[0], c[1], c[2])
			t.Errorf("New%v did not panic", c)
		}()
	}
}

// The buffers that are used again must not be shared: what comes out can't depend
// on what else is going on.
func TestManyAtOnce(t *testing.T) {
	once := func(seed uint32) []byte {
		m := generated(seed, 40+int(seed%7), 30, 3)
		var b bytes.Buffer
		if err := EncodePNG(&b, Resize(m, 61, 17+int(seed%5), Bicubic)); err != nil {
			t.Error(err)
			return nil
		}
		back, _, err := DecodePNG(b.Bytes())
		if err != nil {
			t.Error(err)
			return nil
		}
		return Resize(back, 20, 50, Lanczos).Pix
	}
	var want [50][]byte
	for i := range want {
		want[i] = once(uint32(i))
	}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for i, w := range want {
				if !bytes.Equal(once(uint32(i)), w) {
					t.Errorf("picture %d came out differently", i)
				}
			}
		})
	}
	all.Wait()
}
