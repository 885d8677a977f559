package dataset

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync/atomic"
	"testing"
	"time"
)

func TestMapKeepsOrder(t *testing.T) {
	for _, n := range []int{0, 1, 5, 1000} {
		for _, workers := range []int{0, 1, 3, 16} {
			t.Run(fmt.Sprint(n, "items", workers, "workers"), func(t *testing.T) {
				i := 0
				for got, err := range Map(t.Context(), n, workers, func(i int) (int, error) {
					if i%7 == 0 {
						time.Sleep(time.Duration(i%5) * 10 * time.Microsecond)
					}
					return i * i, nil
				}) {
					if err != nil || got != i*i {
						t.Fatalf("item %d: %d, %v", i, got, err)
					}
					i++
				}
				if i != n {
					t.Errorf("%d results of %d", i, n)
				}
			})
		}
	}
}

func TestMapGoesOnAfterErrors(t *testing.T) {
	var got []string
	for v, err := range Map(t.Context(), 4, 2, func(i int) (string, error) {
		switch i {
		case 1:
			return "part", io.ErrUnexpectedEOF
		case 2:
			panic(testError("boom"))
		}
		return fmt.Sprint(i), nil
	}) {
		var p *PanicError
		if errors.As(err, &p) && (p.Index != 2 || len(p.Stack) == 0 || !errors.Is(err, testError("boom"))) {
			t.Errorf("the panic of item 2 came as %#v", p)
		}
		got = append(got, fmt.Sprint(v, " ", err))
	}
	want := []string{"0 <nil>", "part unexpected EOF", " dataset: item 2: panic: boom", "3 <nil>"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

type testError string

func (e testError) Error() string { return string(e) }

func TestMapIsBounded(t *testing.T) {
	const workers = 2
	var begun, taken, running, most atomic.Int64
	for range Map(t.Context(), 300, workers, func(i int) (int, error) {
		if now := running.Add(1); now > most.Load() {
			most.Store(now)
		}
		defer running.Add(-1)
		// One more than the look-ahead: the consumer holds a result, for which the
		// next item was begun already.
		if ahead := begun.Add(1) - taken.Load(); ahead > int64(LookAhead(workers))+1 {
			t.Errorf("%d items ahead of the consumer", ahead)
		}
		return i, nil
	}) {
		taken.Add(1)
		if taken.Load()%50 == 0 {
			time.Sleep(time.Millisecond)
		}
	}
	if most.Load() > workers {
		t.Errorf("%d calls at once for %d workers", most.Load(), workers)
	}
}

func TestMapStopsEarly(t *testing.T) {
	before := runtime.NumGoroutine()
	var running atomic.Int64
	for range 20 {
		for i := range Map(t.Context(), 1000, 4, func(i int) (int, error) {
			running.Add(1)
			defer running.Add(-1)
			time.Sleep(50 * time.Microsecond)
			return i, nil
		}) {
			if i == 10 {
				break
			}
		}
		if n := running.Load(); n != 0 {
			t.Fatalf("%d calls still run after the loop", n)
		}
	}
	for range 100 { // exiting goroutines need a moment
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Errorf("%d goroutines, %d before", runtime.NumGoroutine(), before)
}

func TestMapEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n, last := 0, error(nil)
	for i, err := range Map(ctx, 1000, 2, func(i int) (int, error) { return i, nil }) {
		if last = err; err != nil {
			break
		}
		if n++; i == 30 {
			cancel()
		}
	}
	if !errors.Is(last, context.Canceled) || n != 31 {
		t.Errorf("%d results, then %v", n, last)
	}
	n = 0
	for _, err := range Map(ctx, 10, 2, func(i int) (int, error) { t.Error("called"); return 0, nil }) {
		if n++; !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled beforehand: %v", err)
		}
	}
	if n != 1 {
		t.Errorf("the error of the context came %d times", n)
	}
}
