package cpu

import (
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
)

// TestProgramsShareWeights: programs for different batches have one packed copy of the
// weights, none of them writes over it when its own weights change, and it goes with them.
func TestProgramsShareWeights(t *testing.T) {
	b := open(t, "threads=2")
	defer b.Finalize()
	const channels = 32
	program := func(batch, size int) *executable {
		return record(t, b, func(f compute.Function) []compute.Value {
			x := must(f.Parameter("x", shapes.Make(dtypes.Float32, batch, size, size, channels), nil))
			w := must(f.Parameter("w", shapes.Make(dtypes.Float32, 3, 3, channels, channels), nil))
			axes := compute.ConvolveAxesConfig{InputBatch: 0, InputSpatial: []int{1, 2}, InputChannels: 3, KernelSpatial: []int{0, 1}, KernelInputChannels: 2,
				KernelOutputChannels: 3, OutputBatch: 0, OutputSpatial: []int{1, 2}, OutputChannels: 3}
			return []compute.Value{must(f.ConvGeneral(x, w, axes, nil, nil, nil, nil, 1, 1))}
		})
	}
	run := func(e *executable, w compute.Buffer) []float32 {
		d := e.inputs[0].Dimensions
		x := bufferOf(b, floatsOf(randomTensor(1, d...)), d...)
		result := must(e.Execute([]compute.Buffer{x, w}, nil, 0))[0]
		got := make([]float32, e.outputs[0].Size())
		if err := result.ToFlatData(got); err != nil {
			t.Fatal(err)
		}
		return got
	}
	weights := func(seed uint64) compute.Buffer {
		return bufferOf(b, floatsOf(randomTensor(seed, 3, 3, channels, channels)), 3, 3, channels, channels)
	}
	packed := func(e *executable) any { return (*e.prepared.Load())[0].value.object }

	one, two := weights(1), weights(2)
	eight, three, small := program(8, 12), program(3, 12), program(3, 4) // the last has other tiles
	want := run(three, one)
	run(eight, one)
	run(small, one)
	if packed(eight) != packed(three) {
		t.Error("two programs packed the same weights")
	}
	if packed(small) == packed(three) {
		t.Error("programs that pack differently share a packing")
	}
	run(eight, two)
	if packed(eight) == packed(three) {
		t.Error("a program with other weights has the packing of the old ones")
	}
	for range 3 {
		if got := run(three, one); !slices.Equal(got, want) {
			t.Fatal("another program's new weights changed the result")
		}
		run(eight, weights(3))
	}
	for _, e := range []*executable{eight, three, small} {
		e.Finalize()
	}
	left := func() int {
		b.packings.mu.Lock()
		defer b.packings.mu.Unlock()
		return len(b.packings.byKey)
	}
	for range 100 { // cleanups run some time after a collection
		runtime.GC()
		if left() == 0 {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Errorf("%d packings are known after all programs ended", left())
}
