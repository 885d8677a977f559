package cpu

import (
	"math/bits"
)

// philoxBlock is one block of Philox4x32-10, the counter-based generator of
// Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3"
// (SC 2011): ten rounds that multiply two words of the counter by constants, mix
// the halves of the products with the other two and the key, and move the key on
// by the golden ratio and sqrt(3)-1.
func philoxBlock(counter [4]uint32, key [2]uint32) [4]uint32 {
	for range 10 {
		high0, low0 := mul32(0xD2511F53, counter[0])
		high1, low1 := mul32(0xCD9E8D57, counter[2])
		counter = [4]uint32{high1 ^ counter[1] ^ key[0], low1, high0 ^ counter[3] ^ key[1], low0}
		key[0] += 0x9E3779B9
		key[1] += 0xBB67AE85
	}
	return counter
}

func mul32(a, b uint32) (high, low uint32) {
	product := uint64(a) * uint64(b)
	return uint32(product >> 32), uint32(product)
}

// philoxBytes is what one block gives.
const philoxBytes = 16

// philoxState reads a state and moves its counter on by some blocks.
func philoxState(state []uint64, blocks int) (key [2]uint32, low, high uint64) {
	low, carry := bits.Add64(state[1], uint64(blocks), 0)
	return [2]uint32{uint32(state[0]), uint32(state[0] >> 32)}, low, state[2] + carry
}

// lowerRandomBits draws blocks, each of which depends on its number alone.
func lowerRandomBits(n *node) runner {
	size := byteSize(n.shape)
	return func(w *workers, out *operand, in []operand) {
		state := as[uint64](in[0].data)
		w.span(size, 1<<14, func(lo, hi int) {
			for ; lo < hi; lo += philoxBytes {
				key, low, high := philoxState(state, lo/philoxBytes)
				block := philoxBlock([4]uint32{uint32(low), uint32(low >> 32), uint32(high), uint32(high >> 32)}, key)
				for i := lo; i < min(hi, lo+philoxBytes); i++ {
					out.data[i] = byte(block[(i-lo)/4] >> (8 * (i % 4)))
				}
			}
		})
	}
}

// lowerRandomState moves the counter behind the blocks that a draw uses.
func lowerRandomState(n *node) runner {
	blocks := (byteSize(n.attr.(shapeAttr).shape) + philoxBytes - 1) / philoxBytes
	return func(_ *workers, out *operand, in []operand) {
		state, next := as[uint64](in[0].data), as[uint64](out.data)
		next[0] = state[0]
		_, next[1], next[2] = philoxState(state, blocks)
	}
}
