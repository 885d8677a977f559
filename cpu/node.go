package cpu

import (
	"fmt"
	"strings"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
)

// Operations of the engine's own, in which recorded ones are written down. They
// share the numbering of compute.OpType so that one table serves both.
const (
	// opConv is a convolution with input [n, spatial…, c], filter [spatial…,
	// c/groups, c'] and output [n, spatial…, c']; attribute convAttr.
	opConv = compute.OpTypeLast + 1 + iota
	// opFusedConv is opConv in two spatial axes of float32 with a packed filter
	// and an epilogue; inputs x, packed, then those that fusedAttr announces.
	opFusedConv
	// opPackFilter lays a filter out for opFusedConv, each output channel times
	// the scale that is the optional second input.
	opPackFilter
	// opMatMul multiplies a [batch, m, k] by b [batch, k, n], or [batch, n, k] if
	// transposed; attribute matMulAttr.
	opMatMul
	// opPackMatrix lays the b of a float32 opMatMul of batch 1 out; opPackedMatMul uses it.
	opPackMatrix
	opPackedMatMul
	// The reductions of [outer, count, inner] over count; attribute reduceDims.
	opReduceSum
	opReduceProduct
	opReduceMax
	opReduceMin
	opReduceAnd
	opReduceOr
	opReduceXor
	// opArgMinMax of [outer, count, inner], int64; attribute argAttr.
	opArgMinMax
	// opPool is ReduceWindow over the two middle axes of a float32 [n, h, w, c].
	opPool
	// opChain is several element-wise operations, perhaps with a reduction at the end;
	// attribute chainAttr.
	opChain
	// opWords is several element-wise operations on whole numbers; attribute wordsAttr.
	opWords
	// Operations that run functions; attribute controlAttr. The result is a tuple,
	// the bytes of several tensors one after the other.
	opWhile
	opIf
	opSort
	// opElement is a tensor of a tuple; attribute elementAttr.
	opElement
	// opRandomBits draws as many bits as the result has, opRandomState is the state
	// after that; the input is the state before, the attribute of the latter shapeAttr.
	opRandomBits
	opRandomState
	// opFilterGradient and opInputGradient are the gradients of an opConv in two
	// spatial axes of float32, of x and dy and of dy and the filter that
	// opPackInputFilter lays out; attribute gradientAttr.
	opFilterGradient
	opInputGradient
	opPackInputFilter
	// opMaxPoolGradient is SelectAndScatterMax over windows as of opPool.
	opMaxPoolGradient
	// Batch normalisation in training: see batchnorm.go. opMoments gives the mean and
	// the variance of each feature as [2, features], or of each picture's as
	// [pictures, 2, features].
	opMoments
	opNormalize
	opNormSums
	opNormGradient
	// opGatedSums is opGate and opNormSums in one: see batchnorm_gate.go.
	opGatedSums
	// opPart is some rows of the first axis, where they lie; attribute partAttr.
	opPart
	// opGate is dy where y is not negative, and 0 elsewhere.
	opGate
)

var ownNames = map[compute.OpType]string{
	opConv: "Conv", opFusedConv: "FusedConv", opPackFilter: "PackFilter",
	opMatMul: "MatMul", opPackMatrix: "PackMatrix", opPackedMatMul: "PackedMatMul",
	opReduceSum: "ReduceSum", opReduceProduct: "ReduceProduct", opReduceMax: "ReduceMax", opReduceMin: "ReduceMin",
	opReduceAnd: "ReduceAnd", opReduceOr: "ReduceOr", opReduceXor: "ReduceXor",
	opArgMinMax: "ArgMinMax", opPool: "Pool",
	opChain: "Chain", opWords: "Words", opWhile: "While", opIf: "If", opSort: "Sort", opElement: "Element", opRandomBits: "RandomBits", opRandomState: "RandomState",
	opFilterGradient: "FilterGradient", opInputGradient: "InputGradient", opPackInputFilter: "PackInputFilter",
	opMaxPoolGradient: "MaxPoolGradient", opMoments: "Moments", opNormalize: "Normalize", opNormSums: "NormSums",
	opNormGradient: "NormGradient", opGatedSums: "GatedSums", opPart: "Part", opGate: "Gate",
}

func opName(op compute.OpType) string {
	if name := ownNames[op]; name != "" {
		return name
	}
	return op.String()
}

// node is one operation of a graph and its result. Nodes never change once
// made; passes make new ones.
type node struct {
	id    int // position in the builder's list; inputs have smaller ones
	op    compute.OpType
	shape shapes.Shape
	in    []*node
	attr  any // parameters of the operation, of a type of its own; nil if it has none
}

func (n *node) dims() []int         { return n.shape.Dimensions }
func (n *node) size() int           { return n.shape.Size() }
func (n *node) dtype() dtypes.DType { return n.shape.DType }

// String names the node for an error: operation, number, shapes.
func (n *node) String() string {
	var s strings.Builder
	fmt.Fprintf(&s, "%s #%d", opName(n.op), n.id)
	if parameter, ok := n.attr.(parameterAttr); ok {
		fmt.Fprintf(&s, " %q", parameter.name)
	}
	for i, in := range n.in {
		s.WriteString([]string{" of ", ", "}[min(i, 1)])
		s.WriteString(in.shape.String())
	}
	fmt.Fprintf(&s, " to %s", n.shape)
	return s.String()
}

// Attributes of nodes. Two nodes with the same operation, shape, inputs and
// printed attribute are the same node, so an attribute must print all it means.
type (
	parameterAttr struct {
		index    int
		name     string
		captured bool // index counts the captures of a closure, which come after its parameters
	}
	constantAttr struct {
		data []byte
		key  string // the contents, for equality
	}
	permutationAttr struct{ axes []int }
	sliceAttr       struct{ starts, strides []int }
	padAttr         struct{ axes []compute.PadAxis }
	axisAttr        struct{ axis int }
	axesAttr        struct{ axes []int }
	windowAttr      struct {
		op                                compute.ReduceOpType
		size, stride, inDilation, dilated []int
		pad                               [][2]int
	}
	batchNormAttr struct {
		epsilon float32
		axis    int
	}
	convAttr struct {
		stride, inDilation, dilation []int
		pad                          [][2]int
		groups, batchGroups          int
	}
	matMulAttr struct{ transposed bool }
	reduceDims struct{ outer, count, inner int }
	argAttr    struct {
		reduceDims
		isMin bool
	}
)

func (a constantAttr) String() string { return a.key }

// key identifies what a node computes.
func (n *node) key() string {
	var s strings.Builder
	fmt.Fprintf(&s, "%d %d %v %+v", n.op, n.shape.DType, n.shape.Dimensions, n.attr)
	for _, in := range n.in {
		fmt.Fprintf(&s, " %d", in.id)
	}
	return s.String()
}
