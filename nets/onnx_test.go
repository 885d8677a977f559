package nets

import (
	"encoding/binary"
	"flag"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gestalt-vision/gestalt/engine"
	"github.com/gestalt-vision/gestalt/internal/sharedtest"
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
			if len(want) == len(got)/1000*1001 { // the background is left away
				t.Fatal("1001 classes")
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
			x := draw("pictures", n*224*224*3, -2, 2)
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
