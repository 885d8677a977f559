package pixel

import (
	"bytes"
	"compress/flate"
	"compress/zlib"
	"encoding/binary"
	"hash/adler32"
	"io"
	"math/rand/v2"
	"testing"
)

// inflated runs our decompressor on a zlib stream that should hold n bytes.
func inflated(packed []byte, n int) ([]byte, error) {
	dst := bytes.Repeat([]byte{0xaa}, n+inflateSlack)
	src := append(bytes.Clone(packed), make([]byte, inflatePadding)...)
	err := new(inflater).inflateZlib(dst, n, src)
	return dst[:n], err
}

// compressible returns bytes of several kinds, so that every kind of block, long
// and short matches and long codes come up.
func compressible(r *rand.Rand, n int) []byte {
	b := make([]byte, 0, n+300)
	for len(b) < n {
		switch r.IntN(5) {
		case 0: // noise
			for range r.IntN(300) {
				b = append(b, byte(r.Uint32()))
			}
		case 1: // few values, unevenly
			for range r.IntN(3000) {
				b = append(b, byte(r.ExpFloat64()*8))
			}
		case 2: // a run
			b = append(b, bytes.Repeat([]byte{byte(r.Uint32())}, r.IntN(600))...)
		case 3, 4: // something from before, near or far
			if len(b) > 0 {
				distance := 1 + r.IntN(min(len(b), 1<<(1+r.IntN(15))))
				for range 3 + r.IntN(300) {
					b = append(b, b[len(b)-distance])
				}
			}
		}
	}
	return b[:n]
}

func TestInflate(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	for i := range 300 {
		want := compressible(r, r.IntN(1<<(1+i%18)))
		level := []int{flate.HuffmanOnly, flate.NoCompression, 1, 6, 9}[i%5]
		var packed bytes.Buffer
		w, err := zlib.NewWriterLevel(&packed, level)
		if err != nil {
			t.Fatal(err)
		}
		for rest := want; len(rest) > 0; { // in pieces, which makes empty stored blocks between
			n := 1 + r.IntN(len(rest))
			w.Write(rest[:n])
			if rest = rest[n:]; i%2 == 0 {
				w.Flush()
			}
		}
		w.Close()
		got, err := inflated(packed.Bytes(), len(want))
		if err != nil || !bytes.Equal(got, want) {
			t.Fatalf("case %d, %d bytes at level %d: %v", i, len(want), level, err)
		}
		for n, c := range map[int]string{len(want) + 1: "one more", len(want) - 1: "one less"} {
			if n < 0 {
				continue
			}
			if _, err := inflated(packed.Bytes(), n); err == nil {
				t.Errorf("case %d: %s than it holds, and no error", i, c)
			}
		}
		short := packed.Bytes()[:r.IntN(packed.Len())]
		if _, err := inflated(short, len(want)); err == nil {
			t.Errorf("case %d: %d of %d bytes, and no error", i, len(short), packed.Len())
		}
	}
}

// FuzzInflate holds the decompressor to compress/flate: the same streams are
// valid, and hold the same. The input is a deflate stream; the zlib wrapping is
// put around it here, since no fuzzer guesses a checksum.
func FuzzInflate(f *testing.F) {
	r := rand.New(rand.NewPCG(11, 12))
	for _, level := range []int{flate.HuffmanOnly, flate.NoCompression, 1, 9} {
		var b bytes.Buffer
		w, err := flate.NewWriter(&b, level)
		if err != nil {
			f.Fatal(err)
		}
		w.Write(compressible(r, 400))
		w.Close()
		f.Add(b.Bytes())
	}
	f.Add([]byte("\x05\xe0\x81\x08\x00\x00\x00\x00\x20\x7f\xea\x2f")) // a code of one symbol
	f.Fuzz(func(t *testing.T, stream []byte) {
		const most = 1 << 20
		read := bytes.NewReader(stream)
		want, err := io.ReadAll(io.LimitReader(flate.NewReader(read), most+1))
		if len(want) > most {
			return
		}
		used := len(stream) - read.Len()
		packed := append([]byte{0x78, 0x01}, stream[:used]...)
		packed = binary.BigEndian.AppendUint32(packed, adler32.Checksum(want))
		got, ourErr := inflated(packed, len(want))
		if (err == nil) != (ourErr == nil) {
			t.Fatalf("flate says %v, we say %v", err, ourErr)
		}
		if err == nil && !bytes.Equal(got, want) {
			t.Error("not what compress/flate decompresses")
		}
	})
}
