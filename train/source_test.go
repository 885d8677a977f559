package train

import (
	"archive/tar"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gestalt-vision/gestalt/dataset"
	"github.com/gestalt-vision/gestalt/internal/sharedtest"
	"github.com/gestalt-vision/gestalt/pixel"
	"github.com/gestalt-vision/gestalt/synth"
)

func synthSet(t testing.TB, split string, n int) *synth.Set {
	t.Helper()
	set, err := synth.New(synth.Options{Seed: 1, Split: split, Kind: synth.IN, Size: 32, Len: n})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// classFolders makes a folder of class folders with so many pictures each, no two alike.
func classFolders(t testing.TB, counts map[string]int) string {
	t.Helper()
	dir := t.TempDir()
	value := byte(0)
	for class, n := range counts {
		if err := os.MkdirAll(filepath.Join(dir, class), 0o777); err != nil {
			t.Fatal(err)
		}
		for i := range n {
			m := pixel.New(8, 8, 3)
			value++
			m.Pix[0] = value
			var b bytes.Buffer
			if err := pixel.EncodePNG(&b, m); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, class, string(rune('a'+i))+".png"), b.Bytes(), 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
	return dir
}

func openSet(t testing.TB, path string) *dataset.Set {
	t.Helper()
	set, err := dataset.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { set.Close() })
	return set
}

func TestFolderSource(t *testing.T) {
	dir := classFolders(t, map[string]int{"cat": 3, "bear": 2, "dog": 1})
	s, err := FolderSource(openSet(t, dir), nil)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"bear", "cat", "dog"}, s.Classes()); d != "" {
		t.Error(d)
	}
	var classes []int
	for i := range s.Len() {
		classes = append(classes, s.Class(i))
		if name := s.Classes()[s.Class(i)]; !strings.HasPrefix(s.Key(i), name+"/") {
			t.Errorf("%s is a %s", s.Key(i), name)
		}
		if m, err := s.Picture(i); err != nil || m.W != 8 || m.C != 3 {
			t.Errorf("%v, %v", m, err)
		}
	}
	if d := cmp.Diff([]int{0, 0, 1, 1, 1, 2}, classes); d != "" {
		t.Error(d)
	}
	// Given classes need not be in the order of their names: a network that has been trained keeps its own.
	s, err = FolderSource(openSet(t, dir), []string{"dog", "cat", "bear"})
	if err != nil || s.Class(0) != 2 || s.Class(5) != 0 {
		t.Error(s, err)
	}
}

func TestFolderSourceRefuses(t *testing.T) {
	two := map[string]int{"bear": 1, "cat": 1}
	for _, c := range []struct {
		name    string
		counts  map[string]int
		classes []string
		want    string
	}{
		{"empty class", map[string]int{"bear": 1, "cat": 0, "dog": 2}, nil, "no pictures (.png, .jpg, .jpeg) in cat"},
		{"missing in val", two, []string{"bear", "cat", "dog"}, "no pictures of dog"},
		{"surplus", two, []string{"bear"}, "pictures of cat, which is none of the 1 classes"},
		{"no class", map[string]int{".": 1, "cat": 1}, nil, "a.png has no class"},
	} {
		_, err := FolderSource(openSet(t, classFolders(t, c.counts)), c.classes)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// Files that are no pictures, or only the beginning of one, are named with the reason, and the epoch goes on without them.
func TestBrokenFiles(t *testing.T) {
	dir := classFolders(t, map[string]int{"bear": 20, "cat": 20})
	whole, err := os.ReadFile(filepath.Join(dir, "cat", "c.png"))
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"bear/b.png": []byte("<html>not found</html>"), "cat/c.png": whole[:len(whole)/2], "cat/d.png": nil} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("nowhere.png", filepath.Join(dir, "cat", "zz.png")); err != nil {
		t.Fatal(err)
	}
	s, err := FolderSource(openSet(t, dir), nil)
	if err != nil {
		t.Fatal(err)
	}
	o := FeedOptions{Size: 8, Batch: 6, MaxBroken: 4, Transform: everything}
	f := newFeed(t, s, o)
	shown := 0
	for _, b := range epoch(t, f, 0, 0) {
		shown += b.N
	}
	reasons := map[string]string{}
	for _, b := range f.Broken() {
		reasons[b.Picture] = b.Reason
	}
	if shown != 41 || len(reasons) != 4 {
		t.Errorf("%d of 41 pictures, and %v", shown, reasons)
	}
	for name, want := range map[string]string{"bear/b.png": "HTML", "cat/c.png": "truncated", "cat/d.png": "empty", "cat/zz.png": "no such file"} {
		if !strings.Contains(reasons[name], want) {
			t.Errorf("%s: %q", name, reasons[name])
		}
	}
}

// Shards as WebDataset has them tell the class in a file beside each picture.
func TestLabelsOfShards(t *testing.T) {
	var picture, archive bytes.Buffer
	if err := pixel.EncodePNG(&picture, pixel.New(4, 4, 3)); err != nil {
		t.Fatal(err)
	}
	w := tar.NewWriter(&archive)
	for name, text := range map[string]string{"000.png": picture.String(), "000.cls": "7", "001.png": picture.String(), "001.cls": "3"} {
		w.WriteHeader(&tar.Header{Name: name, Size: int64(len(text)), Mode: 0o644})
		io.WriteString(w, text)
	}
	w.Close()
	path := filepath.Join(t.TempDir(), "shard-0.tar")
	if err := os.WriteFile(path, archive.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	s, err := FolderSource(openSet(t, path), nil)
	if err != nil || !slices.Equal(s.Classes(), []string{"3", "7"}) || s.Class(0) != 1 || s.Class(1) != 0 {
		t.Error(s, err)
	}
}

func TestSynthAndMixture(t *testing.T) {
	a, b := SynthSource(synthSet(t, "train", 20)), SynthSource(synthSet(t, "val", 33))
	m, err := Mixture(a, b, a)
	if err != nil {
		t.Fatal(err)
	}
	if m.Len() != 73 || len(m.Classes()) != synth.NumClasses {
		t.Errorf("%d pictures of %d classes", m.Len(), len(m.Classes()))
	}
	keys := map[string]bool{}
	for i := range m.Len() {
		from, at := a, i
		if i >= 53 {
			at = i - 53
		} else if i >= 20 {
			from, at = b, i-20
		}
		got, err := m.Picture(i)
		want, _ := from.Picture(at)
		if err != nil || !bytes.Equal(got.Pix, want.Pix) || m.Class(i) != from.Class(at) || !strings.HasSuffix(m.Key(i), from.Key(at)) {
			t.Errorf("picture %d is not picture %d of its part (%v)", i, at, err)
		}
		keys[m.Key(i)] = true
	}
	if len(keys) != m.Len() {
		t.Errorf("%d keys for %d pictures", len(keys), m.Len())
	}
	if _, err := Mixture(a, squares{n: 3}); err == nil || !strings.Contains(err.Error(), "a, b, c only in the other") {
		t.Error(err)
	}
	if _, err := Mixture(); err == nil {
		t.Error("a mixture of nothing")
	}
}

// The pack of shape categories, by the folders in its archive.
func TestShapeCategories(t *testing.T) {
	archive := sharedtest.Path(t, "data/shape-categories-64.tar.gz")
	training, err := FolderSource(openSet(t, filepath.Join(archive, "shape-categories-64/train")), nil)
	if err != nil {
		t.Fatal(err)
	}
	val, err := FolderSource(openSet(t, filepath.Join(archive, "shape-categories-64/val")), training.Classes())
	if err != nil {
		t.Fatal(err)
	}
	if training.Len() != 5500 || val.Len() != 550 || len(val.Classes()) != 11 {
		t.Errorf("%d and %d pictures of %d classes", training.Len(), val.Len(), len(val.Classes()))
	}
}
