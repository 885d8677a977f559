package cpu

import (
	"slices"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
)

// TestPhilox holds the generator to the known answers that its authors publish
// with it (Random123, kat_vectors, philox4x32 with 10 rounds).
func TestPhilox(t *testing.T) {
	for _, test := range []struct {
		counter [4]uint32
		key     [2]uint32
		want    [4]uint32
	}{
		{[4]uint32{}, [2]uint32{}, [4]uint32{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
		{[4]uint32{^uint32(0), ^uint32(0), ^uint32(0), ^uint32(0)}, [2]uint32{^uint32(0), ^uint32(0)},
			[4]uint32{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
		{[4]uint32{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, [2]uint32{0xa4093822, 0x299f31d0},
			[4]uint32{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
	} {
		if got := philoxBlock(test.counter, test.key); got != test.want {
			t.Errorf("block %x of key %x is %x, want %x", test.counter, test.key, got, test.want)
		}
	}
}

// TestRandomStream draws across the carry of the counter: one draw is the
// beginning of a longer one, the next goes on at a whole block, and the number
// of workers makes no difference.
func TestRandomStream(t *testing.T) {
	draw := func(config string, dtype dtypes.DType, n int, state []uint64) (bits []byte, next []uint64) {
		b := open(t, config)
		defer b.Finalize()
		e := record(t, b, func(f compute.Function) []compute.Value {
			state, values, err := f.RNGBitGenerator(must(f.Parameter("state", compute.RNGStateShape, nil)), shapes.Make(dtype, n))
			return []compute.Value{must(state, err), must(f.Bitcast(values, dtype))}
		})
		out := must(e.Execute([]compute.Buffer{must(b.BufferFromFlatData(0, state, compute.RNGStateShape))}, nil, 0))
		return slices.Clone(out[1].(*buffer).data), slices.Clone(as[uint64](out[0].(*buffer).data))
	}
	start := []uint64{42, ^uint64(0) - 1, 7}
	long, _ := draw("threads=4", dtypes.Uint32, 40000, start)
	for _, dtype := range []dtypes.DType{dtypes.Uint8, dtypes.Int16, dtypes.Uint32, dtypes.Uint64} {
		short, next := draw("threads=1", dtype, 37, start)
		if !slices.Equal(short, long[:len(short)]) {
			t.Errorf("37 of %s are not the beginning of the stream", dtype)
		}
		blocks := (len(short) + philoxBytes - 1) / philoxBytes
		low := start[1] + uint64(blocks)
		if want := []uint64{42, low, 8}; !slices.Equal(next, want) {
			t.Errorf("%s: next state %d, want %d", dtype, next, want)
		}
		more, _ := draw("threads=3", dtype, 100, next)
		if !slices.Equal(more, long[blocks*philoxBytes:][:len(more)]) {
			t.Errorf("%s: the second draw does not go on", dtype)
		}
	}
}
