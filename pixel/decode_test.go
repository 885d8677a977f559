package pixel

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

func TestDecodeNamesWhatItFound(t *testing.T) {
	for data, want := range map[string]string{
		"":                                   "an empty file",
		"GIF89a\x01\x00":                     "a GIF file",
		"RIFF\x10\x00\x00\x00WEBPVP8 ":       "a WebP file",
		"BM\x36\x00\x0c\x00\x00\x00\x00\x00": "a BMP file",
		"\x00\x00\x00\x1cftypavif":           "an AVIF file",
		"\x00\x00\x00\x18ftypheic":           "a HEIC file",
		"\n  <!DOCTYPE HTML><html>":          "an HTML page",
		"<?xml version=\"1.0\"?><svg/>":      "an XML or SVG document",
		"version https://git-lfs.github.com/spec/v1\noid sha256:": "git-lfs",
		"\x1f\x8b\x08\x00": "a gzip file",
		"\x00\x00\x00\x00": "4 bytes of zero",
		"404: Not Found":   `text that begins "404: Not Found"`,
		"\x01\x02\x03\xfe": "01 02 03 fe",
	} {
		m, _, err := Decode([]byte(data))
		var ue UnsupportedError
		if m != nil || !errors.As(err, &ue) || !strings.Contains(err.Error(), want) {
			t.Errorf("Decode(%q): %v, %v, want an error about %s", data, m, err, want)
		}
	}
}

func TestDecodeSniffs(t *testing.T) {
	m := New(20, 10, 3)
	for i := range m.Pix {
		m.Pix[i] = byte(i / 3)
	}
	var p bytes.Buffer
	if err := EncodePNG(&p, m); err != nil {
		t.Fatal(err)
	}
	if got, info, err := Decode(p.Bytes()); err != nil || info.Format != "png" || !bytes.Equal(got.Pix, m.Pix) {
		t.Errorf("a PNG: %+v, %v", info, err)
	}
	var j bytes.Buffer
	if err := EncodeJPEG(&j, m, 90); err != nil {
		t.Fatal(err)
	}
	if got, info, err := Decode(j.Bytes()); err != nil || info.Format != "jpeg" || got.W != 20 || got.H != 10 {
		t.Errorf("a JPEG: %+v, %v", info, err)
	}
}
