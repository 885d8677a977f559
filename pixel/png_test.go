package pixel

import (
	"archive/tar"
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image/color"
	"image/png"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/gestalt-vision/gestalt/internal/sharedtest"
)

// pngChunk returns a chunk with its checksum.
func pngChunk(kind string, body []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	b = append(append(b, kind...), body...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
}

func pngHeader(w, h, depth, colour, interlace int) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(w))
	b = binary.BigEndian.AppendUint32(b, uint32(h))
	return pngChunk("IHDR", append(b, byte(depth), byte(colour), 0, 0, byte(interlace)))
}

func deflated(raw []byte) []byte {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	w.Write(raw)
	w.Close()
	return b.Bytes()
}

// randomPNG makes a picture of a colour type and depth out of random samples and
// random filters. Its palette is whole, so that the standard library agrees on it.
func randomPNG(r *rand.Rand, w, h, depth, colour, interlace int, transparent bool) []byte {
	components := map[int]int{pngGrey: 1, pngRGB: 3, pngPalette: 1, pngGreyAlpha: 2, pngRGBA: 4}[colour]
	passes := pngWhole
	if interlace == 1 {
		passes = pngAdam7
	}
	var raw []byte
	for _, p := range passes {
		pw, ph := p.size(w, h)
		if pw <= 0 || ph <= 0 {
			continue
		}
		for range ph {
			raw = append(raw, byte(r.IntN(5)))
			for range (pw*depth*components + 7) / 8 {
				raw = append(raw, byte(r.Uint32())&byte(r.Uint32()))
			}
		}
	}
	out := append([]byte(pngSignature), pngHeader(w, h, depth, colour, interlace)...)
	random := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		return b
	}
	if colour == pngPalette {
		out = append(out, pngChunk("PLTE", random(3<<depth))...)
	}
	if transparent {
		switch colour {
		case pngPalette:
			out = append(out, pngChunk("tRNS", random(1+r.IntN(1<<depth)))...)
		case pngGrey:
			out = append(out, pngChunk("tRNS", []byte{0, 0})...)
		case pngRGB:
			out = append(out, pngChunk("tRNS", []byte{0, 0, 0, 0, 0, 0})...)
		}
	}
	packed := deflated(raw)
	cut := r.IntN(len(packed))
	out = append(out, pngChunk("IDAT", packed[:cut])...)
	out = append(out, pngChunk("IDAT", packed[cut:])...)
	return append(out, pngChunk("IEND", nil)...)
}

// standardPNG decodes with the standard library and brings the result to the
// channels of our own.
func standardPNG(data []byte, c int) (*Image, error) {
	src, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	b := src.Bounds()
	m := New(b.Dx(), b.Dy(), c)
	for y := range m.H {
		for x := range m.W {
			var p color.NRGBA
			switch at := src.At(x+b.Min.X, y+b.Min.Y).(type) {
			case color.NRGBA:
				p = at
			case color.NRGBA64: // the standard conversion would go through premultiplied values
				p = color.NRGBA{byte(at.R >> 8), byte(at.G >> 8), byte(at.B >> 8), byte(at.A >> 8)}
			default:
				p = color.NRGBAModel.Convert(at).(color.NRGBA)
			}
			copy(m.Pix[(y*m.W+x)*c:][:c], []byte{p.R, p.G, p.B, p.A})
		}
	}
	return m, nil
}

// The standard library, an independent decoder, must give the same pictures, for
// every colour type, depth, interlacing and transparency.
func TestDecodePNGEveryType(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for colour, depths := range map[int][]int{
		pngGrey: {1, 2, 4, 8, 16}, pngRGB: {8, 16}, pngPalette: {1, 2, 4, 8}, pngGreyAlpha: {8, 16}, pngRGBA: {8, 16},
	} {
		for _, depth := range depths {
			for i := range 40 {
				interlace, transparent := i&1, i&2 != 0
				w, h := 1+r.IntN(40), 1+r.IntN(20)
				data := randomPNG(r, w, h, depth, colour, interlace, transparent)
				name := fmt.Sprintf("%d x %d, type %d, %d bits, interlace %d, transparent %v", w, h, colour, depth, interlace, transparent)
				got, info, err := DecodePNG(data)
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				want, err := standardPNG(data, got.C)
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				if !bytes.Equal(got.Pix, want.Pix) {
					t.Errorf("%s: not what the standard library decodes", name)
				}
				if info.W != w || info.H != h || info.Depth != depth || info.Progressive != (interlace == 1) || info.Format != "png" {
					t.Errorf("%s: info %+v", name, info)
				}
			}
		}
	}
}

// The values that Pillow's convert("RGB") and convert("RGBA") give.
func TestDecodePNGAsPillow(t *testing.T) {
	for _, c := range []struct {
		name          string
		depth, colour int
		raw           string // 4 x 1 pixels
		extra         []byte
		rgb           []byte
		alpha         []byte
	}{
		{"grey 1", 1, pngGrey, "\xa0", nil, grey(255, 0, 255, 0), nil},
		{"grey 2", 2, pngGrey, "\x1b", nil, grey(0, 85, 170, 255), nil},
		{"grey 4", 4, pngGrey, "\x12\x34", nil, grey(17, 34, 51, 68), nil},
		{"grey 8", 8, pngGrey, "\x12\x34\x56\x78", nil, grey(0x12, 0x34, 0x56, 0x78), nil},
		{"grey 16, where Pillow clips", 16, pngGrey, "\x00\x05\x12\x34\x00\xff\xff\xff", nil, grey(0, 0x12, 0, 255), nil},
		{"grey alpha 16", 16, pngGreyAlpha, "\x12\xff\x80\xff\x13\xff\x81\xff\x14\xff\x82\xff\x15\xff\x83\xff", nil,
			grey(0x12, 0x13, 0x14, 0x15), []byte{0x80, 0x81, 0x82, 0x83}},
		{"RGB 16", 16, pngRGB, strings.Repeat("\x12\xff", 3) + strings.Repeat("\x80\x00", 3) + strings.Repeat("\xff\xff", 6), nil,
			grey(0x12, 0x80, 255, 255), nil},
		{"short palette", 8, pngPalette, "\x00\x01\x02\x03",
			append(pngChunk("PLTE", []byte{10, 11, 12, 20, 21, 22}), pngChunk("tRNS", []byte{128})...),
			[]byte{10, 11, 12, 20, 21, 22, 2, 2, 2, 3, 3, 3}, []byte{128, 255, 255, 255}},
	} {
		data := joined([]byte(pngSignature), pngHeader(4, 1, c.depth, c.colour, 0), c.extra,
			pngChunk("IDAT", deflated([]byte("\x00"+c.raw))), pngChunk("IEND", nil))
		m, _, err := DecodePNG(data)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got := m.RGB(); !bytes.Equal(got.Pix, c.rgb) {
			t.Errorf("%s: %v, want %v", c.name, got.Pix, c.rgb)
		}
		if (m.C == 4) != (c.alpha != nil) {
			t.Errorf("%s: %d channels", c.name, m.C)
		}
		for i, a := range c.alpha {
			if m.C == 4 && m.Pix[4*i+3] != a {
				t.Errorf("%s: alpha %d is %d, want %d", c.name, i, m.Pix[4*i+3], a)
			}
		}
	}
}

func grey(values ...byte) []byte {
	var b []byte
	for _, v := range values {
		b = append(b, v, v, v)
	}
	return b
}

func joined(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func TestDecodePNGRefuses(t *testing.T) {
	good := func(parts ...[]byte) []byte {
		return append(append([]byte(pngSignature), bytes.Join(parts, nil)...), pngChunk("IEND", nil)...)
	}
	header, pixels := pngHeader(4, 1, 8, pngGrey, 0), pngChunk("IDAT", deflated([]byte("\x00abcd")))
	if _, _, err := DecodePNG(good(header, pixels)); err != nil {
		t.Fatal(err)
	}
	damaged := good(header, pixels)
	damaged[len(damaged)-20] ^= 1
	checksum := deflated([]byte("\x00abcd"))
	checksum[len(checksum)-1] ^= 1
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"another signature", []byte("\xff\xd8\xff\xe0 and so on"), "signature"},
		{"a damaged byte", damaged, "checksum"},
		{"no header", good(pixels), "IHDR"},
		{"two headers", good(header, header, pixels), "IHDR"},
		{"header of 12 bytes", good(pngChunk("IHDR", make([]byte, 12))), "13"},
		{"3 bits", good(pngHeader(4, 1, 3, pngGrey, 0), pixels), "3 bits"},
		{"palette of 16 bits", good(pngHeader(4, 1, 16, pngPalette, 0), pixels), "16 bits"},
		{"colour type 5", good(pngHeader(4, 1, 8, 5, 0), pixels), "type 5"},
		{"interlace 2", good(pngHeader(4, 1, 8, pngGrey, 2), pixels), "interlace"},
		{"no width", good(pngHeader(0, 1, 8, pngGrey, 0), pixels), "0 x 1"},
		{"no palette", good(pngHeader(4, 1, 8, pngPalette, 0), pixels), "palette"},
		{"palette of 4 bytes", good(pngHeader(4, 1, 8, pngPalette, 0), pngChunk("PLTE", make([]byte, 4)), pixels), "palette"},
		{"transparency before the palette", good(pngHeader(4, 1, 8, pngPalette, 0), pngChunk("tRNS", []byte{1}), pixels), "tRNS"},
		{"transparency beside alpha", good(pngHeader(4, 1, 8, pngRGBA, 0), pngChunk("tRNS", []byte{1, 2}), pixels), "tRNS"},
		{"no pixels", good(header), "compressed data"},
		{"far too few pixels", good(pngHeader(10000, 10000, 8, pngRGB, 0), pixels), "can't hold"},
		{"too few pixels", good(pngHeader(5, 1, 8, pngGrey, 0), pixels), "compressed data"},
		{"too many pixels", good(pngHeader(3, 1, 8, pngGrey, 0), pixels), "compressed data"},
		{"filter 5", good(header, pngChunk("IDAT", deflated([]byte("\x05abcd")))), "filter 5"},
		{"interrupted pixels", good(header, pixels, pngChunk("tEXt", nil), pixels), "IDAT"},
		{"not zlib", good(header, pngChunk("IDAT", []byte("abcdefghijkl"))), "compressed data"},
		{"zlib checksum", good(header, pngChunk("IDAT", checksum)), "compressed data"},
	} {
		m, _, err := DecodePNG(c.data)
		var fe FormatError
		if m != nil || !errors.As(err, &fe) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, %v; want an error about %q", c.name, m, err, c.want)
		}
	}
	var ue UnsupportedError
	if _, _, err := DecodePNG(good(pngHeader(1<<31-1, 1<<31-1, 8, pngGrey, 0), pixels)); !errors.As(err, &ue) {
		t.Errorf("an enormous picture: %v", err)
	}
	whole := good(header, pixels)
	for n := range whole {
		if _, _, err := DecodePNG(whole[:n]); !errors.Is(err, ErrTruncated) {
			t.Errorf("%d of %d bytes: %v", n, len(whole), err)
		}
	}
}

// The definition in the standard, for all arguments.
func TestPaeth(t *testing.T) {
	distance := func(x, y int32) int32 { return max(x-y, y-x) }
	for a := range int32(256) {
		for b := range int32(256) {
			for c := range int32(256) {
				p := a + b - c
				pa, pb, pc := distance(p, a), distance(p, b), distance(p, c)
				want := c
				if pa <= pb && pa <= pc {
					want = a
				} else if pb <= pc {
					want = b
				}
				if got := paeth(a, b, c); got != want {
					t.Fatalf("paeth(%d, %d, %d) = %d, want %d", a, b, c, got, want)
				}
			}
		}
	}
}

func TestDecodePNGOrientation(t *testing.T) {
	exif := []byte("MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00")
	data := joined([]byte(pngSignature), pngHeader(4, 1, 8, pngGrey, 0), pngChunk("eXIf", exif),
		pngChunk("IDAT", deflated([]byte("\x00abcd"))), pngChunk("IEND", nil))
	if _, info, err := DecodePNG(data); err != nil || info.Orientation != 6 {
		t.Errorf("%+v, %v", info, err)
	}
}

func TestEncodePNG(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, c := range []int{1, 3, 4} {
		for range 10 {
			m := randomImage(r, 1+r.IntN(50), 1+r.IntN(50), c)
			var b bytes.Buffer
			if err := EncodePNG(&b, m); err != nil {
				t.Fatal(err)
			}
			got, _, err := DecodePNG(b.Bytes())
			if err != nil || got.W != m.W || got.H != m.H || got.C != c && m.W*m.H > 8 {
				t.Fatalf("%d x %d x %d comes back as %v, %v", m.W, m.H, c, got, err)
			}
			if c == got.C && !bytes.Equal(got.Pix, m.Pix) {
				t.Errorf("%d x %d x %d comes back with other pixels", m.W, m.H, c)
			}
		}
	}
	failed := errors.New("disk full")
	if err := EncodePNG(failingWriter{failed}, New(5, 5, 3)); !errors.Is(err, failed) {
		t.Errorf("the writer's error came as %v", err)
	}
	if err := EncodePNG(&bytes.Buffer{}, New(0, 5, 3)); err == nil {
		t.Error("a picture without pixels was encoded")
	}
}

type failingWriter struct{ err error }

func (w failingWriter) Write([]byte) (int, error) { return 0, w.err }

func randomImage(r *rand.Rand, w, h, c int) *Image {
	m := New(w, h, c)
	for i := range m.Pix {
		m.Pix[i] = byte(r.Uint32())
	}
	return m
}

// mendChecksums makes the checksums of all chunks right, which no fuzzer would.
func mendChecksums(data []byte) {
	for at := len(pngSignature); len(data)-at >= 12; {
		n := int(binary.BigEndian.Uint32(data[at:]))
		if n > len(data)-at-12 {
			return
		}
		binary.BigEndian.PutUint32(data[at+8+n:], crc32.ChecksumIEEE(data[at+4:at+8+n]))
		at += n + 12
	}
}

// FuzzDecodePNG holds the decoder to the standard library's: what that accepts
// must come out the same.
func FuzzDecodePNG(f *testing.F) {
	r := rand.New(rand.NewPCG(5, 6))
	for _, colour := range []int{pngGrey, pngRGB, pngPalette, pngGreyAlpha, pngRGBA} {
		for i := range 4 {
			f.Add(randomPNG(r, 5, 4, 8, colour, i&1, i&2 != 0))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<16 {
			return
		}
		data = bytes.Clone(data)
		mendChecksums(data)
		c, err := png.DecodeConfig(bytes.NewReader(data))
		if err == nil && c.Width*c.Height > 1<<20 {
			return
		}
		got, _, err := DecodePNG(data)
		if err != nil {
			if got != nil {
				t.Errorf("a picture and an error: %v", err)
			}
			return
		}
		if len(got.Pix) != got.W*got.H*got.C {
			t.Fatalf("%d samples for %d x %d x %d", len(got.Pix), got.W, got.H, got.C)
		}
		want, err := standardPNG(data, got.C)
		if err != nil {
			return // it is stricter about the order of chunks
		}
		if _, ok := c.ColorModel.(color.Palette); ok {
			return // indices beyond the palette are black there
		}
		if !bytes.Equal(got.Pix, want.Pix) {
			t.Error("not what the standard library decodes")
		}
	})
}

// cueConflict returns every 16th of the published cue-conflict pictures, encoded.
func cueConflict(t testing.TB) [][]byte {
	file, err := os.Open(sharedtest.Path(t, "geirhos/cue-conflict-half.tar"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var all [][]byte
	archive := tar.NewReader(file)
	for i := 0; ; i++ {
		h, err := archive.Next()
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		if i%16 != 0 || h.Typeflag != tar.TypeReg {
			continue
		}
		data, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, data)
	}
}

func TestDecodePNGCueConflict(t *testing.T) {
	for i, data := range cueConflict(t) {
		got, _, err := DecodePNG(data)
		if err != nil {
			t.Fatal(err)
		}
		want, err := standardPNG(data, 3)
		if err != nil {
			t.Fatal(err)
		}
		if got.C != 3 || !bytes.Equal(got.Pix, want.Pix) {
			t.Errorf("picture %d is not what the standard library decodes", 16*i)
		}
	}
}
