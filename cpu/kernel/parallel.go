package kernel

import "sync"

// Parallel runs f(0), …, f(n-1), in any order and on any goroutines, and
// returns when all are done. Kernels cut their work into tasks of some tens of
// microseconds and hand them to the caller's Parallel; the cut never depends on
// the number of workers.
type Parallel func(n int, f func(i int))

// Serial is the trivial Parallel: one after the other, on the caller's
// goroutine.
func Serial(n int, f func(i int)) {
	for i := range n {
		f(i)
	}
}

// workspace is what one task needs beside its inputs and outputs: a tile
// description, which is too large to be built anew for each call, and a buffer
// for padded input rows.
type workspace struct {
	tile    tile
	taps    taps
	row     channelRow
	patch   patch
	outer   outer
	norm    normBlock
	dots    dots
	windows maxWindows
	lines   tallLines
	buf     []float32
	segs    []int
}

var workspaces = sync.Pool{New: func() any { return new(workspace) }}

func getWorkspace() *workspace { return workspaces.Get().(*workspace) }

// release drops the references into the caller's buffers, so that the pool
// keeps none of them alive.
func (w *workspace) release() {
	w.tile = tile{}
	w.row = channelRow{}
	w.patch = patch{}
	w.norm = normBlock{}
	w.windows = maxWindows{}
	w.lines = tallLines{}
	w.dots = dots{}
	w.outer = outer{runs: w.outer.runs[:0]}
	w.taps = taps{offs: w.taps.offs[:0], woffs: w.taps.woffs[:0]}
	workspaces.Put(w)
}

// floats returns a buffer of n floats with arbitrary contents.
func (w *workspace) floats(n int) []float32 {
	if cap(w.buf) < n {
		w.buf = make([]float32, n)
	}
	return w.buf[:n]
}

// large are buffers that a call as a whole needs, up to some tens of MB: kept apart from
// the workspaces of tasks, of which each would grow to that size in time.
var large = sync.Pool{New: func() any { return new(workspace) }}
