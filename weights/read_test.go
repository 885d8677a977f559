package weights

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gestalt-vision/gestalt/internal/sharedtest"
)

const reference = "testdata/all_types.safetensors"

// raw makes the bytes of a file from its header's text and n bytes of data.
func raw(header string, n int) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(b, header...), make([]byte, n)...)
}

func TestHostileFiles(t *testing.T) {
	const good = `{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`
	claim := func(n uint64) []byte { return append(binary.LittleEndian.AppendUint64(nil, n), '{', '}') }
	cases := []struct {
		name string
		data []byte
		want string // part of the error
	}{
		{"empty", nil, "too few"},
		{"seven bytes", make([]byte, 7), "too few"},
		{"header longer than the file", claim(3), "only 2 follow"},
		{"header over the limit", claim(maxHeader + 1), "limit is 100000000"},
		{"largest header claim", claim(math.MaxUint64), "limit is 100000000"},
		{"no header", raw("", 0), "'{'"},
		{"space before the header", raw(" "+good, 4), "'{'"},
		{"array", raw(`[]`, 0), "'{'"},
		{"web page", raw(`<html>`, 0), "'{'"},
		{"unclosed", raw(`{"a":`, 0), "unexpected EOF"},
		{"unclosed after entry", raw(strings.TrimSuffix(good, "}"), 4), "unexpected EOF"},
		{"two objects", raw(good+"{}", 4), "closing brace"},
		{"garbage after", raw(good+"x", 4), "closing brace"},
		{"zero bytes after", raw(good+"\x00", 4), "closing brace"},
		{"not UTF-8", raw("{\"\xff\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}", 0), "UTF-8"},
		{"name twice", raw(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}`, 2), `"a" occurs twice`},
		{"name twice, once escaped", raw(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"\u0061":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}`, 2), `"a" occurs twice`},
		{"shape twice", raw(`{"a":{"dtype":"U8","shape":[1],"shape":[1],"data_offsets":[0,1]}}`, 1), `"shape" occurs twice`},
		{"metadata twice", raw(`{"__metadata__":{},"__metadata__":{}}`, 0), `"__metadata__" occurs twice`},
		{"metadata key twice", raw(`{"__metadata__":{"k":"1","k":"2"}}`, 0), `"k" occurs twice`},
		{"metadata number", raw(`{"__metadata__":{"k":1}}`, 0), "expected a string"},
		{"metadata string", raw(`{"__metadata__":"k"}`, 0), `expected "{"`},
		{"tensor null", raw(`{"a":null}`, 0), `tensor "a": expected "{"`},
		{"unknown key", raw(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"stride":[1]}}`, 1), `unknown key "stride"`},
		{"no dtype", raw(`{"a":{"shape":[1],"data_offsets":[0,1]}}`, 1), "dtype is missing"},
		{"unknown dtype", raw(`{"a":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]}}`, 1), `tensor "a": element type "F8_E4M3"`},
		{"lower-case dtype", raw(`{"a":{"dtype":"f32","shape":[1],"data_offsets":[0,4]}}`, 4), `"f32" is not known`},
		{"dtype number", raw(`{"a":{"dtype":32,"shape":[1],"data_offsets":[0,4]}}`, 4), "expected a string"},
		{"no shape", raw(`{"a":{"dtype":"U8","data_offsets":[0,1]}}`, 1), "shape is missing"},
		{"shape null", raw(`{"a":{"dtype":"U8","shape":null,"data_offsets":[0,1]}}`, 1), `expected "["`},
		{"shape negative", raw(`{"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,1]}}`, 1), "-1 is not a whole number"},
		{"shape fraction", raw(`{"a":{"dtype":"U8","shape":[1.0],"data_offsets":[0,1]}}`, 1), "1.0 is not a whole number"},
		{"shape exponent", raw(`{"a":{"dtype":"U8","shape":[1e0],"data_offsets":[0,1]}}`, 1), "1e0 is not a whole number"},
		{"shape string", raw(`{"a":{"dtype":"U8","shape":["1"],"data_offsets":[0,1]}}`, 1), "expected a number"},
		{"shape nested", raw(`{"a":{"dtype":"U8","shape":[[1]],"data_offsets":[0,1]}}`, 1), "expected a number"},
		{"deep nesting", raw(`{"a":`+strings.Repeat("[", 100000), 0), `expected "{"`},
		{"size over 64 bits", raw(`{"a":{"dtype":"U8","shape":[18446744073709551617],"data_offsets":[0,1]}}`, 1), "not a whole number in range"},
		{"product wraps to 1 byte", raw(`{"a":{"dtype":"U8","shape":[9223372036854775807,9223372036854775807],"data_offsets":[0,1]}}`, 1), "too large"},
		{"product wraps to 0", raw(`{"a":{"dtype":"F32","shape":[4611686018427387904],"data_offsets":[0,0]}}`, 0), "too large"},
		{"too many axes", raw(`{"a":{"dtype":"U8","shape":[1`+strings.Repeat(",1", maxRank)+`],"data_offsets":[0,1]}}`, 1), "more than 64"},
		{"no offsets", raw(`{"a":{"dtype":"U8","shape":[0]}}`, 0), "data_offsets must be two"},
		{"three offsets", raw(`{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0,0]}}`, 0), "found 3"},
		{"begin after end", raw(`{"a":{"dtype":"U8","shape":[0],"data_offsets":[1,0]}}`, 1), "lie outside"},
		{"end after the file", raw(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`, 4), "lie outside"},
		{"shape larger than bytes", raw(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}`, 4), "takes 8 bytes"},
		{"shape smaller than bytes", raw(`{"a":{"dtype":"F32","shape":[],"data_offsets":[0,8]}}`, 8), "takes 4 bytes"},
		{"overlap", raw(`{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}`, 3), `"b" begins at byte 1, inside tensor "a"`},
		{"same bytes", raw(`{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}`, 2), "inside tensor"},
		{"hole at the start", raw(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}`, 2), "belong to no tensor"},
		{"hole between", raw(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}}`, 3), "belong to no tensor"},
		{"hole at the end", raw(good, 5), "last 1 bytes"},
		{"empty tensor inside another", raw(`{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[0],"data_offsets":[1,1]}}`, 2), "inside tensor"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "bad.safetensors")
			if err := os.WriteFile(path, c.data, 0o600); err != nil {
				t.Fatal(err)
			}
			f, err := Open(path)
			if err == nil {
				t.Fatalf("Open gave %v, want an error with %q", f.Names(), c.want)
			}
			for _, want := range []string{c.want, path} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not say %q", err, want)
				}
			}
		})
	}
}

func TestUnusualButValid(t *testing.T) {
	cases := map[string][]byte{
		"no tensors":       raw(`{}`, 0),
		"only metadata":    raw(`{"__metadata__":{"a":"b"}}  `, 0),
		"scalar":           raw(`{"a":{"dtype":"F64","shape":[],"data_offsets":[0,8]}}`, 8),
		"unaligned":        raw(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"data_offsets":[1,5],"shape":[1],"dtype":"F32"}}`, 5),
		"empty in between": raw(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"e":{"dtype":"F32","shape":[3,0],"data_offsets":[1,1]},"b":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}`, 2),
		"empty name":       raw(`{"":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}`, 0),
	}
	for name, data := range cases {
		if _, err := newFile(name, data, nil); err != nil {
			t.Error(err)
		}
	}
}

// A header that claims much costs no memory before it has been checked against the file.
func TestClaimsAreNotAllocated(t *testing.T) {
	data := raw(`{"a":{"dtype":"F64","shape":[1000000000],"data_offsets":[0,8000000000]}}`, 8)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, _, err := parse(data); err == nil {
		t.Fatal("accepted")
	}
	runtime.ReadMemStats(&after)
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 1<<20 {
		t.Errorf("%d bytes allocated for a file of %d", grown, len(data))
	}
}

func TestFloat32OfReference(t *testing.T) {
	f, err := Open(reference)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	inf := float32(math.Inf(1))
	want := map[string][]float32{
		"f16":  {0, float32(math.Copysign(0, -1)), 0x1p-24, -0x3ffp-24, 0x1p-14, 1, 0.333251953125, 65504, inf, -inf},
		"bf16": {0, -0x1p-133, 0x7fp-133, 1, 3.140625, 0xffp120, inf, -inf},
		"f32":  {0, 1, -2.5, 1e-40, 3.4e38, inf},
		"f64":  {1, inf, float32(math.Copysign(0, -1)), 0.1},
	}
	shapes := map[string][]int{"f16": {10}, "bf16": {2, 4}, "f32": {2, 3}, "f64": {4}}
	for name, values := range want {
		got, shape, err := f.Float32(name)
		if err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(patterns(values), patterns(got)); diff != "" {
			t.Errorf("%s (bits, -want +got):\n%s", name, diff)
		}
		if diff := cmp.Diff(shapes[name], shape); diff != "" {
			t.Errorf("%s: shape (-want +got):\n%s", name, diff)
		}
	}
	for _, name := range []string{"i64", "u8", "flag"} {
		if _, _, err := f.Float32(name); err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), reference) {
			t.Errorf("Float32(%q): error %v should name the tensor and the file", name, err)
		}
	}
	if _, err := f.Tensor("absent"); err == nil || !strings.Contains(err.Error(), reference) {
		t.Errorf("Tensor(absent): error %v should name the file", err)
	}
	if got := f.Metadata()["format"]; got != "pt" {
		t.Errorf("metadata format = %q", got)
	}
	data, err := os.ReadFile(reference)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := f.SHA256(), fmt.Sprintf("%x", sha256.Sum256(data)); got != want {
		t.Errorf("SHA256 = %s, want %s", got, want)
	}
}

func patterns(values []float32) []uint32 {
	out := make([]uint32, len(values))
	for i, v := range values {
		out[i] = math.Float32bits(v)
	}
	return out
}

// Every half against the definition of binary16 in float64 arithmetic.
func TestHalf(t *testing.T) {
	for i := range 1 << 16 {
		h := uint16(i)
		exponent, fraction := int(h>>10&31), float64(h&1023)
		want := math.Ldexp(1024+fraction, exponent-25)
		switch {
		case exponent == 31 && fraction != 0:
			want = math.NaN()
		case exponent == 31:
			want = math.Inf(1)
		case exponent == 0:
			want = math.Ldexp(fraction, -24)
		}
		if h&0x8000 != 0 {
			want = -want
		}
		got := fromHalf(h)
		if math.IsNaN(want) && got != got {
			continue
		}
		if math.Float32bits(got) != math.Float32bits(float32(want)) {
			t.Fatalf("half %#04x: got %g, want %g", h, got, want)
		}
	}
}

// The mapped and the plainly read file are the same; a file from the field is read whole.
func TestPublishedFile(t *testing.T) {
	path := sharedtest.Path(t, "weights/squeezenet1_1.safetensors")
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	data, release, err := readPlain(path)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := newFile(path, data, release)
	if err != nil {
		t.Fatal(err)
	}
	if f.SHA256() != plain.SHA256() || len(f.Names()) != 52 {
		t.Errorf("%d tensors, mapped %s, read %s", len(f.Names()), f.SHA256(), plain.SHA256())
	}
	elements := 0
	for _, name := range f.Names() {
		values, shape, err := f.Float32(name)
		if err != nil {
			t.Error(err)
		}
		if len(shape) != 1 && len(shape) != 4 {
			t.Errorf("%s has shape %v", name, shape)
		}
		elements += len(values)
	}
	if elements != 1_235_496 { // torchvision's count for SqueezeNet 1.1
		t.Errorf("%d parameters", elements)
	}
	for range 2 { // the second Close is harmless
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
}

// all are the tensors of a file by name.
func all(t interface{ Fatal(...any) }, f *File) map[string]Tensor {
	tensors := map[string]Tensor{}
	for _, name := range f.Names() {
		tensor, err := f.Tensor(name)
		if err != nil {
			t.Fatal(err)
		}
		tensors[name] = tensor
	}
	return tensors
}

func FuzzOpen(f *testing.F) {
	if data, err := os.ReadFile(reference); err == nil {
		f.Add(data)
	}
	f.Add(raw(`{"a":{"dtype":"BF16","shape":[2,1],"data_offsets":[0,4]},"__metadata__":{"k":"v"}}`, 4))
	f.Add(raw(`{"a":{"dtype":"F64","shape":[0,9223372036854775807],"data_offsets":[0,0]}}  `, 0))
	f.Add(binary.LittleEndian.AppendUint64(nil, math.MaxUint64))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := newFile("fuzz", data, func() error { return nil })
		if err != nil {
			return
		}
		total := 0
		var tensors []Tensor
		for _, name := range file.Names() {
			tensor, err := file.Tensor(name)
			if err != nil {
				t.Fatal(err)
			}
			if values, err := tensor.Float32(); err == nil && len(values) != tensor.Len() {
				t.Fatalf("%d values of shape %v", len(values), tensor.Shape)
			}
			total += len(tensor.Data)
			tensors = append(tensors, tensor)
		}
		if file.Origin().Format == FormatSafetensors {
			if n := binary.LittleEndian.Uint64(data); total != len(data)-8-int(n) {
				t.Fatalf("the tensors hold %d of %d bytes", total, len(data)-8-int(n))
			}
		}
		// What was accepted can be written, and reads back the same.
		again, err := newFile("again", encoded(t, tensors, file.Metadata()), nil)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(all(t, file), all(t, again)); diff != "" {
			t.Fatalf("written and read again (-first +second):\n%s", diff)
		}
	})
}
