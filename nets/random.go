package nets

import (
	"math"
	"strings"
	"sync"

	"github.com/gomlx/compute"
)

// Random is a network with made-up parameters, the same each time: it measures speed and lets tests compare with other
// programs, without a file of weights. Kernels keep the variance of a ReLU network's activations (He et al., ICCV 2015),
// batch norms are near the identity.
func Random(b compute.Backend, name string) (*Model, error) {
	a, err := Lookup(name)
	if err != nil {
		return nil, err
	}
	return newModel(b, a, madeUp)
}

// RandomInputs are the elements of the graph's inputs, in the order of Inputs, for made-up parameters.
func (n *Net) RandomInputs() [][]float32 { return n.Fill(drawn(n)) }

// madeUp is the origin of made-up parameters.
func madeUp(net *Net, use func(source) error) error { return use(drawn(net)) }

// drawn gives made-up parameters by name.
func drawn(net *Net) source {
	byName := map[string]Param{}
	for _, p := range net.Params {
		byName[p.Name] = p
	}
	return func(name string) []float32 { return byName[name].MadeUp() }
}

// MadeUp is the parameter's elements as [Random] has them.
func (p Param) MadeUp() []float32 {
	switch {
	case len(p.Shape) > 1:
		bound := math.Sqrt(6 / float64(p.Len()/p.Shape[0]))
		return MadeUp(p.Name, p.Len(), -bound, bound)
	case strings.HasSuffix(p.Name, "weight"):
		return MadeUp(p.Name, p.Len(), 0.4, 1) // below 1, or the sums of a deep ResNet grow with every block
	case strings.HasSuffix(p.Name, "running_var"):
		return MadeUp(p.Name, p.Len(), 0.5, 1.5)
	}
	return MadeUp(p.Name, p.Len(), -0.1, 0.1)
}

const splitMixStep uint64 = 0x9E3779B97F4A7C15 // from one state of splitmix64 to the next

// MadeUp is n numbers between low and high that depend on the name alone. Element i of the tensor called name is the i-th
// output of splitmix64 seeded with the 64-bit FNV-1a hash of the name, its upper 24 bits as a number in [0, 1);
// testdata/make_fixtures.py does the same.
func MadeUp(name string, n int, low, high float64) []float32 {
	const part = 1 << 20 // of a hundred million at most, drawn several at once
	seed, out := nameHash(name), make([]float32, n)
	var group sync.WaitGroup
	for at := 0; at < n; at += part {
		group.Go(func() {
			state := seed + uint64(at)*splitMixStep
			for i := range out[at:min(at+part, n)] {
				state += splitMixStep
				z := state
				z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
				z = (z ^ z>>27) * 0x94D049BB133111EB
				z ^= z >> 31
				out[at+i] = float32(low + (high-low)*(float64(int64(z>>40))/(1<<24)))
			}
		})
	}
	group.Wait()
	return out
}
