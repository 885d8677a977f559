//go:build xla && cgo && linux

package train

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/gomlx/compute"

	"github.com/gestalt-vision/gestalt/engine"
)

// openXLA skips the test where there is no plug-in. That for the processor says that it has four devices.
func openXLA(t *testing.T) compute.Backend {
	t.Helper()
	b, err := engine.Open("xla:cpu")
	if err != nil && strings.Contains(err.Error(), "(found: none)") {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Finalize)
	return b
}

// On XLA too, training has PyTorch's losses, on one device and on several that share the batch: then statistics of batch
// normalisations are those of the whole batch, and labels and pictures stay together.
func TestXLAFollowsPyTorch(t *testing.T) {
	b := openXLA(t)
	for name, r := range fixture[map[string]reference](t, "losses.json") {
		for devices := 1; devices <= min(2, int(b.NumDevices())); devices++ {
			if devices > 1 && name != "nesterov" { // one is enough: compiling takes most of the time
				continue
			}
			learning := r.learning()
			learning.Devices = devices
			_, worst := follow(t, b, r, learning)
			if t.Logf("%s on %d: losses off by %.1e", name, devices, worst); !(worst <= 1e-3) {
				t.Errorf("%s on %d devices: losses are off by %g", name, devices, worst)
			}
		}
	}
}

// Dropout on several devices drops what it drops on one, also in a batch that they cannot share equally.
func TestXLADevices(t *testing.T) {
	b := openXLA(t)
	if b.NumDevices() < 2 {
		t.Skipf("%s has one device", b.Name())
	}
	for _, n := range []int{4, 3} {
		var losses [2][]float32
		for devices := range losses {
			l := learner(t, b, "squeezenet1_1", Learning{Momentum: 0.9, Devices: devices + 1}, Start{Seed: 3})
			for i := range 3 {
				p, err := l.Step(context.Background(), noise(i, n, 32, 10), 0.01, uint64(i))
				if err != nil {
					t.Fatal(err)
				}
				losses[devices] = append(losses[devices], p.Loss)
			}
		}
		for i, one := range losses[0] {
			if d := math.Abs(float64(one - losses[1][i])); !(d < 1e-5) {
				t.Errorf("batches of %d, step %d: loss %g, on two devices %g", n, i, one, losses[1][i])
			}
		}
	}
}
