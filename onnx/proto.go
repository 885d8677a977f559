package onnx

import (
	"errors"
	"fmt"
	"os"
)

// Bounds on what a file may hold; the networks of the field stay far below.
const (
	maxNodes = 100_000
	maxEdges = 1_000_000 // inputs, outputs and attributes of all nodes
	maxRank  = 16
)

// protoGraph is GraphProto as far as it is needed.
type protoGraph struct {
	nodes        []*node
	initializers map[string]*tensor
	inputs       []Value // initializers among them too, as before version 4 of the format
	outputs      []Value
	edges        int
}

// Value is an input or output of the network as the file declares it.
type Value struct {
	Name string
	// Dims are its dimensions, those that the file leaves open as -1; nil if the file does not say.
	Dims []int

	onnxType int64
}

// node is one NodeProto.
type node struct {
	op, domain, name string
	in, out          []string
	attributes       map[string]attribute
}

// String names the node for errors.
func (n *node) String() string {
	name := n.name
	if name == "" && len(n.out) > 0 {
		name = "the one that makes " + n.out[0]
	}
	return fmt.Sprintf("%s %q", n.op, name)
}

// attribute is AttributeProto. Attributes that hold graphs stay unread.
type attribute struct {
	kind    int64
	integer int64
	float   float32
	text    string
	tensor  *tensor
	ints    []int64
	floats  []float32
}

// AttributeProto.AttributeType.
const (
	attrFloat  = 1
	attrInt    = 2
	attrString = 3
	attrFloats = 6
	attrInts   = 7
)

// reader reads the messages of one file. dir is its folder, where external data lie; nil if they are not allowed.
type reader struct {
	dir *os.Root
}

func (r reader) model(data []byte) (*File, error) {
	f := &File{Metadata: map[string]string{}}
	var graph []byte
	err := eachField(data, func(fl field) (err error) {
		switch fl.num {
		case 1:
			f.IRVersion, err = fl.integer()
		case 2:
			f.Producer, err = fl.text()
		case 7:
			graph, err = fl.message()
		case 8:
			err = f.readOpset(fl)
		case 14:
			err = f.readMetadata(fl)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if graph == nil {
		return nil, errors.New("it holds no network; is it an ONNX file?")
	}
	f.graph, err = r.graph(graph)
	return f, err
}

func (f *File) readOpset(fl field) error {
	message, err := fl.message()
	if err != nil {
		return err
	}
	var domain string
	var version int64
	err = eachField(message, func(fl field) (err error) {
		switch fl.num {
		case 1:
			domain, err = fl.text()
		case 2:
			version, err = fl.integer()
		}
		return err
	})
	if domain == "" || domain == "ai.onnx" {
		f.Opset = int(version)
	}
	return err
}

func (f *File) readMetadata(fl field) error {
	if len(f.Metadata) > 1000 {
		return errors.New("more than 1000 entries of metadata")
	}
	key, value, err := pair(fl)
	f.Metadata[key] = value
	return err
}

// pair reads a StringStringEntryProto.
func pair(fl field) (key, value string, err error) {
	message, err := fl.message()
	if err != nil {
		return "", "", err
	}
	err = eachField(message, func(fl field) (err error) {
		switch fl.num {
		case 1:
			key, err = fl.text()
		case 2:
			value, err = fl.text()
		}
		return err
	})
	return key, value, err
}

func (r reader) graph(data []byte) (*protoGraph, error) {
	g := &protoGraph{initializers: map[string]*tensor{}}
	err := eachField(data, func(fl field) error {
		switch fl.num {
		case 1, 5, 11, 12, 15:
		default:
			return nil
		}
		message, err := fl.message()
		if err != nil {
			return err
		}
		switch fl.num {
		case 1:
			n, err := r.node(message)
			if err != nil {
				return fmt.Errorf("node %d: %w", len(g.nodes), err)
			}
			g.nodes = append(g.nodes, n)
			g.edges += len(n.in) + len(n.out) + len(n.attributes)
			if len(g.nodes) > maxNodes || g.edges > maxEdges {
				return fmt.Errorf("more than %d nodes or %d edges", maxNodes, maxEdges)
			}
		case 5:
			t, name, err := r.tensor(message)
			if err != nil {
				return fmt.Errorf("initializer %q: %w", name, err)
			}
			if g.initializers[name] != nil {
				return fmt.Errorf("there are two initializers called %q", name)
			}
			g.initializers[name] = t
			if len(g.initializers) > maxNodes {
				return fmt.Errorf("more than %d initializers", maxNodes)
			}
		case 11, 12:
			v, err := readValue(message)
			if err != nil {
				return err
			}
			if fl.num == 11 {
				g.inputs = append(g.inputs, v)
			} else {
				g.outputs = append(g.outputs, v)
			}
			if len(g.inputs)+len(g.outputs) > maxNodes {
				return fmt.Errorf("more than %d inputs and outputs", maxNodes)
			}
		case 15:
			return errors.New("sparse initializers are not read")
		}
		return nil
	})
	return g, err
}

func (r reader) node(data []byte) (*node, error) {
	n := &node{attributes: map[string]attribute{}}
	edges := 0
	err := eachField(data, func(fl field) error {
		if edges++; edges > maxEdges {
			return fmt.Errorf("more than %d inputs, outputs and attributes", maxEdges)
		}
		if fl.num == 5 {
			message, err := fl.message()
			if err != nil {
				return err
			}
			name, a, err := r.attribute(message)
			if err != nil {
				return fmt.Errorf("attribute %q: %w", name, err)
			}
			if _, again := n.attributes[name]; again {
				return fmt.Errorf("attribute %q stands there twice", name)
			}
			n.attributes[name] = a
			return nil
		}
		if fl.num < 1 || fl.num > 7 || fl.num == 6 {
			return nil
		}
		text, err := fl.text()
		switch fl.num {
		case 1:
			n.in = append(n.in, text)
		case 2:
			n.out = append(n.out, text)
		case 3:
			n.name = text
		case 4:
			n.op = text
		case 7:
			if n.domain = text; text == "ai.onnx" {
				n.domain = ""
			}
		}
		return err
	})
	return n, err
}

func (r reader) attribute(data []byte) (name string, a attribute, err error) {
	err = eachField(data, func(fl field) (err error) {
		switch fl.num {
		case 1:
			name, err = fl.text()
		case 2:
			a.float, err = fl.float()
			a.kind = max(a.kind, attrFloat)
		case 3:
			a.integer, err = fl.integer()
			a.kind = max(a.kind, attrInt)
		case 4:
			a.text, err = fl.text()
			a.kind = max(a.kind, attrString)
		case 5:
			var message []byte
			if message, err = fl.message(); err == nil {
				a.tensor, _, err = r.tensor(message)
			}
		case 7:
			a.floats, err = fl.appendFloats(a.floats)
		case 8:
			a.ints, err = fl.appendVarints(a.ints)
		case 20:
			a.kind, err = fl.integer()
		}
		return err
	})
	return name, a, err
}

func readValue(data []byte) (v Value, err error) {
	err = eachField(data, func(fl field) (err error) {
		switch fl.num {
		case 1:
			v.Name, err = fl.text()
		case 2: // TypeProto
			return inner(fl, 1, func(fl field) error { // its tensor_type
				return eachInner(fl, func(fl field) (err error) {
					switch fl.num {
					case 1:
						v.onnxType, err = fl.integer()
					case 2:
						v.Dims = []int{}
						err = inner(fl, 1, func(fl field) error {
							dim, err := readDim(fl)
							v.Dims = append(v.Dims, dim)
							if len(v.Dims) > maxRank {
								err = fmt.Errorf("%s has more than %d axes", v.Name, maxRank)
							}
							return err
						})
					}
					return err
				})
			})
		}
		return err
	})
	return v, err
}

// readDim reads one TensorShapeProto.Dimension.
func readDim(fl field) (dim int, err error) {
	dim = -1
	err = inner(fl, 1, func(fl field) error {
		v, err := fl.integer()
		if dim = int(v); dim <= 0 { // 0 is how some exporters write an open dimension
			dim = -1
		}
		return err
	})
	return dim, err
}

func eachInner(fl field, f func(field) error) error {
	message, err := fl.message()
	if err != nil {
		return err
	}
	return eachField(message, f)
}

// inner calls f for the fields num of the message that fl holds.
func inner(fl field, num int, f func(field) error) error {
	return eachInner(fl, func(fl field) error {
		if int(fl.num) != num {
			return nil
		}
		return f(fl)
	})
}
