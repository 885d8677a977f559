package pixel

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/hex"
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
