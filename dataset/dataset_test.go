package dataset

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gestalt-vision/gestalt/internal/sharedtest"
	"github.com/google/go-cmp/cmp"
)

// tree is a set as it lies on disk: contents by path.
type tree map[string]string

var animals = tree{
	"bear/b2.PNG":         "second bear",
	"bear/b1.png":         "first bear",
	"bear/._b1.png":       "resource fork",
	"dog/d.JPEG":          "dog",
	"dog/notes.txt":       "not a picture",
	"dog/deep/er/e.jpg":   "deeper dog",
	".cache/x.png":        "hidden",
	"top.jpg":             "no class",
	"__MACOSX/bear/b.png": "hidden as well",
}

var animalItems = []Item{
	{"bear/b1.png", "bear", 10, ""},
	{"bear/b2.PNG", "bear", 11, ""},
	{"dog/d.JPEG", "dog", 3, ""},
	{"dog/deep/er/e.jpg", "er", 10, ""},
	{"top.jpg", "", 8, ""},
}

func (tr tree) folder(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range tr {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		writeFile(t, file, []byte(text))
	}
	return dir
}

// tar packs the tree in the reverse of the order that its set has.
func (tr tree) tar(t testing.TB, prefix string) []byte {
	t.Helper()
	entries := []tar.Header{{Name: prefix + "bear/", Typeflag: tar.TypeDir}}
	for _, name := range slices.Backward(slices.Sorted(maps.Keys(tr))) {
		entries = append(entries, tar.Header{Name: prefix + name, Typeflag: tar.TypeReg})
	}
	return packTar(t, entries, func(name string) string { return tr[strings.TrimPrefix(name, prefix)] })
}

func packTar(t testing.TB, entries []tar.Header, contents func(name string) string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range entries {
		text := ""
		if h.Typeflag == tar.TypeReg {
			text = contents(h.Name)
		}
		h.Size, h.Mode = int64(len(text)), 0o644
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, text); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func writeFile(t testing.TB, file string, data []byte) string {
	t.Helper()
	if err := os.WriteFile(file, data, 0o666); err != nil {
		t.Fatal(err)
	}
	return file
}

func gzipped(t testing.TB, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func open(t testing.TB, path string) *Set {
	t.Helper()
	s, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func items(s *Set) []Item {
	var all []Item
	for i := range s.Len() {
		all = append(all, s.Item(i))
	}
	return all
}

// Each packaging must give the same items, the same bytes and the same hash.
func TestOpenEveryPackaging(t *testing.T) {
	folder := animals.folder(t)
	list := "# pictures\r\n\n./top.jpg\nbear/b2.PNG\nbear/b1.png\r\ndog/deep/er/e.jpg\ndog/d.JPEG\ndog/notes.txt\n"
	writeFile(t, filepath.Join(folder, "list.txt"), []byte(list))
	dir := t.TempDir()
	t.Setenv("TMPDIR", t.TempDir()) // for what is unpacked
	packed := animals.tar(t, "./")
	var hashes []string
	for _, c := range []struct {
		name, path string
		skipped    Skipped
	}{
		{"folder", folder, Skipped{Hidden: 3, Other: 2}}, // list.txt is beside the pictures here
		{"list", filepath.Join(folder, "list.txt"), Skipped{Other: 1}},
		{"tar", writeFile(t, filepath.Join(dir, "a.TAR"), packed), Skipped{Hidden: 3, Other: 1}},
		{"tar.gz", writeFile(t, filepath.Join(dir, "a.tar.gz"), gzipped(t, packed)), Skipped{Hidden: 3, Other: 1}},
		{"tgz", writeFile(t, filepath.Join(dir, "a.tgz"), gzipped(t, packed)), Skipped{Hidden: 3, Other: 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := open(t, c.path)
			if d := cmp.Diff(animalItems, items(s)); d != "" {
				t.Error(d)
			}
			if d := cmp.Diff(c.skipped, s.Skipped()); d != "" {
				t.Error(d)
			}
			for i, item := range animalItems {
				if data, err := s.Read(i); err != nil || string(data) != animals[item.Key] {
					t.Errorf("Read(%d) = %q, %v", i, data, err)
				}
			}
			sum, err := s.SHA256(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			hashes = append(hashes, sum)
		})
	}
	for _, h := range hashes {
		if h != hashes[0] {
			t.Errorf("the hash depends on the packaging: %v", hashes)
		}
	}
	if left, err := os.ReadDir(os.Getenv("TMPDIR")); err != nil || len(left) > 0 {
		t.Errorf("left in the temporary folder: %v, %v", left, err)
	}
}

func TestHashSeesContentsAndNames(t *testing.T) {
	base := tree{"bear/1.png": "one", "dog/2.png": "two"}
	hash := func(tr tree, prefix string) string {
		s := open(t, writeFile(t, filepath.Join(t.TempDir(), "a.tar"), tr.tar(t, prefix)))
		sum, err := s.SHA256(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return sum
	}
	want := hash(base, "")
	// printf 'bear/1.png\0003\000%s\ndog/2.png\0003\000%s\n' $(printf one|sha256sum|cut -c-64) $(printf two|sha256sum|cut -c-64) | sha256sum
	if want != "632c153a43b813b645faeb0c3402f4b2099dc12d3494d461e634554c396e76a6" {
		t.Errorf("the hash of two pictures is %s", want)
	}
	if got := hash(base, "stimuli/animals/"); got != want {
		t.Error("the folders above the class folders change the hash")
	}
	for name, tr := range map[string]tree{
		"contents":   {"bear/1.png": "one", "dog/2.png": "twö"},
		"name":       {"bear/1.png": "one", "dog/3.png": "two"},
		"class":      {"bear/1.png": "one", "cat/2.png": "two"},
		"one more":   {"bear/1.png": "one", "dog/2.png": "two", "dog/3.png": "two"},
		"one beside": {"bear/1.png": "one", "dog/2.png": "two", "x/dog/3.png": "two"},
	} {
		if hash(tr, "") == want {
			t.Errorf("another %s does not change the hash", name)
		}
	}
}

func TestSymbolicLinks(t *testing.T) {
	dir := tree{"bear/1.png": "one", "elsewhere/real/2.png": "two"}.folder(t)
	link := func(target, name string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Skip("no symbolic links here: ", err)
		}
	}
	link("..", "bear/up")
	link("../bear", "bear/self")
	link("../bear/1.png", "cat/c.png")
	link("elsewhere/real", "dog")
	link("nowhere", "cat/gone.png")
	link("nowhere", "cat/gone")
	s := open(t, dir)
	want := []Item{
		{"bear/1.png", "bear", 3, ""}, {"cat/c.png", "cat", 3, ""}, {"cat/gone.png", "cat", 0, ""},
		{"dog/2.png", "dog", 3, ""}, {"elsewhere/real/2.png", "real", 3, ""},
	}
	if d := cmp.Diff(want, items(s)); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(Skipped{Other: 1, Loops: 2}, s.Skipped()); d != "" {
		t.Error(d)
	}
	if _, err := s.Read(2); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "cat/gone.png") {
		t.Errorf("reading through a broken link: %v", err)
	}
	broken, err := s.SHA256(t.Context())
	if err != nil {
		t.Errorf("hashing with a broken link: %v", err)
	}
	os.Remove(filepath.Join(dir, "cat", "gone.png"))
	if mended, err := open(t, dir).SHA256(t.Context()); err != nil || mended == broken {
		t.Errorf("the hash without the broken link is %s, %v; want another one", mended, err)
	}
}

func TestListLeadingElsewhere(t *testing.T) {
	dir := tree{"a/bear/1.png": "one", "b/dog/2.jpg": "two", "lists/l.txt": "", "lists/twice.txt": "../x/1.png\n/x/1.png"}.folder(t)
	list := filepath.Join(dir, "lists", "l.txt")
	writeFile(t, list, []byte("../a/bear/1.png\n"+filepath.Join(dir, "b", "dog", "2.jpg")))
	s := open(t, list)
	for i := range s.Len() {
		item := s.Item(i)
		if strings.HasPrefix(item.Key, "/") || strings.Contains(item.Key, "..") {
			t.Errorf("key %q is not clean", item.Key)
		}
		if data, err := s.Read(i); err != nil || len(data) != 3 {
			t.Errorf("%s: %q, %v", item.Key, data, err)
		}
	}
	if s.Len() != 2 || s.Item(0).Key != "a/bear/1.png" || s.Item(1).Class != "dog" {
		t.Errorf("items: %v", items(s))
	}
	if _, err := Open(filepath.Join(dir, "lists", "twice.txt")); err == nil || !strings.Contains(err.Error(), "not exist") && !strings.Contains(err.Error(), "no such file") {
		t.Errorf("a list of missing files: %v", err)
	}
}

func TestOpenRefuses(t *testing.T) {
	good := tree{"bear/1.png": strings.Repeat("one", 1000), "dog/2.png": "two"}.tar(t, "")
	reg := func(names ...string) []byte {
		var hs []tar.Header
		for _, n := range names {
			hs = append(hs, tar.Header{Name: n, Typeflag: tar.TypeReg})
		}
		return packTar(t, hs, func(string) string { return "x" })
	}
	linked := func(kind byte, target string) []byte {
		return packTar(t, []tar.Header{
			{Name: "a/1.png", Typeflag: tar.TypeReg}, {Name: "a/2.png", Typeflag: kind, Linkname: target},
		}, func(string) string { return "x" })
	}
	flipped := gzipped(t, good)
	flipped[len(flipped)-6] ^= 1 // in the checksum
	for _, c := range []struct {
		name, file string
		data       []byte
		want       string // part of the error
	}{
		{"nothing", "a.tar", nil, "truncated"},
		{"empty archive", "a.tar", make([]byte, 1024), "no pictures"},
		{"no pictures", "a.tar", reg("a.txt", "b/.c.png"), "no pictures"},
		{"cut in contents", "a.tar", good[:1024], "truncated"},
		{"cut in a header", "a.tar", good[:700], "truncated"},
		{"cut between entries", "a.tar", reg("a/1.png", "a/2.png")[:1024], "no end marker after 1"},
		{"not a tar", "a.tar", bytes.Repeat([]byte("text"), 1000), "not a valid tar"},
		{"absolute", "a.tar", reg("a/1.png", "/etc/2.png"), `"/etc/2.png"`},
		{"dot dot", "a.tar", reg("a/../../2.png"), `"a/../../2.png"`},
		{"dot dot, no picture", "a.tar", reg("a/1.png", "../passwd"), `"../passwd"`},
		{"newline", "a.tar", reg("a/1\n.png"), "control"},
		{"backslash", "a.tar", reg(`a\1.png`), "backslash"},
		{"not UTF-8", "a.tar", reg("a/\xff.png"), "UTF-8"},
		{"twice", "a.tar", reg("a/1.png", "b/1.png", "./a//1.png"), "twice"},
		{"symbolic link", "a.tar", linked(tar.TypeSymlink, "1.png"), "--dereference"},
		{"hard link to nothing", "a.tar", linked(tar.TypeLink, "a/3.png"), "a/3.png"},
		{"not gzip", "a.tgz", good, "gzip"},
		{"cut gzip", "a.tar.gz", gzipped(t, good)[:60], "truncated"},
		{"gzip checksum", "a.tar.gz", flipped, "checksum"},
		{"cut tar in gzip", "a.tar.gz", gzipped(t, good[:1024]), "truncated"},
		{"list of nothing", "a.txt", []byte("# only a comment\n"), "no pictures"},
		{"list of missing files", "a.txt", []byte("\nbear/1.png"), "line 2"},
		{"list with a key twice", "a.txt", []byte("a.txt\n./a.txt"), "lines 1 and 2"},
		{"a picture", "a.png", []byte("x"), "folder"},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := writeFile(t, filepath.Join(t.TempDir(), c.file), c.data)
			s, err := Open(file)
			if err == nil {
				s.Close()
				t.Fatalf("opened, with %v", items(s))
			}
			if !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), file) {
				t.Errorf("the error is %q, which should name the file and %q", err, c.want)
			}
		})
	}
	if _, err := Open(t.TempDir()); !errors.Is(err, ErrEmpty) {
		t.Errorf("an empty folder: %v", err)
	}
	if _, err := Open(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no such path: %v", err)
	}
}

func TestHardLinkInTar(t *testing.T) {
	data := packTar(t, []tar.Header{
		{Name: "a/1.png", Typeflag: tar.TypeReg}, {Name: "b/2.png", Typeflag: tar.TypeLink, Linkname: "./a/1.png"},
	}, func(string) string { return "bytes" })
	s := open(t, writeFile(t, filepath.Join(t.TempDir(), "a.tar"), data))
	if got, err := s.Read(1); err != nil || string(got) != "bytes" || s.Item(1).Key != "b/2.png" {
		t.Errorf("%v = %q, %v", s.Item(1), got, err)
	}
}

func TestUnpackingIsBounded(t *testing.T) {
	file := writeFile(t, filepath.Join(t.TempDir(), "a.tar.gz"), gzipped(t, make([]byte, 1<<20)))
	s := &Set{path: file}
	defer s.Close()
	if err := s.openTarGzip(s.path, 1<<16); err == nil || !strings.Contains(err.Error(), "65536") {
		t.Errorf("unpacking 1 MiB where 64 KiB are allowed: %v", err)
	}
}

func TestReadRefusesTooLarge(t *testing.T) {
	dir := tree{"a/1.png": "x"}.folder(t)
	if err := os.Truncate(filepath.Join(dir, "a", "1.png"), MaxPicture+1); err != nil { // takes no space
		t.Fatal(err)
	}
	if _, err := open(t, dir).Read(0); err == nil || !strings.Contains(err.Error(), "a/1.png") {
		t.Errorf("reading %d bytes: %v", MaxPicture+1, err)
	}
}

func TestReadAfterTheArchiveShrank(t *testing.T) {
	file := writeFile(t, filepath.Join(t.TempDir(), "a.tar"), tree{"a/1.png": strings.Repeat("x", 5000)}.tar(t, ""))
	s := open(t, file)
	if err := os.Truncate(file, 2048); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Read(0); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%v", err)
	}
}

func TestCueConflict(t *testing.T) {
	s := open(t, sharedtest.Path(t, "geirhos/cue-conflict-half.tar"))
	perClass := make(map[string]int)
	for i := range s.Len() {
		item := s.Item(i)
		perClass[item.Class]++
		data, err := s.Read(i)
		if err != nil || int64(len(data)) != item.Size || !bytes.HasPrefix(data, []byte("\x89PNG")) {
			t.Fatalf("%s: %d bytes, %v", item.Key, len(data), err)
		}
	}
	if s.Len() != 640 || len(perClass) != 16 {
		t.Errorf("%d pictures of %d classes, want 640 of 16", s.Len(), len(perClass))
	}
	for _, c := range Categories {
		if perClass[c] != 40 {
			t.Errorf("%d pictures of %s, want 40", perClass[c], c)
		}
	}
}

func FuzzTar(f *testing.F) {
	f.Add(animals.tar(f, "./"))
	f.Add(packTar(f, []tar.Header{
		{Name: strings.Repeat("long/", 60) + "1.png", Typeflag: tar.TypeReg},
		{Name: "x/2.png", Typeflag: tar.TypeLink, Linkname: strings.Repeat("long/", 60) + "1.png"},
		{Name: "x/ü.png", Typeflag: tar.TypeReg},
	}, func(string) string { return "x" }))
	f.Add(tree{"a/1.png": "x", "a/1.cls": "7"}.tar(f, ""))
	f.Add(make([]byte, 1024))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<16 {
			return
		}
		s := &Set{path: "fuzz.tar"}
		if s.indexTar("", bytes.NewReader(data), int64(len(data))) != nil || s.sort() != nil {
			return
		}
		for i := range s.Len() {
			item := s.Item(i)
			if checkKey(item.Key) != nil || hasHidden(item.Key) || hasDotDot(item.Key) {
				t.Errorf("key %q is not clean", item.Key)
			}
			if got, err := s.Read(i); err != nil || int64(len(got)) != item.Size {
				t.Errorf("%q: %d of %d bytes, %v", item.Key, len(got), item.Size, err)
			}
		}
	})
}

func hasDotDot(key string) bool {
	for part := range strings.SplitSeq(key, "/") {
		if part == ".." {
			return true
		}
	}
	return false
}
