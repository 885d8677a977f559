package pixel

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// testPicture has gradients, edges and noise.
func testPicture(w, h, c int) *Image {
	m := New(w, h, c)
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range m.Pix {
		x, y := i/c%w, i/c/w
		m.Pix[i] = byte(x*3 + y*2*(i%c) + int(rng.Uint32()%16))
		if (x/9+y/7)%4 == 0 {
			m.Pix[i] = byte(200 * (i % c))
		}
	}
	return m
}

func encoded(t testing.TB, m *Image, quality int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := EncodeJPEG(&b, m, quality); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestEncodeJPEGRoundTrip(t *testing.T) {
	for _, c := range []int{1, 3, 4} {
		m := New(45, 31, c)
		for i := range m.Pix {
			m.Pix[i] = byte(i/c%45*5 + 10*(i%c))
		}
		got, info, err := DecodeJPEG(encoded(t, m, 95))
		if err != nil {
			t.Fatal(err)
		}
		if got.W != 45 || got.H != 31 || got.C != min(c, 3) || info.Warnings != 0 {
			t.Fatalf("%d channels: got %d x %d x %d, %+v", c, got.W, got.H, got.C, info)
		}
		want, worst := m.RGB(), 0.0
		for i, v := range got.RGB().Pix {
			worst = max(worst, math.Abs(float64(v)-float64(want.Pix[i])))
		}
		if worst > 12 {
			t.Errorf("%d channels: %v levels off after encoding and decoding", c, worst)
		}
	}
}

func TestEncodeJPEGErrors(t *testing.T) {
	for name, m := range map[string]*Image{"empty": {C: 3}, "two channels": {W: 1, H: 1, C: 2, Pix: make([]byte, 2)}} {
		if err := EncodeJPEG(new(bytes.Buffer), m, 75); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	for _, q := range []int{0, 101} {
		if err := EncodeJPEG(new(bytes.Buffer), New(1, 1, 3), q); err == nil {
			t.Errorf("quality %d: no error", q)
		}
	}
}

// TestDecodeJPEGNearStandardLibrary compares luma with image/jpeg, whose inverse DCT is another one: where there is no
// chroma to upsample the two may differ by little only.
func TestDecodeJPEGNearStandardLibrary(t *testing.T) {
	data := encoded(t, testPicture(61, 47, 1), 80)
	m, _, err := DecodeJPEG(data)
	if err != nil {
		t.Fatal(err)
	}
	other, err := jpeg.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	for y := range m.H {
		for x := range m.W {
			r, _, _, _ := other.At(x, y).RGBA()
			if d := int(m.Pix[y*m.W+x]) - int(r>>8); d < -2 || d > 2 {
				t.Fatalf("(%d,%d): %d, image/jpeg has %d", x, y, m.Pix[y*m.W+x], r>>8)
			}
		}
	}
}

func TestDecodeJPEGOrientation(t *testing.T) {
	seen := 0
	for _, f := range readFixtures(t) {
		_, info, _ := DecodeJPEG(f.data)
		want := 0
		if _, err := fmt.Sscanf(f.name, "exif-%d.jpg", &want); err == nil {
			seen++
		}
		if info.Orientation != want {
			t.Errorf("%s: orientation %d, want %d", f.name, info.Orientation, want)
		}
	}
	if seen != 8 {
		t.Errorf("%d fixtures with EXIF, want 8", seen)
	}
}

func TestTIFFOrientationMalformed(t *testing.T) {
	good := []byte("MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00")
	if got := tiffOrientation(good); got != 6 {
		t.Fatalf("well-formed: %d, want 6", got)
	}
	for i := range good[:20] {
		if got := tiffOrientation(good[:i]); got != 0 {
			t.Errorf("cut to %d bytes: %d, want 0", i, got)
		}
	}
	for at, v := range map[int]byte{0: 'X', 4: 0xff, 7: 0xfe, 13: 4, 19: 9} {
		bad := bytes.Clone(good)
		bad[at] = v
		if got := tiffOrientation(bad); got != 0 {
			t.Errorf("byte %d = %d: %d, want 0", at, v, got)
		}
	}
}

// frame returns the offset of the frame header's marker.
func frame(t *testing.T, data []byte) int {
	at := bytes.Index(data, []byte{0xff, markerSOF0, 0, 17, 8})
	if at < 0 {
		t.Fatal("no SOF0")
	}
	return at
}

func TestDecodeJPEGRefuses(t *testing.T) {
	good := encoded(t, testPicture(40, 30, 3), 75)
	at := frame(t, good)
	with := func(offset int, v ...byte) []byte {
		b := bytes.Clone(good)
		copy(b[at+offset:], v)
		return b
	}
	scan := bytes.Index(good, []byte{0xff, markerSOS})
	insert := func(offset int, v ...byte) []byte { return slices.Insert(bytes.Clone(good), offset, v...) }
	unsupported, format := new(UnsupportedError), new(FormatError)
	tests := []struct {
		name string
		data []byte
		want any // pointer to the error type, or a sentinel
	}{
		{"empty", nil, format},
		{"not a JPEG", []byte("GIF89a"), format},
		{"SOI only", good[:2], ErrTruncated},
		{"no scan", good[:scan], ErrTruncated},
		{"EOI at once", []byte{0xff, markerSOI, 0xff, markerEOI}, format},
		{"scan before frame", slices.Concat(good[:2], good[scan:]), format},
		{"12 bits", with(4, 12), unsupported},
		{"lossless", with(1, 0xc3), unsupported},
		{"hierarchical", with(1, 0xc5), unsupported},
		{"arithmetic", with(1, 0xc9), unsupported},
		{"arithmetic progressive", with(1, 0xca), unsupported},
		{"height 0", with(5, 0, 0), format},
		{"width 0", with(7, 0, 0), format},
		{"too large", with(5, 0xff, 0xff, 0xff, 0xff), unsupported},
		{"large without data", with(5, 0x30, 0, 0x30, 0), ErrTruncated},
		{"two components", with(9, 2), format}, // the length is then wrong
		{"sampling 0", with(11, 0x02), format},
		{"sampling 5", with(11, 0x52), format},
		{"sampling 3:2", slices.Concat(with(11, 0x31)[:at+14], []byte{0x21}, good[at+15:]), unsupported},
		{"no quantisation table", with(12, 3), format},
		{"second frame", slices.Concat(good[:scan], good[at:at+19], good[scan:]), format},
		{"unknown marker", insert(scan, 0xff, 0x02), format},
		{"bad table slot", insert(scan, 0xff, markerDQT, 0, 67, 4), format},
		{"too many codes", insert(scan, append([]byte{0xff, markerDHT, 0, 22, 0x00, 3}, make([]byte, 18)...)...), format},
		{"bad restart interval", insert(scan, 0xff, markerDRI, 0, 3, 1), format},
		{"bad scan length", slices.Concat(good[:scan+3], []byte{13}, good[scan+4:]), format},
		{"unknown component", slices.Concat(good[:scan+5], []byte{77}, good[scan+6:]), format},
		{"same component twice", slices.Concat(good[:scan+7], good[scan+5:scan+6], good[scan+8:]), format},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m, _, err := DecodeJPEG(test.data)
			if m != nil || err == nil {
				t.Fatalf("got a picture, error %v", err)
			}
			ok := false
			switch want := test.want.(type) {
			case *UnsupportedError:
				ok = errors.As(err, want)
			case *FormatError:
				ok = errors.As(err, want)
			case error:
				ok = errors.Is(err, want)
			}
			if !ok {
				t.Errorf("error %v, want %T", err, test.want)
			}
		})
	}
}

// TestDecodeJPEGScanBomb feeds a progressive file of a great many scans that cost a few bytes and visit all blocks.
func TestDecodeJPEGScanBomb(t *testing.T) {
	var b bytes.Buffer
	b.Write([]byte{0xff, markerSOI})
	b.Write([]byte{0xff, markerDQT, 0, 67, 0})
	b.Write(bytes.Repeat([]byte{1}, 64))
	b.Write([]byte{0xff, markerSOF2, 0, 11, 8, 8, 0, 8, 0, 1, 1, 0x11, 0})
	// AC table: the code 0 stands for EOB14, a run of 2^14 blocks and more; DC table: 0 stands for no change.
	for _, t := range [][2]byte{{0x00, 0x00}, {0x10, 0xe0}} {
		b.Write([]byte{0xff, markerDHT, 0, 20, t[0], 1})
		b.Write(make([]byte, 15))
		b.WriteByte(t[1])
	}
	b.Write([]byte{0xff, markerSOS, 0, 8, 1, 1, 0x00, 0, 0, 0x00})
	b.Write(make([]byte, 65536/8))
	for range 20000 {
		b.Write([]byte{0xff, markerSOS, 0, 8, 1, 1, 0x00, 1, 63, 0x10})
		b.Write(make([]byte, 8))
	}
	_, _, err := DecodeJPEG(b.Bytes())
	if !errors.As(err, new(UnsupportedError)) {
		t.Errorf("error %v, want an UnsupportedError", err)
	}
}

// TestDecodeJPEGTruncatedAnywhere cuts files at every byte.
func TestDecodeJPEGTruncatedAnywhere(t *testing.T) {
	for _, f := range readFixtures(t) {
		if f.truncated || !strings.HasPrefix(f.name, "size-17x17") && !strings.HasPrefix(f.name, "size-3x3") {
			continue
		}
		scan := bytes.Index(f.data, []byte{0xff, markerSOS}) + 2 + int(binary.BigEndian.Uint16(f.data[bytes.Index(f.data, []byte{0xff, markerSOS})+2:]))
		for n := range f.data {
			m, _, err := DecodeJPEG(f.data[:n])
			if err == nil || n >= 2 && !errors.Is(err, ErrTruncated) {
				t.Fatalf("%s cut to %d bytes: error %v", f.name, n, err)
			}
			if n >= scan && m == nil {
				t.Fatalf("%s cut to %d bytes: no picture: %v", f.name, n, err)
			}
		}
	}
}

func FuzzDecodeJPEG(f *testing.F) {
	for i, fixture := range readFixtures(f) {
		if len(fixture.data) < 1500 && i%3 == 0 {
			f.Add(fixture.data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<16 {
			return
		}
		if c, err := jpeg.DecodeConfig(bytes.NewReader(data)); err == nil && c.Width*c.Height > 1<<20 {
			return // it would only be slow
		}
		m, info, err := DecodeJPEG(data)
		if m == nil && err == nil || m != nil && err != nil && !errors.Is(err, ErrTruncated) {
			t.Fatalf("picture %v, error %v", m != nil, err)
		}
		if m == nil {
			return
		}
		if m.W != info.W || m.H != info.H || len(m.Pix) != m.W*m.H*m.C || m.C != 1 && m.C != 3 {
			t.Fatalf("%d x %d x %d with %d bytes, %+v", m.W, m.H, m.C, len(m.Pix), info)
		}
		if again, _, _ := DecodeJPEG(data); !bytes.Equal(m.Pix, again.Pix) {
			t.Fatal("two decodings differ")
		}
		if other, err := jpeg.Decode(bytes.NewReader(data)); err == nil {
			if b := other.Bounds(); b.Dx() != m.W || b.Dy() != m.H {
				t.Fatalf("%d x %d, image/jpeg has %v", m.W, m.H, b)
			}
		}
	})
}
