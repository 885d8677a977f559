package dataset

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Classes of one's own are told by .cls files, folders and names, in this order.
func TestTruthsAmong(t *testing.T) {
	classes := []string{"star", "moon", "2"}
	dir := t.TempDir()
	want := map[string]int{}
	for key, c := range map[string]struct {
		class int
		label string
	}{
		"train/star/a.png": {0, ""}, "star/deeper/b.png": {0, ""}, "star/moon/c.png": {1, ""},
		"moon12.png": {1, ""}, "x/star3-moon4.png": {0, ""},
		"x/d.png": {1, "moon"}, "star/e.png": {1, "1"}, "x/f.png": {2, "2"}, // a name before a number
		"star/g.png": {-1, "sun"}, "sun/h.png": {-1, ""}, "x/i.png": {-1, "3"},
	} {
		file := filepath.Join(dir, filepath.FromSlash(key))
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte("no picture"), 0o644); err != nil {
			t.Fatal(err)
		}
		if c.label != "" {
			if err := os.WriteFile(strings.TrimSuffix(file, ".png")+".cls", []byte(c.label), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want[key] = c.class
	}
	set, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	truths := set.TruthsAmong(classes)
	if len(truths) != len(want) {
		t.Fatalf("%d truths of %d pictures", len(truths), len(want))
	}
	for i, truth := range truths {
		key := set.Item(i).Key
		if truth.Class != want[key] || (truth.Err != nil) != (want[key] < 0) {
			t.Errorf("%s is class %d, %v; want %d", key, truth.Class, truth.Err, want[key])
		}
	}
}
