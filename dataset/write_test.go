package dataset

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTarWriter(t *testing.T) {
	long := strings.Repeat("a-long-name/", 20) + "ü.png" // needs an extended header
	write := func() []byte {
		var b bytes.Buffer
		w := NewTarWriter(&b)
		for _, e := range []struct{ key, data string }{{"n01440764/1.jpg", "one"}, {"n01440764/1.cls", "0"}, {long, "two"}} {
			if err := w.Add(e.key, []byte(e.data)); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	archive := write()
	if !bytes.Equal(archive, write()) {
		t.Error("two archives of the same entries differ")
	}
	path := filepath.Join(t.TempDir(), "x.tar")
	if err := os.WriteFile(path, archive, 0o644); err != nil {
		t.Fatal(err)
	}
	set, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	if set.Len() != 2 || set.Item(0).Key != long || set.Item(1).Label != "0" {
		t.Fatalf("the archive holds %+v", set.items)
	}
	for i, want := range []string{"two", "one"} {
		if got, err := set.Read(i); err != nil || string(got) != want {
			t.Errorf("picture %d is %q, %v", i, got, err)
		}
	}
	for _, key := range []string{"", "/a.jpg", "../a.jpg", "a\nb.jpg"} {
		if err := NewTarWriter(&bytes.Buffer{}).Add(key, nil); err == nil {
			t.Errorf("the key %q is taken", key)
		}
	}
}
