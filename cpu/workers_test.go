package cpu

import (
	"sync/atomic"
	"testing"
)

func TestWorkersRunEachPieceOnce(t *testing.T) {
	w := newWorkers(4)
	for pieces := range 40 {
		counts := make([]atomic.Int32, pieces)
		w.Do(pieces, func(i int) {
			counts[i].Add(1)
			w.Do(3, func(int) {}) // nesting must not wait for helpers that are busy
		})
		for i := range counts {
			if n := counts[i].Load(); n != 1 {
				t.Fatalf("piece %d of %d ran %d times", i, pieces, n)
			}
		}
	}
	var sum atomic.Int64
	w.span(1000, 7, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			sum.Add(int64(i))
		}
	})
	if sum.Load() != 999*1000/2 {
		t.Errorf("the stretches of 0 … 999 add up to %d", sum.Load())
	}
}

func TestWorkersPassPanicsOn(t *testing.T) {
	w := newWorkers(3)
	for range 100 {
		func() {
			defer func() {
				if thrown := recover(); thrown != "piece 5" {
					t.Fatalf("recovered %v", thrown)
				}
			}()
			w.Do(20, func(i int) {
				if i == 5 {
					panic("piece 5")
				}
			})
			t.Fatal("the panic was lost")
		}()
	}
	if len(w.permits) != 2 {
		t.Errorf("%d of 2 permits came back", len(w.permits))
	}
}

// BenchmarkWorkers is the cost of spreading work that takes no time.
func BenchmarkWorkers(b *testing.B) {
	w := newWorkers(2)
	for b.Loop() {
		w.Do(2, func(int) {})
	}
}
