package main

import (
	"fmt"
	"io"
	"time"

	"github.com/gestalt-vision/gestalt/train"
)

// trainLine tells how training goes: on a terminal one line that changes, else a line now and then. Each epoch leaves one.
type trainLine struct {
	w        io.Writer
	terminal bool

	told   time.Time
	since  int     // pictures since then
	speed  float64 // training pictures per second, a running mean
	before train.Status
}

func newTrainLine(w io.Writer) *trainLine { return &trainLine{w: w, terminal: isTerminal(w)} }

func (l *trainLine) tell(s train.Status) {
	now := time.Now()
	if l.told.IsZero() || s.Phase != l.before.Phase {
		l.told, l.since = now, -s.Pictures // the first step also compiles
	}
	l.since += s.Pictures
	l.before = s
	wait := 20 * time.Second
	if l.terminal {
		wait = 500 * time.Millisecond
	}
	if s.Phase == train.Training {
		if passed := now.Sub(l.told); passed > wait {
			l.measure(passed)
			l.write(l.line(s))
			l.told, l.since = now, 0
		}
		return
	}
	if l.terminal && s.Step < s.Steps {
		l.write(fmt.Sprintf("epoch %d of %d: validation, %d of %d", s.Epoch, s.Epochs, s.Step, s.Steps))
	}
	if s.Step == s.Steps && !l.terminal {
		fmt.Fprintf(l.w, "epoch %d of %d: loss %.4f, %.1f%% right%s\n", s.Epoch, s.Epochs, s.Loss, 100*s.Top1, l.left(s))
	}
}

func (l *trainLine) measure(passed time.Duration) {
	speed := float64(l.since) / passed.Seconds()
	if l.speed == 0 {
		l.speed = speed
	}
	l.speed = 0.8*l.speed + 0.2*speed
}

func (l *trainLine) line(s train.Status) string {
	return fmt.Sprintf("epoch %d of %d, step %d of %d: loss %.4f, %.1f%% right, %.0f pictures a second%s",
		s.Epoch, s.Epochs, s.Step, s.Steps, s.Loss, 100*s.Top1, l.speed, l.left(s))
}

// left is the time that training will still take, once its speed is known.
func (l *trainLine) left(s train.Status) string {
	if l.speed <= 0 {
		return ""
	}
	return fmt.Sprintf(", %v left", time.Duration(float64(s.Left)/l.speed*float64(time.Second)).Round(time.Second))
}

func (l *trainLine) write(text string) {
	end := "\n"
	if l.terminal {
		end = "\x1b[K\r"
	}
	fmt.Fprint(l.w, text+end)
}

func (l *trainLine) end() {
	if l.terminal {
		fmt.Fprint(l.w, "\x1b[K")
	}
}
