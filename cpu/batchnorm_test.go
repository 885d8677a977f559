package cpu

import (
	"math"
	"testing"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// TestBatchNormGradient compares the gradients of batch normalisation in
// training with finite differences, in float64.
func TestBatchNormGradient(t *testing.T) {
	b := open(t, "")
	defer b.Finalize()
	const channels, step = 3, 1e-5
	toFloat64 := func(seed uint64, dims ...int) []float64 {
		var all []float64
		for _, v := range floatsOf(randomTensor(seed, dims...)) {
			all = append(all, float64(v))
		}
		return all
	}
	in := [][]float64{toFloat64(1, 2, 4, channels, 5), toFloat64(2, channels), toFloat64(3, channels)}
	weight := toFloat64(4, 2, 4, channels, 5)
	args := func() []any {
		return []any{tensors.FromFlatDataAndDimensions(in[0], 2, 4, channels, 5), tensors.FromFlatDataAndDimensions(in[1], channels),
			tensors.FromFlatDataAndDimensions(in[2], channels), tensors.FromFlatDataAndDimensions(weight, 2, 4, channels, 5)}
	}
	loss := func(in []*graph.Node) *graph.Node {
		y, mean, variance := graph.InternalBatchNormForTraining(in[0], in[1], in[2], 1e-3, 2)
		_, _ = mean, variance
		return graph.ReduceAllSum(graph.Mul(in[3], y))
	}
	value := graph.MustNewExec(b, loss)
	gradients := graph.MustNewExec(b, func(in []*graph.Node) []*graph.Node { return graph.Gradient(loss(in), in[:3]...) }).MustExec(args()...)
	for k := range in {
		got := tensors.MustCopyFlatData[float64](gradients[k])
		for i := range in[k] {
			at := in[k][i]
			in[k][i] = at + step
			up := tensors.ToScalar[float64](value.MustExec(args()...)[0])
			in[k][i] = at - step
			down := tensors.ToScalar[float64](value.MustExec(args()...)[0])
			in[k][i] = at
			if want := (up - down) / (2 * step); math.Abs(got[i]-want) > 1e-6 {
				t.Errorf("gradient of input %d, element %d: %g, want %g", k, i, got[i], want)
			}
		}
	}
}

// TestBatchNormStatistics checks mean and variance of a batch against their definition.
func TestBatchNormStatistics(t *testing.T) {
	b := open(t, "")
	defer b.Finalize()
	x := randomTensor(9, 3, 5, 4)
	out := graph.MustNewExec(b, func(x *graph.Node) []*graph.Node {
		one := graph.Ones(x.Graph(), x.Shape())
		one = graph.Reshape(graph.Slice(one, graph.AxisElem(0), graph.AxisElem(0), graph.AxisRange()), 4)
		y, mean, variance := graph.InternalBatchNormForTraining(x, one, one, 0, -1)
		return []*graph.Node{y, mean, variance}
	}).MustExec(x)
	flat := floatsOf(x)
	y, means, variances := floatsOf(out[0]), floatsOf(out[1]), floatsOf(out[2])
	for c := range 4 {
		var sum, squares float64
		for i := c; i < len(flat); i += 4 {
			sum += float64(flat[i])
		}
		mean := sum / 15
		for i := c; i < len(flat); i += 4 {
			squares += (float64(flat[i]) - mean) * (float64(flat[i]) - mean)
		}
		if math.Abs(float64(means[c])-mean) > 1e-6 || math.Abs(float64(variances[c])-squares/15) > 1e-5 {
			t.Errorf("channel %d: mean %g, variance %g, want %g, %g", c, means[c], variances[c], mean, squares/15)
		}
		for i := c; i < len(flat); i += 4 {
			if want := (float64(flat[i])-mean)/math.Sqrt(squares/15) + 1; math.Abs(float64(y[i])-want) > 1e-5 {
				t.Errorf("element %d: %g, want %g", i, y[i], want)
			}
		}
	}
}
