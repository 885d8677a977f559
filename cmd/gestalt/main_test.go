package main

import (
	"path/filepath"
	"testing"

	"github.com/gestalt-vision/gestalt/internal/sharedtest"
	"github.com/gestalt-vision/gestalt/internal/torchtest"
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
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"torch": saveTorch},
	})
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
