package cpu

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/shapes"
)

// executable is a compiled computation. Executions share nothing that they
// write to but the arenas, of which each has its own while it runs.
type executable struct {
	backend         *backend
	name            string
	names           []string
	inputs, outputs []shapes.Shape
	constants       [][]byte
	slots           []slot
	prologue, main  program
	copies          []outputCopy
	reuse           [][]int // by output: the donated inputs whose storage it may take
	objects         int     // how many values of the main program are not tensors

	prepared  atomic.Pointer[[]preparedValue] // by slot; what the last execution used
	preparing sync.Mutex
	holders   int // executions that use prepared values; guarded by preparing
	arenas    arenaList
	finalized atomic.Bool
}

var _ compute.Executable = (*executable)(nil)

// preparedValue is the content of a slot, made from the buffers with these ids.
type preparedValue struct {
	ids     []uint64
	value   operand
	packing *packing // that value is, if other programs may use it too
}

// arenaList keeps the arenas of finished executions for the next ones: as many
// as ever ran at once.
type arenaList struct {
	mu   sync.Mutex
	free [][]byte
}

func (l *arenaList) get(size int) []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	if last := len(l.free) - 1; last >= 0 {
		arena := l.free[last]
		l.free = l.free[:last]
		return arena
	}
	return alignedBytes(size)
}

func (l *arenaList) put(arena []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.free = append(l.free, arena)
}

func (l *arenaList) drop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.free = nil
}

// frame is one run of a program: the memory that places refer to.
type frame struct {
	e        *executable
	arena    []byte
	inputs   []operand
	outputs  []operand
	prepared []preparedValue
	objects  []operand
	operands []operand // scratch
}

// at finds a place in memory.
func (f *frame) at(p place) operand {
	var data []byte
	switch p.space {
	case inArena:
		data = f.arena
	case inInput:
		data = f.inputs[p.index].data
	case inConstant:
		data = f.e.constants[p.index]
	case inOutput:
		data = f.outputs[p.index].data
	case inSlot:
		return f.prepared[p.index].value
	case inObject:
		return f.objects[p.index]
	}
	return operand{data: data[p.offset : p.offset+p.size], pitch: p.pitch}
}

// run runs one step. A panic becomes an error that names the node.
func (f *frame) run(s *step) (err error) {
	defer func() {
		if thrown := recover(); thrown != nil {
			cause, ok := thrown.(error)
			if !ok {
				cause = fmt.Errorf("%v", thrown)
			}
			err = fmt.Errorf("cpu engine: %q: %s: %w", f.e.name, s.node, cause)
		}
	}()
	in := f.operands[:0]
	for _, p := range s.in {
		in = append(in, f.at(p))
	}
	f.operands = in
	out := f.at(s.out)
	s.run(f.e.backend.workers, &out, in)
	switch s.out.space {
	case inSlot:
		f.prepared[s.out.index].value = out
	case inObject:
		f.objects[s.out.index] = out
	}
	return nil
}

// Finalize implements compute.Executable.
func (e *executable) Finalize() {
	e.finalized.Store(true)
	e.prepared.Store(nil)
	e.arenas.drop()
}

// Execute implements compute.Executable. It may be called several times at once.
func (e *executable) Execute(inputs []compute.Buffer, donate []bool, _ compute.DeviceNum) ([]compute.Buffer, error) {
	return e.execute(context.Background(), inputs, donate)
}

// ExecuteContext runs an executable of this engine and stops between two of its operations when ctx is done, with ctx's
// error; a While with all that it repeats is one operation. Donated inputs are gone then, as after any error. An
// executable of another engine cannot be stopped once it runs.
func ExecuteContext(ctx context.Context, e compute.Executable, inputs []compute.Buffer, donate []bool) ([]compute.Buffer, error) {
	if ours, ok := e.(*executable); ok {
		return ours.execute(ctx, inputs, donate)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return e.Execute(inputs, donate, 0)
}

func (e *executable) execute(ctx context.Context, inputs []compute.Buffer, donate []bool) ([]compute.Buffer, error) {
	buffers, err := e.check(inputs, donate)
	if err != nil {
		return nil, err
	}
	in := contents(buffers)
	results := e.allocate(buffers, donate)
	err = e.call(ctx, buffers, in, contents(results))
	finalizeDonated(buffers, donate)
	if err != nil {
		for _, result := range results {
			result.Finalize()
		}
		return nil, err
	}
	return asBuffers(results), nil
}

// call runs the computation on inputs whose shapes fit. buffers are the inputs'
// buffers, by which prepared values are told apart; a closure, which prepares
// nothing that depends on its inputs, has none.
func (e *executable) call(ctx context.Context, buffers []*buffer, inputs, outputs []operand) error {
	f := &frame{e: e, inputs: inputs, outputs: outputs, objects: make([]operand, e.objects)}
	var err error
	if f.prepared, err = e.prepare(buffers, inputs); err != nil {
		return err
	}
	defer e.release()
	f.arena = e.arenas.get(e.main.arena)
	defer e.arenas.put(f.arena)
	for i := range e.main.steps {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("cpu engine: %q: %w", e.name, err)
		}
		if err := f.run(&e.main.steps[i]); err != nil {
			return err
		}
	}
	for _, c := range e.copies {
		copy(outputs[c.index].data, f.at(c.from).data)
	}
	return nil
}

func contents(buffers []*buffer) []operand {
	operands := make([]operand, len(buffers))
	for i, b := range buffers {
		operands[i].data = b.data
	}
	return operands
}

// check says whether the inputs are what the computation takes.
func (e *executable) check(inputs []compute.Buffer, donate []bool) ([]*buffer, error) {
	switch {
	case e.finalized.Load() || e.backend.IsFinalized():
		return nil, fmt.Errorf("cpu engine: %q was finalized", e.name)
	case len(inputs) != len(e.inputs):
		return nil, fmt.Errorf("cpu engine: %q takes %d inputs, got %d", e.name, len(e.inputs), len(inputs))
	case donate != nil && len(donate) != len(inputs):
		return nil, fmt.Errorf("cpu engine: %q got %d inputs and %d donations", e.name, len(inputs), len(donate))
	}
	buffers := make([]*buffer, len(inputs))
	for i, input := range inputs {
		b, ok := input.(*buffer)
		if !ok || b == nil || b.backend != e.backend {
			return nil, fmt.Errorf("cpu engine: input %q of %q is not a buffer of this engine", e.names[i], e.name)
		}
		if b.data == nil {
			return nil, fmt.Errorf("cpu engine: input %q of %q: %w", e.names[i], e.name, errFinalized)
		}
		if b.shape.DType != e.inputs[i].DType || !slices.Equal(b.shape.Dimensions, e.inputs[i].Dimensions) {
			return nil, fmt.Errorf("cpu engine: input %q of %q has shape %s, want %s", e.names[i], e.name, b.shape, e.inputs[i])
		}
		buffers[i] = b
	}
	return buffers, nil
}

// prepare gives the contents of all slots for these inputs. Slots whose weights
// are the buffers they were made from are kept; the prologue makes the others,
// in the place of the old ones unless another execution uses these: in training,
// weights change at every step. The caller must release the values.
func (e *executable) prepare(inputs []*buffer, in []operand) ([]preparedValue, error) {
	if len(e.slots) == 0 {
		return nil, nil
	}
	e.preparing.Lock()
	defer e.preparing.Unlock()
	current, stale := e.compare(inputs)
	if len(stale) == 0 {
		e.holders++
		return current, nil
	}
	reuse := current != nil && e.holders == 0
	if reuse {
		e.prepared.Store(nil) // until all are valid again
	}
	fresh := make([]preparedValue, len(e.slots))
	copy(fresh, current)
	needed := make(map[*node]bool)
	stale = slices.DeleteFunc(stale, func(i int) bool { // what another program has packed
		s := e.slots[i]
		if s.packs == nil {
			return false
		}
		p := e.backend.packings.find(s.packs.key(inputs))
		if p != nil {
			fresh[i] = preparedValue{idsOf(inputs, s.needs), operand{object: p.object}, p}
		}
		return p != nil
	})
	for _, i := range stale {
		s := e.slots[i]
		needed[s.node] = true
		fresh[i] = preparedValue{ids: idsOf(inputs, s.needs)}
		if reuse && (current[i].packing == nil || e.backend.packings.take(current[i].packing)) {
			fresh[i].value = current[i].value
		} else if size := e.prologue.steps[s.step].out.size; !makesObject(s.node) {
			fresh[i].value.data = alignedBytes(size)
		}
	}
	kept := make(map[*node]bool)
	for i, s := range e.slots {
		kept[s.node] = !slices.Contains(stale, i)
	}
	for _, s := range slices.Backward(e.prologue.steps) {
		if needed[s.node] {
			for _, in := range s.node.in {
				needed[root(in)] = !kept[root(in)]
			}
		}
	}
	f := &frame{e: e, inputs: in, prepared: fresh, arena: alignedBytes(e.prologue.arena)}
	for i := range e.prologue.steps {
		if s := &e.prologue.steps[i]; needed[s.node] {
			if err := f.run(s); err != nil {
				return nil, err
			}
		}
	}
	for _, i := range stale {
		if s := e.slots[i]; s.packs != nil {
			fresh[i].packing = e.backend.packings.add(s.packs.key(inputs), fresh[i].value.object)
		}
	}
	e.prepared.Store(&fresh)
	e.holders++
	return fresh, nil
}

// release ends the use of prepared values.
func (e *executable) release() {
	if len(e.slots) == 0 {
		return
	}
	e.preparing.Lock()
	defer e.preparing.Unlock()
	e.holders--
}

// compare gives the prepared values and the slots that do not fit the inputs.
func (e *executable) compare(inputs []*buffer) (current []preparedValue, stale []int) {
	if p := e.prepared.Load(); p != nil {
		current = *p
	}
	for i, s := range e.slots {
		if current == nil || !madeFrom(current[i].ids, inputs, s.needs) {
			stale = append(stale, i)
		}
	}
	return current, stale
}

func madeFrom(ids []uint64, inputs []*buffer, needs []int) bool {
	for k, index := range needs {
		if ids[k] != inputs[index].id {
			return false
		}
	}
	return true
}

func idsOf(inputs []*buffer, needs []int) []uint64 {
	ids := make([]uint64, len(needs))
	for k, index := range needs {
		ids[k] = inputs[index].id
	}
	return ids
}
