package demo

import (
	"sync"
	"time"
)

// clock notes what time is spent on.
type clock struct {
	mu    sync.Mutex
	begun time.Time
	last  time.Time
	spent []Spent
}

func newClock() *clock {
	now := time.Now()
	return &clock{begun: now, last: now}
}

// lap notes the time since the last lap.
func (c *clock) lap(on string) {
	c.add(on, c.last)
	c.last = time.Now()
}

// add notes the time since then.
func (c *clock) add(on string, since time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.spent = append(c.spent, Spent{on, time.Since(since).Seconds()})
}
