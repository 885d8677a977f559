package cpu

import (
	"runtime"
	"sync"
	"weak"

	"github.com/gomlx/compute"
)

// A program is compiled for one batch size, but the weights that it packs are the same for
// all: a set of pictures shown by eights and a last three should not keep them in memory
// three times (once as given, twice packed). packings is what the programs of a backend
// find each other's packed weights by.
type packings struct {
	mu    sync.Mutex
	byKey map[packingKey]weak.Pointer[packing] // weak: programs keep packings, the last one's end frees them
}

// packingKey says what was packed: the buffers, whose ids stand for their contents, and how.
type packingKey struct {
	layout         [6]int
	weights, scale uint64 // scale is 0 for none
}

// packing is packed weights.
type packing struct {
	key    packingKey
	object any
	shared bool // several programs have it, or had; guarded by packings.mu
}

// packingInputs is what a slot's packing is made from: the numbers of parameters, scale -1
// for none.
type packingInputs struct {
	layout         [6]int
	weights, scale int
}

// sharedPacking tells how n packs parameters; nil if it does something else.
func sharedPacking(n *node) *packingInputs {
	p := &packingInputs{scale: -1}
	switch n.op {
	case opPackFilter:
		p.layout = n.attr.(fusedAttr).conv.Packing()
	case opPackMatrix:
		p.layout = [6]int{-1, 0, n.in[0].dims()[1], n.in[0].dims()[2]}
		if n.attr.(matMulAttr).transposed {
			p.layout[1] = 1
		}
	default:
		return nil
	}
	for i, in := range n.in {
		for in.op == compute.OpTypeReshape {
			in = in.in[0]
		}
		attr, ok := in.attr.(parameterAttr)
		if !ok || attr.captured {
			return nil
		}
		*[]*int{&p.weights, &p.scale}[i] = attr.index
	}
	return p
}

// key is that of the packing of these inputs.
func (p *packingInputs) key(inputs []*buffer) packingKey {
	k := packingKey{layout: p.layout, weights: inputs[p.weights].id}
	if p.scale >= 0 {
		k.scale = inputs[p.scale].id
	}
	return k
}

// find gives another program's packing, or nil.
func (s *packings) find(key packingKey) *packing {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.byKey[key].Value()
	if p != nil {
		p.shared = true
	}
	return p
}

// add lets others find a packing.
func (s *packings) add(key packingKey, object any) *packing {
	p := &packing{key: key, object: object}
	runtime.AddCleanup(p, s.forget, key)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byKey == nil {
		s.byKey = make(map[packingKey]weak.Pointer[packing])
	}
	s.byKey[key] = weak.Make(p)
	return p
}

// forget removes a packing that is gone, if no other has its place.
func (s *packings) forget(key packingKey) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if at, ok := s.byKey[key]; ok && at.Value() == nil {
		delete(s.byKey, key)
	}
}

// take reports whether the only program that has p may pack other weights into its
// storage. Nobody finds it any more then.
func (s *packings) take(p *packing) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.shared {
		return false
	}
	if s.byKey[p.key].Value() == p {
		delete(s.byKey, p.key)
	}
	return true
}
