package cpu

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gestalt-vision/gestalt/cpu/kernel"
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
)

// A chain is a group of element-wise operations over tensors of the same
// dimensions that is computed in one pass over memory: for one block of elements
// after the other, all operations, with what passes between them in the
// first-level cache. A sum or maximum that only the chain is for is taken from
// the blocks too, so that what it reduces is never written to memory.

// Limits of a chain: what passes between the operations has to stay in the cache.
const (
	chainOperands = 16
	chainLongest  = 48
)

// chainAttr is the program of a chain. Values 0 … number of inputs-1 are the
// inputs, the following ones the results of the instructions; the last is the
// chain's.
type chainAttr struct {
	code   []instruction
	dims   []int          // of every value
	reduce compute.OpType // opReduceSum or opReduceMax at the end, or none
	axes   reduceDims     // of that
}

type instruction struct {
	op compute.OpType
	in [3]int // as many as the operation has operands
}

// chainLoop computes a block from blocks of the operands, of which it may be one.
type chainLoop func(dst, a, b, c []float32)

func unaryChain(f func(dst, a []float32)) chainLoop {
	return func(dst, a, _, _ []float32) { f(dst, a) }
}

func binaryChain(f func(dst, a, b []float32)) chainLoop {
	return func(dst, a, b, _ []float32) { f(dst, a, b) }
}

func swappedChain(f func(dst, a, b []float32)) chainLoop {
	return func(dst, a, b, _ []float32) { f(dst, b, a) }
}

// plainChain is a loop in Go, by way of the operation on float32.
func plainChain(op compute.OpType) chainLoop {
	loop := floats[float32]{}.unary(op)
	return func(dst, a, _, _ []float32) { loop(dtypes.UnsafeByteSlice(dst), dtypes.UnsafeByteSlice(a)) }
}

// eachChain makes a loop of a function.
func eachChain(f func(v float32) bool) chainLoop {
	return func(dst, a, _, _ []float32) {
		for i, v := range a[:len(dst)] {
			dst[i] = 0
			if f(v) {
				dst[i] = 1
			}
		}
	}
}

// chainLoops are the operations on float32 and bool that a chain may have. A bool
// is the number 0 or 1. Clamp is written as two of them.
var chainLoops = map[compute.OpType]chainLoop{
	compute.OpTypeAbs: unaryChain(kernel.Abs), compute.OpTypeCeil: unaryChain(kernel.Ceil), compute.OpTypeErf: unaryChain(kernel.Erf),
	compute.OpTypeExp: unaryChain(kernel.Exp), compute.OpTypeFloor: unaryChain(kernel.Floor), compute.OpTypeLog: unaryChain(kernel.Log),
	compute.OpTypeLogistic: unaryChain(kernel.Logistic), compute.OpTypeNeg: unaryChain(kernel.Neg), compute.OpTypeRound: unaryChain(kernel.Round),
	compute.OpTypeRsqrt: unaryChain(kernel.Rsqrt), compute.OpTypeSqrt: unaryChain(kernel.Sqrt), compute.OpTypeSign: unaryChain(kernel.Sign), compute.OpTypeTanh: unaryChain(kernel.Tanh),
	compute.OpTypeCos: plainChain(compute.OpTypeCos), compute.OpTypeSin: plainChain(compute.OpTypeSin),
	compute.OpTypeExpm1: plainChain(compute.OpTypeExpm1), compute.OpTypeLog1p: plainChain(compute.OpTypeLog1p),

	compute.OpTypeAdd: binaryChain(kernel.Add), compute.OpTypeSub: binaryChain(kernel.Sub), compute.OpTypeMul: binaryChain(kernel.Mul),
	compute.OpTypeDiv: binaryChain(kernel.Div), compute.OpTypeMax: binaryChain(kernel.Max), compute.OpTypeMin: binaryChain(kernel.Min),

	compute.OpTypeEqual: binaryChain(kernel.Equal), compute.OpTypeNotEqual: binaryChain(kernel.NotEqual),
	compute.OpTypeLessThan: binaryChain(kernel.Less), compute.OpTypeLessOrEqual: binaryChain(kernel.LessOrEqual),
	compute.OpTypeGreaterThan: swappedChain(kernel.Less), compute.OpTypeGreaterOrEqual: swappedChain(kernel.LessOrEqual),
	compute.OpTypeIsNaN:    func(dst, a, _, _ []float32) { kernel.NotEqual(dst, a, a) },
	compute.OpTypeIsFinite: eachChain(func(v float32) bool { return v-v == 0 }),

	compute.OpTypeLogicalAnd: binaryChain(kernel.Mul), compute.OpTypeLogicalOr: binaryChain(kernel.Max),
	compute.OpTypeLogicalXor: binaryChain(kernel.NotEqual), compute.OpTypeLogicalNot: eachChain(func(v float32) bool { return v == 0 }),
	compute.OpTypeConvertDType: eachChain(func(v float32) bool { return v != 0 }), // to bool; from bool it does nothing
	compute.OpTypeWhere:        func(dst, a, b, c []float32) { kernel.Choose(dst, a, b, c) },
}

// chainable reports whether n can be part of a chain.
func chainable(n *node) bool {
	if !chainDType(n.dtype()) || n.size() == 0 || len(n.in) == 0 {
		return false
	}
	for _, in := range n.in {
		if !chainDType(in.dtype()) {
			return false
		}
	}
	switch n.op {
	case compute.OpTypeClamp:
		return true
	case compute.OpTypeConvertDType:
		return n.dtype() != n.in[0].dtype()
	case compute.OpTypeWhere:
		return n.dtype() == dtypes.Float32
	}
	return chainLoops[n.op] != nil
}

func chainDType(dtype dtypes.DType) bool { return dtype == dtypes.Float32 || dtype == dtypes.Bool }

// chainer finds the chains of a computation: walking from the outputs to the
// inputs, an operation joins the chain of its users if it has no users elsewhere.
// No path can then leave a chain and come back.
type chainer struct {
	*nodeSet
	users   map[*node][]*node
	outputs map[*node]bool
	chain   map[*node]*chainGroup
	now     map[*node]*node
}

// chainGroup is the operations of a chain, the last one first.
type chainGroup struct {
	nodes    []*node
	operands map[*node]bool // what it reads that is not of it
	reduce   *node          // the reduction at its end, nil if there is none
}

// fuseChains rewrites a computation with chains.
func fuseChains(g *nodeSet, outputs []*node) []*node {
	c := &chainer{nodeSet: g, users: make(map[*node][]*node), outputs: make(map[*node]bool),
		chain: make(map[*node]*chainGroup), now: make(map[*node]*node)}
	order := sorted(outputs)
	for _, n := range order {
		for _, in := range n.in {
			c.users[in] = append(c.users[in], n)
		}
	}
	for _, n := range outputs {
		c.outputs[n] = true
	}
	for _, n := range slices.Backward(order) {
		c.group(n)
	}
	for _, n := range order {
		group := c.chain[n]
		switch {
		case group == nil || len(group.nodes) == 1 && group.reduce == nil:
			c.now[n] = c.same(n)
		case n == group.reduce || group.reduce == nil && n == group.nodes[0]:
			c.now[n] = c.written(group)
		}
	}
	result := make([]*node, len(outputs))
	for i, n := range outputs {
		result[i] = c.now[n]
	}
	return result
}

// same gives n on the new inputs.
func (c *chainer) same(n *node) *node {
	if isLeaf(n) {
		return n
	}
	in := make([]*node, len(n.in))
	for i, old := range n.in {
		in[i] = c.now[old]
	}
	return c.node(n.op, n.shape, n.attr, in...)
}

// group puts n into the chain of its users, or into one of its own.
func (c *chainer) group(n *node) {
	if !chainable(n) {
		c.reduction(n)
		return
	}
	if group := c.common(n); group != nil {
		operands := len(group.operands)
		for _, in := range n.in {
			if !group.operands[in] {
				operands++
			}
		}
		if operands <= chainOperands && len(group.nodes) < chainLongest {
			group.add(n)
			c.chain[n] = group
			return
		}
	}
	group := &chainGroup{operands: make(map[*node]bool)}
	group.add(n)
	c.chain[n] = group
}

// reduction begins a chain with a sum or maximum of something element-wise.
func (c *chainer) reduction(n *node) {
	if n.op != opReduceSum && n.op != opReduceMax || n.dtype() != dtypes.Float32 {
		return
	}
	x := n.in[0]
	if !chainable(x) || c.outputs[x] || len(c.users[x]) != 1 {
		return
	}
	c.chain[n] = &chainGroup{operands: make(map[*node]bool), reduce: n}
}

// common is the chain that all users of n are of, nil if there is none that it fits.
func (c *chainer) common(n *node) *chainGroup {
	if c.outputs[n] {
		return nil
	}
	var group *chainGroup
	for _, user := range c.users[n] {
		of := c.chain[user]
		if of == nil || group != nil && of != group {
			return nil
		}
		group = of
	}
	if group == nil || len(group.nodes) > 0 && !slices.Equal(group.nodes[0].dims(), n.dims()) {
		return nil
	}
	return group
}

func (g *chainGroup) add(n *node) {
	g.nodes = append(g.nodes, n)
	delete(g.operands, n)
	for _, in := range n.in {
		g.operands[in] = true
	}
}

// written gives the node of a chain.
func (c *chainer) written(group *chainGroup) *node {
	last := group.nodes[0]
	attr := chainAttr{dims: last.dims()}
	shape := last.shape
	if group.reduce != nil {
		attr.reduce, attr.axes = group.reduce.op, group.reduce.attr.(reduceDims)
		shape = group.reduce.shape
	}
	value := make(map[*node]int)
	var inputs []*node
	for _, n := range slices.Backward(group.nodes) {
		for _, in := range n.in {
			if _, known := value[in]; !known && !slices.Contains(group.nodes, in) {
				value[in] = len(inputs)
				inputs = append(inputs, c.now[in])
			}
		}
	}
	emit := func(op compute.OpType, in ...int) int {
		i := instruction{op: op}
		copy(i.in[:], in)
		attr.code = append(attr.code, i)
		return len(inputs) + len(attr.code) - 1
	}
	for _, n := range slices.Backward(group.nodes) {
		in := make([]int, len(n.in))
		for i, operand := range n.in {
			in[i] = value[operand]
		}
		switch {
		case n.op == compute.OpTypeClamp:
			value[n] = emit(compute.OpTypeMin, emit(compute.OpTypeMax, in[1], in[0]), in[2])
		case n.op == compute.OpTypeConvertDType && n.dtype() == dtypes.Float32 && n != last:
			value[n] = in[0]
		case n.op == compute.OpTypeConvertDType && n.dtype() == dtypes.Float32:
			value[n] = emit(compute.OpTypeNotEqual, in[0], emit(compute.OpTypeNotEqual, in[0], in[0])) // a copy: is it not 0?
		default:
			value[n] = emit(n.op, in...)
		}
	}
	return c.node(opChain, shape, attr, inputs...)
}

// String lists the operations for an error.
func (a chainAttr) String() string {
	names := make([]string, len(a.code))
	for i, instruction := range a.code {
		names[i] = fmt.Sprintf("%s%d", instruction.op, instruction.in)
	}
	return fmt.Sprintf("%s %v %d %v", strings.Join(names, " "), a.dims, a.reduce, a.axes)
}
