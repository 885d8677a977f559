//go:build !linux

package speed

func resetPeakMemory() {}

// peakMemory is nil: what other systems tell cannot be reset from one network to the next.
func peakMemory() *float64 { return nil }
