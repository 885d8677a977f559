package cpu

import (
	"bytes"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
)

// lowerUnary prepares an element-wise operation of one operand; the result may
// lie in the operand's place if their elements are of one size.
func lowerUnary(n *node) runner {
	from, to := n.in[0].dtype(), n.dtype()
	var loop unaryLoop
	switch n.op {
	case compute.OpTypeConvertDType:
		if from.IsHalfPrecision() {
			loop = widen(from)
		} else if to != dtypes.Bool || from != dtypes.Bool {
			loop = arithmetics[from].convert(to)
		}
	case compute.OpTypeIsNaN, compute.OpTypeIsFinite:
		loop = arithmetics[from].classify(n.op)
	default:
		loop = arithmetics[from].unary(n.op)
		if from == dtypes.Float32 {
			loop = float32Unary(n.op, loop)
		}
	}
	if loop == nil {
		return nil
	}
	size, fromSize, toSize := n.size(), from.Size(), to.Size()
	return func(w *workers, out *operand, in []operand) {
		w.span(size, grain, func(lo, hi int) {
			loop(out.data[lo*toSize:hi*toSize], in[0].data[lo*fromSize:hi*fromSize])
		})
	}
}

// broadcastLoop walks over the elements of a result and those of its operands
// that belong to them. It calls row for runs of consecutive elements; within a
// run an operand moves on with every element (step 1) or stands still (step 0).
type broadcastLoop struct {
	dims    []int   // of the result, without axes of one element, neighbours joined where all operands allow
	strides [][]int // by operand, 0 along axes that it is repeated along
	inner   int     // length of a run
	steps   []int   // by operand
}

// newBroadcastLoop takes the dimensions of the result and of the operands, which
// have the same rank and agree or are 1 along every axis, or are scalars.
func newBroadcastLoop(out []int, operands ...[]int) *broadcastLoop {
	b := &broadcastLoop{strides: make([][]int, len(operands)), steps: make([]int, len(operands))}
	all := make([][]int, len(operands))
	for k, dims := range operands {
		all[k] = make([]int, len(out))
		if len(dims) == 0 {
			continue
		}
		for axis, stride := range strides(dims) {
			if dims[axis] != 1 {
				all[k][axis] = stride
			}
		}
	}
	for axis, dim := range out {
		if dim == 1 {
			continue
		}
		last := len(b.dims) - 1
		join := last >= 0
		for k := range operands {
			join = join && b.strides[k][last] == all[k][axis]*dim
		}
		if join {
			b.dims[last] *= dim
		} else {
			b.dims = append(b.dims, dim)
			last++
		}
		for k := range operands {
			b.strides[k] = append(b.strides[k][:last], all[k][axis])
		}
	}
	b.inner = 1
	if last := len(b.dims) - 1; last >= 0 {
		b.inner = b.dims[last]
		for k := range operands {
			b.steps[k] = b.strides[k][last]
		}
		b.dims = b.dims[:last]
	}
	return b
}

// run calls row(out, count, in) with the first element of a run of the result,
// its length, and the first element of each operand.
func (b *broadcastLoop) run(w *workers, row func(out, count int, in []int)) {
	rows := 1
	for _, dim := range b.dims {
		rows *= dim
	}
	if rows == 1 { // cut the only run
		w.span(b.inner, grain, func(lo, hi int) {
			in := make([]int, len(b.steps))
			for k, step := range b.steps {
				in[k] = lo * step
			}
			row(lo, hi-lo, in)
		})
		return
	}
	if b.inner == 0 {
		return
	}
	w.span(rows, max(1, grain/b.inner), func(lo, hi int) {
		at, in := make([]int, len(b.dims)), make([]int, len(b.steps))
		unravel(at, b.dims, lo)
		for r := lo; r < hi; r++ {
			for k, strides := range b.strides {
				in[k] = 0
				for axis, i := range at {
					in[k] += i * strides[axis]
				}
			}
			row(r*b.inner, b.inner, in)
			advance(at, b.dims)
		}
	})
}

// stretch is the part of an operand that a run covers.
func stretch(data []byte, first, count, step, size int) []byte {
	if step == 0 {
		count = 1
	}
	return data[first*size : (first+count)*size]
}

// lowerBinary prepares an element-wise operation of two operands.
func lowerBinary(n *node) runner {
	dtype := n.in[0].dtype()
	loops := arithmetics[dtype]
	loop := loops.compare(n.op)
	if loop == nil {
		loop = loops.binary(n.op)
		if dtype == dtypes.Float32 {
			loop = float32Binary(n.op, loop)
		}
	}
	if loop == nil {
		return nil
	}
	b := newBroadcastLoop(n.dims(), n.in[0].dims(), n.in[1].dims())
	size, outSize := dtype.Size(), n.dtype().Size()
	if dense, repeated, ok := b.repeatsRow(); ok {
		return lowerRowwise(n, loop, dense, repeated, b.inner)
	}
	return func(w *workers, out *operand, in []operand) {
		b.run(w, func(first, count int, at []int) {
			loop(out.data[first*outSize:(first+count)*outSize], stretch(in[0].data, at[0], count, b.steps[0], size),
				stretch(in[1].data, at[1], count, b.steps[1], size), b.steps[0], b.steps[1])
		})
	}
}

// rowRun is the length up to which rows that one operand repeats are worth
// joining into longer runs.
const rowRun = 1 << 10

// repeatsRow reports whether one of two operands is dense and the other is one
// short row repeated all over, such as one number per channel.
func (b *broadcastLoop) repeatsRow() (dense, repeated int, ok bool) {
	if len(b.dims) != 1 || b.inner == 0 || b.inner > rowRun/2 || b.steps[0] != 1 || b.steps[1] != 1 {
		return 0, 0, false
	}
	repeated = 1
	if b.strides[0][0] == 0 {
		repeated = 0
	}
	dense = 1 - repeated
	return dense, repeated, b.strides[repeated][0] == 0 && b.strides[dense][0] == b.inner
}

// lowerRowwise prepares an operation of a dense operand and a repeated row: the
// row is written out a few times, so that one run covers several.
func lowerRowwise(n *node, loop binaryLoop, dense, repeated, inner int) runner {
	size, outSize := n.in[0].dtype().Size(), n.dtype().Size()
	rows := rowRun / inner
	run, total := rows*inner, n.size()
	return func(w *workers, out *operand, in []operand) {
		row := bytes.Repeat(in[repeated].data[:inner*size], min(rows, total/inner))
		w.span(total, max(1, grain/run)*run, func(lo, hi int) {
			for ; lo < hi; lo += run {
				count := min(run, hi-lo)
				var operands [2][]byte
				operands[dense], operands[repeated] = in[dense].data[lo*size:(lo+count)*size], row[:count*size]
				loop(out.data[lo*outSize:(lo+count)*outSize], operands[0], operands[1], 1, 1)
			}
		})
	}
}

// lowerClamp prepares Clamp, whose bounds may be scalars.
func lowerClamp(n *node) runner {
	loops, size := arithmetics[n.dtype()], n.dtype().Size()
	b := newBroadcastLoop(n.dims(), n.in[0].dims(), n.in[1].dims(), n.in[2].dims())
	return func(w *workers, out *operand, in []operand) {
		b.run(w, func(first, count int, at []int) {
			loops.clamp(out.data[first*size:(first+count)*size], stretch(in[0].data, at[0], count, b.steps[0], size),
				stretch(in[1].data, at[1], count, b.steps[1], size), stretch(in[2].data, at[2], count, b.steps[2], size), b.steps[0], b.steps[2])
		})
	}
}

// lowerWhere prepares Where, each operand of which may be a scalar.
func lowerWhere(n *node) runner {
	size := n.dtype().Size()
	b := newBroadcastLoop(n.dims(), n.in[0].dims(), n.in[1].dims(), n.in[2].dims())
	pick := map[int]func(out, condition, onTrue, onFalse []byte, steps []int){
		1: choose[uint8], 2: choose[uint16], 4: choose[uint32], 8: choose[uint64],
	}[size]
	return func(w *workers, out *operand, in []operand) {
		b.run(w, func(first, count int, at []int) {
			pick(out.data[first*size:(first+count)*size], stretch(in[0].data, at[0], count, b.steps[0], 1),
				stretch(in[1].data, at[1], count, b.steps[1], size), stretch(in[2].data, at[2], count, b.steps[2], size), b.steps)
		})
	}
}

func choose[T any](out, condition, onTrue, onFalse []byte, steps []int) {
	to, which, yes, no := as[T](out), as[bool](condition), as[T](onTrue), as[T](onFalse)
	for i := range to {
		if which[i*steps[0]] {
			to[i] = yes[i*steps[1]]
		} else {
			to[i] = no[i*steps[2]]
		}
	}
}
