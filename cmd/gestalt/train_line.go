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

	told   time.Time // when the last line was written
	before train.Status
	at     time.Time // when before was
	// pictures and seconds of the last training steps, the older the less they count
	pictures, seconds float64
}

func newTrainLine(w io.Writer) *trainLine {
	return &trainLine{w: w, terminal: isTerminal(w), told: time.Now()}
}

func (l *trainLine) tell(s train.Status) {
	now := time.Now()
	if s.Phase == train.Training && l.before.Phase == train.Training { // the first step of an epoch waits for its pictures
		const fade = 0.99
		l.pictures, l.seconds = fade*l.pictures+float64(s.Pictures), fade*l.seconds+now.Sub(l.at).Seconds()
	}
	l.before, l.at = s, now
	wait := 20 * time.Second
	if l.terminal {
		wait = 200 * time.Millisecond
	}
	switch {
	case s.Phase == train.Validated:
		l.write(l.epoch(s), "\n")
	case now.Sub(l.told) < wait:
		return
	case l.terminal:
		l.write(l.line(s), "\x1b[K\r")
	default:
		l.write(l.line(s), "\n")
	}
	l.told = now
}

func (l *trainLine) line(s train.Status) string {
	if s.Phase == train.Validating {
		return fmt.Sprintf("epoch %d of %d: validation, %d of %d pictures", s.Epoch, s.Epochs, s.Step, s.Steps)
	}
	return fmt.Sprintf("epoch %d of %d, step %d of %d: loss %.4f, %.1f%% right%s", s.Epoch, s.Epochs, s.Step, s.Steps, s.Loss, 100*s.Top1, l.left(s))
}

// epoch is the line that stays.
func (l *trainLine) epoch(s train.Status) string {
	e := s.Result
	return fmt.Sprintf("epoch %d of %d: loss %.4f, %.1f%% right; validation: loss %.4f, %.1f%% right%s",
		s.Epoch, s.Epochs, e.TrainLoss, 100*e.TrainTop1, e.ValidationLoss, 100*e.ValidationTop1, l.left(s))
}

// left is the speed and, while there is something left to do, how long that will take.
func (l *trainLine) left(s train.Status) string {
	if l.seconds <= 0 || l.pictures <= 0 {
		return ""
	}
	speed := l.pictures / l.seconds
	text := fmt.Sprintf("; %.0f pictures a second", speed)
	if s.Left > 0 {
		text += fmt.Sprintf(", %v left", time.Duration(float64(s.Left)/speed*float64(time.Second)).Round(time.Second))
	}
	return text
}

func (l *trainLine) write(text, end string) {
	if l.terminal && end == "\n" {
		end = "\x1b[K\n"
	}
	fmt.Fprint(l.w, text+end)
}

// end clears what a line that changes has left.
func (l *trainLine) end() {
	if l.terminal {
		fmt.Fprint(l.w, "\x1b[K")
	}
}
