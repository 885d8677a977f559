package nets

import (
	"fmt"
	"hash/fnv"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
)

// Dropout makes the network's dropout layers act, as they do in training by torchvision's recipes; without it nothing is
// dropped. seed is a uint64 without axes, made before Build and given another value at each step. What a layer drops is a
// function of the seed, the layer's name and the element's place, the same on every engine. Networks without such layers
// do not use it. Build panics where it is given in Inference mode.
func Dropout(seed *graph.Node) Option {
	return func(n *Net) {
		if n.mode != Training {
			panic(fmt.Errorf("dropout acts in Training mode only"))
		}
		if !seed.Shape().Equal(shapes.Make(dtypes.Uint64)) {
			panic(fmt.Errorf("the seed of dropout is a uint64 without axes, not %s", seed.Shape()))
		}
		n.seed = seed
	}
}

// Dropout is PyTorch's Dropout (Srivastava et al., JMLR 2014): with the probability p an element becomes 0, else it is
// divided by 1-p. It acts where the network is built with the option [Dropout].
//
// The numbers are those of [MadeUp], with the seed hashed together with the name: splitmix64, of which element i
// takes the i-th output's upper 24 bits.
func (s Scope) Dropout(name string, x *graph.Node, p float64) *graph.Node {
	if s.net.seed == nil {
		return x
	}
	start := splitMix(graph.BitwiseXor(s.net.seed, graph.Const(x.Graph(), nameHash(s.path(name)))))
	place := graph.AddScalar(graph.IotaFull(x.Graph(), shapes.Make(dtypes.Uint64, x.Shape().Dimensions...)), 1)
	drawn := splitMix(graph.Add(graph.Mul(place, graph.Const(x.Graph(), splitMixStep)), start))
	kept := graph.GreaterOrEqual(shiftRight(drawn, 40), graph.Const(x.Graph(), uint64(p*(1<<24))))
	return graph.Where(kept, graph.MulScalar(x, 1/(1-p)), graph.ZerosLike(x))
}

// splitMix is the last part of splitmix64 (Steele, Lea and Flood, OOPSLA 2014), which makes a random number of a state.
func splitMix(z *graph.Node) *graph.Node {
	z = graph.Mul(graph.BitwiseXor(z, shiftRight(z, 30)), graph.Const(z.Graph(), uint64(0xBF58476D1CE4E5B9)))
	z = graph.Mul(graph.BitwiseXor(z, shiftRight(z, 27)), graph.Const(z.Graph(), uint64(0x94D049BB133111EB)))
	return graph.BitwiseXor(z, shiftRight(z, 31))
}

func shiftRight(z *graph.Node, bits uint64) *graph.Node {
	return graph.BitwiseShiftRightLogicalScalar(z, bits)
}

// nameHash is the 64-bit FNV-1a hash.
func nameHash(name string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(name))
	return h.Sum64()
}
