package train

import (
	"fmt"
	"math"
	"strings"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/gestalt-vision/gestalt/internal/adam"
)

// The optimisers.
const (
	SGD   = "sgd"
	AdamW = "adamw"
)

// What optimisers keep of a parameter, as the ends of names in files.
const (
	momentumKind = "momentum"
	meanKind     = "adam_mean" // as style's training of decoders has them
	squareKind   = "adam_square"
)

// Optimisers are the names of those that there are.
func Optimisers() []string { return []string{SGD, AdamW} }

// optimiser is graph code that changes a parameter after its gradient.
type optimiser interface {
	// running names the values that it keeps beside each learned parameter, of the same shape, zero before the first step.
	running() []string
	// numbers are the inputs of its graph code that are the same for all parameters, at a step counted from 1.
	numbers(rate float64, step int) []float32
	// update gives the parameter and its running values after a step.
	update(parameter, gradient *graph.Node, numbers, running []*graph.Node) (*graph.Node, []*graph.Node)
}

// check finds the optimiser, and says what is wrong with the settings.
func (l Learning) check() (optimiser, error) {
	fraction := func(v float64) bool { return v >= 0 && v < 1 } // false for what is no number
	switch {
	case !(l.WeightDecay >= 0) || math.IsInf(l.WeightDecay, 0):
		return nil, fmt.Errorf("train: a weight decay of %g; it must be 0 or more", l.WeightDecay)
	case !fraction(l.LabelSmoothing):
		return nil, fmt.Errorf("train: labels smoothed by %g; it must be 0 or more and below 1", l.LabelSmoothing)
	case !(min(l.Std[0], l.Std[1], l.Std[2]) > 0):
		return nil, fmt.Errorf("train: pixels divided by %v; all three must be above 0", l.Std)
	}
	switch l.Optimiser {
	case SGD:
		switch {
		case !fraction(l.Momentum):
			return nil, fmt.Errorf("train: a momentum of %g; it must be 0 or more and below 1", l.Momentum)
		case l.Nesterov && l.Momentum == 0:
			return nil, fmt.Errorf("train: Nesterov's momentum needs a momentum above 0")
		}
		return sgd{momentum: l.Momentum, decay: l.WeightDecay, nesterov: l.Nesterov}, nil
	case AdamW:
		c := adam.Constants{
			Beta1: orElse(l.Beta1, adam.Usual.Beta1), Beta2: orElse(l.Beta2, adam.Usual.Beta2), Epsilon: orElse(l.Epsilon, adam.Usual.Epsilon),
		}
		if !fraction(c.Beta1) || !fraction(c.Beta2) || !(c.Epsilon > 0) {
			return nil, fmt.Errorf("train: AdamW with betas of %g and %g and an epsilon of %g; betas must be below 1, epsilon above 0", c.Beta1, c.Beta2, c.Epsilon)
		}
		return adamW{c, l.WeightDecay}, nil
	}
	return nil, fmt.Errorf("train: there is no optimiser %q (there are %s)", l.Optimiser, strings.Join(Optimisers(), ", "))
}

func orElse(v, other float64) float64 {
	if v == 0 {
		return other
	}
	return v
}

// sgd is torch.optim.SGD without dampening (Sutskever et al., ICML 2013, in the form where the rate is not part of the
// velocity):
//
//	g' = g + decay·w
//	v  = momentum·v + g'
//	w  = w - rate·v              with Nesterov  w - rate·(g' + momentum·v)
type sgd struct {
	momentum, decay float64
	nesterov        bool
}

func (o sgd) running() []string {
	if o.momentum == 0 {
		return nil
	}
	return []string{momentumKind}
}

func (o sgd) numbers(rate float64, _ int) []float32 { return []float32{float32(rate)} }

func (o sgd) update(parameter, gradient *graph.Node, numbers, running []*graph.Node) (*graph.Node, []*graph.Node) {
	if o.decay > 0 {
		gradient = graph.Add(gradient, graph.MulScalar(parameter, o.decay))
	}
	direction := gradient
	var after []*graph.Node
	if o.momentum > 0 {
		velocity := graph.Add(graph.MulScalar(running[0], o.momentum), gradient)
		after, direction = []*graph.Node{velocity}, velocity
		if o.nesterov {
			direction = graph.Add(gradient, graph.MulScalar(velocity, o.momentum))
		}
	}
	return graph.Sub(parameter, graph.Mul(direction, numbers[0])), after
}

// adamW is torch.optim.AdamW (Loshchilov and Hutter, ICLR 2019, arXiv 1711.05101):
//
//	w = w·(1 - rate·decay)
//	m = β1·m + (1-β1)·g,  s = β2·s + (1-β2)·g²
//	w = w - rate/(1-β1ⁿ) · m / (√s/√(1-β2ⁿ) + ε)    at step n
//
// What depends on the step is worked out before, in float64.
type adamW struct {
	adam.Constants
	decay float64
}

func (o adamW) running() []string { return []string{meanKind, squareKind} }

func (o adamW) numbers(rate float64, step int) []float32 {
	mean, root := o.Corrections(step)
	return []float32{float32(rate * mean), float32(root), float32(1 - rate*o.decay)}
}

func (o adamW) update(parameter, gradient *graph.Node, numbers, running []*graph.Node) (*graph.Node, []*graph.Node) {
	rate, root, kept := numbers[0], numbers[1], numbers[2]
	mean, square := o.Running(gradient, running[0], running[1])
	parameter = graph.Sub(graph.Mul(parameter, kept), graph.Mul(rate, o.Direction(mean, square, root)))
	return parameter, []*graph.Node{mean, square}
}
