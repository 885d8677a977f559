package kernel

import (
	"sync/atomic"
	"testing"
)

// newCrew starts n goroutines that wait for work, and ends them with the test.
func newCrew(t testing.TB, n int) Parallel {
	type job struct {
		n    int64
		next atomic.Int64
		f    func(i int)
		done chan struct{}
	}
	jobs := make(chan *job)
	work := func(j *job) {
		for i := j.next.Add(1) - 1; i < j.n; i = j.next.Add(1) - 1 {
			j.f(int(i))
		}
	}
	for range n - 1 {
		go func() {
			for j := range jobs {
				work(j)
				j.done <- struct{}{}
			}
		}()
	}
	t.Cleanup(func() { close(jobs) })
	return func(tasks int, f func(i int)) {
		j := &job{n: int64(tasks), f: f, done: make(chan struct{}, n)}
		for range n - 1 {
			jobs <- j
		}
		work(j)
		for range n - 1 {
			<-j.done
		}
	}
}
