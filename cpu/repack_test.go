package cpu

import (
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
)

// convOnly is one convolution of parameters x and w.
func convOnly(t *testing.T, b *backend, channels int) *executable {
	return record(t, b, func(f compute.Function) []compute.Value {
		x := must(f.Parameter("x", shapes.Make(dtypes.Float32, 1, 6, 6, channels), nil))
		w := must(f.Parameter("w", shapes.Make(dtypes.Float32, 3, 3, channels, channels), nil))
		axes := compute.ConvolveAxesConfig{InputBatch: 0, InputSpatial: []int{1, 2}, InputChannels: 3, KernelSpatial: []int{0, 1}, KernelInputChannels: 2,
			KernelOutputChannels: 3, OutputBatch: 0, OutputSpatial: []int{1, 2}, OutputChannels: 3}
		return []compute.Value{must(f.ConvGeneral(x, w, axes, nil, nil, nil, nil, 1, 1))}
	})
}

// TestChangedWeightsReuseStorage: weights that change at every step are packed
// where the last ones were.
func TestChangedWeightsReuseStorage(t *testing.T) {
	if raceDetector {
		t.Skip("pools drop what they hold at random under the race detector")
	}
	b := open(t, "threads=1")
	defer b.Finalize()
	const channels = 256
	e := convOnly(t, b, channels)
	x := bufferOf(b, floatsOf(randomTensor(1, 1, 6, 6, channels)), 1, 6, 6, channels)
	var weights []compute.Buffer
	for seed := range uint64(4) {
		weights = append(weights, bufferOf(b, floatsOf(randomTensor(seed, 3, 3, channels, channels)), 3, 3, channels, channels))
	}
	step := func(i int) {
		must(e.Execute([]compute.Buffer{x, weights[i%len(weights)]}, nil, 0))[0].Finalize()
	}
	step(0)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for i := range 8 {
		step(i + 1)
	}
	runtime.ReadMemStats(&after)
	if grown, filter := after.TotalAlloc-before.TotalAlloc, uint64(4*9*channels*channels); grown > filter {
		t.Errorf("8 changes of the weights allocated %d bytes, more than one filter of %d", grown, filter)
	}
}

// TestWeightsInUseAreLeftAlone runs two sets of weights at once, many times.
func TestWeightsInUseAreLeftAlone(t *testing.T) {
	b := open(t, "threads=2")
	defer b.Finalize()
	const channels = 24
	e := convOnly(t, b, channels)
	x := bufferOf(b, floatsOf(randomTensor(1, 1, 6, 6, channels)), 1, 6, 6, channels)
	run := func(w compute.Buffer) []float32 {
		result := must(e.Execute([]compute.Buffer{x, w}, nil, 0))[0]
		got := make([]float32, 4*4*channels)
		if err := result.ToFlatData(got); err != nil {
			t.Error(err)
		}
		result.Finalize()
		return got
	}
	var all sync.WaitGroup
	for seed := range uint64(3) {
		w := bufferOf(b, floatsOf(randomTensor(seed, 3, 3, channels, channels)), 3, 3, channels, channels)
		want := run(w)
		all.Go(func() {
			for i := range 100 {
				if !slices.Equal(run(w), want) {
					t.Errorf("run %d with weights %d gave another result", i, seed)
					return
				}
			}
		})
	}
	all.Wait()
}
