package cpu

import (
	"sync"
	"sync/atomic"
)

// workers runs the pieces of one operation on several goroutines.
//
// No goroutine outlives a call, so nothing can leak. All executions of a
// backend draw helpers from one set of permits: however many run at once and
// however they nest, at most n-1 helpers run beside the callers.
type workers struct {
	n       int
	permits chan struct{} // one for each helper that may run
}

func newWorkers(n int) *workers {
	w := &workers{n: n, permits: make(chan struct{}, n-1)}
	for range n - 1 {
		w.permits <- struct{}{}
	}
	return w
}

// Workers says how many goroutines at most a call of Do uses, the caller included.
func (w *workers) Workers() int { return w.n }

// Do calls piece(i) for every i in [0, pieces), each exactly once and in any
// order, and returns when all are done. What a piece computes must not depend
// on which goroutine runs it; results are then the same for any number of
// workers. A panic in a piece reaches the caller of Do.
func (w *workers) Do(pieces int, piece func(i int)) {
	helpers := 0
	for helpers < min(w.n, pieces)-1 && w.take() {
		helpers++
	}
	if helpers == 0 {
		for i := range pieces {
			piece(i)
		}
		return
	}
	r := &region{pieces: int64(pieces), piece: piece}
	r.running.Add(helpers)
	for range helpers {
		go func() {
			defer r.running.Done()
			defer w.give() // before Done: the next call of Do finds all permits
			r.work()
		}()
	}
	r.work()
	r.running.Wait()
	if thrown := r.thrown.Load(); thrown != nil {
		panic(*thrown)
	}
}

func (w *workers) take() bool {
	select {
	case <-w.permits:
		return true
	default:
		return false
	}
}

func (w *workers) give() { w.permits <- struct{}{} }

// region is one call of Do.
type region struct {
	pieces  int64
	next    atomic.Int64
	piece   func(i int)
	running sync.WaitGroup
	thrown  atomic.Pointer[any]
}

// work takes pieces until none is left. After a panic nobody starts another.
func (r *region) work() {
	defer func() {
		if thrown := recover(); thrown != nil {
			r.thrown.CompareAndSwap(nil, &thrown)
			r.next.Store(r.pieces)
		}
	}()
	for i := r.next.Add(1) - 1; i < r.pieces; i = r.next.Add(1) - 1 {
		r.piece(int(i))
	}
}

// grain is the number of elements that element-wise loops hand out at once.
const grain = 1 << 14

// span calls part(lo, hi) for consecutive stretches of [0, n) of at most size
// elements, several at once.
func (w *workers) span(n, size int, part func(lo, hi int)) {
	if n <= size {
		if n > 0 {
			part(0, n)
		}
		return
	}
	w.Do((n+size-1)/size, func(i int) { part(i*size, min(n, (i+1)*size)) })
}
