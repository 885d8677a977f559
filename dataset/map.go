package dataset

import (
	"context"
	"fmt"
	"iter"
	"runtime"
	"runtime/debug"
	"sync"
)

// PanicError is the error that [Map] yields for an item whose function
// panicked.
type PanicError struct {
	Index int    // of the item
	Value any    // what the function panicked with
	Stack []byte // where, as debug.Stack prints it
}

func (e *PanicError) Error() string {
	return fmt.Sprintf("dataset: item %d: panic: %v", e.Index, e.Value)
}

// Unwrap returns the value when it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// Map calls f(0) … f(n-1) on several goroutines and yields the results in that
// order, so that what a program computes from them does not depend on the number
// of workers (no more than one per processor when workers is 0 or less).
//
// An error of f, or its panic as a [PanicError], is yielded in its place with
// whatever value came along, and the items after it follow all the same. When
// ctx is done, its error is yielded once, as the last.
//
// At most [LookAhead] results are computed ahead of the consumer; that bounds
// the memory. When the loop over the sequence ends, early or not, all calls of f
// have returned and no goroutine is left. A sequence may be ranged over again,
// which computes it again.
func Map[T any](ctx context.Context, n, workers int, f func(i int) (T, error)) iter.Seq2[T, error] {
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	return func(yield func(T, error) bool) {
		type result struct {
			value T
			err   error
		}
		// Item i travels through slot i mod window. A slot is free again when its
		// result was taken, and only then the next item for it is given out, so no
		// send below ever waits.
		window := min(LookAhead(workers), n)
		slots := make([]chan result, window)
		indices := make(chan int, window)
		for i := range slots {
			slots[i] = make(chan result, 1)
			indices <- i
		}
		stop, cancel := context.WithCancel(ctx)
		var running sync.WaitGroup
		defer running.Wait()
		defer close(indices)
		defer cancel()
		for range min(workers, window) {
			running.Go(func() {
				for i := range indices {
					if stop.Err() != nil {
						return
					}
					var r result
					r.value, r.err = call(f, i)
					slots[i%window] <- r
				}
			})
		}
		for i := range n {
			var r result
			select {
			case <-ctx.Done():
			case r = <-slots[i%window]:
			}
			if err := ctx.Err(); err != nil {
				var none T
				yield(none, err)
				return
			}
			if next := i + window; next < n {
				indices <- next
			}
			if !yield(r.value, r.err) {
				return
			}
		}
	}
}

// LookAhead is the number of items that [Map] with so many workers may have
// begun or finished ahead of the one that its consumer waits for: enough to keep
// the workers busy while a network looks at a batch.
func LookAhead(workers int) int { return max(4*workers, 16) }

// call calls f and turns a panic into an error.
func call[T any](f func(i int) (T, error), i int) (value T, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &PanicError{Index: i, Value: p, Stack: debug.Stack()}
		}
	}()
	return f(i)
}
