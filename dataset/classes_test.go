package dataset

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/gestalt-vision/gestalt/internal/sharedtest"
	"github.com/google/go-cmp/cmp"
)

func TestClass(t *testing.T) {
	for i, want := range map[int][2]string{
		0:   {"n01440764", "tench"},
		404: {"n02690373", "airliner"},
		671: {"n03792782", "mountain bike"},
		999: {"n15075141", "toilet tissue"},
	} {
		if wnid, name := Class(i); wnid != want[0] || !strings.HasPrefix(name, want[1]) {
			t.Errorf("Class(%d) = %q, %q, want %q", i, wnid, name, want)
		}
	}
	before := ""
	for i := range NumClasses {
		wnid, name := Class(i)
		if wnid <= before || len(wnid) != 9 || name == "" {
			t.Errorf("Class(%d) = %q, %q after %q", i, wnid, name, before)
		}
		before = wnid
	}
	for _, i := range []int{-1, NumClasses} {
		func() {
			defer func() { recover() }()
			Class(i)
			t.Errorf("Class(%d) did not panic", i)
		}()
	}
}

func TestClassesAreThePublishedOnes(t *testing.T) {
	var want []struct{ Wnid, Name string }
	readJSON(t, sharedtest.Path(t, "data/imagenet-classes.json"), &want)
	if len(want) != NumClasses {
		t.Fatalf("the file has %d classes", len(want))
	}
	for i, w := range want {
		if wnid, name := Class(i); wnid != w.Wnid || name != w.Name {
			t.Errorf("Class(%d) = %q, %q, want %q, %q", i, wnid, name, w.Wnid, w.Name)
		}
	}
}

func TestCategoriesAreThePublishedOnes(t *testing.T) {
	want := make(map[string][]int)
	readJSON(t, sharedtest.Path(t, "reference/sixteen-class.json"), &want)
	got := make(map[string][]int)
	for _, c := range Categories {
		got[c] = CategoryClasses(c)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestCategories(t *testing.T) {
	if !slices.IsSorted(Categories[:]) {
		t.Errorf("not in alphabetical order: %v", Categories)
	}
	n := 0
	for class := range NumClasses {
		c, ok := CategoryOf(class)
		if ok != (c != "") {
			t.Errorf("CategoryOf(%d) = %q, %v", class, c, ok)
		}
		if ok {
			n++
			if !slices.Contains(CategoryClasses(c), class) {
				t.Errorf("class %d is a %s, which does not have it", class, c)
			}
		}
	}
	if n != 207 {
		t.Errorf("%d classes belong to a category, the published mapping has 207", n)
	}
	if c := CategoryClasses("unicorn"); c != nil {
		t.Errorf("the classes of a unicorn are %v", c)
	}
}

func readJSON(t *testing.T, file string, v any) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, v); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}
