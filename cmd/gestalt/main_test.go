package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/gestalt-vision/gestalt/internal/sharedtest"
	"github.com/gestalt-vision/gestalt/internal/torchtest"
	"github.com/gestalt-vision/gestalt/nets"
	"github.com/gestalt-vision/gestalt/pixel"
	"github.com/gestalt-vision/gestalt/weights"
	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"gestalt": main})
}

// TestScripts runs testdata/script: command lines against the real program. TestShared runs the scripts of
// testdata/shared, which need the shared test data; they find it under $SHARED.
func TestScripts(t *testing.T) { runScripts(t, "testdata/script", "") }

func TestShared(t *testing.T) { runScripts(t, "testdata/shared", sharedtest.Path(t, ".")) }

func runScripts(t *testing.T, dir, shared string) {
	torch, err := filepath.Abs("../../weights/testdata") // files that PyTorch has written
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: dir,
		Setup: func(env *testscript.Env) error {
			env.Setenv("SHARED", shared)
			env.Setenv("TORCH", torch)
			env.Setenv("GESTALT_CACHE", filepath.Join(env.WorkDir, "cache"))
			env.Setenv("TORCH_HOME", filepath.Join(env.WorkDir, "torch"))
			env.Setenv("HF_HOME", filepath.Join(env.WorkDir, "huggingface"))
			return nil
		},
		RequireExplicitExec: true,
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"torch": saveTorch, "pictures": drawPictures, "vgg19": writeVGG19, "network": writeNetwork},
	})
}

// writeVGG19 is the command `vgg19 OUT`: it writes weights of VGG-19 as far as relu5_1, made up, with the names of
// vgg_conv.pth.
func writeVGG19(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: vgg19 OUT")
	}
	random := rand.New(rand.NewPCG(1, 19))
	var tensors []weights.Tensor
	add := func(name string, bound float32, shape ...int) {
		n := 1
		for _, d := range shape {
			n *= d
		}
		data := make([]byte, 0, 4*n)
		for range n {
			data = binary.LittleEndian.AppendUint32(data, math.Float32bits(bound*(2*random.Float32()-1)))
		}
		tensors = append(tensors, weights.Tensor{Name: name, DType: weights.F32, Shape: shape, Data: data})
	}
	channels := 3
	for stage, depth := range []int{2, 2, 4, 4, 1} {
		for conv := range depth {
			name, out := fmt.Sprintf("conv%d_%d", stage+1, conv+1), min(64<<stage, 512)
			add(name+".weight", float32(math.Sqrt(6/float64(9*channels))), out, channels, 3, 3)
			add(name+".bias", 0.1, out)
			channels = out
		}
	}
	ts.Check(weights.Write(ts.MkAbs(args[0]), tensors, nil))
}

// writeNetwork is the command `network OUT NET N|CLASS...`: it writes made-up weights of a network for so many classes,
// without metadata, or for classes of these names. Whatever it is shown, the first is the most probable, then the second.
func writeNetwork(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: network OUT NET N|CLASS...")
	}
	a, err := nets.Lookup(args[1])
	ts.Check(err)
	var metadata map[string]string
	if n, err := strconv.Atoi(args[2]); err == nil {
		a = a.WithClasses(n)
	} else {
		a = a.WithClassNames(args[2:])
		metadata = a.Metadata()
	}
	params, err := a.Parameters()
	ts.Check(err)
	var tensors []weights.Tensor
	for _, p := range params {
		values := p.MadeUp()
		if p.Shape[0] == a.Classes() && strings.HasPrefix(p.Name, "fc.") {
			clear(values)
			for i := range values {
				if p.Name == "fc.bias" {
					values[i] = -float32(i)
				}
			}
		}
		tensors = append(tensors, weights.FromFloat32(p.Name, p.Shape, values))
	}
	ts.Check(weights.Write(ts.MkAbs(args[0]), tensors, metadata))
}

// saveTorch is the command `torch IN PREFIX OUT`: it writes the tensors of a file as PyTorch does, with a prefix to their
// names.
func saveTorch(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: torch IN PREFIX OUT")
	}
	f, err := weights.Open(ts.MkAbs(args[0]))
	ts.Check(err)
	defer f.Close()
	var tensors []weights.Tensor
	for _, name := range f.Names() {
		tensor, err := f.Tensor(name)
		ts.Check(err)
		tensor.Name = args[1] + name
		tensors = append(tensors, tensor)
	}
	ts.Check(torchtest.Save(ts.MkAbs(args[2]), tensors))
}

// drawPictures is the command `pictures DIR N`: it writes N small PNGs of coloured noise into two class folders.
func drawPictures(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: pictures DIR N")
	}
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	ts.Check(writePictures(ts.MkAbs(args[0]), n))
}

func writePictures(dir string, n int) error {
	for i := range n {
		m := pixel.New(48, 40, 3)
		random := rand.New(rand.NewPCG(uint64(i), 0))
		tint := [3]int{1 + random.IntN(255), 1 + random.IntN(255), 1 + random.IntN(255)}
		for k := range m.Pix {
			m.Pix[k] = byte(random.IntN(tint[k%3]))
		}
		var b bytes.Buffer
		class := filepath.Join(dir, []string{"n01440764", "n01443537"}[i%2])
		if err := errors.Join(os.MkdirAll(class, 0o777), pixel.EncodePNG(&b, m)); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(class, fmt.Sprintf("%03d.png", i)), b.Bytes(), 0o644); err != nil {
			return err
		}
	}
	return nil
}
