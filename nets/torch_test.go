package nets

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gestalt-vision/gestalt/internal/torchtest"
	"github.com/gestalt-vision/gestalt/weights"
)

// A PyTorch file loads as a safetensors file does: with the prefixes that DataParallel puts before all names, or before
// those of an inner module, and with the counters of batch norms.
func TestLoadTorch(t *testing.T) {
	const name = "resnet18"
	a, err := Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	b := open(t, "cpu")
	pictures := MadeUp("pictures", 64*64*3, -2, 2)
	want, err := drawnModel(t, b, name).logits(pictures, size{1, 64, 64})
	if err != nil {
		t.Fatal(err)
	}
	for wrapped, prefix := range map[string][2]string{
		"nothing": {"", ""}, "everything": {"", "module."}, "a layer": {"layer2.", "layer2.module."},
	} {
		tensors := map[string]weights.Tensor{}
		saved(t, a, func(drawn map[string]weights.Tensor) {
			for name, tensor := range drawn {
				if rest, ok := strings.CutPrefix(name, prefix[0]); ok {
					name = prefix[1] + rest
				}
				tensor.Name = name
				tensors[name] = tensor
			}
			counter := "bn1.num_batches_tracked"
			if prefix[0] == "" {
				counter = prefix[1] + counter
			}
			tensors[counter] = weights.Tensor{Name: counter, DType: weights.I64, Data: make([]byte, 8)}
		})
		path := filepath.Join(t.TempDir(), "w.pth")
		if err := torchtest.Save(path, slices.Collect(maps.Values(tensors))); err != nil {
			t.Fatal(err)
		}
		if got, err := Identify(path); err != nil || got != name {
			t.Errorf("%s wrapped: identified as %q, %v", wrapped, got, err)
		}
		m, err := Load(b, name, path)
		if err != nil {
			t.Errorf("%s wrapped: %v", wrapped, err)
			continue
		}
		got, err := m.logits(pictures, size{1, 64, 64})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s wrapped: logits of the file's parameters are not those of the parameters", wrapped)
		}
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	}
}
