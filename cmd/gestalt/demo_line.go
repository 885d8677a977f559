package main

import (
	"io"

	"github.com/gestalt-vision/gestalt/demo"
)

// demoLine tells how far the demonstration is.
type demoLine struct {
	w    io.Writer
	bar  *progress
	done int
}

func newDemoLine(w io.Writer) *demoLine { return &demoLine{w: w} }

func (l *demoLine) tell(s demo.Status) {
	if l.bar == nil {
		l.bar = newProgress(l.w, s.Doing+" four networks", s.Total)
	}
	l.bar.add(s.Done - l.done)
	l.done = s.Done
}
