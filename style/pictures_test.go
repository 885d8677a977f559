package style

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gestalt-vision/gestalt/engine"
)

// TestPictures: what is drawn from pictures is what is drawn from a bank of them.
func TestPictures(t *testing.T) {
	backend, err := engine.Open("cpu")
	if err != nil {
		t.Fatal(err)
	}
	e, err := OpenRandConv(backend, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	dir := t.TempDir()
	for i, name := range []string{"a.png", "b.png", "c.png", "d.png"} {
		paint(t, dir, name, byte(40*i+10))
	}
	os.WriteFile(filepath.Join(dir, "bb.png"), []byte("no picture"), 0o644)
	bank, broken := makeBank(t, filepath.Join(t.TempDir(), "bank.safetensors"), e, dir)
	defer bank.Close()
	p, same, err := OpenPictures(context.Background(), e, openSet(t, dir))
	if err != nil || len(same) != 1 || !slices.Equal(same, broken) {
		t.Fatalf("broken are %v, of the bank %v; %v", same, broken, err)
	}
	names := map[string]bool{}
	for seed := range uint64(20) {
		got, err := p.Draw(seed)
		want, _ := bank.Draw(seed)
		if err != nil || got.Name != want.Name || !slices.Equal(got.Vector, want.Vector) {
			t.Fatalf("seed %d: %v instead of %v, %v", seed, got, want, err)
		}
		names[got.Name] = true
	}
	if len(names) != 4 {
		t.Errorf("20 draws give %v", names)
	}
	identity := p.Identity()
	paint(t, dir, "a.png", 200)
	if p, _, err := OpenPictures(context.Background(), e, openSet(t, dir)); err != nil || p.Identity() == identity {
		t.Errorf("other pictures have the same identity, %v", err)
	}
	for _, name := range []string{"a.png", "b.png", "c.png", "d.png"} {
		os.Remove(filepath.Join(dir, name))
	}
	if _, _, err := OpenPictures(context.Background(), e, openSet(t, dir)); err == nil || !strings.Contains(err.Error(), "bb.png") {
		t.Errorf("nothing but broken pictures: %v", err)
	}
}
