package engine

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

func TestOpen(t *testing.T) {
	for _, test := range []struct{ name, engine string }{
		{"", "cpu"}, {"auto", "cpu"}, {"cpu", "cpu"}, {"cpu:threads=1", "cpu"}, {"auto:threads=2", "cpu"}, {"go", "go"},
	} {
		if Resolve(test.name) == "xla:cuda" {
			continue // a build with XLA on a machine with a GPU
		}
		backend, err := Open(test.name)
		if err != nil {
			t.Fatalf("Open(%q): %v", test.name, err)
		}
		if backend.String() != test.engine {
			t.Errorf("Open(%q) gave engine %q, want %q", test.name, backend, test.engine)
		}
		var got []float32
		err = Catch(func() {
			exec := graph.MustNewExec(backend, func(x *graph.Node) *graph.Node { return graph.Add(x, x) })
			got = tensors.MustCopyFlatData[float32](exec.MustExec([]float32{1, 2.5})[0])
		})
		if err != nil || !slices.Equal(got, []float32{2, 5}) {
			t.Errorf("x+x on engine %q: %v, %v", test.name, got, err)
		}
		backend.Finalize()
	}
}

func TestOpenErrors(t *testing.T) {
	for name, want := range map[string]string{
		"abacus":        "not known; choose one of: cpu, go",
		":threads=0":    "threads",
		"cpu:threads=0": "threads",
		"cpu:thread=1":  "thread",
	} {
		if _, err := Open(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Open(%q): error %v, want one with %q", name, err, want)
		}
	}
}

func TestResolve(t *testing.T) {
	defer func(ready func() bool) { cudaReady = ready }(cudaReady)
	for _, test := range []struct {
		name, without, with string // a CUDA plug-in and a GPU
	}{
		{"", "cpu", "cpu"},
		{":threads=2", "cpu:threads=2", "cpu:threads=2"},
		{"auto", "cpu", "xla:cuda"},
		{"auto:threads=2", "cpu:threads=2", "xla:cuda"},
		{"cpu", "cpu", "cpu"},
		{"xla:cpu", "xla:cpu", "xla:cpu"},
		{"abacus:beads=9", "abacus:beads=9", "abacus:beads=9"},
	} {
		cudaReady = func() bool { return false }
		if got := Resolve(test.name); got != test.without {
			t.Errorf("Resolve(%q) without CUDA: %q, want %q", test.name, got, test.without)
		}
		cudaReady = func() bool { return true }
		if got := Resolve(test.name); got != test.with {
			t.Errorf("Resolve(%q) with CUDA: %q, want %q", test.name, got, test.with)
		}
	}
}

func TestCatch(t *testing.T) {
	if err := Catch(func() {}); err != nil {
		t.Errorf("Catch of a quiet function: %v", err)
	}
	cause := fmt.Errorf("convolving: %w", compute.ErrNotImplemented)
	err := Catch(func() { panic(cause) })
	if !errors.Is(err, compute.ErrNotImplemented) || err.Error() != cause.Error() {
		t.Errorf("Catch lost the cause: %v", err)
	}
	if err := Catch(func() { panic("a message") }); err == nil || err.Error() != "a message" {
		t.Errorf("Catch of a message: %v", err)
	}
	backend, err := Open("go")
	if err != nil {
		t.Fatal(err)
	}
	defer backend.Finalize()
	err = Catch(func() {
		graph.MustExecOnce(backend, func(a, b *graph.Node) *graph.Node { return graph.Add(a, b) }, []float32{1, 2}, []float32{1, 2, 3})
	})
	if err == nil || strings.Contains(fmt.Sprintf("%+v", err), "goroutine") || strings.Contains(fmt.Sprintf("%+v", err), ".go:") {
		t.Errorf("Catch of a graph error: %+v", err)
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("Catch swallowed a bug of the Go runtime")
			}
		}()
		var slice []int
		_ = Catch(func() { slice[1] = 0 })
	}()
}
