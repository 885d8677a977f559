package cpu

import (
	"slices"

	"github.com/gomlx/compute"
)

// reusable lists, for each output, the inputs whose storage it may take if they
// are donated: those as large as it, which nobody reads after the step that first
// writes to it; that step itself may read one that it can write over.
func (e *executable) reusable() [][]int {
	const never = -1
	lastRead := slices.Repeat([]int{never}, len(e.inputs))
	overRead := make([]bool, len(e.inputs)) // the last step that reads it can write over it
	firstWrite := slices.Repeat([]int{len(e.main.steps)}, len(e.outputs))
	for i, s := range e.main.steps {
		over := overwritable(s.node)
		for k, from := range s.in {
			if from.space != inInput || from.index >= len(e.inputs) {
				continue // a capture, which cannot be donated
			}
			in := s.node.in[k]
			can := slices.Contains(over, in) && in.size() == s.node.size() && byteSize(in.shape) == byteSize(s.node.shape)
			overRead[from.index] = can && (lastRead[from.index] != i || overRead[from.index])
			lastRead[from.index] = i
		}
		if s.out.space == inOutput {
			firstWrite[s.out.index] = min(firstWrite[s.out.index], i)
		}
	}
	for _, c := range e.copies {
		if c.from.space == inInput && c.from.index < len(e.inputs) {
			lastRead[c.from.index] = len(e.main.steps)
		}
	}
	result := make([][]int, len(e.outputs))
	for i, shape := range e.outputs {
		for j, input := range e.inputs {
			fits := lastRead[j] < firstWrite[i] || lastRead[j] == firstWrite[i] && overRead[j]
			if firstWrite[i] < len(e.main.steps) && fits && byteSize(input) == byteSize(shape) {
				result[i] = append(result[i], j)
			}
		}
	}
	return result
}

// allocate makes the output buffers, in the storage of donated inputs where that
// is possible. Those inputs lose it.
func (e *executable) allocate(inputs []*buffer, donate []bool) []*buffer {
	results := make([]*buffer, len(e.outputs))
	for i, shape := range e.outputs {
		for _, j := range e.reuse[i] {
			if donate != nil && donate[j] && inputs[j].data != nil && count(inputs, inputs[j]) == 1 {
				results[i] = &buffer{backend: e.backend, id: lastBufferID.Add(1), shape: shape, data: inputs[j].data}
				inputs[j].data = nil
				break
			}
		}
		if results[i] == nil {
			results[i] = e.backend.newBuffer(shape)
		}
	}
	return results
}

func count(buffers []*buffer, b *buffer) int {
	n := 0
	for _, other := range buffers {
		if other == b {
			n++
		}
	}
	return n
}

// finalizeDonated ends the inputs that were given away.
func finalizeDonated(inputs []*buffer, donate []bool) {
	for i, given := range donate {
		if given {
			inputs[i].Finalize()
		}
	}
}

// asBuffers gives buffers as what the interface returns.
func asBuffers(results []*buffer) []compute.Buffer {
	buffers := make([]compute.Buffer, len(results))
	for i, result := range results {
		buffers[i] = result
	}
	return buffers
}
