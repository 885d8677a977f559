//go:build xla && cgo && linux

package engine_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute"

	"github.com/gestalt-vision/gestalt/engine"
)

// openXLA skips the test where there is no plug-in.
func openXLA(t *testing.T, name string) compute.Backend {
	t.Helper()
	b, err := engine.Open(name)
	if err != nil && strings.Contains(err.Error(), "(found: none)") {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Finalize)
	return b
}

func TestXLA(t *testing.T) {
	if !slices.Contains(engine.Names(), "xla") {
		t.Errorf("Names() = %q", engine.Names())
	}
	b := openXLA(t, "xla:cpu")
	sameLogits(t, b, 1e-4)
	sameAtOnce(t, b)
}

func TestXLATraining(t *testing.T) {
	sameTraining(t, openXLA(t, "xla:cpu"), 1e-4)
}

// Options reach XLA, engines live side by side, and a second one opens after the first is gone.
func TestXLAOpen(t *testing.T) {
	openXLA(t, "xla:cpu").Finalize()
	first, second := openXLA(t, "xla:cpu,noshared_buffers"), openXLA(t, "xla:cpu,shared_buffers")
	if first.HasSharedBuffers() || !second.HasSharedBuffers() {
		t.Error("the option shared_buffers did not arrive")
	}
	for _, b := range []compute.Backend{first, second} {
		if _, _, err := trainingStep(t, b, "squeezenet1_1"); err != nil {
			t.Error(err)
		}
	}
}

func TestXLAOpenErrors(t *testing.T) {
	openXLA(t, "xla:cpu")
	for name, want := range map[string]string{
		"xla:abacus":                   "PJRT_PLUGIN_LIBRARY_PATH",
		"xla:cpu,beads=9":              "beads",
		"xla:cpu,allocator=cuda_async": "allocator", // the plug-in's own complaint
	} {
		if _, err := engine.Open(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Open(%q): error %v, want one with %q", name, err, want)
		}
	}
}
