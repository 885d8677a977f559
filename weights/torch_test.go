package weights

import (
	"archive/zip"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// torchNames are the types' names in torch.json.
var torchNames = map[string]DType{
	"float16": F16, "bfloat16": BF16, "float32": F32, "float64": F64, "int64": I64, "int32": I32, "int16": I16, "int8": I8,
	"uint8": U8, "bool": Bool,
}

// torchWant are the tensors that PyTorch reads from the files in testdata.
func torchWant(t *testing.T) map[string]map[string]Tensor {
	t.Helper()
	text, err := os.ReadFile("testdata/torch.json")
	if err != nil {
		t.Fatal(err)
	}
	var files map[string]map[string]struct {
		DType string
		Shape []int
		Data  string
	}
	if err := json.Unmarshal(text, &files); err != nil {
		t.Fatal(err)
	}
	want := map[string]map[string]Tensor{}
	for file, tensors := range files {
		want[file] = map[string]Tensor{}
		for name, v := range tensors {
			data, err := hex.DecodeString(v.Data)
			if err != nil {
				t.Fatal(err)
			}
			want[file][name] = Tensor{Name: name, DType: torchNames[v.DType], Shape: v.Shape, Data: data}
		}
	}
	return want
}

func TestTorchFiles(t *testing.T) {
	want := torchWant(t)
	if len(want) != 10 {
		t.Fatalf("%d files", len(want))
	}
	for file, tensors := range want {
		f, err := Open(filepath.Join("testdata", file))
		if err != nil {
			t.Error(err)
			continue
		}
		if diff := cmp.Diff(tensors, all(t, f)); diff != "" {
			t.Errorf("%s (-PyTorch +here):\n%s", file, diff)
		}
		format := FormatTorch
		if strings.Contains(file, "legacy") || file == "parallel_features.pth" || file == "old.pth" {
			format = FormatTorchLegacy
		}
		if f.Origin().Format != format {
			t.Errorf("%s is %s", file, f.Origin().Format)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestTorchOrigin(t *testing.T) {
	for _, file := range []string{"checkpoint.pth", "checkpoint_legacy.pth"} {
		f, err := Open(filepath.Join("testdata", file))
		if err != nil {
			t.Fatal(err)
		}
		o := f.Origin()
		if o.Key != "state_dict" || o.Renamed["module.features.0.weight"] != "features.0.weight" || len(o.Renamed) != 8 {
			t.Errorf("%s: %+v", file, o)
		}
		if len(o.LeftOut) != 13 || !slices.Contains(o.LeftOut, "epoch (the number 90)") || !slices.Contains(o.LeftOut, "best_acc1 (a tensor [])") ||
			!slices.Contains(o.LeftOut, "loss (a value of numpy.core.multiarray.scalar)") {
			t.Errorf("%s left out %q", file, o.LeftOut)
		}
		f.Close()
	}
	f, err := Open("testdata/parallel_features.pth")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if o := f.Origin(); o.Key != "" || o.Renamed["features.module.1.bias"] != "features.1.bias" || len(o.Renamed) != 6 || len(o.LeftOut) != 0 {
		t.Errorf("%+v", o)
	}
	if shape, ok := f.Shape("features.0.weight"); !ok || !slices.Equal(shape, []int{3, 2, 3, 3}) {
		t.Errorf("shape %v, %v", shape, ok)
	}
}

func TestTorchRefused(t *testing.T) {
	for file, want := range map[string][]string{
		"module.pth":        {`"torch.nn.modules.container.Sequential"`, "whole module", "state_dict()"},
		"module_legacy.pth": {`"torch.nn.modules.container.Sequential"`, "whole module", "state_dict()"},
		"script.pt":         {"TorchScript", "torch.jit.load"},
	} {
		_, err := Open(filepath.Join("testdata", file))
		if err == nil {
			t.Errorf("%s was read", file)
			continue
		}
		for _, part := range append(want, file) {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("the error for %s does not say %q: %v", file, part, err)
			}
		}
	}
}

// rezip writes an archive's entries again, as change makes them; an entry that becomes nil is left away.
func rezip(t testing.TB, path string, method uint16, change func(name string, content []byte) []byte) []byte {
	t.Helper()
	r, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, f := range r.File {
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		if content = change(f.Name, content); content == nil {
			continue
		}
		out, err := w.CreateHeader(&zip.FileHeader{Name: f.Name, Method: method})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := out.Write(content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// An archive that was unpacked and packed again has compressed entries, headers after them, and records of later
// versions of PyTorch.
func TestTorchRepacked(t *testing.T) {
	want := torchWant(t)["views.pth"]
	same := func(_ string, content []byte) []byte { return content }
	withOrder := func(order string) func(string, []byte) []byte {
		return func(name string, content []byte) []byte {
			switch {
			case strings.HasSuffix(name, "/version"): // takes the place of a record that is not read
				return content
			case order == "big" && strings.Contains(name, "/data/"):
				swapped := slices.Clone(content)
				for element := range slices.Chunk(swapped, 4) {
					slices.Reverse(element)
				}
				return swapped
			}
			return content
		}
	}
	for name, data := range map[string][]byte{
		"stored":     rezip(t, "testdata/views.pth", zip.Store, same),
		"compressed": rezip(t, "testdata/views.pth", zip.Deflate, same),
		"little":     addEntry(t, rezip(t, "testdata/views.pth", zip.Store, withOrder("little")), "views/byteorder", "little"),
		"big":        addEntry(t, rezip(t, "testdata/views.pth", zip.Store, withOrder("big")), "views/byteorder", "big"),
	} {
		f, err := newFile(name, data, nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(want, all(t, f)); diff != "" {
			t.Errorf("%s (-PyTorch +here):\n%s", name, diff)
		}
	}
	middle := addEntry(t, rezip(t, "testdata/views.pth", zip.Store, same), "views/byteorder", "middle")
	if _, err := newFile("middle", middle, nil); err == nil || !strings.Contains(err.Error(), `"middle", neither little nor big`) {
		t.Errorf("byte order middle: %v", err)
	}
}

// addEntry adds an entry to an archive.
func addEntry(t testing.TB, archive []byte, name, content string) []byte {
	t.Helper()
	r, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, f := range r.File {
		if err := w.Copy(f); err != nil {
			t.Fatal(err)
		}
	}
	out, err := w.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(out, content)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Tensors that lie in the file as they are not copied, so that a large file is in memory once.
func TestTorchInPlace(t *testing.T) {
	for _, file := range []string{"plain.pth", "plain_legacy.pth"} {
		data, err := os.ReadFile(filepath.Join("testdata", file))
		if err != nil {
			t.Fatal(err)
		}
		f, err := newFile(file, data, nil)
		if err != nil {
			t.Fatal(err)
		}
		tensor, err := f.Tensor("classifier.weight")
		if err != nil {
			t.Fatal(err)
		}
		at := bytes.Index(data, tensor.Data)
		data[at]++
		if tensor.Data[0] != data[at] {
			t.Errorf("%s: the tensor is a copy", file)
		}
	}
}

func TestUnwrap(t *testing.T) {
	for _, c := range []struct{ names, want string }{
		{"conv1.weight fc.bias", "conv1.weight fc.bias"},
		{"module.conv1.weight module.fc.bias", "conv1.weight fc.bias"},
		{"_orig_mod.module.a module._orig_mod.b", "_orig_mod.a module.b"},
		{"_orig_mod.module.a _orig_mod.module.b", "a b"},
		{"features.module.0.weight features.module.1.bias classifier.1.weight", "features.0.weight features.1.bias classifier.1.weight"},
		{"features.module.0.weight features.1.bias", "features.module.0.weight features.1.bias"}, // a module of that name
		{"n_averaged module.a", "n_averaged module.a"},
		{"module", "module"},
		{"module.a a", "module.a a"},
		{"", ""},
	} {
		names := strings.Split(c.names, " ")
		renamed := unwrap(names)
		for i, name := range names {
			if short, ok := renamed[name]; ok {
				names[i] = short
			}
		}
		if got := strings.Join(names, " "); got != c.want {
			t.Errorf("%q becomes %q, want %q", c.names, got, c.want)
		}
	}
}
