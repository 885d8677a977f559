package nets

import (
	"math"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
)

// PyTorch's defaults.
const (
	normEpsilon  = 1e-5 // see Scope.Epsilon
	normMomentum = 0.1  // see Scope.Momentum
)

// norm is the parameters of a batch normalisation in a file.
type norm struct {
	weight, bias, mean, variance Param
	epsilon                      float64
}

func (s Scope) declareNorm(name string, channels int) norm {
	s.net.ignored[s.path(name+".num_batches_tracked")] = true // a counter that nothing here uses
	return norm{
		weight:   s.declare(name+".weight", true, channels),
		bias:     s.declare(name+".bias", true, channels),
		mean:     s.declare(name+".running_mean", false, channels),
		variance: s.declare(name+".running_var", false, channels),
		epsilon:  s.epsilon,
	}
}

// affine gives what the normalisation is once its statistics are fixed: y = scale·x + shift with
//
//	scale = weight / sqrt(variance + ε),  shift = bias - mean·scale
//
// computed in float64 and rounded once.
func (n norm) affine(param source) (scale, shift []float32) {
	weight, bias, mean, variance := param(n.weight.Name), param(n.bias.Name), param(n.mean.Name), param(n.variance.Name)
	scale, shift = make([]float32, len(weight)), make([]float32, len(weight))
	for c := range scale {
		k := float64(weight[c]) / math.Sqrt(float64(variance[c])+n.epsilon)
		scale[c], shift[c] = float32(k), float32(float64(bias[c])-float64(mean[c])*k)
	}
	return scale, shift
}

// scaleOut multiplies each output channel of a kernel [out, …] by its scale.
func scaleOut(kernel, scale []float32) []float32 {
	out, n := make([]float32, len(kernel)), len(kernel)/len(scale)
	for o, k := range scale {
		scaled := out[o*n:][:n]
		for i, v := range kernel[o*n:][:n] {
			scaled[i] = v * k
		}
	}
	return out
}

// BatchNorm is PyTorch's BatchNorm2d on x [batch, height, width, channels]: parameters name.weight, name.bias,
// name.running_mean and name.running_var.
//
// In Training mode it normalises with the mean and the variance of the batch, and the gradient is the whole one: it also
// flows through these two (Ioffe and Szegedy 2015, section 3), which GoMLX's own layer cuts off. The running statistics
// that follow are put into Statistics; as in PyTorch the running variance takes the unbiased estimate.
func (s Scope) BatchNorm(name string, x *graph.Node) *graph.Node {
	channels := x.Shape().Dim(-1)
	if s.net.mode == Inference {
		bn := s.declareNorm(name, channels)
		scale := s.input(bn.weight.Name, bn.weight.Shape, func(param source) []float32 {
			scale, _ := bn.affine(param)
			return scale
		})
		shift := s.input(bn.bias.Name, bn.bias.Shape, func(param source) []float32 {
			_, shift := bn.affine(param)
			return shift
		})
		return graph.Add(graph.Mul(x, alongChannels(scale, 4)), alongChannels(shift, 4))
	}
	s.net.ignored[s.path(name+".num_batches_tracked")] = true
	weight, bias := s.vector(name+".weight", true, channels), s.vector(name+".bias", true, channels)
	runningMean, runningVar := s.vector(name+".running_mean", false, channels), s.vector(name+".running_var", false, channels)

	y, mean, variance := normalize(x, weight, bias, s.epsilon)
	n := float64(x.Shape().Size() / channels)
	s.net.Statistics[s.path(name+".running_mean")] = moveTowards(runningMean, mean, s.momentum, 1)
	s.net.Statistics[s.path(name+".running_var")] = moveTowards(runningVar, variance, s.momentum, n/max(n-1, 1))
	return y
}

// normalize is the training form: the engine's own operation, whose gradient is whole, where it has one. mean and variance
// are [channels], the variance is the biased one.
func normalize(x, weight, bias *graph.Node, epsilon float64) (y, mean, variance *graph.Node) {
	has := x.Graph().Backend().Capabilities().Operations
	if has[compute.OpTypeBatchNormForTraining] && has[compute.OpTypeBatchNormGradient] {
		return graph.InternalBatchNormForTraining(x, weight, bias, float32(epsilon), -1)
	}
	return normalizeByParts(x, weight, bias, epsilon)
}

// normalizeByParts is normalize in elementary operations, whose gradient GoMLX derives through every path, the mean and
// the variance included.
func normalizeByParts(x, weight, bias *graph.Node, epsilon float64) (y, mean, variance *graph.Node) {
	mean = graph.ReduceMean(x, 0, 1, 2)
	centered := graph.Sub(x, alongChannels(mean, 4))
	variance = graph.ReduceMean(graph.Square(centered), 0, 1, 2)
	scale := graph.Div(weight, graph.Sqrt(graph.AddScalar(variance, epsilon)))
	y = graph.Add(graph.Mul(centered, alongChannels(scale, 4)), alongChannels(bias, 4))
	return y, mean, variance
}

// moveTowards is the exponential average of the running value and, with weight momentum, correction times that of the
// batch. It is no part of the loss: the gradient ends here.
func moveTowards(running, batch *graph.Node, momentum, correction float64) *graph.Node {
	return graph.Add(
		graph.MulScalar(graph.StopGradient(running), 1-momentum),
		graph.MulScalar(graph.StopGradient(batch), momentum*correction))
}
