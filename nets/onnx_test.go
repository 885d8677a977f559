package nets

import (
	"encoding/binary"
	"flag"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gestalt-vision/gestalt/engine"
	"github.com/gestalt-vision/gestalt/internal/sharedtest"
	"github.com/gestalt-vision/gestalt/onnx"
	"github.com/gestalt-vision/gestalt/pixel"
)

var onnxFolder = flag.String("onnx", "", "folder of NAME.OPSET.onnx with NAME.x and NAME.y, as bench/onnx.py writes them")

// TestONNXFolder compares exported networks with what PyTorch computed. bench/onnx.sh makes the files and runs it.
func TestONNXFolder(t *testing.T) {
	if *onnxFolder == "" {
		t.Skip("no folder given with -onnx")
	}
	files, err := filepath.Glob(filepath.Join(*onnxFolder, "*.onnx"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no networks in %s (%v)", *onnxFolder, err)
	}
	b, err := engine.Open("cpu")
	if err != nil {
		t.Fatal(err)
	}
	defer b.Finalize()
	for _, file := range files {
		stem, opset, _ := strings.Cut(strings.TrimSuffix(filepath.Base(file), ".onnx"), ".")
		name := filepath.Join(*onnxFolder, stem)
		t.Run(stem+"/"+opset, func(t *testing.T) {
			x, want := readFloats(t, name+".x"), readFloats(t, name+".y")
			m, _, err := LoadONNX(b, file, ONNXOptions{})
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			got, err := m.Logits(x, len(x)/(m.Preprocess.Crop*m.Preprocess.Crop*3))
			if err != nil {
				t.Fatal(err)
			}
			d := relative(got, want)
			t.Logf("%-24s opset %s  %.1e", stem, opset, d)
			if !(d < 1e-4) {
				t.Errorf("differs by %.2g of the largest logit", d)
			}
		})
	}
}

// relative is the largest difference, as a part of the largest value.
func relative(got, want []float32) float64 {
	if len(got) != len(want) {
		return math.Inf(1)
	}
	most, largest := 0.0, 0.0
	for i := range want {
		d := math.Abs(float64(got[i]) - float64(want[i]))
		if !(d <= most) {
			most = d
		}
		largest = max(largest, math.Abs(float64(want[i])))
	}
	return most / largest
}

func readFloats(t *testing.T, file string) []float32 {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	out := make([]float32, len(data)/4)
	for i := range out {
		out[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
	}
	return out
}

// TestONNXSqueezeNet holds the published weights as an ONNX file against the same weights as safetensors.
func TestONNXSqueezeNet(t *testing.T) {
	file := sharedtest.Path(t, "weights/squeezenet1_1.onnx")
	for _, name := range []string{"cpu", "go"} {
		if name == "go" && !*full { // it takes seconds a picture; TestONNXSmall runs it
			continue
		}
		b, err := engine.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer b.Finalize()
		m, _, err := LoadONNX(b, file, ONNXOptions{})
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		ours, err := Load(b, "squeezenet1_1", sharedtest.Path(t, "weights/squeezenet1_1.safetensors"))
		if err != nil {
			t.Fatal(err)
		}
		defer ours.Close()
		for n := 1; n <= 3; n += 2 {
			x := MadeUp("pictures", n*224*224*3, -2, 2)
			got, err := m.Logits(x, n)
			if err != nil {
				t.Fatal(err)
			}
			want, err := ours.Logits(x, n)
			if err != nil {
				t.Fatal(err)
			}
			if d := relative(got, want); !(d < 1e-4) {
				t.Errorf("%s: %d pictures: the logits differ by %.2g", name, n, d)
			}
			if name == "go" {
				break
			}
		}
	}
}

// onnxSmall says how pictures are shown to the networks of testdata/make_onnx.py.
var onnxSmall = ONNXOptions{Mean: []float32{0, 0, 0}, Std: []float32{1, 1, 1}, Resize: 20, Crop: 17}

// TestONNXSmall compares small networks with one of everything with PyTorch, for several numbers of pictures.
func TestONNXSmall(t *testing.T) {
	x := MadeUp("pictures", 4*17*17*3, -2, 2)
	for _, c := range []struct {
		name  string
		batch int // that the network is bound to
	}{{"fixed", 0}, {"bound", 2}, {"nhwc", 0}} {
		want := readTable(t, filepath.Join("testdata", "onnx_"+c.name+".txt"))
		for _, engineName := range []string{"cpu", "go"} {
			b, err := engine.Open(engineName)
			if err != nil {
				t.Fatal(err)
			}
			defer b.Finalize()
			m, guesses, err := LoadONNX(b, filepath.Join("testdata", "onnx_"+c.name+".onnx"), onnxSmall)
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			if m.Classes != 5 || m.batch != c.batch || guesses != nil {
				t.Errorf("%s: %d classes, bound to %d pictures, guessed %q; want 5, %d and nothing", c.name, m.Classes, m.batch, guesses, c.batch)
			}
			for n := 1; n <= 4; n++ {
				got, err := m.Probabilities(x[:n*17*17*3], n)
				if err != nil {
					t.Fatal(err)
				}
				for i, p := range got {
					if d := math.Abs(float64(p) - float64(want[i])); !(d < 2e-6) {
						t.Errorf("%s on %s: picture %d of %d, class %d: %g, want %g", c.name, engineName, i/5+1, n, i%5, p, want[i])
					}
				}
			}
		}
	}
}

func readTable(t *testing.T, file string) []float32 {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out []float32
	for word := range strings.FieldsSeq(string(data)) {
		v, err := strconv.ParseFloat(word, 32)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, float32(v))
	}
	return out
}

// TestONNXPreprocess tries what options and metadata can say.
func TestONNXPreprocess(t *testing.T) {
	file := func(producer string, metadata map[string]string, dims ...int) *onnx.File {
		return &onnx.File{Producer: producer, Metadata: metadata, Input: onnx.Value{Name: "x", Dims: dims}}
	}
	timm := map[string]string{"mean": "[0.5, 0.4, 0.3]", "std": "0.1 0.2 0.3", "crop_pct": "0.9", "interpolation": "bicubic"}
	for _, c := range []struct {
		name    string
		file    *onnx.File
		options ONNXOptions
		want    Preprocess
		nchw    bool
		guesses int
	}{
		{"nothing", file("pytorch", nil, -1, 3, 224, 224), ONNXOptions{}, imageNet, true, 2},
		{"keras", file("tf2onnx", nil, -1, 299, 299, 3), ONNXOptions{},
			Preprocess{Resize: 342, Crop: 299, Filter: pixel.Bilinear, Mean: [3]float32{0.5, 0.5, 0.5}, Std: [3]float32{0.5, 0.5, 0.5}}, false, 2},
		{"open", file("tf2onnx", nil, -1, -1, -1, -1), ONNXOptions{Layout: "nchw"},
			Preprocess{Resize: 256, Crop: 224, Filter: pixel.Bilinear, Mean: [3]float32{0.5, 0.5, 0.5}, Std: [3]float32{0.5, 0.5, 0.5}}, true, 3},
		{"timm", file("pytorch", timm, 1, 3, 224, 224), ONNXOptions{},
			Preprocess{Resize: 248, Crop: 224, Filter: pixel.Bicubic, Mean: [3]float32{0.5, 0.4, 0.3}, Std: [3]float32{0.1, 0.2, 0.3}}, true, 0},
		{"ours first", file("pytorch", map[string]string{"resize": "300", "gestalt.resize": "280", "mean": "0,0,0", "std": "1,1,1"}, 1, 3, 224, 224),
			ONNXOptions{Mean: []float32{1, 1, 1}}, Preprocess{Resize: 280, Crop: 224, Filter: pixel.Bilinear, Mean: [3]float32{1, 1, 1}, Std: [3]float32{1, 1, 1}}, true, 0},
	} {
		p, nchw, guesses, err := c.options.preprocess(c.file)
		if err != nil || p != c.want || nchw != c.nchw || len(guesses) != c.guesses {
			t.Errorf("%s: %v, NCHW %v, guesses %q, %v; want %v, %v and %d guesses", c.name, p, nchw, guesses, err, c.want, c.nchw, c.guesses)
		}
	}
	for _, c := range []struct {
		says    string
		file    *onnx.File
		options ONNXOptions
	}{
		{"crop can't be 100", file("", nil, 1, 3, 224, 224), ONNXOptions{Crop: 100}},
		{"not square", file("", nil, 1, 3, 224, 200), ONNXOptions{}},
		{"1 channels", file("", nil, 1, 1, 28, 28), ONNXOptions{Layout: "NCHW"}},
		{"no crop of", file("", nil, 1, 3, 224, 224), ONNXOptions{Resize: 200}},
		{"NCHW or NHWC", file("", nil, 1, 3, 224, 224), ONNXOptions{Layout: "HWC"}},
		{"three numbers", file("", map[string]string{"mean": "a, b, c"}, 1, 3, 224, 224), ONNXOptions{}},
		{"need three", file("", map[string]string{"mean": "0.5"}, 1, 3, 224, 224), ONNXOptions{}},
		{"above 0", file("", map[string]string{"std": "0 0 0"}, 1, 3, 224, 224), ONNXOptions{}},
		{"pixels", file("", map[string]string{"resize": "-3"}, 1, 3, 224, 224), ONNXOptions{}},
		{"crop_pct", file("", map[string]string{"crop_pct": "7"}, 1, 3, 224, 224), ONNXOptions{}},
		{"bilinear or bicubic", file("", nil, 1, 3, 224, 224), ONNXOptions{Filter: "sinc"}},
		{"larger than", file("", nil, 1, 3, 1<<20, 1<<20), ONNXOptions{}},
	} {
		if _, _, _, err := c.options.preprocess(c.file); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%v, want an error that says %q", err, c.says)
		}
	}
}

// Classes of a network's own are named in an ONNX file's metadata, as in those of weights.
func TestONNXClasses(t *testing.T) {
	data, err := os.ReadFile("testdata/onnx_nhwc.onnx")
	if err != nil {
		t.Fatal(err)
	}
	field := func(number int, content string) string { // of a protobuf message, up to 127 bytes long
		return string([]byte{byte(number<<3 | 2), byte(len(content))}) + content
	}
	for classes, says := range map[string]string{
		`["a","b","c","d","e"]`: "",
		`["a","b"]`:             "declares 2 classes, but tells 5 apart",
		`a,b,c,d,e`:             "no list of strings",
	} {
		path := filepath.Join(t.TempDir(), "small.onnx")
		const metadataProps = 14 // of ModelProto; messages put one behind the other are merged
		entry := field(metadataProps, field(1, "gestalt.classes")+field(2, classes))
		if err := os.WriteFile(path, append(slices.Clip(data), entry...), 0o644); err != nil {
			t.Fatal(err)
		}
		m, _, err := LoadONNX(open(t, "go"), path, ONNXOptions{Crop: 17, Resize: 17})
		if says != "" {
			if err == nil || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), path) {
				t.Errorf("%s: %v", classes, err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		names, err := DeclaredClasses(path)
		if err != nil || len(names) != 5 || !slices.Equal(m.ClassNames, names) {
			t.Errorf("classes %q, declared %q, %v", m.ClassNames, names, err)
		}
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	}
}
