//go:build unix

package cpu

import (
	"syscall"
	"time"
)

// cpuTime is what all threads of the process have used of the processor: on a
// busy machine a steadier measure than the clock.
func cpuTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
