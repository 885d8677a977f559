package cpu

import (
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/gomlx/compute"
)

// Name is the name under which the engine registers with GoMLX.
const Name = "cpu"

func init() { compute.Register(Name, New) }

// backend is the engine: a number of workers and the storage that buffers reuse.
type backend struct {
	workers   *workers
	storage   storagePool
	packings  packings
	plain     bool // record and run as written, for tests: nothing is fused
	cache     int  // bytes that layers should stay within: see split
	finalized atomic.Bool
}

var _ compute.Backend = (*backend)(nil)

// New opens the engine. config is a comma-separated list of options:
//
//	threads=N   how many goroutines compute at once, N >= 1; by default
//	            GOMAXPROCS, which honours the CPU limit of a container
//
// Any other option is an error. Results do not depend on the number of threads.
func New(config string) (compute.Backend, error) {
	threads := runtime.GOMAXPROCS(0)
	for option := range strings.SplitSeq(config, ",") {
		if option = strings.TrimSpace(option); option == "" {
			continue
		}
		key, value, _ := strings.Cut(option, "=")
		switch key {
		case "threads":
			n, err := strconv.Atoi(value)
			if err != nil || n < 1 {
				return nil, fmt.Errorf("cpu engine: option threads=%q is not a number of at least 1", value)
			}
			threads = n
		default:
			return nil, fmt.Errorf("cpu engine: unknown option %q; known: threads=N", option)
		}
	}
	return &backend{workers: newWorkers(threads), cache: cacheBytes}, nil
}

// Name implements compute.Backend.
func (b *backend) Name() string { return Name }

// String implements compute.Backend.
func (b *backend) String() string { return Name }

// Description implements compute.Backend.
func (b *backend) Description() string {
	return fmt.Sprintf("gestalt CPU engine, %d threads", b.workers.n)
}

// NumDevices implements compute.Backend: there is one device, number 0.
func (b *backend) NumDevices() int { return 1 }

// DeviceDescription implements compute.Backend.
func (b *backend) DeviceDescription(compute.DeviceNum) string { return b.Description() }

// Capabilities implements compute.Backend.
func (b *backend) Capabilities() compute.Capabilities { return capabilities.Clone() }

// Builder implements compute.Backend.
func (b *backend) Builder(name string) compute.Builder {
	return newBuilder(b, name)
}

// Finalize implements compute.Backend. The engine has no goroutines or system
// resources of its own; the garbage collector takes back its memory.
func (b *backend) Finalize() {
	b.finalized.Store(true)
	b.storage.drop()
}

// IsFinalized implements compute.Backend.
func (b *backend) IsFinalized() bool { return b.finalized.Load() }
