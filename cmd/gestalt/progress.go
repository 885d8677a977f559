package main

import (
	"fmt"
	"io"
	"time"

	"github.com/schollz/progressbar/v3"
)

// progress tells how far a long job is: a bar on a terminal, else a line now and then. It never writes to standard
// output.
type progress struct {
	w     io.Writer
	what  string
	total int
	done  int
	bar   *progressbar.ProgressBar
	start time.Time
	told  time.Time
}

func newProgress(w io.Writer, what string, total int) *progress {
	p := &progress{w: w, what: what, total: total, start: time.Now(), told: time.Now()}
	if isTerminal(w) {
		p.bar = progressbar.NewOptions(total,
			progressbar.OptionSetWriter(w), progressbar.OptionSetDescription(what),
			progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionSetItsString("pictures"),
			progressbar.OptionClearOnFinish())
	}
	return p
}

// add counts n more items.
func (p *progress) add(n int) {
	p.done += n
	if p.bar != nil {
		p.bar.Add(n)
		return
	}
	if time.Since(p.told) > 10*time.Second {
		p.told = time.Now()
		rate := float64(p.done) / time.Since(p.start).Seconds()
		left := time.Duration(float64(p.total-p.done) / rate * float64(time.Second)).Round(time.Second)
		fmt.Fprintf(p.w, "%s: %d of %d, %.1f a second, %v left\n", p.what, p.done, p.total, rate, left)
	}
}
