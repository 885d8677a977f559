package cpu

import (
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
)

// A chain of words is a group of element-wise operations on whole numbers of one dtype, with
// a comparison perhaps at its end: what hashes the places of elements for dropout, say. Like
// a chain of float32 (chain.go) it is computed block by block, in the plain loops of the dtype,
// so that what passes between the operations stays in the first-level cache.

// Limits of a chain of words, and the number of elements that it computes at a time.
const (
	wordsLongest = 48
	wordsLeast   = 1 << 12 // elements of a tensor
	wordsBlock   = 512
)

// wordsAttr is the program of a chain of words. Values 0 … number of inputs-1 are the inputs,
// tensors of the chain's dimensions or one number, the following ones the results of the
// instructions; the last is the chain's.
type wordsAttr struct {
	code  []wordsInstruction
	dims  []int
	dtype dtypes.DType // of the operands
}

// wordsInstruction is an operation on two values, or Iota, which counts to count in steps of
// inner elements.
type wordsInstruction struct {
	op           compute.OpType
	in           [2]int
	count, inner int
}

// isWord reports whether n can be part of a chain of words.
func isWord(n *node) bool {
	if len(n.in) != 2 || n.size() < wordsLeast || !n.in[0].dtype().IsInt() || n.in[0].dtype() != n.in[1].dtype() {
		return false
	}
	for _, in := range n.in {
		if in.size() != 1 && !slices.Equal(in.dims(), n.dims()) {
			return false
		}
	}
	switch n.op {
	case compute.OpTypeAdd, compute.OpTypeSub, compute.OpTypeMul, compute.OpTypeMax, compute.OpTypeMin,
		compute.OpTypeBitwiseAnd, compute.OpTypeBitwiseOr, compute.OpTypeBitwiseXor,
		compute.OpTypeShiftLeft, compute.OpTypeShiftRightLogical, compute.OpTypeShiftRightArithmetic:
		return n.dtype() == n.in[0].dtype()
	}
	return comparesWords(n.op)
}

func comparesWords(op compute.OpType) bool {
	switch op {
	case compute.OpTypeEqual, compute.OpTypeNotEqual, compute.OpTypeLessThan, compute.OpTypeLessOrEqual,
		compute.OpTypeGreaterThan, compute.OpTypeGreaterOrEqual:
		return true
	}
	return false
}

// fuseWords rewrites a computation with chains of words: walking from the outputs to the
// inputs, an operation joins the chain of its users if it has no users elsewhere.
func fuseWords(g *nodeSet, outputs []*node) []*node {
	order := sorted(outputs)
	users := make(map[*node][]*node)
	for _, n := range order {
		for _, in := range n.in {
			users[in] = append(users[in], n)
		}
	}
	last := make(map[*node]*node) // by member of a chain, the chain's last operation
	members := make(map[*node][]*node)
	for _, n := range slices.Backward(order) {
		if !isWord(n) {
			continue
		}
		end := n
		if us := users[n]; len(us) > 0 && !slices.Contains(outputs, n) && last[us[0]] != nil {
			end = last[us[0]]
			for _, u := range us {
				if last[u] != end || !slices.Equal(u.dims(), n.dims()) || u.in[0].dtype() != n.dtype() || len(members[end]) >= wordsLongest {
					end = n
					break
				}
			}
		}
		last[n] = end
		members[end] = append(members[end], n)
	}
	now := make(map[*node]*node)
	same := func(n *node) *node {
		if isLeaf(n) {
			return n
		}
		in := make([]*node, len(n.in))
		for i, old := range n.in {
			in[i] = now[old]
		}
		return g.node(n.op, n.shape, n.attr, in...)
	}
	for _, n := range order {
		switch {
		case len(members[n]) > 1:
			now[n] = g.words(members[n], now)
		case last[n] == nil || last[n] == n:
			now[n] = same(n)
		}
	}
	result := make([]*node, len(outputs))
	for i, n := range outputs {
		result[i] = now[n]
	}
	return result
}

// words writes a chain down, whose operations come last first.
func (g *nodeSet) words(members []*node, now map[*node]*node) *node {
	attr := wordsAttr{dims: members[0].dims(), dtype: members[0].in[0].dtype()}
	var inputs []*node
	value := make(map[*node]int)
	operands := func(visit func(in *node)) {
		for _, n := range slices.Backward(members) {
			for _, in := range n.in {
				if _, known := value[in]; !known && !slices.Contains(members, in) {
					visit(in)
				}
			}
		}
	}
	operands(func(in *node) {
		if countsPlaces(in) == nil {
			value[in] = len(inputs)
			inputs = append(inputs, now[in])
		}
	})
	emit := func(n *node, i wordsInstruction) {
		value[n] = len(inputs) + len(attr.code)
		attr.code = append(attr.code, i)
	}
	operands(func(in *node) {
		iota := countsPlaces(in)
		axis := iota.attr.(axisAttr).axis
		emit(in, wordsInstruction{op: iota.op, count: iota.dims()[axis], inner: strides(iota.dims())[axis]})
	})
	for _, n := range slices.Backward(members) {
		emit(n, wordsInstruction{op: n.op, in: [2]int{value[n.in[0]], value[n.in[1]]}})
	}
	return g.node(opWords, members[0].shape, attr, inputs...)
}

// countsPlaces gives the Iota that n is, whatever its dimensions; nil if it is none. Counting again
// costs less than reading what was counted.
func countsPlaces(n *node) *node {
	if n.op == compute.OpTypeReshape {
		n = n.in[0]
	}
	if n.op == compute.OpTypeIota && n.size() > 1 {
		return n
	}
	return nil
}

// lowerWords computes a chain block by block. A result has a register, a block of memory, until the
// last instruction that reads it.
func lowerWords(n *node) runner {
	attr := n.attr.(wordsAttr)
	inputs, total := len(n.in), n.size()
	loops, size, outSize := arithmetics[attr.dtype], attr.dtype.Size(), n.dtype().Size()
	run := make([]binaryLoop, len(attr.code))
	lastRead := make([]int, inputs+len(attr.code))
	for i, c := range attr.code {
		switch {
		case c.op == compute.OpTypeIota:
			continue
		case comparesWords(c.op):
			run[i] = loops.compare(c.op)
		default:
			run[i] = loops.binary(c.op)
		}
		if run[i] == nil {
			return nil
		}
		lastRead[c.in[0]], lastRead[c.in[1]] = i, i
	}
	into := make([]int, len(attr.code)) // registers
	var free []int
	registers := 0
	for i, c := range attr.code {
		if len(free) == 0 {
			free = append(free, registers)
			registers++
		}
		into[i], free = free[len(free)-1], free[:len(free)-1]
		if c.op == compute.OpTypeIota {
			continue
		}
		for k, v := range c.in {
			if v >= inputs && lastRead[v] == i && (k == 0 || v != c.in[0]) {
				free = append(free, into[v-inputs])
			}
		}
	}
	return func(w *workers, out *operand, in []operand) {
		w.span(total, grain, func(lo, hi int) {
			scratch := alignedBytes(registers * wordsBlock * size)
			block := func(v, first, count int) (data []byte, stride int) {
				switch {
				case v >= inputs:
					at := into[v-inputs] * wordsBlock * size
					return scratch[at : at+count*size], 1
				case n.in[v].size() == 1:
					return in[v].data[:size], 0
				}
				return in[v].data[first*size : (first+count)*size], 1
			}
			for first := lo; first < hi; first += wordsBlock {
				count := min(wordsBlock, hi-first)
				for i, c := range attr.code {
					to, _ := block(inputs+i, first, count)
					if i == len(attr.code)-1 {
						to = out.data[first*outSize : (first+count)*outSize]
					}
					if c.op == compute.OpTypeIota {
						loops.iota(to, first, c.count, c.inner)
						continue
					}
					a, strideA := block(c.in[0], first, count)
					b, strideB := block(c.in[1], first, count)
					run[i](to, a, b, strideA, strideB)
				}
			}
		})
	}
}
