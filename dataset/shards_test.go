package dataset

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestShards(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a-1.tar", "a-2.tar", "b-1.tar"} {
		writeFile(t, filepath.Join(dir, name), nil)
	}
	for pattern, want := range map[string]string{
		"x.tar":               "x.tar",
		"x-{008..011}.tar":    "x-008.tar x-009.tar x-010.tar x-011.tar",
		"{b,a}-{1..2}.tar":    "b-1.tar b-2.tar a-1.tar a-2.tar",
		"x{,-more}.tar":       "x.tar x-more.tar",
		"x{9..10}.tar":        "x9.tar x10.tar",
		dir + "/a-*.tar":      dir + "/a-1.tar " + dir + "/a-2.tar",
		dir + "/{b,a}-?.tar":  dir + "/b-1.tar " + dir + "/a-1.tar " + dir + "/a-2.tar",
		dir + "/[ab]-[1].tar": dir + "/a-1.tar " + dir + "/b-1.tar",
	} {
		if got, err := Shards(pattern); err != nil || strings.Join(got, " ") != want {
			t.Errorf("%s: %v, %v, want %s", pattern, got, err, want)
		}
	}
	for pattern, want := range map[string]string{
		"{1..2.tar": "needs one }", "{a{b}}.tar": "needs one }", "{2..1}.tar": "from a number up", "{a..b}.tar": "from a number up",
		"{0..999999999}.tar": "more than", "{0..999}{0..999}.tar": "stands for", dir + "/c*.tar": "nothing matches", "[.tar": "syntax error",
	} {
		if got, err := Shards(pattern); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, %v, want an error with %q", pattern, got, err, want)
		}
	}
}

// shardsOf writes trees as archives of one folder.
func shardsOf(t *testing.T, trees ...tree) string {
	t.Helper()
	dir := t.TempDir()
	for i, tr := range trees {
		writeFile(t, filepath.Join(dir, fmt.Sprintf("val-%03d.tar", i)), tr.tar(t, ""))
	}
	return dir
}

// Several archives are the same set as one with all their pictures, however they are named.
func TestOpenShards(t *testing.T) {
	first := tree{"c/1.jpg": "one", "c/1.cls": "5", "c/3.jpg": "three", "c/3.cls": "7", "c/3.json": "{}"}
	second := tree{"c/2.jpg": "second", "c/2.cls": "6"}
	dir := shardsOf(t, first, second)
	want := []Item{{"c/1.jpg", "c", 3, "5"}, {"c/2.jpg", "c", 6, "6"}, {"c/3.jpg", "c", 5, "7"}}
	writeFile(t, filepath.Join(dir, "LICENSE"), nil)
	sums := map[string]bool{}
	for _, path := range []string{dir, filepath.Join(dir, "val-{000..001}.tar"), filepath.Join(dir, "*.tar")} {
		s := open(t, path)
		if d := cmp.Diff(want, s.items); d != "" {
			t.Errorf("%s:\n%s", path, d)
		}
		for i, text := range []string{"one", "second", "three"} {
			if got, err := s.Read(i); err != nil || string(got) != text {
				t.Errorf("%s: picture %d is %q, %v", path, i, got, err)
			}
		}
		if got := s.Location(1); got != filepath.Join(dir, "val-001.tar", "c", "2.jpg") {
			t.Errorf("picture 1 lies at %s", got)
		}
		sum, err := s.SHA256(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		sums[sum] = true
	}
	if len(sums) != 1 {
		t.Errorf("%d hashes of one set", len(sums))
	}
	if s := open(t, dir); s.Skipped().Other != 2 { // LICENSE and 3.json
		t.Errorf("skipped %+v", s.Skipped())
	}

	writeFile(t, filepath.Join(dir, "val-002.tar"), second.tar(t, ""))
	if _, err := Open(filepath.Join(dir, "*.tar")); err == nil || !strings.Contains(err.Error(), `"c/2.jpg" is in it twice`) {
		t.Errorf("a picture in two archives: %v", err)
	}
	if _, err := Open(filepath.Join(dir, "val-{002..003}.tar")); err == nil || !strings.Contains(err.Error(), "val-003.tar: ") {
		t.Errorf("an archive that is not there: %v", err)
	}
	writeFile(t, filepath.Join(dir, "val-001.tar"), second.tar(t, "")[:700])
	if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), "val-001.tar: the archive is truncated") {
		t.Errorf("a cut archive: %v", err)
	}
	if _, err := Open(filepath.Join(dir, "LICENS?")); err == nil || !strings.Contains(err.Error(), "parts of a set are") {
		t.Errorf("no archive: %v", err)
	}
}

// What Location gives can be listed, and the list opened again.
func TestListLeadsIntoArchives(t *testing.T) {
	dir := shardsOf(t, tree{"c/1.jpg": "one", "c/1.cls": "5"}, tree{"d/2.jpg": "second"})
	writeFile(t, filepath.Join(dir, "packed.tgz"), gzipped(t, tree{"e/3.png": "third"}.tar(t, "")))
	if err := os.Mkdir(filepath.Join(dir, "f"), 0o777); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, "f", "4.png"), []byte("fourth"))
	var lines []string
	for _, path := range []string{filepath.Join(dir, "*.tar"), filepath.Join(dir, "packed.tgz"), filepath.Join(dir, "f")} {
		s := open(t, path)
		for i := range s.Len() {
			rel, err := filepath.Rel(dir, s.Location(i))
			if err != nil {
				t.Fatal(err)
			}
			lines = append(lines, filepath.ToSlash(rel))
		}
	}
	list := writeFile(t, filepath.Join(dir, "list.txt"), []byte(strings.Join(lines, "\n")))
	s := open(t, list)
	want := []Item{{"f/4.png", "f", 6, ""}, {"packed.tgz/e/3.png", "e", 5, ""}, {"val-000.tar/c/1.jpg", "c", 3, "5"}, {"val-001.tar/d/2.jpg", "d", 6, ""}}
	if d := cmp.Diff(want, s.items); d != "" {
		t.Error(d)
	}
	for i, text := range []string{"fourth", "third", "one", "second"} {
		if got, err := s.Read(i); err != nil || string(got) != text {
			t.Errorf("picture %d is %q, %v", i, got, err)
		}
	}
	slices.Sort(lines)
	for i := range lines {
		if rel, _ := filepath.Rel(dir, s.Location(i)); filepath.ToSlash(rel) != lines[i] {
			t.Errorf("picture %d lies at %s, was listed as %s", i, rel, lines[i])
		}
	}
	for line, want := range map[string]string{
		"val-000.tar/c/9.jpg": `line 1: ` + filepath.Join(dir, "val-000.tar") + `: there is no picture "c/9.jpg"`,
		"val-009.tar/c/1.jpg": "line 1: ",
		"f/4.png/x.jpg":       "line 1: ",
	} {
		if _, err := Open(writeFile(t, list, []byte(line))); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", line, err)
		}
	}
}
