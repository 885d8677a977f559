package cpu

import (
	"cmp"
	"slices"

	"github.com/gomlx/compute"
)

// space is a kind of memory that values live in.
type space int

const (
	inArena    space = iota // scratch memory of one execution
	inInput                 // a parameter's buffer
	inConstant              // a constant of the graph
	inSlot                  // a prepared value
	inOutput                // a result's buffer
	inObject                // a value that is no tensor
)

// place is where a value lives: in bytes [offset, offset+size) of the memory
// number index of a space.
type place struct {
	space        space
	index        int
	offset, size int
	pitch        int // see operand
}

// block is a stretch of the arena or of an output that one value after the other
// may use. It is in use from step first to step last.
type block struct {
	size, first, last int
	at                place
	fixed             bool // at is given: not in the arena
}

// planner finds a place for every value of a program.
type planner struct {
	steps    []*node       // in order of execution
	position map[*node]int // of a step
	lastUse  map[*node]int // of a value or anything that shares its storage, by storage root
	uses     map[*node]int // how often a value is an input, in any shape; by storage root
	places   map[*node]place
	blocks   map[*node]*block // by storage root
	slices   map[*node]place  // of values computed into a concatenation, relative to it
	into     map[*node]*node  // the concatenation
	arena    int              // bytes
}

// isAlias reports whether n is its first input under another shape, or a part of it.
func isAlias(n *node) bool {
	return n.op == compute.OpTypeReshape || n.op == compute.OpTypeBitcast || n.op == opPart
}

// root is the node whose storage n shares.
func root(n *node) *node {
	for isAlias(n) {
		n = n.in[0]
	}
	return n
}

// plan places the results of steps. given holds the places of values from
// outside and of those that must be computed into a certain place, by storage
// root; they stay as they are.
func plan(steps []*node, given map[*node]place) *planner {
	p := &planner{steps: steps, position: make(map[*node]int), lastUse: make(map[*node]int), uses: make(map[*node]int),
		places: given, blocks: make(map[*node]*block), slices: make(map[*node]place), into: make(map[*node]*node)}
	for i, n := range steps {
		p.position[n] = i
		p.lastUse[n] = i
		for _, in := range n.in {
			p.uses[root(in)]++
			p.lastUse[root(in)] = i
		}
	}
	for _, n := range steps {
		if n.op == compute.OpTypeConcatenate {
			p.placeOperands(n)
		}
	}
	for i, n := range steps {
		if at, ok := given[n]; ok {
			p.blocks[n] = &block{at: at, fixed: true}
			continue
		}
		if p.into[n] != nil {
			p.block(p.outermost(n), i)
			continue
		}
		if shared := p.inPlace(n, i); shared != nil {
			p.blocks[n] = shared
			shared.last = max(shared.last, p.lastUse[n])
			continue
		}
		p.block(n, i)
	}
	p.pack()
	return p
}

// block gives n a block of its own that begins at step i, if it has none yet.
func (p *planner) block(n *node, i int) {
	if p.blocks[n] == nil {
		if at, ok := p.places[n]; ok {
			p.blocks[n] = &block{at: at, fixed: true}
			return
		}
		p.blocks[n] = &block{size: byteSize(n.shape), first: i, last: p.lastUse[n]}
	}
}

// placeOperands lets operands of a concatenation be computed where they belong: along
// the last axis those that can write rows apart from each other, along the first all.
func (p *planner) placeOperands(whole *node) {
	axis, last := whole.attr.(axisAttr).axis, len(whole.dims())-1
	if axis != last && axis != 0 {
		return
	}
	size := whole.dtype().Size()
	offset := 0
	for _, n := range whole.in {
		at := place{offset: offset, size: byteSize(n.shape)}
		spread := axis == last && last > 0 // over rows that are wider than its own
		if spread {
			at = place{offset: offset, size: byteSize(whole.shape) - offset, pitch: whole.dims()[last]}
			offset += n.dims()[last] * size
		} else {
			offset += byteSize(n.shape)
		}
		_, computed := p.position[n]
		_, given := p.places[n]
		if (n.op == opFusedConv || n.op == opPool || !spread && !makesObject(n)) && computed && !given && p.uses[n] == 1 {
			p.into[n], p.slices[n] = whole, at
		}
	}
}

// outermost is the value in whose storage n is computed.
func (p *planner) outermost(n *node) *node {
	for p.into[n] != nil {
		n = p.into[n]
	}
	return n
}

// inPlace gives the block of an operand that n, at step i, may write over: one
// with as many elements of the same size that nobody reads later, and that n
// reads element by element before it writes there. The block may be larger than that,
// and grows if n puts something out beside.
func (p *planner) inPlace(n *node, i int) *block {
	for _, in := range overwritable(n) {
		r := root(in)
		b := p.blocks[r]
		if b == nil || b.fixed || p.into[r] != nil || p.lastUse[r] != i || b.last != i || !beginsWith(r, in) {
			continue
		}
		if n.op == opGatedSums {
			b.size = max(b.size, byteSize(n.shape))
			return b
		}
		apart := slices.ContainsFunc(n.in, func(other *node) bool { // reads elsewhere in the block
			return root(other) == r && (other.size() != in.size() || !beginsWith(r, other))
		})
		if in.size() == n.size() && byteSize(n.shape) == byteSize(in.shape) && !apart {
			return b
		}
	}
	return nil
}

// beginsWith reports whether n, which shares the storage of r, lies at its beginning.
func beginsWith(r, n *node) bool {
	for ; n != r; n = n.in[0] {
		if attr, ok := n.attr.(partAttr); ok && attr.start != 0 {
			return false
		}
	}
	return true
}

// overwritable lists the operands of n whose place the result could take.
func overwritable(n *node) []*node {
	if attr, isChain := n.attr.(chainAttr); elementwise(n) || isChain && attr.reduce == 0 {
		return n.in
	}
	// An update changes parts of its first operand.
	switch n.op {
	case compute.OpTypeDynamicUpdateSlice, compute.OpTypeScatterSum, compute.OpTypeScatterMax, compute.OpTypeScatterMin:
		for _, other := range n.in[1:] {
			if root(other) == root(n.in[0]) {
				return nil
			}
		}
		return n.in[:1]
	}
	switch n.op {
	case opGate:
		return n.in
	case opNormGradient:
		return n.in[2:3]
	case opGatedSums:
		return n.in[5:]
	case opNormalize:
		return n.in[4:]
	case opInputGradient:
		if len(n.in) == 3 && root(n.in[2]) != root(n.in[0]) {
			return n.in[2:]
		}
	}
	// A convolution reads the addend where it writes the result, once.
	if n.op == opFusedConv && n.attr.(fusedAttr).addend {
		if addend := n.in[len(n.in)-1]; root(addend) != root(n.in[0]) {
			return []*node{addend}
		}
	}
	return nil
}

// elementwise reports whether element i of n depends on elements i of those
// operands that have as many elements as n, and of the others on any.
func elementwise(n *node) bool {
	switch n.op {
	case compute.OpTypeTranspose, compute.OpTypeBroadcastInDim, compute.OpTypeSlice, compute.OpTypeReverse, compute.OpTypePad,
		compute.OpTypeIota, compute.OpTypeReduceWindow, compute.OpTypeSelectAndScatterMax, compute.OpTypeSelectAndScatterMin,
		compute.OpTypeConcatenate, compute.OpTypeGather, compute.OpTypeDynamicSlice, compute.OpTypeDynamicUpdateSlice,
		compute.OpTypeScatterSum, compute.OpTypeScatterMax, compute.OpTypeScatterMin:
		return false
	}
	return n.op < compute.OpTypeLast && len(n.in) > 0
}

// pack gives the blocks of the arena their offsets: large ones first, each as
// low as those that are in use at the same time allow.
func (p *planner) pack() {
	seen := make(map[*block]bool)
	var blocks []*block
	for _, n := range p.steps {
		if b := p.blocks[n]; b != nil && !b.fixed && !seen[b] {
			seen[b] = true
			blocks = append(blocks, b)
		}
	}
	slices.SortStableFunc(blocks, func(a, b *block) int {
		return cmp.Or(cmp.Compare(b.size, a.size), cmp.Compare(a.first, b.first))
	})
	var placed []*block // by offset
	for _, b := range blocks {
		offset := 0
		for _, other := range placed {
			if other.first <= b.last && b.first <= other.last && offset < other.at.offset+other.size && other.at.offset < offset+b.size {
				offset = (other.at.offset + other.size + alignment - 1) &^ (alignment - 1)
			}
		}
		b.at = place{space: inArena, offset: offset, size: b.size}
		p.arena = max(p.arena, offset+b.size)
		i, _ := slices.BinarySearchFunc(placed, b, func(a, b *block) int { return cmp.Compare(a.at.offset, b.at.offset) })
		placed = slices.Insert(placed, i, b)
	}
}

// place is where the value of n lives.
func (p *planner) place(n *node) place {
	if isAlias(n) {
		at := p.place(n.in[0])
		if attr, ok := n.attr.(partAttr); ok {
			at = at.rows(n, attr.start)
		}
		return at
	}
	if whole, ok := p.into[n]; ok {
		at, part := p.place(whole), p.slices[n]
		return place{at.space, at.index, at.offset + part.offset, part.size, part.pitch}
	}
	if b := p.blocks[n]; b != nil {
		return b.at
	}
	return p.places[n]
}

// rows is the place of n, rows of the first axis from start on of what lies at p.
func (p place) rows(n *node, start int) place {
	row := byteSize(n.shape) / n.dims()[0]
	if p.pitch == 0 {
		return place{p.space, p.index, p.offset + start*row, n.dims()[0] * row, 0}
	}
	row = row / n.dims()[len(n.dims())-1] * p.pitch
	return place{p.space, p.index, p.offset + start*row, min(n.dims()[0]*row, p.size-start*row), p.pitch}
}
