package kernel

import (
	"fmt"
	"strings"
	"sync/atomic"
)

// impl is one instruction set's version of every fast loop.
type impl struct {
	name string
	// tileRows is the height of the largest register tile that tile can do.
	tileRows int
	// tile computes t.count tiles of t.rows x t.cols outputs; see type tile.
	tile func(t *tile)
	// outer computes one tile of rows x cols sums of outer products; see type outer.
	outer func(o *outer)
	// packRows copies rows of 32 or 16 floats, a constant distance apart in src.
	packRows func(dst, src []float32, pitch, rows, width int)
	// taps, one per operation, compute pixels that need one input per channel
	// and tap: pooling and depthwise convolution; see type taps.
	maxTaps, sumTaps, filterTaps func(t *taps)
	// maxWindows is the gradient of max pooling; see type maxWindows.
	maxWindows func(w *maxWindows)
	// dots are the depthwise filter gradients of 1 to 3 rows and columns of taps.
	dots [3][3]func(d *dots)
	// rows are the loops of the usual depthwise convolutions; see type channelRow.
	rows rowLoops
	// patches are the transforms of Winograd by size of the tile, 2 or 4, and kind.
	patches [2][5]func(p *patch)
	// spreadLines and joinLines are the transforms for tall kernels; see type tallLines.
	spreadLines, joinLines func(l *tallLines)
	// Element-wise loops over slices of equal length.
	add, mul, max func(dst, a, b []float32)
	gate          func(dst, a, b []float32) // a where b isn't negative, else 0
	clamp         func(dst, a []float32, lo, hi float32)
	scale         func(dst, a []float32, s, offset float32)
	exp           func(dst, a []float32)
	functions
	norm normLoops // of batch normalisation in training
	// Reductions; rowMax of nothing is -Inf, rowSum of nothing 0.
	rowSum, rowMax func(a []float32) float32
}

var current atomic.Pointer[impl]

func init() { current.Store(available[0]) }

// ISA names the instruction set in use: "avx512", "avx2" or "generic".
func ISA() string { return current.Load().name }

// ISAs lists the instruction sets that this build has for this machine, the
// fastest first. The last is always "generic".
func ISAs() []string {
	names := make([]string, len(available))
	for i, im := range available {
		names[i] = im.name
	}
	return names
}

// Use selects an instruction set by name: one of [ISAs]. It holds for kernels
// that start afterwards and may be called at any time; packed filters serve all
// instruction sets. The error says which ones there are.
func Use(isa string) error {
	for _, im := range available {
		if im.name == isa {
			current.Store(im)
			return nil
		}
	}
	return fmt.Errorf("kernel: instruction set %q is not available here; there are %s", isa, strings.Join(ISAs(), ", "))
}
