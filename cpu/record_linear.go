package cpu

import (
	"fmt"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapeinference"
	"github.com/gomlx/compute/shapes"
)

// Convolutions and products are written down in one layout each, with
// transposes around them where a graph uses another. Weights are transposed
// once, when they are packed.

// ConvGeneral implements compute.Function.
func (f *function) ConvGeneral(input, kernel compute.Value, axes compute.ConvolveAxesConfig, strides []int, paddings [][2]int,
	inputDilations, kernelDilations []int, channelGroups, batchGroups int) (compute.Value, error) {
	in, err := f.inputs(compute.OpTypeConvGeneral, input, kernel)
	if err != nil {
		return nil, err
	}
	if in[0].dtype() == dtypes.Bool {
		return nil, fmt.Errorf("cpu engine: ConvGeneral of %s: the dtype has no such operation", in[0].shape)
	}
	channelGroups, batchGroups = max(1, channelGroups), max(1, batchGroups)
	shape, err := shapeinference.ConvGeneral(in[0].shape, in[1].shape, axes, strides, paddings, inputDilations, kernelDilations, channelGroups, batchGroups)
	if err != nil {
		return nil, err
	}
	g := &f.nodeSet
	spatial := len(axes.InputSpatial)
	x := g.transposed(g.wide(in[0]), layout(axes.InputBatch, axes.InputSpatial, axes.InputChannels)...)
	filter := g.transposed(g.wide(in[1]), append(slices.Clone(axes.KernelSpatial), axes.KernelInputChannels, axes.KernelOutputChannels)...)
	attr := convAttr{stride: orOnes(strides, spatial), inDilation: orOnes(inputDilations, spatial), dilation: orOnes(kernelDilations, spatial),
		pad: make([][2]int, spatial), groups: channelGroups, batchGroups: batchGroups}
	copy(attr.pad, paddings)
	order := layout(axes.OutputBatch, axes.OutputSpatial, axes.OutputChannels)
	dims := make([]int, len(order))
	back := make([]int, len(order))
	for i, axis := range order {
		dims[i] = shape.Dimensions[axis]
		back[axis] = i
	}
	n := g.node(opConv, shapes.Make(x.dtype(), dims...), attr, x, filter)
	return g.converted(g.transposed(n, back...), shape.DType), nil
}

func layout(batch int, spatial []int, channels int) []int {
	return append(append([]int{batch}, spatial...), channels)
}

// DotGeneral implements compute.Function. Half precision adds up in float32.
func (f *function) DotGeneral(lhs compute.Value, lhsContracting, lhsBatch []int, rhs compute.Value, rhsContracting, rhsBatch []int,
	config compute.DotGeneralConfig) (compute.Value, error) {
	in, err := f.inputs(compute.OpTypeDotGeneral, lhs, rhs)
	if err != nil {
		return nil, err
	}
	shape, err := shapeinference.DotGeneral(in[0].shape, lhsContracting, lhsBatch, in[1].shape, rhsContracting, rhsBatch, config)
	if err != nil {
		return nil, err
	}
	if in[0].dtype() == dtypes.Bool {
		return nil, fmt.Errorf("cpu engine: DotGeneral of %s: the dtype has no such operation", in[0].shape)
	}
	accumulator := config.AccumulatorDType
	if accumulator == dtypes.InvalidDType {
		accumulator = in[0].dtype()
	}
	if accumulator.IsHalfPrecision() {
		accumulator = dtypes.Float32
	}
	g := &f.nodeSet
	a, b := g.converted(in[0], accumulator), g.converted(in[1], accumulator)
	rank := len(a.dims())
	lhsContracting, rhsContracting = positive(lhsContracting, rank), positive(rhsContracting, len(b.dims()))
	lhsBatch, rhsBatch = positive(lhsBatch, rank), positive(rhsBatch, len(b.dims()))

	batch, k := product(a.dims(), lhsBatch), product(a.dims(), lhsContracting)
	crossA, crossB := others(rank, lhsBatch, lhsContracting), others(len(b.dims()), rhsBatch, rhsContracting)
	m, n := product(a.dims(), crossA), product(b.dims(), crossB)
	a = g.reshaped(g.transposed(a, slices.Concat(lhsBatch, crossA, lhsContracting)...), batch, m, k)
	// The right matrix may be used as it lies, or turned: take what needs no move.
	attr := matMulAttr{}
	plain := g.transposed(b, slices.Concat(rhsBatch, rhsContracting, crossB)...)
	turned := g.transposed(b, slices.Concat(rhsBatch, crossB, rhsContracting)...)
	if plain.op == compute.OpTypeTranspose && turned.op != compute.OpTypeTranspose {
		attr.transposed = true
		b = g.reshaped(turned, batch, n, k)
	} else {
		b = g.reshaped(plain, batch, k, n)
	}
	y := g.node(opMatMul, shapes.Make(accumulator, batch, m, n), attr, a, b)
	return g.converted(g.reshaped(y, shape.Dimensions...), shape.DType), nil
}

// positive replaces axes counted from the end.
func positive(axes []int, rank int) []int {
	result := slices.Clone(axes)
	for i, axis := range result {
		if axis < 0 {
			result[i] = axis + rank
		}
	}
	return result
}

func product(dims, axes []int) int {
	size := 1
	for _, axis := range axes {
		size *= dims[axis]
	}
	return size
}

// others lists the axes of a tensor that are in neither list.
func others(rank int, a, b []int) []int {
	var rest []int
	for axis := range rank {
		if !slices.Contains(a, axis) && !slices.Contains(b, axis) {
			rest = append(rest, axis)
		}
	}
	return rest
}
