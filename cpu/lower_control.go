package cpu

import (
	"cmp"
	"context"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
)

// lowerElement copies a tensor out of a tuple.
func lowerElement(n *node) runner {
	first, size := n.attr.(elementAttr).offset, byteSize(n.shape)
	return func(_ *workers, out *operand, in []operand) { copy(out.data, in[0].data[first:first+size]) }
}

// routine is a compiled closure and where its captures are among a node's inputs.
type routine struct {
	*executable
	captures, end int
}

// routines compiles the functions of a node whose own inputs are the first few.
func routines(n *node, own int) ([]routine, error) {
	var result []routine
	for _, f := range n.attr.(controlAttr).functions {
		e, err := compile(f)
		if err != nil {
			return nil, err
		}
		result = append(result, routine{e, own, own + len(f.captures)})
		own += len(f.captures)
	}
	return result, nil
}

// call runs the closure; in are all inputs of the node. An error reaches the
// caller of the node as a panic.
func (r routine) call(arguments, in, outputs []operand) {
	if err := r.executable.call(context.Background(), nil, append(slices.Clip(arguments), in[r.captures:r.end]...), outputs); err != nil {
		panic(err)
	}
}

// tuple sees storage as the tensors that lie in it.
func tuple(storage []byte, of []shapes.Shape) []operand {
	offsets, _ := tupleLayout(of)
	result := make([]operand, len(of))
	for i, shape := range of {
		result[i].data = storage[offsets[i] : offsets[i]+byteSize(shape)]
	}
	return result
}

// lowerWhile runs a loop. Its state goes back and forth between the result and
// a second place.
func lowerWhile(n *node) (runner, error) {
	state := shapesOf(n.attr.(controlAttr).functions[0].parameters)
	both, err := routines(n, len(state))
	if err != nil {
		return nil, err
	}
	condition, body := both[0], both[1]
	return func(_ *workers, out *operand, in []operand) {
		current, next := tuple(out.data, state), tuple(alignedBytes(len(out.data)), state)
		for i, v := range current {
			copy(v.data, in[i].data)
		}
		more := []operand{{data: make([]byte, 1)}}
		for swapped := false; ; swapped = !swapped {
			if condition.call(current, in, more); more[0].data[0] == 0 {
				if swapped {
					for i, v := range next {
						copy(v.data, current[i].data)
					}
				}
				return
			}
			body.call(current, in, next)
			current, next = next, current
		}
	}, nil
}

// lowerIf runs one of two closures.
func lowerIf(n *node) (runner, error) {
	results := shapesOf(n.attr.(controlAttr).functions[0].outputs)
	branches, err := routines(n, 1)
	if err != nil {
		return nil, err
	}
	return func(_ *workers, out *operand, in []operand) {
		taken := branches[0]
		if in[0].data[0] == 0 {
			taken = branches[1]
		}
		taken.call(nil, in, tuple(out.data, results))
	}, nil
}

// lowerSort sorts the lines along an axis. Each is sorted as a list of positions,
// by which all tensors are then rearranged.
func lowerSort(n *node) (runner, error) {
	attr := n.attr.(controlAttr)
	comparator := attr.functions[0]
	count := len(comparator.parameters) / 2
	dims, of := n.in[0].dims(), shapesOf(n.in[:count])
	length, inner := dims[attr.axis], strides(dims)[attr.axis]
	sort := byKey(comparator)
	if sort == nil {
		compiled, err := routines(n, count)
		if err != nil {
			return nil, err
		}
		sort = func(order []int, in []operand, line lineOf) { sortByCalls(compiled[0], of, order, in, line) }
	}
	return func(w *workers, out *operand, in []operand) {
		results := tuple(out.data, of)
		w.span(of[0].Size()/max(1, length), max(1, grain/16/max(1, length)), func(lo, hi int) {
			order := make([]int, length)
			for i := lo; i < hi; i++ {
				line := lineOf{first: i/inner*length*inner + i%inner, step: inner}
				for k := range order {
					order[k] = k
				}
				sort(order, in, line)
				for t, result := range results {
					size := of[t].DType.Size()
					for k, from := range order {
						to, from := line.at(k)*size, line.at(from)*size
						copy(result.data[to:to+size], in[t].data[from:from+size])
					}
				}
			}
		})
	}, nil
}

// lineOf is a line of elements: the number of the first and the step to the next.
type lineOf struct{ first, step int }

func (l lineOf) at(i int) int { return l.first + i*l.step }

// sorter sorts positions of a line by the elements that in holds there.
type sorter func(order []int, in []operand, line lineOf)

// byKey gives the fast sorter for a comparator that compares one of its tensors
// with < or >, nil for any other.
func byKey(comparator *function) sorter {
	n := comparator.outputs[0]
	if n.op != compute.OpTypeLessThan && n.op != compute.OpTypeGreaterThan {
		return nil
	}
	left, right := slices.Index(comparator.parameters, n.in[0]), slices.Index(comparator.parameters, n.in[1])
	descending := n.op == compute.OpTypeGreaterThan
	if left > right {
		left, right, descending = right, left, !descending
	}
	if left < 0 || left%2 != 0 || right != left+1 {
		return nil
	}
	sort := keySorters[n.in[0].dtype()]
	return func(order []int, in []operand, line lineOf) { sort(order, in[left/2].data, line, descending) }
}

var keySorters = map[dtypes.DType]func(order []int, data []byte, line lineOf, descending bool){
	dtypes.Bool: sortKeys[uint8], dtypes.Uint8: sortKeys[uint8], dtypes.Uint16: sortKeys[uint16], dtypes.Uint32: sortKeys[uint32],
	dtypes.Uint64: sortKeys[uint64], dtypes.Int8: sortKeys[int8], dtypes.Int16: sortKeys[int16], dtypes.Int32: sortKeys[int32],
	dtypes.Int64: sortKeys[int64], dtypes.Float32: sortKeys[float32], dtypes.Float64: sortKeys[float64],
}

// sortKeys sorts positions by the numbers there, equal ones by position. NaN comes last.
func sortKeys[T number](order []int, data []byte, line lineOf, descending bool) {
	values := as[T](data)
	slices.SortFunc(order, func(i, j int) int {
		a, b := values[line.at(i)], values[line.at(j)]
		switch {
		case a != a || b != b:
			return cmp.Or(cmp.Compare(toInt(a != a), toInt(b != b)), cmp.Compare(i, j))
		case a == b:
			return cmp.Compare(i, j)
		case (a < b) != descending:
			return -1
		}
		return 1
	})
}

func toInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// sortByCalls sorts positions by calling a comparator.
func sortByCalls(comparator routine, of []shapes.Shape, order []int, in []operand, line lineOf) {
	arguments, answer := make([]operand, 2*len(of)), []operand{{data: make([]byte, 1)}}
	before := func(i, j int) bool {
		for t, shape := range of {
			size := shape.DType.Size()
			arguments[2*t].data = in[t].data[line.at(i)*size:][:size]
			arguments[2*t+1].data = in[t].data[line.at(j)*size:][:size]
		}
		comparator.call(arguments, in, answer)
		return answer[0].data[0] != 0
	}
	slices.SortStableFunc(order, func(i, j int) int {
		switch {
		case before(i, j):
			return -1
		case before(j, i):
			return 1
		}
		return 0
	})
}
