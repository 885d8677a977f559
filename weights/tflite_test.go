package weights

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Kernels and biases stand for what the script that wrote the files says, under the names that the networks here have.
func TestTFLite(t *testing.T) {
	data, err := os.ReadFile("testdata/tflite.json")
	if err != nil {
		t.Fatal(err)
	}
	var files map[string]map[string]struct {
		Shape  []int
		Values []float32
	}
	if err := json.Unmarshal(data, &files); err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		f, err := Open("testdata/" + name + ".tflite")
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if got := f.Origin().Format; got != FormatTFLite {
			t.Errorf("%s: format %q", name, got)
		}
		if len(f.Names()) != len(want) {
			t.Errorf("%s holds %d tensors %v, want %d", name, len(f.Names()), f.Names(), len(want))
		}
		for tensor, w := range want {
			values, shape, err := f.Float32(tensor)
			if err != nil {
				t.Error(err)
				continue
			}
			if !slices.Equal(shape, w.Shape) || !slices.Equal(values, w.Values) {
				t.Errorf("%s: %s is %v %v, want %v %v", name, tensor, shape, values, w.Shape, w.Values)
			}
		}
	}
	if len(files) != 4 {
		t.Errorf("%d files", len(files))
	}
}

// Every layer of the two networks has its name.
func TestMagentaNames(t *testing.T) {
	for layer, want := range map[string][2]string{
		"transformer/contract/conv3":                                        {"contract.conv3", ""},
		"transformer/residual/residual4/conv2":                              {"residual.block4.conv2.conv", ""},
		"a/transformer/residual/residual4/conv2/StyleNorm/Conv":             {"residual.block4.conv2.norm.beta", ""},
		"style_params/transformer/expand/conv2/conv/StyleNorm/Conv_1":       {"expand.conv2.norm.gamma", ""},
		"transformer/expand/conv2/conv":                                     {"expand.conv2.conv", ""},
		"MobilenetV2/Conv":                                                  {"features.0.0", "features.0.1"},
		"MobilenetV2/expanded_conv/project":                                 {"features.1.conv.1", "features.1.conv.2"},
		"MobilenetV2/expanded_conv_9/expand":                                {"features.10.conv.0.0", "features.10.conv.0.1"},
		"MobilenetV2/Conv_1":                                                {"features.18.0", "features.18.1"},
		"mobilenet_conv/Conv":                                               {"bottleneck", ""},
		"MobilenetV2/Conv_2":                                                {"", ""},
		"nottransformer/contract/conv3":                                     {"", ""},
		"transformer/residual/residual4/conv2/StyleNorm/moments/Conv":       {"", ""},
		"mobilenet_conv/Conv/more":                                          {"", ""},
		"MobilenetV2/expanded_conv_" + strings.Repeat("9", 30) + "/project": {"", ""},
	} {
		if name, norm := magentaName(layer); name != want[0] || norm != want[1] {
			t.Errorf("%s is called %q with norm %q, want %q", layer, name, norm, want)
		}
	}
}

// A file that is cut short or changed gives an error or tensors, never a panic, and every tensor can be read or says why not.
func FuzzTFLite(f *testing.F) {
	paths, err := filepath.Glob("testdata/*.tflite")
	if err != nil || len(paths) == 0 {
		f.Fatal("no seeds", err)
	}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
		f.Add(data[:len(data)/2])
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := newFile("fuzz", data, func() error { return nil })
		if err != nil {
			return
		}
		total := 0
		for _, name := range file.Names() {
			tensor, err := file.Tensor(name)
			if err != nil {
				continue
			}
			if total += len(tensor.Data); total > maxTotal(len(data)) {
				t.Fatalf("%d bytes turn into %d", len(data), total)
			}
			if len(tensor.Data) != 4*tensor.Len() && file.Origin().Format == FormatTFLite {
				t.Fatalf("%s: %d bytes for %v", name, len(tensor.Data), tensor.Shape)
			}
		}
	})
}
