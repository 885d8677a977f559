package cpu

import (
	"fmt"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/shapes"
)

// RNGBitGenerator implements compute.Function. The state is three words: the key
// and the counter, low word first, of Philox4x32-10. The stream of 32-bit numbers
// is that of XLA for the same state, so a seed gives the same random numbers on
// both: number i is word i mod 4 of block counter + i/4; a 64-bit number is two of
// them, low word first, smaller dtypes divide one from its low end. The new state
// counts on behind the last block that was begun.
func (f *function) RNGBitGenerator(state compute.Value, shape shapes.Shape) (newState, values compute.Value, err error) {
	in, err := f.inputs(compute.OpTypeRNGBitGenerator, state)
	if err != nil {
		return nil, nil, err
	}
	if err := checkShape(shape); err != nil {
		return nil, nil, err
	}
	if !in[0].shape.Equal(compute.RNGStateShape) || !shape.DType.IsInt() {
		return nil, nil, fmt.Errorf("cpu engine: RNGBitGenerator of %s from a state of %s, want integers from %s", shape, in[0].shape, compute.RNGStateShape)
	}
	newState = f.node(opRandomState, in[0].shape, shapeAttr{shape.Clone()}, in[0])
	return newState, f.node(opRandomBits, shape.Clone(), nil, in[0]), nil
}
