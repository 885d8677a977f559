package onnx

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"

	"github.com/gestalt-vision/gestalt/cpu"
)

// opened writes a file and opens it.
func opened(t testing.TB, data []byte) (*File, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "network.onnx")
	if err := os.WriteFile(path, data, 0o666); err != nil {
		t.Fatal(err)
	}
	return Open(path)
}

// built builds a network for n pictures.
func built(t testing.TB, f *File, n int) (net *Network, err error) {
	t.Helper()
	b, err := cpu.New("threads=1")
	if err != nil {
		t.Fatal(err)
	}
	defer b.Finalize()
	g := graph.NewGraph(b, "test")
	defer g.Finalize()
	return f.Build(graph.Parameter(g, "x", shapes.Make(dtypes.Float32, n, 4, 4, 3)), true)
}

func TestUnknown(t *testing.T) {
	var g testGraph
	g.input("x", 1, 3, 4, 4)
	g.node("FancyOp", []string{"x"}, []string{"a"})
	g.node("Relu", []string{"a"}, []string{"b"}, intAttribute("leak", 1))
	g.node("OtherOp", []string{"b"}, []string{"y"})
	g.node("NeverReached", []string{"x"}, []string{"z"})
	g.output("y")
	_, err := opened(t, g.model(13))
	if err == nil {
		t.Fatal("a network of unknown operators was read")
	}
	for _, want := range []string{"network.onnx", `FancyOp "the one that makes a" of ai.onnx, opset 13`, "OtherOp", "attribute leak"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not say %q:\n%v", want, err)
		}
	}
	if strings.Contains(err.Error(), "NeverReached") {
		t.Errorf("the error names an operator that the output does not need:\n%v", err)
	}
}

// TestHostile holds that files made to do harm end in errors, soon and without much memory.
func TestHostile(t *testing.T) {
	network := func(build func(g *testGraph)) []byte {
		var g testGraph
		g.input("x", 1, 3, 4, 4)
		build(&g)
		g.output("y")
		return g.model(13)
	}
	relu := func(g *testGraph, in, out string) { g.node("Relu", []string{in}, []string{out}) }
	deep := message{}
	for range 10_000 {
		deep = append(message{0x0a}, protowireLength(deep)...)
	}
	cases := []struct {
		name, says string
		data       []byte
	}{
		{"empty", "no network", nil},
		{"noise", "protobuf", []byte("this is not a network, nor was it ever one")},
		{"cut", "protobuf", smallNetwork()[:200]},
		{"no output", "no output", (&testGraph{}).model(13)},
		{"old", "opset 3", (&testGraph{message{}.bytes(12, declared("y"))}).model(3)},
		{"new", "opset 99", (&testGraph{message{}.bytes(12, declared("y"))}).model(99)},
		{"cycle", "its own result", network(func(g *testGraph) { relu(g, "y", "a"); relu(g, "a", "y") })},
		{"dangling", `"nowhere", which nothing makes`, network(func(g *testGraph) { relu(g, "nowhere", "y") })},
		{"twice", "already", network(func(g *testGraph) { relu(g, "x", "y"); relu(g, "x", "y") })},
		{"no input", "lacks", network(func(g *testGraph) { g.node("Relu", []string{""}, []string{"y"}) })},
		{"too few inputs", "needs 2", network(func(g *testGraph) { g.node("Add", []string{"x"}, []string{"y"}) })},
		{"input given back", "no result", network(func(g *testGraph) { g.message = g.bytes(12, declared("x")) })},
		{"two tensors of a name", "two initializers", network(func(g *testGraph) { g.integers("a", 1); g.integers("a", 1) })},
		{"huge tensor", "elements", network(func(g *testGraph) {
			g.message = g.bytes(5, tensorMessage("a", typeFloat, []int64{1 << 30, 1 << 30, 1 << 30}, nil))
		})},
		{"negative tensor", "dimensions", network(func(g *testGraph) {
			g.message = g.bytes(5, tensorMessage("a", typeFloat, []int64{-1, -4}, make([]byte, 16)))
		})},
		{"wrong length", "bytes for", network(func(g *testGraph) {
			g.message = g.bytes(5, tensorMessage("a", typeFloat, []int64{3}, make([]byte, 16)))
		})},
		{"many axes", "axes", network(func(g *testGraph) {
			g.message = g.bytes(5, tensorMessage("a", typeFloat, make([]int64, 1000), nil))
		})},
		{"text", "type 8", network(func(g *testGraph) { g.message = g.bytes(5, tensorMessage("a", 8, nil, nil)) })},
		{"deep nesting", "", append([]byte{0x3a}, protowireLength(deep)...)},
		{"huge constant", "constant", network(func(g *testGraph) {
			g.integers("s", 1<<28)
			g.node("ConstantOfShape", []string{"s"}, []string{"c"})
			g.node("Add", []string{"x", "c"}, []string{"y"})
		})},
		{"overflow", "dimensions", network(func(g *testGraph) {
			g.integers("s", 1<<40, 1<<40)
			g.node("ConstantOfShape", []string{"s"}, []string{"c"})
			g.node("Add", []string{"x", "c"}, []string{"y"})
		})},
		{"growing", "elements", network(func(g *testGraph) {
			g.integers("t", 1, 1024, 1024, 1024)
			g.node("Tile", []string{"x", "t"}, []string{"a"})
			g.node("Tile", []string{"a", "t"}, []string{"y"})
		})},
		{"huge padding", "outside", network(func(g *testGraph) {
			g.node("MaxPool", []string{"x"}, []string{"y"}, intsAttribute("kernel_shape", 1, 1), intsAttribute("pads", 1<<40, 0, 0, 0))
		})},
		{"no stride", "outside", network(func(g *testGraph) {
			g.node("MaxPool", []string{"x"}, []string{"y"}, intsAttribute("kernel_shape", 1, 1), intsAttribute("strides", 0, 0))
		})},
		{"kernel too large", "window", network(func(g *testGraph) {
			g.node("MaxPool", []string{"x"}, []string{"y"}, intsAttribute("kernel_shape", 9, 9))
		})},
		{"permutation", "twice", network(func(g *testGraph) {
			g.node("Transpose", []string{"x"}, []string{"y"}, intsAttribute("perm", 0, 0, 0, 0))
		})},
		{"axis", "axis 7", network(func(g *testGraph) { g.node("Concat", []string{"x"}, []string{"y"}, intAttribute("axis", 7)) })},
		{"reshape", "reshaped", network(func(g *testGraph) {
			g.integers("s", 7, 1<<50)
			g.node("Reshape", []string{"x", "s"}, []string{"y"})
		})},
		{"long range", "range", network(func(g *testGraph) {
			g.floats("a", nil, 0)
			g.floats("b", nil, 1e30)
			g.floats("c", nil, 1e-30)
			g.node("Range", []string{"a", "b", "c"}, []string{"r"})
			g.node("Add", []string{"x", "r"}, []string{"y"})
		})},
		{"external data", "escapes", network(func(g *testGraph) { g.external("../../secret") })},
		{"external pipe", "external", network(func(g *testGraph) { g.external("/dev/zero") })},
		{"long chain", "", network(func(g *testGraph) {
			before := "x"
			for i := range 20_000 {
				next := fmt.Sprintf("v%d", i)
				relu(g, before, next)
				before = next
			}
			g.node("Softmax", []string{"nowhere"}, []string{"y"})
		})},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			f, err := opened(t, c.data)
			if err == nil {
				_, err = built(t, f, 1)
			}
			spent := time.Since(start)
			runtime.ReadMemStats(&after)
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v, want an error that says %q", err, c.says)
			}
			if spent > time.Second {
				t.Errorf("it took %v", spent)
			}
			if used := after.TotalAlloc - before.TotalAlloc; used > 100<<20 {
				t.Errorf("it took %d MB", used>>20)
			}
		})
	}
}

// protowireLength is a message with its length in front.
func protowireLength(m []byte) []byte {
	return message{}.bytes(1, m)[1:]
}

// external adds a tensor whose values lie in another file.
func (g *testGraph) external(path string) {
	t := message{}.int(1, 3).int(2, typeFloat).text(8, "a").int(14, 1)
	t = t.bytes(13, message{}.text(1, "location").text(2, path))
	g.message = g.bytes(5, t)
	g.node("Add", []string{"x", "a"}, []string{"y"})
}

// TestExternal holds that values are read from a file beside the network.
func TestExternal(t *testing.T) {
	dir := t.TempDir()
	var g testGraph
	g.input("x", 1, 3, 4, 4)
	g.external("values.bin")
	g.output("y")
	path := filepath.Join(dir, "network.onnx")
	if err := os.WriteFile(path, g.model(13), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "values.bin"), []byte{0, 0, 128, 63, 0, 0, 0, 64, 0, 0, 64, 64}, 0o666); err != nil {
		t.Fatal(err)
	}
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(f.graph.initializers["a"].flat); got != "[1 2 3]" {
		t.Errorf("read %s, want [1 2 3]", got)
	}
	if err := os.Remove(filepath.Join(dir, "values.bin")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/etc/hostname", filepath.Join(dir, "values.bin")); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path); err == nil {
		t.Error("a link led out of the folder")
	}
}

func FuzzRead(f *testing.F) {
	f.Add(smallNetwork())
	var g testGraph
	g.input("x", -1, 3, 4, 4)
	g.integers("s", 0, 3, 16)
	g.node("Shape", []string{"x"}, []string{"d"})
	g.node("Reshape", []string{"x", "s"}, []string{"a"})
	g.node("Transpose", []string{"a"}, []string{"b"}, intsAttribute("perm", 0, 2, 1))
	g.node("MatMul", []string{"b", "a"}, []string{"c"})
	g.node("ReduceMean", []string{"c"}, []string{"e"}, intsAttribute("axes", 1))
	g.node("Softmax", []string{"e"}, []string{"y"})
	g.output("y")
	f.Add(g.model(13))
	f.Add(g.model(9))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := read(data, nil)
		if err != nil || file.checkPicture() != nil {
			return
		}
		_, _ = built(t, file, 1)
	})
}

// TestSoftmax holds that a softmax at the end is left away, and only there.
func TestSoftmax(t *testing.T) {
	f, err := opened(t, smallNetwork())
	if err != nil {
		t.Fatal(err)
	}
	net, err := built(t, f, 3)
	if err != nil {
		t.Fatal(err)
	}
	if got := net.Output.Shape().Dimensions; !net.Softmax || fmt.Sprint(got) != "[3 2]" {
		t.Errorf("softmax %v, output %v; want true and [3 2]", net.Softmax, got)
	}
	var names []string
	for _, in := range net.Inputs {
		names = append(names, in.Name)
	}
	if got := strings.Join(names, " "); got != "b.kernel b.bias matrix@1,0" {
		t.Errorf("inputs %s; want the folded kernel and bias, and the matrix in the engines' layout", got)
	}
	var g testGraph
	g.input("x", 1, 3, 4, 4)
	g.node("Softmax", []string{"x"}, []string{"s"}, intAttribute("axis", 1))
	g.node("GlobalAveragePool", []string{"s"}, []string{"p"})
	g.node("Flatten", []string{"p"}, []string{"y"})
	g.output("y")
	if f, err = opened(t, g.model(13)); err != nil {
		t.Fatal(err)
	}
	if net, err = built(t, f, 1); err != nil || net.Softmax {
		t.Errorf("%v; a softmax in the middle was left away", err)
	}
}
