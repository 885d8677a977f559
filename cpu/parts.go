package cpu

import (
	"slices"

	"github.com/gomlx/compute"
)

// A network's first layers make tensors of many pixels that, for a whole batch, are
// much larger than the cache: each layer would read from memory what the one before it
// wrote there. split lets groups of layers do a part of the batch at a time, all
// layers for the first pictures, then all for the next, so that what passes between
// them stays in the cache. It also saves most of the memory. Pictures don't depend on
// each other there, so results stay the same bit for bit.
//
// The graph is cut into segments at the values that everything later comes from by way
// of (the outputs of residual blocks, say). Each segment has its own number of pictures;
// a smaller one is made from the parts of what a larger one made (opPart, without a
// copy), a larger one from smaller ones by a concatenation whose operands are computed
// where they belong.

// cacheBytes is what the input and output of a layer may take together to stay in the
// cache, on machines with about 16 MB of it.
const cacheBytes = 8 << 20

// partAttr is a part of the first axis, from row start on.
type partAttr struct{ start int }

// splitter makes a computation work in parts of the batch.
type splitter struct {
	*nodeSet
	cache    int
	batch    int
	pictures map[*node]int // how many pictures a value that has some is made for at once
	whole    map[*node]*node
	parts    map[pictureRange]*node
}

// pictureRange is the value of a node for some pictures.
type pictureRange struct {
	n      *node
	lo, hi int
}

// split rewrites a computation for a cache of so many bytes.
func split(g *nodeSet, cache int, outputs []*node) []*node {
	order := sorted(outputs)
	s := &splitter{nodeSet: g, cache: cache, pictures: make(map[*node]int), whole: make(map[*node]*node), parts: make(map[pictureRange]*node)}
	for _, n := range order {
		if attr, ok := n.attr.(fusedAttr); ok && n.op == opFusedConv {
			s.batch = attr.conv.N
			break
		}
	}
	if s.batch < 2 {
		return outputs
	}
	var own []*node // nodes whose values are made picture by picture
	for _, n := range order {
		if s.separable(n) {
			s.pictures[n] = s.batch
			own = append(own, n)
		}
	}
	for _, segment := range s.segments(own, order, outputs) {
		pictures := s.choose(segment)
		for _, n := range segment {
			s.pictures[n] = pictures
		}
	}
	result := make([]*node, len(outputs))
	for i, n := range outputs {
		result[i] = s.all(n)
	}
	return result
}

// separable reports whether picture i of n comes from pictures i of its operands that
// have pictures, and from the others alike for all i.
func (s *splitter) separable(n *node) bool {
	dims := n.dims()
	if len(dims) == 0 || dims[0] != s.batch {
		return false
	}
	if n.op == compute.OpTypeParameter {
		return len(dims) == 4
	}
	has := func(in *node) bool { return s.pictures[in] != 0 }
	if !slices.ContainsFunc(n.in, has) {
		return false
	}
	switch n.op {
	case opFusedConv:
		for i, in := range n.in {
			if has(in) != (i == 0 || n.attr.(fusedAttr).addend && i == len(n.in)-1) {
				return false
			}
		}
		return true
	case opPool, compute.OpTypeReshape:
		return true
	case compute.OpTypeTranspose:
		return n.attr.(permutationAttr).axes[0] == 0
	case compute.OpTypeSlice:
		return n.attr.(sliceAttr).strides[0] == 1 && n.in[0].dims()[0] == s.batch
	case compute.OpTypeReverse:
		return !slices.Contains(n.attr.(axesAttr).axes, 0)
	case compute.OpTypePad:
		return n.attr.(padAttr).axes[0] == compute.PadAxis{} && !has(n.in[1])
	case compute.OpTypeBroadcastInDim:
		return true
	case compute.OpTypeConcatenate:
		return n.attr.(axisAttr).axis != 0 && !slices.ContainsFunc(n.in, func(in *node) bool { return !has(in) })
	case opReduceSum, opReduceMax:
		return n.attr.(reduceDims).outer == s.batch
	case opMoments:
		return len(dims) == 3
	}
	attr, chain := n.attr.(chainAttr)
	if !chain && (n.op > compute.OpTypeLast || !elementwise(n)) || chain && attr.reduce != 0 && attr.axes.outer != s.batch ||
		chain && (len(attr.dims) == 0 || attr.dims[0] != s.batch) {
		return false
	}
	for _, in := range n.in {
		if !has(in) && in.size() != 1 && (len(in.dims()) != len(dims) || in.dims()[0] != 1 && !s.rowOfEach(in, len(dims))) {
			return false
		}
	}
	return true
}

// rowOfEach reports whether an operand of something element-wise, of the same rank, has some numbers for each
// picture but none for its pixels, such as what a network makes of a second input; those for all pictures
// are made at once.
func (s *splitter) rowOfEach(n *node, rank int) bool {
	dims := n.dims()
	return len(dims) == rank && rank > 1 && dims[0] == s.batch && n.size() == s.batch*dims[rank-1]
}

// segments cuts the separable nodes where one value alone is read later. A last
// segment of which several values are read is left out.
func (s *splitter) segments(own, order, outputs []*node) [][]*node {
	position := make(map[*node]int)
	for i, n := range own {
		position[n] = i
	}
	last := make([]int, len(own)) // the last node of own that reads it
	read := func(n *node, by int) {
		if i, ok := position[n]; ok {
			last[i] = max(last[i], by)
		}
	}
	for _, n := range order {
		by, ok := position[n]
		if !ok {
			by = len(own)
		}
		for _, in := range n.in {
			read(in, by)
		}
	}
	for _, n := range outputs {
		read(n, len(own))
	}
	var result [][]*node
	first, reach := 0, 0 // reach is the last reader of what lies before
	for i, n := range own {
		if n.op == compute.OpTypeParameter {
			continue // may be read in parts at any time
		}
		if reach <= i {
			result = append(result, own[first:i+1])
			first = i + 1
		}
		reach = max(reach, last[i])
	}
	return result
}

// choose gives the number of pictures that moves the fewest bytes through memory:
// weights once for each part, and what doesn't fit into the cache.
func (s *splitter) choose(segment []*node) int {
	cost := func(pictures int) int {
		bytes := 0
		for _, n := range segment {
			if n.op == compute.OpTypeParameter || isAlias(n) {
				continue
			}
			moved := byteSize(n.shape)
			for _, in := range n.in {
				if s.pictures[in] != 0 {
					moved += byteSize(in.shape)
				}
			}
			if moved/s.batch*pictures > s.cache {
				bytes += moved
			}
			if n.op == opFusedConv {
				bytes += s.batch / pictures * n.attr.(fusedAttr).conv.PackedFloats() * 4
			}
		}
		return bytes
	}
	best, least := s.batch, cost(s.batch)
	for pictures := s.batch; pictures > 1; {
		if pictures%2 == 0 {
			pictures /= 2
		} else {
			pictures = 1
		}
		if c := cost(pictures); c < least {
			best, least = pictures, c
		}
	}
	return best
}

// all gives the new form of n.
func (s *splitter) all(n *node) *node {
	if s.pictures[n] != 0 {
		return s.some(n, 0, s.batch)
	}
	if isLeaf(n) {
		return n
	}
	if s.whole[n] == nil {
		in := make([]*node, len(n.in))
		for i, old := range n.in {
			in[i] = s.all(old)
		}
		s.whole[n] = s.node(n.op, n.shape, n.attr, in...)
	}
	return s.whole[n]
}

// some gives the value of n for pictures lo, …, hi-1.
func (s *splitter) some(n *node, lo, hi int) *node {
	key := pictureRange{n, lo, hi}
	if s.parts[key] == nil {
		s.parts[key] = s.makeSome(n, lo, hi)
	}
	return s.parts[key]
}

func (s *splitter) makeSome(n *node, lo, hi int) *node {
	at := s.pictures[n] // pictures that are made together
	if n.op == compute.OpTypeParameter {
		at = s.batch
	} else if n.op == compute.OpTypeReshape {
		at = hi - lo
	}
	shape := n.shape.Clone()
	shape.Dimensions[0] = hi - lo
	switch {
	case hi-lo > at:
		var parts []*node
		for i := lo; i < hi; i += at {
			parts = append(parts, s.some(n, i, i+at))
		}
		return s.node(compute.OpTypeConcatenate, shape, axisAttr{0}, parts...)
	case hi-lo < at:
		first := lo / at * at
		return s.node(opPart, shape, partAttr{lo - first}, s.some(n, first, first+at))
	case n.op == compute.OpTypeParameter:
		return n
	}
	in := make([]*node, len(n.in))
	for i, old := range n.in {
		switch {
		case s.pictures[old] != 0:
			in[i] = s.some(old, lo, hi)
		case hi-lo < s.batch && (n.op == opChain || elementwise(n)) && s.rowOfEach(old, len(n.dims())):
			part := old.shape.Clone()
			part.Dimensions[0] = hi - lo
			in[i] = s.node(opPart, part, partAttr{lo}, s.all(old))
		default:
			in[i] = s.all(old)
		}
	}
	return s.node(n.op, shape, ofPictures(n.attr, hi-lo), in...)
}

// ofPictures is an attribute for another number of pictures.
func ofPictures(attr any, pictures int) any {
	switch a := attr.(type) {
	case fusedAttr:
		a.conv.N = pictures
		return a
	case poolAttr:
		a.pool.N = pictures
		return a
	case reduceDims:
		a.outer = pictures
		return a
	case chainAttr:
		a.dims = slices.Clone(a.dims)
		a.dims[0] = pictures
		if a.reduce != 0 {
			a.axes.outer = pictures
		}
		return a
	}
	return attr
}
