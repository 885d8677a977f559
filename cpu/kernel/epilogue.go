package kernel

import (
	"fmt"
	"math"
)

// Activation is the function at the end of an epilogue.
type Activation int

const (
	None  Activation = iota // v
	ReLU                    // max(v, 0)
	Clamp                   // min(max(v, Lo), Hi); ReLU6 is Clamp with 0 and 6
)

// Epilogue is what happens to each output of a convolution or matrix product
// before it is stored: v = act(sum + Bias[k] + Add[pixel][k]). NaN passes
// through every activation.
type Epilogue struct {
	Bias []float32 // one per output channel, or nil
	// Add is a tensor of the output's shape, such as the shortcut of a residual
	// block, or nil. AddPitch is the distance of its pixels in floats. It may be
	// the output itself.
	Add      []float32
	AddPitch int
	Act      Activation
	Lo, Hi   float32 // for Clamp
}

// bounds expresses the activation as a clamp.
func (e Epilogue) bounds() (lo, hi float32) {
	switch e.Act {
	case None:
		return float32(math.Inf(-1)), float32(math.Inf(1))
	case ReLU:
		return 0, float32(math.Inf(1))
	case Clamp:
		return e.Lo, e.Hi
	}
	panic(fmt.Sprintf("kernel: unknown activation %d", e.Act))
}

// check panics unless the epilogue fits an output of the given pixels and
// channels.
func (e Epilogue) check(pixels, channels int) {
	if e.Bias != nil && len(e.Bias) < channels {
		panic(fmt.Sprintf("kernel: bias has %d elements, want %d", len(e.Bias), channels))
	}
	if e.Add != nil {
		checkPixels("addend", e.Add, e.AddPitch, pixels, channels)
	}
	e.bounds()
}

// checkPixels panics unless s holds that many pixels of so many channels.
func checkPixels(what string, s []float32, pitch, pixels, channels int) {
	if pitch < channels {
		panic(fmt.Sprintf("kernel: pitch %d of the %s is less than its %d channels", pitch, what, channels))
	}
	if pixels > 0 && len(s) < (pixels-1)*pitch+channels {
		panic(fmt.Sprintf("kernel: %s has %d elements, want %d (%d pixels of %d channels, pitch %d)",
			what, len(s), (pixels-1)*pitch+channels, pixels, channels, pitch))
	}
}
