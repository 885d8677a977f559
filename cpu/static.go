package cpu

import (
	"math/bits"

	"github.com/gomlx/compute"
)

// Weights reach a computation as parameters, and what is derived from them (packed
// filters, folded batch normalisation) is worth keeping from one execution to the
// next. A static node is one that is kept: it depends on constants and on weight
// parameters only. A weight parameter is one that some convolution or product
// takes its filter, matrix or bias from by light operations; other parameters,
// such as pictures, and what depends on them alone, are computed anew each time.

// keptBytes is the size up to which a result that merely repeats or counts is
// kept; larger ones are cheaper to make again than to hold.
const keptBytes = 1 << 16

// analysis says which nodes are static and on which parameters each depends.
type analysis struct {
	static map[*node]bool
	needs  map[*node]parameterSet
}

// parameterSet is a set of parameter numbers, a bit for each.
type parameterSet []uint64

func (s *parameterSet) grow(words int) {
	if len(*s) < words {
		*s = append(*s, make([]uint64, words-len(*s))...)
	}
}

// add adds one parameter.
func (s *parameterSet) add(index int) {
	s.grow(index/64 + 1)
	(*s)[index/64] |= 1 << (index % 64)
}

// join adds all parameters of another set.
func (s *parameterSet) join(other parameterSet) {
	s.grow(len(other))
	for i, word := range other {
		(*s)[i] |= word
	}
}

// within reports whether all parameters are in the other set.
func (s parameterSet) within(other parameterSet) bool {
	for i, word := range s {
		if i < len(other) {
			word &^= other[i]
		}
		if word != 0 {
			return false
		}
	}
	return true
}

// list gives the parameters in order.
func (s parameterSet) list() []int {
	var all []int
	for i, word := range s {
		for ; word != 0; word &= word - 1 {
			all = append(all, i*64+bits.TrailingZeros64(word))
		}
	}
	return all
}

// analyse looks at the nodes in order, which must be complete and sorted. The
// parameters of a closure are not weights: they may be others each time.
func analyse(order []*node, closure bool) *analysis {
	a := &analysis{static: make(map[*node]bool), needs: make(map[*node]parameterSet)}
	light := make(map[*node]bool) // depends on parameters and constants by light operations only
	for _, n := range order {
		var needs parameterSet
		if parameter, ok := n.attr.(parameterAttr); ok {
			needs.add(parameter.index)
		}
		light[n] = !isHeavy(n) && !(closure && n.op == compute.OpTypeParameter)
		for _, in := range n.in {
			light[n] = light[n] && light[in]
			needs.join(a.needs[in])
		}
		a.needs[n] = needs
	}
	var weights parameterSet
	for _, n := range order {
		for i := range n.in {
			if isWeight(n, i) && light[n.in[i]] {
				weights.join(a.needs[n.in[i]])
			}
		}
	}
	for _, n := range order {
		static := light[n] && !isLeaf(n) && a.needs[n].within(weights)
		if repeats(n) && byteSize(n.shape) > keptBytes {
			static = false
		}
		for _, in := range n.in {
			static = static && (a.static[in] || isLeaf(in))
		}
		a.static[n] = static
	}
	return a
}

// isLeaf reports whether the value of n is given.
func isLeaf(n *node) bool {
	return n.op == compute.OpTypeParameter || n.op == compute.OpTypeConstant
}

// isHeavy reports whether n is the work of a network, not the preparation of weights.
func isHeavy(n *node) bool {
	switch n.op {
	case opConv, opFusedConv, opMatMul, opPackedMatMul, opPool, compute.OpTypeReduceWindow, opWhile, opIf, opSort, opRandomBits, opRandomState,
		opFilterGradient, opInputGradient, opMaxPoolGradient, opMoments, opNormalize, opNormSums, opNormGradient, opGate, opGatedSums:
		return true
	}
	return false
}

// isWeight reports whether input i of n is prepared for use by n.
func isWeight(n *node, i int) bool {
	switch n.op {
	case opPackFilter, opPackMatrix, opPackInputFilter:
		return true
	case opFusedConv:
		return i == 2 && n.attr.(fusedAttr).bias
	case opPackedMatMul:
		return i == 2
	}
	return false
}

// repeats reports whether n only repeats or counts.
func repeats(n *node) bool {
	switch n.op {
	case compute.OpTypeBroadcastInDim, compute.OpTypeIota:
		return true
	}
	return false
}

// sorted lists the nodes that outputs depend on, inputs before users.
func sorted(outputs []*node) []*node {
	seen := make(map[*node]bool)
	var order []*node
	var visit func(n *node)
	visit = func(n *node) {
		if seen[n] {
			return
		}
		seen[n] = true
		for _, in := range n.in {
			visit(in)
		}
		order = append(order, n)
	}
	for _, n := range outputs {
		visit(n)
	}
	return order
}
