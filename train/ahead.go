package train

import (
	"context"
	"iter"
)

// ahead runs over a sequence in a goroutine of its own, up to n batches ahead of the loop over the result. check sees each
// batch just before it is handed out, and ends the sequence by an error.
func ahead(ctx context.Context, n int, batches func(context.Context) iter.Seq2[made, error], check func(made) error) iter.Seq2[Batch, error] {
	type result struct {
		made
		err error
	}
	return func(yield func(Batch, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		ready := make(chan result, n-1) // one more is in the hands of the goroutine
		go func() {
			defer close(ready)
			for b, err := range batches(ctx) {
				select {
				case ready <- result{b, err}:
				case <-ctx.Done():
					if err == nil {
						return
					}
				}
			}
		}()
		defer func() { // the goroutine has ended when its channel is closed
			cancel()
			for range ready {
			}
		}()
		for r := range ready {
			if r.err == nil {
				r.err = check(r.made)
			}
			if r.err != nil {
				yield(Batch{}, r.err)
				return
			}
			if r.N > 0 && !yield(r.Batch, nil) {
				return
			}
		}
		if err := ctx.Err(); err != nil {
			yield(Batch{}, err)
		}
	}
}
