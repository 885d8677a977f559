package cpu

import (
	"fmt"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
)

// Batch normalisation is recorded as the arithmetic that defines it. At inference
// a pass folds that into the convolution before it, in this form as in any other.
// For training there are operations of their own where they fit: see batchnorm.go.

// normaliser writes batch normalisation of x down: vectors lie along one axis and
// are 1 along the others.
type normaliser struct {
	*nodeSet
	x       *node
	vectors []*node
	vector  shapes.Shape
	others  []int   // the axes that statistics run over
	count   float64 // of elements per feature
	dtype   dtypes.DType
}

// normaliser checks the inputs of op: an operand, vectors, and a tensor like the
// operand if alike is set.
func (f *function) normaliser(op compute.OpType, axis int, alike compute.Value, operand compute.Value, vectors ...compute.Value) (*normaliser, *node, error) {
	values := append([]compute.Value{operand}, vectors...)
	if alike != nil {
		values = append(values, alike)
	}
	in, err := f.inputs(op, values...)
	if err != nil {
		return nil, nil, err
	}
	shape := in[0].shape
	if !shape.DType.IsFloat() || axis < 0 || axis >= shape.Rank() || shape.Size() == 0 {
		return nil, nil, fmt.Errorf("cpu engine: %s of %s along axis %d", opName(op), shape, axis)
	}
	n := &normaliser{nodeSet: &f.nodeSet, x: f.wide(in[0]), dtype: shape.DType,
		count: float64(shape.Size() / shape.Dimensions[axis])}
	aligned := slices.Repeat([]int{1}, shape.Rank())
	aligned[axis] = shape.Dimensions[axis]
	for i := range aligned {
		if i != axis {
			n.others = append(n.others, i)
		}
	}
	for _, v := range in[1 : 1+len(vectors)] {
		if v.dtype() != shape.DType || !slices.Equal(v.dims(), []int{shape.Dimensions[axis]}) {
			return nil, nil, fmt.Errorf("cpu engine: %s of %s along axis %d with a vector of %s", opName(op), shape, axis, v.shape)
		}
		n.vectors = append(n.vectors, n.wide(n.reshaped(v, aligned...)))
	}
	n.vector = shapes.Make(n.x.dtype(), aligned...)
	if alike == nil {
		return n, nil, nil
	}
	last := in[len(in)-1]
	if !last.shape.Equal(shape) {
		return nil, nil, fmt.Errorf("cpu engine: %s of %s with a gradient of %s", opName(op), shape, last.shape)
	}
	return n, n.wide(last), nil
}

// pair gives an operation on a vector and a vector, or on anything and x's like.
func (n *normaliser) pair(op compute.OpType, a, b *node) *node {
	shape := n.vector
	if a.size() == n.x.size() || b.size() == n.x.size() {
		shape = n.x.shape
	}
	return n.node(op, shape, nil, a, b)
}

func (n *normaliser) mul(a, b *node) *node { return n.pair(compute.OpTypeMul, a, b) }
func (n *normaliser) add(a, b *node) *node { return n.pair(compute.OpTypeAdd, a, b) }
func (n *normaliser) sub(a, b *node) *node { return n.pair(compute.OpTypeSub, a, b) }

// inverse is 1/sqrt(variance + epsilon).
func (n *normaliser) inverse(variance *node, epsilon float32) *node {
	return n.node(compute.OpTypeRsqrt, n.vector, nil, n.add(variance, n.scalar(n.x.dtype(), float64(epsilon))))
}

// sum adds up all elements of each feature.
func (n *normaliser) sum(x *node) *node {
	x, d := n.grouped(x, n.others)
	return n.node(opReduceSum, n.vector, d, x)
}

// mean divides the sum by the number of elements.
func (n *normaliser) mean(x *node) *node {
	return n.mul(n.sum(x), n.scalar(n.x.dtype(), 1/n.count))
}

// flat gives a vector in the caller's dtype and shape.
func (n *normaliser) flat(v *node) compute.Value {
	return n.converted(n.reshaped(v, v.size()), n.dtype)
}

// BatchNormForInference implements compute.Function: (x - mean) / sqrt(variance
// + epsilon) * scale + offset, each but x a vector along the feature axis.
//
// It is recorded as x*s + t: s and t depend on weights alone and are computed once.
func (f *function) BatchNormForInference(operand, scale, offset, mean, variance compute.Value, epsilon float32, axis int) (compute.Value, error) {
	n, _, err := f.normaliser(compute.OpTypeBatchNormForInference, axis, nil, operand, scale, offset, mean, variance)
	if err != nil {
		return nil, err
	}
	s := n.mul(n.vectors[0], n.inverse(n.vectors[3], epsilon))
	t := n.sub(n.vectors[1], n.mul(n.vectors[2], s))
	return n.converted(n.add(n.mul(n.x, s), t), n.dtype), nil
}

// BatchNormForTraining implements compute.Function: it normalises by the mean and
// the biased variance of the batch, and returns those too.
func (f *function) BatchNormForTraining(operand, scale, offset compute.Value, epsilon float32, axis int) (normalized, batchMean, batchVariance compute.Value, err error) {
	n, _, err := f.normaliser(compute.OpTypeBatchNormForTraining, axis, nil, operand, scale, offset)
	if err != nil {
		return nil, nil, nil, err
	}
	if n.fast(f, axis) {
		y, mean, variance := n.normalised(epsilon)
		return y, n.flat(mean), n.flat(variance), nil
	}
	mean := n.mean(n.x)
	centred := n.sub(n.x, mean)
	variance := n.mean(n.mul(centred, centred))
	y := n.add(n.mul(centred, n.mul(n.vectors[0], n.inverse(variance, epsilon))), n.vectors[1])
	return n.converted(y, n.dtype), n.flat(mean), n.flat(variance), nil
}

// BatchNormGradient implements compute.Function. With x̂ = (x - mean)/σ, N
// elements per feature and y' the gradient of the output:
//
//	offset' = Σ y'    scale' = Σ y'·x̂    x' = scale/(N·σ) · (N·y' - offset' - x̂·scale')
//
// The last two terms come from the mean and the variance being functions of x.
func (f *function) BatchNormGradient(operand, scale, mean, variance, gradOutput compute.Value, epsilon float32, axis int) (gradOperand, gradScale, gradOffset compute.Value, err error) {
	n, dy, err := f.normaliser(compute.OpTypeBatchNormGradient, axis, gradOutput, operand, scale, mean, variance)
	if err != nil {
		return nil, nil, nil, err
	}
	if n.fast(f, axis) {
		dx, slope, offset := n.gradient(dy, epsilon)
		return dx, n.flat(slope), n.flat(offset), nil
	}
	inverse := n.inverse(n.vectors[2], epsilon)
	xHat := n.mul(n.sub(n.x, n.vectors[1]), inverse)
	offset, slope := n.sum(dy), n.sum(n.mul(dy, xHat))
	perElement := n.scalar(n.x.dtype(), 1/n.count)
	dx := n.sub(n.sub(dy, n.mul(offset, perElement)), n.mul(xHat, n.mul(slope, perElement)))
	dx = n.mul(dx, n.mul(n.vectors[0], inverse))
	return n.converted(dx, n.dtype), n.flat(slope), n.flat(offset), nil
}

// scalar gives a constant of a float dtype.
func (g *nodeSet) scalar(dtype dtypes.DType, value float64) *node {
	shape := shapes.Make(dtype)
	data := alignedBytes(byteSize(shape))
	if dtype == dtypes.Float64 {
		as[float64](data)[0] = value
	} else {
		as[float32](data)[0] = float32(value)
	}
	return g.constant(shape, data)
}
