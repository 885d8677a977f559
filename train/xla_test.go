//go:build xla && cgo && linux

package train

import (
	"strings"
	"testing"

	"github.com/gestalt-vision/gestalt/engine"
)

// On XLA too, training has PyTorch's losses.
func TestXLAFollowsPyTorch(t *testing.T) {
	b, err := engine.Open("xla:cpu")
	if err != nil && strings.Contains(err.Error(), "(found: none)") {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Finalize)
	for name, r := range fixture[map[string]reference](t, "losses.json") {
		_, worst := follow(t, b, r)
		if t.Logf("%s: losses off by %.1e", name, worst); !(worst <= 1e-3) {
			t.Errorf("%s: losses are off by %g", name, worst)
		}
	}
}
