package cpu

import (
	"math"
	"slices"
	"sync"

	"github.com/gestalt-vision/gestalt/cpu/kernel"
	"github.com/gomlx/compute/dtypes"
)

// chainBlock is how many elements a chain computes at a time: 4 KiB a value, so
// that half a dozen of them fit the first-level cache.
const chainBlock = 1 << 10

// chainPlan is a chain made ready: which loop each instruction runs and which
// register its result goes to.
type chainPlan struct {
	attr      chainAttr
	total     int // elements of a value
	operands  []chainOperand
	loops     []chainLoop
	into      []int // by instruction; the last has none
	registers int
	outBool   bool
}

// chainOperand says how blocks of an operand come about.
type chainOperand struct {
	kind    chainKind
	isBool  bool
	size    int   // elements
	dims    []int // of the result without its last run, neighbours joined
	strides []int
	inner   int // the last run
	step    int // 1 along it, or 0
}

type chainKind int

const (
	dense    chainKind = iota // as large as the result: blocks lie in memory
	constant                  // one number
	periodic                  // a short row that is repeated all over
	strided                   // anything else: blocks are gathered
)

// planChain looks at the operands and assigns registers.
func planChain(n *node) *chainPlan {
	attr := n.attr.(chainAttr)
	p := &chainPlan{attr: attr, total: 1, outBool: n.dtype() == dtypes.Bool}
	for _, dim := range attr.dims {
		p.total *= dim
	}
	for _, in := range n.in {
		b := newBroadcastLoop(attr.dims, in.dims())
		operand := chainOperand{kind: strided, isBool: in.dtype() == dtypes.Bool, size: in.size(),
			dims: b.dims, strides: b.strides[0], inner: b.inner, step: b.steps[0]}
		switch {
		case in.size() == p.total:
			operand.kind = dense
		case in.size() == 1:
			operand.kind = constant
		case len(b.dims) == 1 && operand.strides[0] == 0 && operand.step == 1 && b.inner <= chainBlock:
			operand.kind = periodic
		}
		p.operands = append(p.operands, operand)
	}
	lastUse := make(map[int]int)
	for i, instruction := range attr.code {
		for _, in := range instruction.in {
			lastUse[in] = i
		}
	}
	var free []int
	register := make(map[int]int)
	for i, instruction := range attr.code {
		p.loops = append(p.loops, chainLoops[instruction.op])
		for k, in := range instruction.in {
			r, computed := register[in]
			if computed && lastUse[in] == i && !slices.Contains(instruction.in[:k], in) {
				free = append(free, r)
			}
		}
		if len(free) == 0 {
			free = append(free, p.registers)
			p.registers++
		}
		r := free[len(free)-1]
		free = free[:len(free)-1]
		register[len(n.in)+i] = r
		p.into = append(p.into, r)
	}
	return p
}

// chainRun is a chain at work on one execution's operands.
type chainRun struct {
	*chainPlan
	in       []operand
	repeated [][]float32 // of constant and periodic operands
}

// start writes the operands out that blocks share.
func (p *chainPlan) start(in []operand) *chainRun {
	r := &chainRun{chainPlan: p, in: in, repeated: make([][]float32, len(in))}
	for k, o := range p.operands {
		if o.kind != constant && o.kind != periodic {
			continue
		}
		row := make([]float32, min(p.total, chainBlock)+o.size)
		filled := o.elements(row[:o.size], in[k].data, 0)
		for filled < len(row) {
			filled += copy(row[filled:], row[:filled])
		}
		r.repeated[k] = row
	}
	return r
}

// elements copies consecutive elements of an operand as numbers.
func (o *chainOperand) elements(dst []float32, data []byte, first int) int {
	if o.isBool {
		for i, b := range data[first : first+len(dst)] {
			dst[i] = float32(b)
		}
		return len(dst)
	}
	return copy(dst, as[float32](data)[first:])
}

// chainWorkspace is what one goroutine needs: registers, gathered blocks, and values
// by number.
type chainWorkspace struct {
	store  []float32
	values [][]float32
}

var chainWorkspaces = sync.Pool{New: func() any { return new(chainWorkspace) }}

// begin gets a workspace; put it back when done.
func (r *chainRun) begin() *chainWorkspace {
	w := chainWorkspaces.Get().(*chainWorkspace)
	if need := (r.registers + len(r.in) + 1) * chainBlock; len(w.store) < need {
		w.store = as[float32](alignedBytes(4 * need))
	}
	w.values = append(w.values[:0], make([][]float32, len(r.in)+len(r.loops))...)
	return w
}

func (w *chainWorkspace) end() {
	clear(w.values)
	chainWorkspaces.Put(w)
}

// register is block number i of the workspace.
func (w *chainWorkspace) register(i, n int) []float32 { return w.store[i*chainBlock : i*chainBlock+n] }

// block computes n elements from first on and leaves them in out, or in a register
// if out is nil.
func (r *chainRun) block(w *chainWorkspace, first, n int, out []float32) []float32 {
	for k := range r.in {
		o := &r.operands[k]
		switch {
		case o.kind == constant:
			w.values[k] = r.repeated[k][:n]
		case o.kind == periodic:
			w.values[k] = r.repeated[k][first%o.inner:][:n]
		case o.kind == dense && !o.isBool:
			w.values[k] = as[float32](r.in[k].data)[first : first+n]
		default:
			gathered := w.register(r.registers+k, n)
			if o.kind == dense {
				o.elements(gathered, r.in[k].data, first)
			} else {
				o.gather(gathered, r.in[k].data, first)
			}
			w.values[k] = gathered
		}
	}
	for i, loop := range r.loops {
		in := r.attr.code[i].in
		dst := out
		if dst == nil || i < len(r.loops)-1 {
			dst = w.register(r.into[i], n)
		}
		loop(dst, w.values[in[0]], w.values[in[1]], w.values[in[2]])
		w.values[len(r.in)+i] = dst
	}
	return w.values[len(w.values)-1]
}

// repeats is how many of the rows after this one have the same elements, such as those of a vector along the channels of a
// picture's pixels.
func (o *chainOperand) repeats(row int) int {
	last := len(o.dims) - 1
	if last < 0 || o.strides[last] != 0 {
		return 0
	}
	return o.dims[last] - 1 - row%o.dims[last]
}

// gather collects the elements of an operand that belong to those of the result
// from first on.
func (o *chainOperand) gather(dst []float32, data []byte, first int) {
	row, column := first/o.inner, first%o.inner
	for len(dst) > 0 {
		n := min(len(dst), o.inner-column)
		offset, rest := 0, row
		for axis := len(o.dims) - 1; axis >= 0; axis-- {
			offset += rest % o.dims[axis] * o.strides[axis]
			rest /= o.dims[axis]
		}
		if o.step == 1 {
			o.elements(dst[:n], data, offset+column)
			if more := o.repeats(row); column == 0 && more > 0 {
				whole := min(len(dst), (1+more)*o.inner)
				for ; n < whole; n += copy(dst[n:whole], dst[:n]) {
				}
				row += (n - 1) / o.inner
			}
		} else {
			o.elements(dst[:1], data, offset)
			for i := range dst[1:n] {
				dst[i+1] = dst[0]
			}
		}
		dst, row, column = dst[n:], row+1, 0
	}
}

// lowerChain prepares a chain.
func lowerChain(n *node) runner {
	p := planChain(n)
	if p.attr.reduce != 0 {
		return p.lowerReduce()
	}
	return func(workers *workers, out *operand, in []operand) {
		r := p.start(in)
		workers.span(p.total, grain, func(lo, hi int) {
			w := r.begin()
			defer w.end()
			for ; lo < hi; lo += chainBlock {
				n := min(chainBlock, hi-lo)
				if !p.outBool {
					r.block(w, lo, n, as[float32](out.data)[lo:lo+n])
					continue
				}
				for i, v := range r.block(w, lo, n, nil) {
					out.data[lo+i] = byte(v)
				}
			}
		})
	}
}

// chainSegment is how many elements one task of a reduction takes.
const chainSegment = 1 << 16

// lowerReduce prepares a chain with a reduction of [outer, count, inner] over
// count at its end. The rows are cut into segments, each segment into tiles of
// columns, each tile into blocks of as many rows as fit. Blocks of a segment are
// added up element by element in single precision, at most chainDepth of them, and
// then in double precision. All cuts follow from the shape, so the result does not
// depend on the number of workers.
func (p *chainPlan) lowerReduce() runner {
	d := p.attr.axes
	isMax := p.attr.reduce == opReduceMax
	if d.inner == 1 {
		// Rows lie along memory: a block is a piece of a row, reduced by itself.
		return p.lowerRows(isMax)
	}
	columns := min(d.inner, chainBlock)
	tiles := (d.inner + columns - 1) / columns
	rows := chainBlock / columns // of a block
	if tiles > 1 {
		rows = 1
	}
	segmentRows := max(rows, chainSegment/d.inner/rows*rows)
	segments := (d.count + segmentRows - 1) / segmentRows
	return func(workers *workers, out *operand, in []operand) {
		r := p.start(in)
		partial := make([]float64, d.outer*segments*d.inner)
		tasks := d.outer * segments * tiles
		workers.span(tasks, max(1, grain*tasks/p.total), func(lo, hi int) {
			w := r.begin()
			defer w.end()
			for task := lo; task < hi; task++ {
				tile, segment, o := task%tiles, task/tiles%segments, task/tiles/segments
				c0 := tile * columns
				width := min(columns, d.inner-c0)
				sums := partial[(o*segments+segment)*d.inner+c0:][:width]
				p.tile(r, w, sums, isMax, o*d.count*d.inner+c0, segment*segmentRows, min(d.count, (segment+1)*segmentRows), rows, width)
			}
		})
		to := as[float32](out.data)
		for o := range d.outer {
			for c := range d.inner {
				at := o*segments*d.inner + c
				v := partial[at]
				for s := 1; s < segments; s++ {
					if isMax {
						v = max(v, partial[at+s*d.inner])
					} else {
						v += partial[at+s*d.inner]
					}
				}
				to[o*d.inner+c] = float32(v)
			}
		}
	}
}

// chainDepth is how many blocks are added up in single precision.
const chainDepth = 8

// tile reduces the rows [row, end) of one tile of columns.
func (p *chainPlan) tile(r *chainRun, w *chainWorkspace, sums []float64, isMax bool, first, row, end, rows, width int) {
	empty := float32(0)
	if isMax {
		empty = float32(math.Inf(-1))
	}
	for i := range sums {
		sums[i] = float64(empty)
	}
	acc := w.register(r.registers+len(r.in), rows*width)
	for row < end {
		for i := range acc {
			acc[i] = empty
		}
		for depth := 0; depth < chainDepth && row < end; depth++ {
			n := min(rows, end-row) * width
			block := r.block(w, first+row*p.attr.axes.inner, n, nil)
			if isMax {
				kernel.Max(acc[:n], acc[:n], block)
			} else {
				kernel.Add(acc[:n], acc[:n], block)
			}
			row += rows
		}
		for i, v := range acc {
			if s := &sums[i%width]; isMax {
				*s = max(*s, float64(v))
			} else {
				*s += float64(v)
			}
		}
	}
}

// lowerRows reduces along memory: whole rows of a block if they are short, else
// pieces of a row, which are put together in double precision.
func (p *chainPlan) lowerRows(isMax bool) runner {
	d := p.attr.axes
	reduce := kernel.Sum
	if isMax {
		reduce = kernel.Largest
	}
	segment := min(d.count, chainSegment)
	segments := (d.count + segment - 1) / segment
	rows := max(1, chainBlock/segment)                  // of a block
	perTask := max(1, chainSegment/segment/rows) * rows // of a task
	tasks := (d.outer + perTask - 1) / perTask
	return func(workers *workers, out *operand, in []operand) {
		r := p.start(in)
		partial := make([]float64, d.outer*segments)
		workers.Do(tasks*segments, func(task int) {
			w := r.begin()
			defer w.end()
			s := task % segments
			from, to := s*segment, min(d.count, (s+1)*segment)
			for o := task / segments * perTask; o < min(d.outer, (task/segments+1)*perTask); o += rows {
				if together := min(rows, d.outer-o); segment <= chainBlock {
					block := r.block(w, o*d.count, together*d.count, nil)
					for i := range together {
						partial[o+i] = float64(reduce(block[i*d.count : (i+1)*d.count]))
					}
					continue
				}
				v := math.Inf(-1)
				if !isMax {
					v = 0
				}
				for at := from; at < to; at += chainBlock {
					piece := float64(reduce(r.block(w, o*d.count+at, min(chainBlock, to-at), nil)))
					if isMax {
						v = max(v, piece)
					} else {
						v += piece
					}
				}
				partial[o*segments+s] = v
			}
		})
		to := as[float32](out.data)
		for o := range to {
			v := partial[o*segments]
			for s := 1; s < segments; s++ {
				if isMax {
					v = max(v, partial[o*segments+s])
				} else {
					v += partial[o*segments+s]
				}
			}
			to[o] = float32(v)
		}
	}
}
