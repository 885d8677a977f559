package synth

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
)

// open makes a set or ends the test.
func open(t testing.TB, kind Kind, split string, size, n int) *Set {
	t.Helper()
	s, err := New(Options{Seed: 1, Split: split, Kind: kind, Size: size, Len: n})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestGolden pins the bytes of 32 pictures of each kind, on every processor: a product that is fused with a sum somewhere
// shows here (GOAMD64=v3 and arm64 fuse).
func TestGolden(t *testing.T) {
	golden := map[Kind]string{
		IN:          "20e61e572a83112965531a418b09d99561b2a7362ae1aa762789e9bbb0f9d811",
		CueConflict: "3f617cc8c3785df698d1815875fa5d09e34e6d8a081625c2c27160982ff08f37",
		Independent: "81aad7be3f8feac9170e4ca1a3cc995728ccd328e71e8300900069edf56184e6",
		Silhouette:  "69c759270a712e357396d84fb74777bf734206e4c8ca5d313f0aeea7c18f4573",
		Edge:        "b955f2770914881454ca33320a6ba0910be1cfd0c00448b6509f4947b4f1e5b3",
		Greyscale:   "8f399622e33bb2c57e146e3c16c0ef8e4665bca2e5a467217beb66bed08e15b4",
		Texture:     "f804cb03bbba2aecee1a7f73c963c4724a7b24f29c143c95508e51b45627304f",
		Clutter:     "a5d652e6564a090cfacb2aa50a3d120b26331bcad87a94e8f33f9099553821a9",
	}
	for _, kind := range Kinds() {
		sum := sha256.New()
		s := open(t, kind, "train", 64, 32)
		for i := range s.Len {
			m, _ := s.Picture(i)
			sum.Write(m.Pix)
		}
		if got := fmt.Sprintf("%x", sum.Sum(nil)); got != golden[kind] {
			t.Errorf("%s: SHA-256 %s, want %s", kind, got, golden[kind])
		}
	}
}

func TestPicturesDependOnNothingElse(t *testing.T) {
	short, long := open(t, Clutter, "train", 48, 20), open(t, Clutter, "train", 48, 1000)
	want := make([][]byte, short.Len)
	for i := range want {
		m, _ := short.Picture(i)
		want[i] = m.Pix
	}
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			for i := len(want) - 1; i >= 0; i-- {
				if m, _ := long.Picture(i); !bytes.Equal(m.Pix, want[i]) {
					t.Errorf("picture %d differs when drawn again", i)
				}
			}
		})
	}
	wait.Wait()
}

func TestSetsDiffer(t *testing.T) {
	seen := map[string]string{}
	for _, seed := range []uint64{0, 1, 2} {
		for _, split := range []string{"train", "val", "trail", "a", "aa"} {
			s, err := New(Options{Seed: seed, Split: split, Kind: Silhouette, Size: 32, Len: 17})
			if err != nil {
				t.Fatal(err)
			}
			for _, i := range []int{0, 16} { // of one class
				m, _ := s.Picture(i)
				name := fmt.Sprintf("seed %d, %s, %d", seed, split, i)
				if other, ok := seen[string(m.Pix)]; ok {
					t.Errorf("%s is the same picture as %s", name, other)
				}
				seen[string(m.Pix)] = name
			}
		}
	}
}

// TestSizes: any side from 32 to 512 works, and shows the same scene.
func TestSizes(t *testing.T) {
	for size := MinSize; size <= 96; size++ {
		for _, kind := range Kinds() {
			s := open(t, kind, "train", size, NumClasses)
			if m, _ := s.Picture(size % NumClasses); m.W != size || m.H != size || m.C != 3 {
				t.Fatalf("%s at %d: %d x %d, %d channels", kind, size, m.W, m.H, m.C)
			}
		}
	}
	ink := func(size int) float64 {
		m, _ := open(t, Silhouette, "train", size, NumClasses).Picture(8)
		sum := 0.0
		for _, v := range m.Pix {
			sum += 255 - float64(v)
		}
		return sum / 255 / float64(len(m.Pix))
	}
	small, large := ink(MinSize), ink(MaxSize)
	if d := small - large; d > 0.002 || d < -0.002 {
		t.Errorf("the fish covers %.4f of the picture at %d pixels and %.4f at %d", small, MinSize, large, MaxSize)
	}
	open(t, Clutter, "train", MaxSize, 1).Picture(0)
}

func TestTruth(t *testing.T) {
	const n = 480 // a multiple of 240
	for _, kind := range Kinds() {
		s := open(t, kind, "val", 32, n)
		perClass, pairs := map[int]int{}, map[Truth]int{}
		for i := range n {
			truth := s.Truth(i)
			perClass[truth.Class()]++
			pairs[truth]++
			if hasShape := kind != Texture; hasShape != (truth.Shape != None) {
				t.Fatalf("%s %d: %+v", kind, i, truth)
			}
			if hasTexture := kind != Silhouette && kind != Edge; hasTexture != (truth.Texture != None) {
				t.Fatalf("%s %d: %+v", kind, i, truth)
			}
			if kind == CueConflict && truth.Shape == truth.Texture {
				t.Fatalf("cue conflict %d: both cues are %s", i, classes[truth.Shape].name)
			}
			if (kind == IN || kind == Greyscale || kind == Clutter) && truth.Shape != truth.Texture {
				t.Fatalf("%s %d: %+v", kind, i, truth)
			}
		}
		for class, count := range perClass {
			if count != n/NumClasses {
				t.Errorf("%s: %d pictures of %s, want %d", kind, count, classes[class].name, n/NumClasses)
			}
		}
		if kind == CueConflict {
			if len(pairs) != 240 {
				t.Errorf("cue conflict: %d pairs, want 240", len(pairs))
			}
			for pair, count := range pairs {
				if count != 2 {
					t.Errorf("cue conflict: pair %+v comes %d times, want 2", pair, count)
				}
			}
		}
	}
}

// TestTruthIsShown: where the silhouette of the same index has ink the picture of cue conflict differs from the same
// object with its own texture, and nowhere else; where it is white IN and cue conflict are equal.
func TestTruthIsShown(t *testing.T) {
	own, other, outline := open(t, IN, "train", 64, 64), open(t, CueConflict, "train", 64, 64), open(t, Silhouette, "train", 64, 64)
	for i := range own.Len {
		a, _ := own.Picture(i)
		b, _ := other.Picture(i)
		ink, _ := outline.Picture(i)
		inside, changed := 0, 0
		for p := range a.Pix {
			switch {
			case ink.Pix[p] == 255 && max(a.Pix[p], b.Pix[p])-min(a.Pix[p], b.Pix[p]) > 1: // 255 is white to within half a level
				t.Fatalf("picture %d: sample %d outside the object depends on the texture", i, p)
			case ink.Pix[p] == 0:
				inside++
				if a.Pix[p] != b.Pix[p] {
					changed++
				}
			}
		}
		if 2*changed < inside {
			t.Errorf("picture %d: another texture changes %d of %d samples", i, changed, inside)
		}
	}
}

func TestNames(t *testing.T) {
	for _, list := range [][]string{Classes(), Textures()} {
		sorted := slices.Sorted(slices.Values(list))
		if len(slices.Compact(sorted)) != NumClasses {
			t.Errorf("%v are not %d names", list, NumClasses)
		}
	}
	if !slices.IsSorted(Classes()) {
		t.Error("the classes are not in alphabetical order, as folders are")
	}
}

func TestBadOptions(t *testing.T) {
	good := Options{Split: "train", Kind: IN, Size: 64, Len: 1}
	for want, change := range map[string]func(*Options){
		`no kind "colour"; there are in, cue-conflict`: func(o *Options) { o.Kind = "colour" },
		"31 pixels":        func(o *Options) { o.Size = 31 },
		"513 pixels":       func(o *Options) { o.Size = 513 },
		"0 pictures":       func(o *Options) { o.Len = 0 },
		"the split has no": func(o *Options) { o.Split = "" },
	} {
		o := good
		change(&o)
		if _, err := New(o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: error %v, want one with %q", o, err, want)
		}
	}
	s := open(t, IN, "train", 32, 3)
	for _, i := range []int{-1, 3} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("picture %d of 3 did not panic", i)
				}
			}()
			s.Picture(i)
		}()
	}
}

func BenchmarkPicture(b *testing.B) {
	for _, kind := range Kinds() {
		b.Run(string(kind), func(b *testing.B) {
			s := open(b, kind, "train", 64, b.N)
			b.ResetTimer()
			for i := range b.N {
				s.Picture(i)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "pictures/s")
		})
	}
}
