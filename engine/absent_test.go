//go:build !xla && !onnx

package engine

import (
	"slices"
	"strings"
	"testing"
)

func TestOpenAbsent(t *testing.T) {
	for name, wants := range map[string][]string{
		"xla":      {"go build -tags xla ", "CGO_ENABLED=1", "PJRT_PLUGIN_LIBRARY_PATH"},
		"xla:cuda": {"go build -tags xla ", "pjrt_c_api_cuda_plugin.so"},
		"onnx":     {"go build -tags onnx ", "onnx:library=FILE"},
	} {
		_, err := Open(name)
		for _, want := range append(wants, "not in this build; choose one of: cpu, go") {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("Open(%q): error %v, want one with %q", name, err, want)
			}
		}
	}
	if !slices.Equal(Names(), []string{"cpu", "go"}) {
		t.Errorf("Names() = %v", Names())
	}
}
