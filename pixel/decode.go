package pixel

import (
	"bytes"
	"fmt"
	"unicode"
	"unicode/utf8"
)

// Decode decodes a JPEG or PNG picture, whichever the data begin like, as
// [DecodeJPEG] and [DecodePNG] do; the name of the file plays no part. Data of
// another kind are an [UnsupportedError] that says what they look like, so that
// a saved error page or a pointer of git-lfs is recognised for what it is.
func Decode(data []byte) (*Image, Info, error) {
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xd8")):
		return DecodeJPEG(data)
	case bytes.HasPrefix(data, []byte(pngSignature)):
		return DecodePNG(data)
	}
	return nil, Info{}, UnsupportedError(fmt.Sprintf("neither JPEG nor PNG but %s", kindOf(data)))
}

// signatures are beginnings by which files that get mistaken for pictures are
// known. In pattern, '?' stands for any byte.
var signatures = []struct{ pattern, kind string }{
	{"GIF8", "a GIF"},
	{"RIFF????WEBP", "a WebP"},
	{"BM????\x00\x00\x00\x00", "a BMP"},
	{"II*\x00", "a TIFF"},
	{"MM\x00*", "a TIFF"},
	{"????ftypavi", "an AVIF"},
	{"????ftyphei", "a HEIC"},
	{"????ftypmif1", "a HEIC"},
	{"????ftyp", "an MP4"},
	{"\x00\x00\x00\x0cjP  ", "a JPEG 2000"},
	{"\xff\x4f\xff\x51", "a JPEG 2000"},
	{"\xff\x0a", "a JPEG XL"},
	{"\x00\x00\x00\x0cJXL ", "a JPEG XL"},
	{"8BPS", "a Photoshop"},
	{"%PDF", "a PDF"},
	{"PK\x03\x04", "a ZIP"},
	{"\x1f\x8b", "a gzip"},
	{"\x93NUMPY", "a NumPy"},
	{"\x00\x05\x16\x07", "an AppleDouble"},
}

// kindOf says in words what the data look like.
func kindOf(data []byte) string {
	if len(data) == 0 {
		return "an empty file"
	}
	for _, s := range signatures {
		if matches(data, s.pattern) {
			return s.kind + " file"
		}
	}
	text := bytes.TrimSpace(bytes.TrimPrefix(data[:min(len(data), 512)], []byte("\xef\xbb\xbf")))
	lower := bytes.ToLower(text)
	switch {
	case bytes.HasPrefix(lower, []byte("<!doctype html")), bytes.HasPrefix(lower, []byte("<html")):
		return "an HTML page"
	case bytes.HasPrefix(lower, []byte("<svg")), bytes.HasPrefix(lower, []byte("<?xml")):
		return "an XML or SVG document"
	case bytes.HasPrefix(text, []byte("version https://git-lfs")):
		return "a pointer of git-lfs (the file itself has yet to be fetched)"
	case bytes.Count(data, []byte{0}) == len(data):
		return fmt.Sprintf("%d bytes of zero", len(data))
	case isText(text):
		return fmt.Sprintf("text that begins %.24q", text)
	}
	return fmt.Sprintf("an unknown kind of file that begins % x", data[:min(len(data), 8)])
}

func matches(data []byte, pattern string) bool {
	if len(data) < len(pattern) {
		return false
	}
	for i := range len(pattern) {
		if pattern[i] != '?' && pattern[i] != data[i] {
			return false
		}
	}
	return true
}

func isText(b []byte) bool {
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 && len(b) >= utf8.UTFMax || !unicode.IsPrint(r) && !unicode.IsSpace(r) {
			return false
		}
		b = b[n:]
	}
	return true
}
