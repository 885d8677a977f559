package augment

import (
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2"
)

// Purposes of random numbers. What is drawn for one does not move the others.
const (
	ForCrop   = "crop"
	ForFlip   = "flip"
	ForJitter = "jitter"
)

// Random is the generator for one purpose of one picture in one epoch: a function of its arguments alone.
func Random(seed uint64, epoch int, key, purpose string) *rand.Rand {
	text := binary.LittleEndian.AppendUint64(nil, seed)
	text = binary.LittleEndian.AppendUint64(text, uint64(epoch))
	text = append(append(text, purpose...), 0)
	sum := sha256.Sum256(append(text, key...))
	return rand.New(rand.NewPCG(binary.LittleEndian.Uint64(sum[:]), binary.LittleEndian.Uint64(sum[8:])))
}

// uniform is uniform in [low, high). The product is rounded before it is added, which keeps processors with a fused
// multiply-add from drawing another number.
func uniform(r *rand.Rand, low, high float64) float64 { return low + float64((high-low)*r.Float64()) }
