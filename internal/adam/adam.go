// Package adam is the method of Kingma and Ba (2014, arXiv 1412.6980) in the parts that its users share: as graph code, for
// networks, and what depends on the step alone.
package adam

import (
	"math"

	"github.com/gomlx/gomlx/core/graph"
)

// Constants of the method. Beta1 and Beta2 are how much of the running means of the gradient, and of its square, stays.
type Constants struct{ Beta1, Beta2, Epsilon float64 }

// Usual are the constants of the paper, which PyTorch has too.
var Usual = Constants{Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8}

// Corrections are what a running mean of gradients, and the root of one of squares, is multiplied by at step n, counted from
// 1. Both means begin at zero, and are as much too small as the weights of what they have seen are below 1.
func (c Constants) Corrections(n int) (mean, root float64) {
	return 1 / (1 - math.Pow(c.Beta1, float64(n))), 1 / math.Sqrt(1-math.Pow(c.Beta2, float64(n)))
}

// Running are both running means after a step with this gradient.
func (c Constants) Running(gradient, mean, square *graph.Node) (meanAfter, squareAfter *graph.Node) {
	keep := func(before *graph.Node, part float64, now *graph.Node) *graph.Node {
		return graph.Add(graph.MulScalar(before, part), graph.MulScalar(now, 1-part))
	}
	return keep(mean, c.Beta1, gradient), keep(square, c.Beta2, graph.Square(gradient))
}

// Direction is what the parameter moves against: mean / (√square·root + ε), root being the second of the Corrections. The
// first belongs to the rate.
func (c Constants) Direction(mean, square, root *graph.Node) *graph.Node {
	return graph.Div(mean, graph.AddScalar(graph.Mul(graph.Sqrt(square), root), c.Epsilon))
}
