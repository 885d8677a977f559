package measure

import (
	"hash/fnv"
	"math/bits"
	"math/rand/v2"
)

// Purposes of random numbers: each has streams of its own.
const (
	drawStimuli uint64 = iota + 1
	swapObservers
)

// stream gives the random numbers of one round: a function of the seed, the set of stimuli, what they are for and the
// round, of nothing else. So neither the number of workers nor the presence of other observers changes a result, and
// two observers of the same stimuli meet the same draws. The generator is PCG, whose output Go specifies.
func stream(seed, set, purpose uint64, round int) *rand.PCG {
	return rand.NewPCG(mix(seed)^purpose, mix(set+mix(uint64(round))))
}

// mix spreads every bit of v over the word (the finisher of splitmix64), so that neighbouring seeds and rounds start
// unrelated streams.
func mix(v uint64) uint64 {
	v += 0x9e3779b97f4a7c15
	v = (v ^ v>>30) * 0xbf58476d1ce4e5b9
	v = (v ^ v>>27) * 0x94d049bb133111eb
	return v ^ v>>31
}

// draw counts into weights how often each of len(weights) stimuli is drawn when as many are drawn with replacement.
// Taking the high word of a product favours no stimulus by more than 2^-50.
func draw(weights []int32, random *rand.PCG) {
	clear(weights)
	n := uint64(len(weights))
	for range weights {
		i, _ := bits.Mul64(random.Uint64(), n)
		weights[i]++
	}
}

// setKey identifies a set of stimuli, given by the hashes of their identities in ascending order.
func setKey(hashes []uint64, stimuli []int) uint64 {
	key := uint64(len(stimuli))
	for _, i := range stimuli {
		key = mix(key ^ hashes[i])
	}
	return key
}

// identityHashes hashes the identity of every stimulus of a family.
func (f *family) identityHashes() []uint64 {
	hashes := make([]uint64, len(f.stimuli))
	for i := range f.stimuli {
		h := fnv.New64a()
		h.Write([]byte(f.stimuli[i].id))
		hashes[i] = h.Sum64()
	}
	return hashes
}
