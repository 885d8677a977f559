package style

import "math"

// adam is the method of Kingma and Ba (ICLR 2015) as torch.optim.Adam has it with its defaults but for the rate.
type adam struct {
	rate         float64
	steps        int
	mean, square []float32 // of the gradient, each a running one
}

func newAdam(rate float64) *adam { return &adam{rate: rate} }

// step moves x, where the function has this gradient. It is never done.
func (a *adam) step(x, gradient []float32) (done bool) {
	const beta1, beta2, epsilon = 0.9, 0.999, 1e-8
	if a.steps == 0 {
		a.mean, a.square = make([]float32, len(x)), make([]float32, len(x))
	}
	a.steps++
	// Both running means begin at zero, and are as much too small as the weights of what they have seen are below 1.
	rate := a.rate / (1 - math.Pow(beta1, float64(a.steps)))
	correction := 1 / math.Sqrt(1-math.Pow(beta2, float64(a.steps)))
	for i, g := range gradient {
		a.mean[i] = beta1*a.mean[i] + (1-beta1)*g
		a.square[i] = beta2*a.square[i] + (1-beta2)*g*g
		x[i] -= float32(rate * float64(a.mean[i]) / (math.Sqrt(float64(a.square[i]))*correction + epsilon))
	}
	return false
}
