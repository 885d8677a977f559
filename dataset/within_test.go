package dataset

import (
	"archive/tar"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A folder of an archive is the set that it would be when unpacked.
func TestFolderOfAnArchive(t *testing.T) {
	both := tree{"pack/readme.txt": "", "pack/val/bear/other.png": "not train", "pack/val/bear/other.cls": "7", "pack/train/dog/d.cls": "3"}
	for name, text := range animals {
		both["pack/train/"+name] = text
	}
	train := filepath.Join(both.folder(t), "pack", "train")
	want := open(t, train)
	dir := t.TempDir()
	packed := both.tar(t, "")
	for _, archive := range []string{
		writeFile(t, filepath.Join(dir, "a.tar"), packed),
		writeFile(t, filepath.Join(dir, "a.tar.gz"), gzipped(t, packed)),
	} {
		s := open(t, filepath.Join(archive, "pack", "train")+"/")
		if d := cmp.Diff(items(want), items(s)); d != "" {
			t.Error(d)
		}
		if d := cmp.Diff(want.Skipped(), s.Skipped()); d != "" {
			t.Error(d)
		}
		for i, item := range items(s) {
			if data, err := s.Read(i); err != nil || string(data) != animals[item.Key] {
				t.Errorf("%s: %q, %v", item.Key, data, err)
			}
		}
		if s.Fingerprint() != want.Fingerprint() {
			t.Error("the fingerprint depends on the packaging")
		}
		if at := s.Location(0); at != filepath.Join(archive, "pack/train/bear/b1.png") {
			t.Error(at)
		}
		_, err := Open(filepath.Join(archive, "pack", "test"))
		if err == nil || !strings.Contains(err.Error(), `no folder "pack/test" with pictures`) {
			t.Error(err)
		}
	}
}

func TestEmptyFolders(t *testing.T) {
	dir := animals.folder(t)
	for _, empty := range []string{"zebra", "cat/young", ".hidden"} {
		if err := os.MkdirAll(filepath.Join(dir, empty), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	if d := cmp.Diff([]string{"cat", "cat/young", "zebra"}, open(t, dir).Empty()); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string(nil), open(t, animals.folder(t)).Empty()); d != "" {
		t.Error(d)
	}
	archive := packTar(t, []tar.Header{{Name: "a/", Typeflag: '5'}, {Name: "b/", Typeflag: '5'}, {Name: "a/1.png", Typeflag: '0'}}, func(string) string { return "x" })
	if d := cmp.Diff([]string{"b"}, open(t, writeFile(t, filepath.Join(dir, "a.tar"), archive)).Empty()); d != "" {
		t.Error(d)
	}
}

// The fingerprint tells names, sizes and labels.
func TestFingerprint(t *testing.T) {
	seen := map[string]int{}
	for i, tr := range []tree{
		{"a/1.png": "x", "b/2.png": "y"}, {"a/1.png": "xx", "b/2.png": "y"}, {"a/1.png": "x", "c/2.png": "y"},
		{"a/1.png": "x", "b/2.png": "y", "b/2.cls": "5"}, {"a/1.png": "x", "b/2.png": "y", "b/3.png": ""},
	} {
		sum := open(t, tr.folder(t)).Fingerprint()
		if before, twice := seen[sum]; twice {
			t.Errorf("sets %d and %d have the same", before, i)
		}
		seen[sum] = i
	}
}
