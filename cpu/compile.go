package cpu

import (
	"fmt"
	"maps"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/shapes"
)

// step is one node of a program, ready to run.
type step struct {
	node *node
	run  runner
	out  place
	in   []place
}

// program is a sequence of steps over an arena of so many bytes.
type program struct {
	steps []step
	arena int
}

// slot is a prepared value that executions share: which parameters it was made
// from, and by which step of the prologue.
type slot struct {
	node  *node
	needs []int
	step  int
	packs *packingInputs // nil if it is no packing of parameters
}

// compile turns a recorded computation into programs: the prologue prepares what
// depends on weights alone and runs again only when one of them changed; the
// main program does the rest.
func compile(f *function) (*executable, error) {
	e := &executable{backend: f.builder.backend, name: f.builder.name}
	for _, n := range f.parameters {
		e.names = append(e.names, n.attr.(parameterAttr).name)
		e.inputs = append(e.inputs, n.shape)
	}
	for _, n := range f.outputs {
		e.outputs = append(e.outputs, n.shape)
	}
	outputs := f.outputs
	if !e.backend.plain {
		for _, pass := range []func(*nodeSet, []*node) []*node{fuse, joinGates, joinMoments, fuseWords, fuseChains} {
			outputs = pass(&f.nodeSet, outputs)
		}
		outputs = split(&f.nodeSet, e.backend.cache, outputs)
	}
	order := sorted(outputs)
	a := analyse(order, f != f.builder.main)

	given := make(map[*node]place) // places that both programs know
	var static, steps []*node
	for _, n := range order {
		switch {
		case n.op == compute.OpTypeParameter:
			index := n.attr.(parameterAttr).index
			if n.attr.(parameterAttr).captured {
				index += len(f.parameters)
			}
			given[n] = place{space: inInput, index: index, size: byteSize(n.shape)}
		case n.op == compute.OpTypeConstant:
			given[n] = place{space: inConstant, index: len(e.constants), size: byteSize(n.shape)}
			e.constants = append(e.constants, n.attr.(constantAttr).data)
		case isAlias(n):
		case a.static[n]:
			static = append(static, n)
		default:
			steps = append(steps, n)
		}
	}
	// The static values that the main program or an output reads have slots.
	slots := make(map[*node]bool)
	for _, n := range steps {
		for _, in := range n.in {
			slots[root(in)] = a.static[root(in)]
		}
	}
	for _, n := range outputs {
		slots[root(n)] = a.static[root(n)]
	}
	for i, n := range static {
		if slots[n] {
			given[n] = place{space: inSlot, index: len(e.slots), size: byteSize(n.shape)}
			e.slots = append(e.slots, slot{n, a.needs[n].list(), i, sharedPacking(n)})
		}
	}
	var err error
	if e.prologue, _, err = assemble(static, maps.Clone(given)); err != nil {
		return nil, err
	}
	// Each output is computed where it is returned, unless something else already
	// holds it; then it is copied.
	for i, n := range outputs {
		if _, taken := given[root(n)]; taken || root(n).size() != n.size() {
			continue
		}
		given[root(n)] = place{space: inOutput, index: i, size: byteSize(n.shape)}
	}
	for _, n := range steps {
		if makesObject(n) {
			given[n] = place{space: inObject, index: e.objects}
			e.objects++
		}
	}
	var p *planner
	if e.main, p, err = assemble(steps, given); err != nil {
		return nil, err
	}
	for i, n := range outputs {
		if at := p.place(n); at.space != inOutput || at.index != i {
			e.copies = append(e.copies, outputCopy{i, at})
		}
	}
	e.reuse = e.reusable()
	return e, nil
}

// makesObject reports whether the value of n is not a tensor.
func makesObject(n *node) bool {
	return n.op == opPackFilter || n.op == opPackMatrix || n.op == opPackInputFilter
}

// outputCopy fills output number index from somewhere else.
type outputCopy struct {
	index int
	from  place
}

// assemble plans the memory of some nodes and makes their runners.
func assemble(nodes []*node, given map[*node]place) (program, *planner, error) {
	p := plan(nodes, given)
	result := program{arena: p.arena}
	for _, n := range nodes {
		s := step{node: n, out: p.place(n)}
		for _, in := range n.in {
			s.in = append(s.in, p.place(in))
		}
		if n.op == compute.OpTypeConcatenate {
			inPlace := make([]bool, len(n.in))
			for i, in := range n.in {
				inPlace[i] = p.into[root(in)] == n && !isAlias(in)
			}
			s.run = lowerConcatenate(n, inPlace)
		} else {
			var err error
			if s.run, err = lower(n); err != nil {
				return program{}, nil, err
			}
		}
		result.steps = append(result.steps, s)
	}
	return result, p, nil
}

// Inputs implements compute.Executable.
func (e *executable) Inputs() ([]string, []shapes.Shape) {
	return slices.Clone(e.names), slices.Clone(e.inputs)
}

// Outputs implements compute.Executable.
func (e *executable) Outputs() []shapes.Shape { return slices.Clone(e.outputs) }

func (e *executable) String() string { return fmt.Sprintf("%q", e.name) }
