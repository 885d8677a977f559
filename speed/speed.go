// Package speed measures how fast an engine runs the networks, in inference and in training, with made-up weights and
// pictures: milliseconds a picture, arithmetic a second, the share of what the processor can do, memory.
package speed

import (
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"time"

	"github.com/gomlx/compute"

	"github.com/gestalt-vision/gestalt/nets"
)

// Mode says what is measured.
type Mode string

const (
	Infer Mode = "infer" // logits of a batch
	Train Mode = "train" // one step: forward, backward, SGD with momentum
)

// Options say what to measure.
type Options struct {
	Net    string
	Mode   Mode
	Batch  int // pictures at once
	Size   int // height and width in pixels; 0 for the network's own
	Rounds int // measured runs, after one that is not
}

// Result is one line of the table.
type Result struct {
	Net        string  `json:"net"`
	Mode       Mode    `json:"mode"`
	Batch      int     `json:"batch"`
	Size       int     `json:"size"`
	MSPerImage float64 `json:"ms_per_image"` // median over the rounds
	// GFLOPS is 10^9 floating-point operations a second, two to a multiply-add of a convolution or linear layer. A training
	// step counts as three times the forward pass, as is usual: the gradients for inputs and for kernels cost as much again
	// each. Fast algorithms that save multiplications (Winograd) count as if they had done them.
	GFLOPS      float64  `json:"gflops"`
	ShareOfPeak float64  `json:"share_of_peak"` // of what all threads could do; can exceed 1 with Winograd
	PeakRSSMB   *float64 `json:"peak_rss_mb"`   // largest resident memory while it ran; nil where the system does not tell
}

// Measure runs a network on an engine. peak is the processor's, in GFLOP/s, as [Peak] gives it.
func Measure(b compute.Backend, o Options, peak float64) (Result, error) {
	if err := Known(o.Net, o.Mode); err != nil {
		return Result{}, err
	}
	if o.Size == 0 {
		o.Size = ownSize(o.Net)
	}
	resetPeakMemory()
	run, operations, done, err := prepare(b, o)
	if err != nil {
		return Result{}, fmt.Errorf("%s: %w", o.Net, err)
	}
	defer done()
	debug.FreeOSMemory() // what making up weights left behind is no part of the network's memory
	if err := run(); err != nil {
		return Result{}, err
	}
	times := make([]time.Duration, o.Rounds)
	for i := range times {
		start := time.Now()
		if err := run(); err != nil {
			return Result{}, err
		}
		times[i] = time.Since(start)
	}
	seconds := median(times).Seconds()
	r := Result{Net: o.Net, Mode: o.Mode, Batch: o.Batch, Size: o.Size, PeakRSSMB: peakMemory()}
	r.MSPerImage = seconds * 1e3 / float64(o.Batch)
	r.GFLOPS = float64(operations) / seconds / 1e9
	r.ShareOfPeak = r.GFLOPS / peak
	return r, nil
}

// ownSize is the size of the pictures that a network was trained with.
func ownSize(name string) int {
	if a, err := nets.Lookup(name); err == nil {
		return a.Preprocess.Crop
	}
	return 224
}

// prepare gives a function that does the work once, and how many floating-point operations that is.
func prepare(b compute.Backend, o Options) (run func() error, operations int64, done func(), err error) {
	pictures := noise(o.Batch * o.Size * o.Size * 3)
	if o.Net == Gatys {
		return gatysWork(b, o)
	}
	if o.Net == AdaIN {
		w, operations, err := adaINWork(b, o, pictures)
		if err != nil {
			return nil, 0, nil, err
		}
		return w.run, operations, func() { w.close() }, nil
	}
	a, err := nets.Lookup(o.Net)
	if err != nil {
		return nil, 0, nil, err
	}
	forward, err := a.MultiplyAdds(b, o.Batch, o.Size, o.Size)
	if err != nil {
		return nil, 0, nil, err
	}
	switch o.Mode {
	case Infer:
		model, err := nets.Random(b, o.Net)
		if err != nil {
			return nil, 0, nil, err
		}
		run = func() error {
			_, err := model.LogitsOf(pictures, o.Batch, o.Size, o.Size)
			return err
		}
		return run, 2 * forward, func() { model.Close() }, nil
	case Train:
		run, done, err := trainingWork(b, a, o)
		return run, 3 * 2 * forward, done, err
	}
	return nil, 0, nil, fmt.Errorf("there is no mode %q (there are %s and %s)", o.Mode, Infer, Train)
}

// noise is a batch of made-up, normalised pictures.
func noise(n int) []float32 {
	random := rand.New(rand.NewPCG(1, 2))
	out := make([]float32, n)
	for i := range out {
		out[i] = float32(random.NormFloat64())
	}
	return out
}

func median(times []time.Duration) time.Duration {
	slices.Sort(times)
	n := len(times)
	return (times[(n-1)/2] + times[n/2]) / 2
}
