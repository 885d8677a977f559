package stylize

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gestalt-vision/gestalt/dataset"
	"github.com/gestalt-vision/gestalt/pixel"
	"github.com/gestalt-vision/gestalt/style"
)

// flat is an encoder whose style is how light the first pixel is.
type flat struct{ invert }

func (f *flat) Encode(m *pixel.Image) (style.Style, error) {
	return style.Style{Vector: []float32{float32(m.Pix[0]) / 1024}}, nil
}

func (f *flat) EncoderIdentity() string { return "flat" }

// draw writes pictures of one colour by their names.
func draw(t *testing.T, side int, names ...string) *dataset.Set {
	t.Helper()
	dir := t.TempDir()
	for i, name := range names {
		m := pixel.New(side, side, 3)
		for k := range m.Pix {
			m.Pix[k] = byte(20 * (i + 1))
		}
		path := filepath.Join(dir, filepath.FromSlash(name))
		var b bytes.Buffer
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o777), pixel.EncodePNG(&b, m), os.WriteFile(path, b.Bytes(), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	return open(t, dir)
}

// conflicts is a job of cue conflicts between three categories, one of whose textures is broken.
func conflicts(t *testing.T, out string, perPair int) (j *Job, textures string) {
	t.Helper()
	objects := draw(t, 24, "cat/a.png", "cat/b.png", "dog/x.png", "n02690373_airliner.png")
	textures = draw(t, 16, "cat1.png", "cat2.png", "elephant/skin.png").Path()
	if err := os.WriteFile(filepath.Join(textures, "cat3.png"), []byte("no picture"), 0o644); err != nil {
		t.Fatal(err)
	}
	j = job(objects, out)
	f := &flat{}
	pictures, broken, err := style.OpenPictures(context.Background(), f, open(t, textures))
	if err != nil || len(broken) != 1 {
		t.Fatal(broken, err)
	}
	j.Stylizer, j.Textures, j.Broken, j.From = f, pictures, broken, pictures.Identity()
	if j.Pairs, err = CueConflicts(objects, pictures, perPair, 7); err != nil {
		t.Fatal(err)
	}
	return j, textures
}

// Every shape meets every texture of another category as often as was asked for, or as there are pairs, never twice the
// same; which of them is the seed's choice.
func TestCueConflicts(t *testing.T) {
	j, _ := conflicts(t, t.TempDir(), 3)
	count, seen := map[string]int{}, map[string]bool{}
	for _, p := range j.Pairs {
		var shape, texture string
		var i, k int
		folder, name, _ := strings.Cut(p.Name, "/")
		if _, err := fmt.Sscanf(strings.NewReplacer("-", " ", "1", " 1", "2", " 2").Replace(name), "%s %d %s %d", &shape, &i, &texture, &k); err != nil || folder != shape {
			t.Fatalf("%s: %v", p.Name, err)
		}
		if got, err := (dataset.Item{Key: p.Name + ".png", Class: folder}).Category(); got != shape || err != nil {
			t.Errorf("%s is of %q, %v", p.Name, got, err)
		}
		object, err1 := j.Pictures.Item(p.Content).EntryCategory()
		cover, err2 := j.Textures.Item(p.Style).EntryCategory()
		if object != shape || cover != texture || err1 != nil || err2 != nil {
			t.Errorf("%s is made of %s and %s", p.Name, j.Pictures.Item(p.Content).Key, j.Textures.Item(p.Style).Key)
		}
		if shape == texture || seen[p.Name] {
			t.Errorf("%s once more, or without conflict", p.Name)
		}
		seen[p.Name] = true
		count[shape+" "+texture]++
	}
	want := map[string]int{"airplane cat": 2, "airplane elephant": 1, "cat elephant": 2, "dog cat": 2, "dog elephant": 1}
	if !maps.Equal(count, want) {
		t.Errorf("there are %v, want %v", count, want)
	}
	one := func(seed uint64) []Pair {
		pairs, err := CueConflicts(j.Pictures, j.Textures, 1, seed)
		if err != nil {
			t.Fatal(err)
		}
		return pairs
	}
	if !slices.Equal(one(7), one(7)) {
		t.Error("other pairs by the same seed")
	}
	others := 0
	for seed := range uint64(10) {
		if !slices.Equal(one(seed), one(7)) {
			others++
		}
	}
	if others == 0 {
		t.Error("the same pairs by every seed")
	}
	for says, set := range map[string]*dataset.Set{
		"none of the 16":     draw(t, 16, "n01440764_tench.png"),
		"neither its folder": draw(t, 16, "x.png"),
		"are of different":   draw(t, 16, "elephant1.png"),
	} {
		textures := j.Textures
		if says == "are of different" {
			var err error
			if textures, _, err = style.OpenPictures(context.Background(), &flat{}, set); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := CueConflicts(set, textures, 1, 0); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("got %v, want an error that says %q", err, says)
		}
	}
	if _, err := CueConflicts(j.Pictures, j.Textures, 0, 0); err == nil {
		t.Error("none of each pair")
	}
}

// Cue conflicts are written under their names, with their textures; in parts, and again, they are the same files; other
// pairs do not go into the same folder.
func TestConflictsRun(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	j, textures := conflicts(t, out, 2)
	if r := run(t, j); r.Done != 8 || !r.Whole {
		t.Fatalf("%+v", r)
	}
	entries, broken, err := ReadManifest(out)
	if err != nil || len(broken) != 1 || len(entries) != 8 {
		t.Fatal(entries, broken, err)
	}
	for i, e := range entries {
		p := j.Pairs[i]
		if e.Output != p.Name+".png" || e.Style != j.Textures.Item(p.Style).Key || e.Picture != j.Pictures.Item(p.Content).Key {
			t.Errorf("%+v, want %+v", e, p)
		}
		data, err := os.ReadFile(filepath.Join(out, e.Output))
		if err != nil {
			t.Fatal(err)
		}
		m, _, err := pixel.Decode(data)
		if err != nil {
			t.Fatal(err)
		}
		shade := func(set func() ([]byte, error)) float64 {
			data, err := set()
			if err != nil {
				t.Fatal(err)
			}
			m, _, err := pixel.Decode(data)
			if err != nil {
				t.Fatal(err)
			}
			return float64(m.Pix[0])
		}
		want := 255 - shade(func() ([]byte, error) { return j.Pictures.Read(p.Content) }) +
			shade(func() ([]byte, error) { return os.ReadFile(filepath.Join(textures, e.Style)) })/4
		if got := float64(m.Pix[0]); got < want-1 || got > want+1 {
			t.Errorf("%s is %g light, want %g", e.Output, got, want)
		}
	}
	parts := filepath.Join(t.TempDir(), "parts")
	for _, part := range []int{2, 1} {
		again := *j
		again.Out, again.Part, again.Parts = parts, part, 2
		run(t, &again)
	}
	one, two := tree(t, out), tree(t, parts)
	if !maps.Equal(one, two) {
		t.Errorf("%d files in one run, others in two parts: %d", len(one), len(two))
	}
	other := *j
	other.Pairs = j.Pairs[1:]
	if _, err := other.Run(context.Background()); err == nil || !strings.Contains(err.Error(), "pairs_sha256") {
		t.Errorf("other pairs in the same folder: %v", err)
	}
	other = *j
	other.Recipe.Copies = 2
	if _, err := other.Run(context.Background()); err == nil || !strings.Contains(err.Error(), "copies") {
		t.Errorf("copies of pairs: %v", err)
	}
}

// Masks go with their pictures, cut as these are; a picture whose mask is not there, broken or of another size fails alone.
func TestMasks(t *testing.T) {
	objects := draw(t, 24, "a/one.png", "a/two.png", "a/three.png", "a/four.png")
	masks := draw(t, 24, "a/one.png", "a/two.png", "b/four.png")
	if err := os.WriteFile(filepath.Join(masks.Path(), "a", "three.png"), []byte("no picture"), 0o644); err != nil {
		t.Fatal(err)
	}
	small := draw(t, 20, "two.png")
	data, err := small.Read(0)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(masks.Path(), "a", "two.png"), data, 0o644); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "out")
	j := job(objects, out)
	j.Masks = open(t, masks.Path())
	var seen []byte
	j.Masked = func(ctx context.Context, b style.Batch, masks []*pixel.Image, styles []style.Style) (style.Batch, error) {
		for _, m := range masks {
			if m.W != b.W || m.H != b.H {
				t.Errorf("a mask of %d x %d for %d x %d", m.W, m.H, b.W, b.H)
			}
			seen = append(seen, m.Pix[0])
		}
		return j.Stylizer.Stylize(ctx, b, styles)
	}
	r := run(t, j)
	if !bytes.Equal(seen, []byte{20}) {
		t.Errorf("masks %v were used, want that of the first", seen)
	}
	var reasons []string
	for _, f := range r.Failed {
		reasons = append(reasons, f.Picture+": "+f.Reason)
	}
	all := strings.Join(reasons, "\n")
	for _, want := range []string{"a/four.png: " + masks.Path() + " has no mask", "a/three.png: its mask: unsupported", "a/two.png: its mask has 20 x 20 pixels, it has 24 x 24"} {
		if !strings.Contains(all, want) {
			t.Errorf("nothing says %q of\n%s", want, all)
		}
	}
	without := *j
	without.Masks = nil
	if _, err := without.Run(context.Background()); err == nil || !strings.Contains(err.Error(), "masks_sha256") {
		t.Errorf("without masks into the same folder: %v", err)
	}
}
