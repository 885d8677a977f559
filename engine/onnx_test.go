//go:build onnx && cgo && linux

package engine_test

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute"

	"github.com/gestalt-vision/gestalt/engine"
)

// library is the option for the library that the environment names, if any.
func library() string {
	if file := os.Getenv("ONNXRUNTIME_SHARED_LIBRARY_PATH"); file != "" {
		return ",library=" + file
	}
	return ""
}

// openONNX skips the test where there is no ONNX Runtime.
func openONNX(t *testing.T, name string) compute.Backend {
	t.Helper()
	b, err := engine.Open(name + library())
	if err != nil && strings.Contains(err.Error(), "onnx needs") {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Finalize)
	return b
}

func TestONNX(t *testing.T) {
	if !slices.Contains(engine.Names(), "onnx") {
		t.Errorf("Names() = %q", engine.Names())
	}
	b := openONNX(t, "onnx:cpu")
	sameLogits(t, b, 1e-4)
	sameAtOnce(t, b)
}

// Training can't work and says so; when this fails, the package's documentation can be better news.
func TestONNXTraining(t *testing.T) {
	_, _, err := trainingStep(t, openONNX(t, "onnx:cpu"), "resnet18")
	if !errors.Is(err, compute.ErrNotImplemented) {
		t.Errorf("a training step: error %v, want one that is compute.ErrNotImplemented", err)
	}
}

func TestONNXOpenErrors(t *testing.T) {
	for name, want := range map[string]string{
		"onnx:library=/nowhere.so": "/nowhere.so",
		"onnx:cuda":                "processor only",
		"onnx:log=1,GPU":           "processor only",
	} {
		if _, err := engine.Open(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Open(%q): error %v, want one with %q", name, err, want)
		}
	}
	openONNX(t, "onnx:log=0")
	if _, err := engine.Open("onnx:beads=9" + library()); err == nil || !strings.Contains(err.Error(), "beads") {
		t.Errorf("an unknown option: error %v", err)
	}
}
