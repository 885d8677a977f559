package weights

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func encoded(t interface{ Fatal(...any) }, tensors []Tensor, metadata map[string]string) []byte {
	var b bytes.Buffer
	if err := Encode(&b, tensors, metadata); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// What the reference implementation wrote is reproduced byte for byte, whatever the order of the tensors.
func TestSameBytesAsReference(t *testing.T) {
	want, err := os.ReadFile(reference)
	if err != nil {
		t.Fatal(err)
	}
	f, err := Open(reference)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var tensors []Tensor
	for _, name := range f.Names() {
		tensor, err := f.Tensor(name)
		if err != nil {
			t.Fatal(err)
		}
		tensors = append(tensors, tensor)
	}
	for range 2 {
		if got := encoded(t, tensors, f.Metadata()); !bytes.Equal(got, want) {
			t.Errorf("got\n%q\nwant\n%q", got, want)
		}
		slices.Reverse(tensors)
	}
}

func TestRoundTrip(t *testing.T) {
	path := filepath.Join(t.TempDir(), "round.safetensors")
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SliceOfNDistinct(rapid.String().Filter(func(s string) bool { return s != metadataKey }), 0, 8, rapid.ID).Draw(t, "names")
		tensors := map[string]Tensor{}
		var list []Tensor
		for _, name := range names {
			tensor := Tensor{Name: name, DType: rapid.SampledFrom(dtypes).Draw(t, "dtype"), Shape: rapid.SliceOfN(rapid.IntRange(0, 4), 0, 4).Draw(t, "shape")}
			n := tensor.Len() * tensor.DType.Size()
			tensor.Data = rapid.SliceOfN(rapid.Byte(), n, n).Draw(t, "data")
			tensors[name], list = tensor, append(list, tensor)
		}
		metadata := rapid.MapOf(rapid.String(), rapid.String()).Draw(t, "metadata")
		if err := Write(path, list, metadata); err != nil {
			t.Fatal(err)
		}
		f, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tensors, all(t, f)); diff != "" {
			t.Fatalf("tensors (-written +read):\n%s", diff)
		}
		if diff := cmp.Diff(metadata, f.Metadata()); diff != "" {
			t.Fatalf("metadata (-written +read):\n%s", diff)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestFromFloat32(t *testing.T) {
	values := []float32{1, -2, 0x1p-149, 3.5}
	got, err := FromFloat32("w", []int{2, 2}, values).Float32()
	if err != nil || !slices.Equal(got, values) {
		t.Errorf("got %v, %v", got, err)
	}
}

// A write that fails leaves what was there, and nothing beside it.
func TestFailedWriteKeepsOldFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "w.safetensors")
	if err := Write(path, []Tensor{FromFloat32("w", []int{1}, []float32{1})}, nil); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	one := FromFloat32("w", []int{1}, []float32{2})
	bad := map[string][]Tensor{
		"is taken":       {one, one},
		"takes 8 bytes":  {{Name: "w", DType: F32, Shape: []int{2}, Data: one.Data}},
		"is not known":   {{Name: "w", DType: "F8_E4M3", Data: one.Data}},
		"UTF-8":          {{Name: "\xff", DType: F32, Data: one.Data}},
		"too large":      {{Name: "w", DType: F32, Shape: []int{-1}, Data: one.Data}},
		"\"__metadata__": {{Name: metadataKey, DType: F32, Data: one.Data}},
	}
	for want, tensors := range bad {
		err := Write(path, tensors, nil)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
			t.Errorf("error %v should say %q and name the file", err, want)
		}
	}
	after, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("the old file changed (%v)", err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v %v", entries, err)
	}
}

func TestLayouts(t *testing.T) {
	for _, c := range [][4]int{{19, 3, 2, 5}, {1, 1, 1, 1}, {300, 30, 3, 1}, {256, 256, 1, 1}, {257, 512, 1, 1}, {600, 70, 3, 3}} { // parts of tiles and several
		o, i, h, w := c[0], c[1], c[2], c[3]
		src := make([]float32, o*i*h*w)
		for n := range src {
			src[n] = float32(n)
		}
		got := OIHWToHWIO(src, o, i, h, w)
		for a := range o {
			for b := range i {
				for y := range h {
					for x := range w {
						if g, s := got[((y*w+x)*i+b)*o+a], src[((a*i+b)*h+y)*w+x]; g != s {
							t.Fatalf("%v: out %d in %d y %d x %d: got %g, want %g", c, a, b, y, x, g, s)
						}
					}
				}
			}
		}
		if back := HWIOToOIHW(got, h, w, i, o); !slices.Equal(back, src) {
			t.Errorf("%v: HWIOToOIHW does not undo OIHWToHWIO", c)
		}
	}
}

func BenchmarkOIHWToHWIO(b *testing.B) {
	for name, c := range map[string][4]int{"ResNet": {512, 512, 3, 3}, "VGG": {4096, 512, 7, 7}} { // the largest weights
		b.Run(name, func(b *testing.B) {
			src := make([]float32, c[0]*c[1]*c[2]*c[3])
			b.SetBytes(int64(4 * len(src)))
			for b.Loop() {
				OIHWToHWIO(src, c[0], c[1], c[2], c[3])
			}
		})
	}
}
