package pixel

import (
	"archive/tar"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"
	"testing"

	"github.com/gestalt-vision/gestalt/internal/sharedtest"
)

// pixelHash is how testdata/make_jpeg.py names a picture's RGB samples.
func pixelHash(m *Image) string {
	sum := sha256.Sum256(m.RGB().Pix)
	return hex.EncodeToString(sum[:8])
}

// eachSamplePhotograph calls f with the name and bytes of each file in imagenet-sample-256.tar.
func eachSamplePhotograph(tb testing.TB, f func(name string, data []byte) bool) {
	tb.Helper()
	file, err := os.Open(sharedtest.Path(tb, "data/imagenet-sample-256.tar"))
	if err != nil {
		tb.Fatal(err)
	}
	defer file.Close()
	for r := tar.NewReader(file); ; {
		h, err := r.Next()
		if err == io.EOF {
			return
		}
		if err != nil {
			tb.Fatal(err)
		}
		if h.Typeflag != tar.TypeReg || path.Ext(h.Name) != ".jpg" {
			continue
		}
		data, err := io.ReadAll(r)
		if err != nil {
			tb.Fatal(err)
		}
		if !f(path.Base(h.Name), data) {
			return
		}
	}
}

// TestDecodeJPEGPhotographs holds every sample of 1,000 photographs to Pillow's.
func TestDecodeJPEGPhotographs(t *testing.T) {
	list, err := os.ReadFile("testdata/jpeg_imagenet_sample.txt")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	for line := range strings.Lines(string(list)) {
		hash, name, _ := strings.Cut(strings.TrimSpace(line), " ")
		want[name] = hash
	}
	seen, differ := 0, 0
	eachSamplePhotograph(t, func(name string, data []byte) bool {
		seen++
		m, _, err := DecodeJPEG(data)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			return true
		}
		if pixelHash(m) != want[name] {
			differ++
			if differ <= 10 {
				t.Errorf("%s: pixels differ from Pillow's", name)
			}
		}
		return true
	})
	if seen != len(want) || seen == 0 {
		t.Errorf("%d pictures seen, want %d", seen, len(want))
	}
	if differ > 0 {
		t.Errorf("%d of %d pictures differ", differ, seen)
	}
}

// fixture is a file of testdata/jpeg.tar.gz and what Pillow makes of it.
type fixture struct {
	name, hash string
	truncated  bool
	w, h       int
	data       []byte
}

func readFixtures(tb testing.TB) []fixture {
	tb.Helper()
	list, err := os.ReadFile("testdata/jpeg.txt")
	if err != nil {
		tb.Fatal(err)
	}
	archive, err := os.Open("testdata/jpeg.tar.gz")
	if err != nil {
		tb.Fatal(err)
	}
	defer archive.Close()
	plain, err := gzip.NewReader(archive)
	if err != nil {
		tb.Fatal(err)
	}
	r := tar.NewReader(plain)
	var all []fixture
	for line := range strings.Lines(string(list)) {
		var f fixture
		var verdict string
		if _, err := fmt.Sscan(line, &f.hash, &verdict, &f.w, &f.h, &f.name); err != nil {
			tb.Fatalf("%q: %v", line, err)
		}
		f.truncated = verdict == "truncated"
		h, err := r.Next()
		if err != nil || h.Name != f.name {
			tb.Fatalf("jpeg.tar.gz: %v where %s should be: %v", h, f.name, err)
		}
		if f.data, err = io.ReadAll(r); err != nil {
			tb.Fatal(err)
		}
		all = append(all, f)
	}
	return all
}

// TestDecodeJPEGFixtures holds files of every kind, cut off and damaged ones among them, to Pillow's pixels and
// verdict.
func TestDecodeJPEGFixtures(t *testing.T) {
	for _, f := range readFixtures(t) {
		t.Run(strings.TrimSuffix(f.name, ".jpg"), func(t *testing.T) {
			m, info, err := DecodeJPEG(f.data)
			if m == nil {
				t.Fatal(err)
			}
			if f.truncated != errors.Is(err, ErrTruncated) || !f.truncated && err != nil {
				t.Errorf("error %v, truncated according to Pillow: %v", err, f.truncated)
			}
			if info.W != f.w || info.H != f.h || m.W != f.w || m.H != f.h || len(m.Pix) != m.W*m.H*m.C {
				t.Errorf("%d x %d, header %d x %d, want %d x %d", m.W, m.H, info.W, info.H, f.w, f.h)
			}
			if pixelHash(m) != f.hash {
				t.Error("pixels differ from Pillow's")
			}
		})
	}
}
