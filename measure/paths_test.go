package measure

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// entry is a file of a test archive or folder.
type entry struct{ name, text string }

func tarOf(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		if err := w.WriteHeader(&tar.Header{Name: e.name, Mode: 0o644, Size: int64(len(e.text))}); err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, e.text)
	}
	w.Close()
	return b.Bytes()
}

func gzipped(data []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write(data)
	w.Close()
	return b.Bytes()
}

func folder(t testing.TB, entries ...entry) string {
	t.Helper()
	dir := t.TempDir()
	for _, e := range entries {
		file := filepath.Join(dir, filepath.FromSlash(e.name))
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(e.text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func table(observer string, trials ...string) string {
	var b strings.Builder
	b.WriteString(header)
	for i, t := range trials {
		b.WriteString(observer + ",1," + string(rune('1'+i)) + ",NaN," + t + "\n")
	}
	return b.String()
}

// summary lists what was read as experiment/observer/trials.
func summary(exps []Experiment) string {
	var s []string
	for _, e := range exps {
		n := map[string]int{}
		for _, t := range e.Trials {
			n[t.Subj]++
		}
		for _, name := range sortedKeys(n) {
			s = append(s, e.Name+"/"+name+"/"+string(rune('0'+n[name])))
		}
	}
	return strings.Join(s, " ")
}

var (
	tableA = table("a", "cat,cat,0,cat1-dog1.png", "dog,cat,0,cat2-dog1.png")
	tableB = table("b", "cat,cat,0,cat1-dog1.png")
)

func TestReadPaths(t *testing.T) {
	dir := folder(t,
		entry{"raw/exp/exp_a_session_1.csv", tableA},
		entry{"raw/exp/exp_b_session-1.CSV", tableB},
		entry{"raw/exp-trained-CNNs/exp_a_session-1.csv", tableB},
		entry{"raw/exp/README.md", "notes"}, entry{"raw/exp/summary.json", "{}"}, entry{"raw/exp/report.html", "<p>"},
		entry{"raw/exp/._exp_a_session_1.csv", "resource fork"}, entry{"raw/.cache/x.csv", "cache"},
	)
	archive := tarOf(t, entry{"./raw/exp/a.csv", tableA}, entry{"raw/exp/README", "x"}, entry{"raw/.x/b.csv", "x"}, entry{"raw/other/b.csv", tableB})
	files := folder(t,
		entry{"data.tar", string(archive)}, entry{"data.tar.gz", string(gzipped(archive))},
		entry{"data.tgz", string(gzipped(archive))}, entry{"exp/b.csv.gz", string(gzipped([]byte(tableB)))},
		entry{"flat.tar", string(tarOf(t, entry{"a.csv", tableA}))},
		entry{"misnamed.csv", string(gzipped(archive))},
	)
	in := func(name string) string { return filepath.Join(files, name) }
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(filepath.Join(dir, "raw"), link); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		paths []string
		want  string
	}{
		{"file", []string{filepath.Join(dir, "raw/exp/exp_a_session_1.csv")}, "exp/a/2"},
		{"folder", []string{dir}, "exp/a/2 exp/b/1 exp-trained-CNNs/b/1"},
		{"folder behind a link", []string{link}, "exp/a/2 exp/b/1 exp-trained-CNNs/b/1"},
		{"folder and a file in it", []string{dir, filepath.Join(dir, "raw/exp/exp_a_session_1.csv")}, "exp/a/2 exp/b/1 exp-trained-CNNs/b/1"},
		{"tar", []string{in("data.tar")}, "exp/a/2 other/b/1"},
		{"tar.gz", []string{in("data.tar.gz")}, "exp/a/2 other/b/1"},
		{"tgz", []string{in("data.tgz")}, "exp/a/2 other/b/1"},
		{"the bytes decide, not the name", []string{in("misnamed.csv")}, "exp/a/2 other/b/1"},
		{"compressed table", []string{in("exp/b.csv.gz")}, "exp/b/1"},
		{"tar without folders", []string{in("flat.tar")}, "flat/a/2"},
		{"several", []string{in("data.tar"), in("exp/b.csv.gz")}, "exp/a/2 exp/b/1 other/b/1"},
	} {
		exps, err := ReadPaths(c.paths...)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		} else if got := summary(exps); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestReadPathsRefuses(t *testing.T) {
	archive := tarOf(t, entry{"raw/exp/a.csv", tableA})
	dir := folder(t,
		entry{"strange/x/notes.csv", "key,value\na,b\n"},
		entry{"nothing/README.md", ""},
		entry{"header/exp/a.csv", header},
		entry{"out.tar", string(tarOf(t, entry{"../../etc/a.csv", tableA}))},
		entry{"abs.tar", string(tarOf(t, entry{"/etc/exp/a.csv", tableA}))},
		entry{"bad.tar", string(tarOf(t, entry{"raw/exp/a.csv", "subj\n"}))},
		entry{"cut.tar", string(archive[:len(archive)/4+100])},
		entry{"cut.tar.gz", string(gzipped(archive)[:60])},
		entry{"empty.tar", string(tarOf(t))},
		entry{"raw/exp/a.csv", tableA}, entry{"raw.tar", string(archive)},
		entry{"fake.gz", "\x1f\x8b\x08"},
	)
	for _, c := range []struct {
		name  string
		paths []string
		want  string
	}{
		{"missing", []string{"nowhere"}, "nowhere"},
		{"a csv that is no table of trials", []string{"strange"}, "notes.csv:1: not a table of trials: no column subj"},
		{"no table", []string{"nothing"}, "no trials found"},
		{"only a header", []string{"header"}, "no trials found: only a header"},
		{"name that leads out", []string{"out.tar"}, `"../../etc/a.csv", which leads out of it`},
		{"absolute name", []string{"abs.tar"}, "which leads out of it"},
		{"bad table in an archive", []string{"bad.tar"}, "bad.tar:raw/exp/a.csv:1: not a table of trials"},
		{"cut archive", []string{"cut.tar"}, "cut.tar"},
		{"cut compressed archive", []string{"cut.tar.gz"}, "cut.tar.gz"},
		{"empty archive", []string{"empty.tar"}, "empty.tar"},
		{"not gzip after all", []string{"fake.gz"}, "fake.gz"},
		{"the same data twice", []string{"raw", "raw.tar"}, "given twice?"},
	} {
		var paths []string
		for _, p := range c.paths {
			paths = append(paths, filepath.Join(dir, p))
		}
		_, err := ReadPaths(paths...)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
	if _, err := ReadPaths(filepath.Join(dir, "nothing")); !errors.Is(err, ErrNoTrials) {
		t.Errorf("%v is not ErrNoTrials", err)
	}
}

func TestTooLarge(t *testing.T) {
	c := &collector{experiments: map[string]*Experiment{}, seen: map[trialKey]string{}, total: maxTotal - 100}
	if err := c.addTable(strings.NewReader(tableA), "exp", "a.csv"); err == nil || !strings.Contains(err.Error(), "a.csv: too large") {
		t.Errorf("got %v", err)
	}
	c.total = maxTotal - int64(len(tableA))
	if err := c.addTable(strings.NewReader(tableA), "exp", "a.csv"); err != nil {
		t.Errorf("a table that fits exactly: %v", err)
	}
}

func TestReadPathsKeepsTheRowsOfAFileInOrder(t *testing.T) {
	dir := folder(t, entry{"exp/a.csv", tableA})
	exps, err := ReadPaths(dir)
	if err != nil {
		t.Fatal(err)
	}
	var images []string
	for _, trial := range exps[0].Trials {
		images = append(images, trial.Image)
	}
	if want := []string{"cat1-dog1.png", "cat2-dog1.png"}; !slices.Equal(images, want) {
		t.Errorf("%v, want %v", images, want)
	}
}

// FuzzTar holds that no archive makes the reader panic, and that no experiment is called by a path.
func FuzzTar(f *testing.F) {
	good := tarOf(f, entry{"raw/exp/a.csv", tableA}, entry{"raw/exp/picture.png", "x"})
	f.Add(good)
	f.Add(gzipped(good))
	f.Add(good[:700])
	f.Add(tarOf(f, entry{"../a.csv", tableA}))
	f.Add([]byte(tableB))
	f.Add([]byte{0x1f, 0x8b})
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<16 {
			return
		}
		c := &collector{experiments: map[string]*Experiment{}, seen: map[trialKey]string{}}
		if err := c.addStream(bytes.NewReader(data), filepath.Join("dir", "x.tar"), "x.tar"); err != nil {
			return
		}
		for name, e := range c.experiments {
			if strings.ContainsAny(name, `/`) || name == ".." || len(e.Trials) == 0 {
				t.Fatalf("experiment %q of %d trials", name, len(e.Trials))
			}
		}
	})
}
