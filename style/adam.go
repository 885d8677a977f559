package style

import (
	"math"

	"github.com/gestalt-vision/gestalt/internal/adam"
)

// pixelAdam is Adam as torch.optim.Adam has it with its defaults but for the rate, of a picture in the program's own memory.
type pixelAdam struct {
	rate         float64
	steps        int
	mean, square []float32 // of the gradient, each a running one
}

func newAdam(rate float64) *pixelAdam { return &pixelAdam{rate: rate} }

// step moves x, where the function has this gradient. It is never done.
func (a *pixelAdam) step(x, gradient []float32) (done bool) {
	c := adam.Usual
	keepMean, addMean, keepSquare, addSquare := float32(c.Beta1), float32(1-c.Beta1), float32(c.Beta2), float32(1-c.Beta2)
	if a.steps == 0 {
		a.mean, a.square = make([]float32, len(x)), make([]float32, len(x))
	}
	a.steps++
	rate, correction := c.Corrections(a.steps)
	rate *= a.rate
	for i, g := range gradient {
		a.mean[i] = keepMean*a.mean[i] + addMean*g
		a.square[i] = keepSquare*a.square[i] + addSquare*g*g
		x[i] -= float32(rate * float64(a.mean[i]) / (math.Sqrt(float64(a.square[i]))*correction + c.Epsilon))
	}
	return false
}
