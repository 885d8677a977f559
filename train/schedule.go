package train

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Schedule is the learning rate as a function of the step. A recipe that counts in epochs multiplies by the steps of one.
type Schedule struct {
	Kind string  // constant, step or cosine; constant where it is empty
	Base float64 // the rate after the warm-up, before it falls
	// Steps is the length of the whole training, of cosine.
	Steps int
	// At Milestones, counted from the first step as 0, and Every so many steps where that is not 0, a step schedule
	// multiplies the rate by Gamma.
	Milestones []int
	Every      int
	Gamma      float64
	// Last is the rate to which cosine falls at Steps.
	Last float64
	// WarmUp is for how many steps the rate rises on a line from WarmUpFactor times what it would be after the last step:
	// at step n of them it is multiplied by WarmUpFactor + (1-WarmUpFactor)·n/WarmUp.
	WarmUp       int
	WarmUpFactor float64
}

// Kinds of schedules.
const (
	Constant = "constant"
	StepWise = "step"
	Cosine   = "cosine"
)

// Schedules are the kinds that there are.
func Schedules() []string { return []string{Constant, StepWise, Cosine} }

// Rate is the learning rate of a step, counted from 0.
//
// They are PyTorch's schedulers, stepped after each step of training: LinearLR for the warm-up and CosineAnnealingLR with the
// steps that follow it, in a SequentialLR; MultiStepLR and StepLR without a warm-up. With one, their steps too are counted
// from the beginning of training, so that a warm-up does not move the milestones.
func (s Schedule) Rate(step int) float64 {
	if step < s.WarmUp {
		return s.Base * (s.WarmUpFactor + (1-s.WarmUpFactor)*float64(step)/float64(s.WarmUp))
	}
	switch s.Kind {
	case StepWise:
		drops := 0
		for _, m := range s.Milestones {
			if step >= m {
				drops++
			}
		}
		if s.Every > 0 {
			drops += step / s.Every
		}
		return s.Base * math.Pow(s.Gamma, float64(drops))
	case Cosine:
		done := min(1, float64(step-s.WarmUp)/float64(s.Steps-s.WarmUp))
		return s.Last + (s.Base-s.Last)*(1+math.Cos(math.Pi*done))/2
	}
	return s.Base
}

// Check says what is wrong with a schedule. Rate is defined only where nothing is.
func (s Schedule) Check() error {
	positive := func(v float64) bool { return v > 0 && !math.IsInf(v, 0) }
	switch {
	case !positive(s.Base):
		return fmt.Errorf("train: a learning rate of %g; it must be above 0", s.Base)
	case s.WarmUp < 0 || !(s.WarmUpFactor >= 0 && s.WarmUpFactor <= 1):
		return fmt.Errorf("train: a warm-up of %d steps from %g of the rate; it must be 0 steps or more, from 0 to 1", s.WarmUp, s.WarmUpFactor)
	}
	switch s.Kind {
	case Constant, "":
		return nil
	case StepWise:
		switch {
		case !positive(s.Gamma):
			return fmt.Errorf("train: the rate is multiplied by %g; gamma must be above 0", s.Gamma)
		case s.Every < 0 || len(s.Milestones) == 0 && s.Every == 0:
			return fmt.Errorf("train: a step schedule needs milestones, or a number of steps after which the rate falls each time")
		case !slices.IsSorted(s.Milestones):
			return fmt.Errorf("train: the milestones %v are not in order", s.Milestones)
		}
		return nil
	case Cosine:
		switch {
		case s.Steps <= s.WarmUp:
			return fmt.Errorf("train: a cosine schedule of %d steps, %d of them warm-up; nothing is left for it to fall", s.Steps, s.WarmUp)
		case !(s.Last >= 0 && s.Last <= s.Base):
			return fmt.Errorf("train: the rate falls from %g to %g; it must fall to 0 or more", s.Base, s.Last)
		}
		return nil
	}
	return fmt.Errorf("train: there is no schedule %q (there are %s)", s.Kind, strings.Join(Schedules(), ", "))
}
