package cpu

import (
	"testing"

	"github.com/gomlx/compute/support/backendtest"
)

// TestCompliance runs GoMLX's own suite for backends. It skips by itself the
// operations that the engine does not declare.
func TestCompliance(t *testing.T) {
	for _, config := range []string{"threads=1", "threads=4"} {
		t.Run(config, func(t *testing.T) {
			b, err := New(config)
			if err != nil {
				t.Fatal(err)
			}
			defer b.Finalize()
			backendtest.RunAll(t, b, nil)
		})
	}
}
