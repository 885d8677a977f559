// Package tflite reads what a TensorFlow Lite file holds: its tensors with their quantisation, and its operators with what
// goes into and comes out of them. Nothing is computed. The format is the FlatBuffers schema tensorflow/lite/schema/schema.fbs,
// version 3, of which only these fields are looked at.
//
// Files come from strangers: every reference is checked, and the work and the memory are bounded by the file's size.
package tflite

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// Type is the format of a tensor's elements, numbered as in the schema.
type Type int8

// The types that weights are stored as.
const (
	Float32 Type = 0
	Float16 Type = 1
	Int32   Type = 2
	Uint8   Type = 3
	Int16   Type = 7
	Int8    Type = 9
)

// Size is the number of bytes of an element, 0 for a type that weights are not stored as.
func (t Type) Size() int {
	switch t {
	case Uint8, Int8:
		return 1
	case Float16, Int16:
		return 2
	case Float32, Int32:
		return 4
	}
	return 0
}

// Operators, numbered as in the schema (BuiltinOperator).
const (
	Conv2D          = 3
	DepthwiseConv2D = 4
	Dequantize      = 6
	FullyConnected  = 9
)

// Tensor is a constant or the place of a computed value.
type Tensor struct {
	Name  string
	Type  Type
	Shape []int
	Data  []byte // of a constant, a part of the file's bytes; else nil
	// Scale and Zero say what an integer q stands for: (q - zero) · scale. There is one of each for the whole tensor, or one
	// for each index along Axis; none where the numbers stand for themselves.
	Scale []float32
	Zero  []int64
	Axis  int
}

// Operator computes tensors from tensors, which are numbers of the model's; an input that is left out is -1.
type Operator struct {
	Code            int
	Inputs, Outputs []int
}

// Model is what a file holds.
type Model struct {
	Tensors   []Tensor
	Operators []Operator // in the order of execution
}

// Limits far above what networks for pictures have.
const (
	maxTensors = 1 << 16
	maxRank    = 8
)

// Is says whether a file of these first bytes is one of TensorFlow Lite.
func Is(data []byte) bool { return len(data) >= 8 && string(data[4:8]) == "TFL3" }

// Parse reads the bytes of a whole file, which the tensors' Data are parts of.
func Parse(data []byte) (*Model, error) {
	if !Is(data) {
		return nil, errors.New("it is no TensorFlow Lite file of version 3")
	}
	b := &buffer{data: data, left: 2 * len(data)}
	root := b.table(b.follow(0))
	if version := root.int32(0); b.err == nil && version != 3 {
		return nil, fmt.Errorf("it is a TensorFlow Lite file of version %d; only 3 is read", version)
	}
	var codes []int
	root.tables(1, maxTensors, "kinds of operators", func(t *table) {
		// Codes above 126 did not fit into the first field, and came to a second one.
		codes = append(codes, int(max(int32(t.int8(0)), t.int32(3))))
	})
	var buffers [][]byte
	root.tables(4, maxTensors, "buffers", func(t *table) { buffers = append(buffers, t.bytes(0)) })
	var graphs []*table
	root.tables(2, maxTensors, "graphs", func(t *table) { graphs = append(graphs, t) })
	if b.err == nil && len(graphs) != 1 {
		return nil, fmt.Errorf("it holds %d graphs, not one", len(graphs))
	}
	m := &Model{}
	if b.err == nil {
		m.read(graphs[0], codes, buffers)
	}
	return m, b.err
}

// read reads the graph.
func (m *Model) read(graph *table, codes []int, buffers [][]byte) {
	b := graph.b
	graph.tables(0, maxTensors, "tensors", func(t *table) {
		tensor, err := readTensor(t, buffers)
		if err != nil {
			b.fail(fmt.Errorf("tensor %.100q: %w", tensor.Name, err))
		}
		m.Tensors = append(m.Tensors, tensor)
	})
	graph.tables(3, maxTensors, "operators", func(t *table) {
		code, inputs, outputs := int(t.int32(0)), t.ints(1), t.ints(2)
		if code < 0 || code >= len(codes) {
			b.fail(errDamaged)
			return
		}
		for _, list := range [][]int{inputs, outputs} {
			for _, i := range list {
				if i < -1 || i >= len(m.Tensors) {
					b.fail(errDamaged)
				}
			}
		}
		m.Operators = append(m.Operators, Operator{codes[code], inputs, outputs})
	})
}

func readTensor(t *table, buffers [][]byte) (Tensor, error) {
	tensor := Tensor{Shape: t.ints(0), Type: Type(t.int8(1)), Name: t.string(3)}
	if i := int(t.int32(2)); i < 0 || i >= len(buffers) {
		t.b.fail(errDamaged)
	} else if len(buffers[i]) > 0 {
		tensor.Data = buffers[i]
	}
	t.quantization(&tensor)
	if t.b.err != nil || tensor.Data == nil {
		return tensor, nil
	}
	if t.field(6) > 0 {
		return tensor, errors.New("it is sparse, which is not read")
	}
	return tensor, tensor.check()
}

// quantization reads the table QuantizationParameters.
func (t *table) quantization(tensor *Tensor) {
	q := t.inner(4)
	at, n := q.scales()
	for i := range n {
		tensor.Scale = append(tensor.Scale, math.Float32frombits(uint32(t.b.int32(at+4*i))))
	}
	at, n = q.zeros()
	for i := range n {
		if s := t.b.bytes(at+8*i, 8); s != nil {
			tensor.Zero = append(tensor.Zero, int64(binary.LittleEndian.Uint64(s)))
		}
	}
	tensor.Axis = int(q.int32(6))
}

func (t *table) scales() (at, n int) { return t.vector(2, 4) }
func (t *table) zeros() (at, n int)  { return t.vector(3, 8) }

// check says whether a constant's bytes and quantisation go with its shape. Of types that weights do not have nothing is
// known, nor needed.
func (t *Tensor) check() error {
	size := t.Type.Size()
	if size == 0 {
		return nil
	}
	if len(t.Shape) > maxRank {
		return fmt.Errorf("it has %d axes, the limit is %d", len(t.Shape), maxRank)
	}
	n := size
	for _, d := range t.Shape {
		if d < 0 || d > 0 && n > len(t.Data)/d {
			return errDamaged
		}
		n *= d
	}
	if n != len(t.Data) {
		return errDamaged
	}
	if k := len(t.Scale); k > 1 && (t.Axis < 0 || t.Axis >= len(t.Shape) || t.Shape[t.Axis] != k) {
		return fmt.Errorf("it has %d scales for axis %d of shape %v", k, t.Axis, t.Shape)
	}
	if z := len(t.Zero); z > 0 && z != len(t.Scale) {
		return fmt.Errorf("it has %d zero points and %d scales", z, len(t.Scale))
	}
	for i, s := range t.Scale {
		if !(s > 0) || math.IsInf(float64(s), 0) {
			return fmt.Errorf("scale %d is %g", i, s)
		}
	}
	for _, z := range t.Zero {
		if z < math.MinInt32 || z > math.MaxInt32 {
			return fmt.Errorf("a zero point is %d", z)
		}
	}
	return nil
}
