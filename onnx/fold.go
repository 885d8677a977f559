package onnx

import (
	"fmt"
	"reflect"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/gestalt-vision/gestalt/cpu"
)

// maxFolded is the most elements that constants may have that are computed from one constant of the file.
const maxFolded = 1 << 25

// foldParameters computes everything that follows from parameters alone, once for a file.
func (f *File) foldParameters() error {
	f.static = map[string][]*tensor{}
	b := &builder{file: f, net: &Network{}, values: map[string]*value{}, done: map[*node]bool{}}
	for name, t := range f.graph.initializers {
		b.values[name] = &value{known: t, name: name}
	}
	total := 0
	for _, n := range f.order {
		known := true
		for _, name := range n.in {
			known = known && (name == "" || b.values[name] != nil)
		}
		if !known {
			continue
		}
		if err := b.run(n); err != nil {
			return err
		}
		var made []*tensor
		for _, name := range n.out {
			if v := b.values[name]; v != nil {
				made = append(made, v.known)
				v.name = name
				if total += v.size(); total > maxElements {
					return fmt.Errorf("%s: constants of more than %d elements", n, maxElements)
				}
			}
		}
		f.static[n.key()] = made
	}
	return nil
}

// fold computes a node whose inputs are all known, by the same operators on an engine. What comes out has no name: it may
// follow from the shape of an activation.
func (b *builder) fold(c *call) (out []*value, err error) {
	backend, err := cpu.New("threads=1")
	if err != nil {
		return nil, err
	}
	defer backend.Finalize()
	err = catch(func() {
		g := graph.NewGraph(backend, c.n.op)
		defer g.Finalize()
		inner := *b
		inner.graph, inner.folding = g, true
		in := *c
		in.b = &inner
		out = operators[c.n.op].build(&in)
		var nodes []*graph.Node
		for i, v := range out {
			if v.known != nil {
				continue
			}
			if v.size() > maxFolded {
				panic(fmt.Errorf("a constant of dimensions %v", v.dims()))
			}
			nodes = append(nodes, inner.in(v, plain(v.rank())))
			out[i] = &value{}
		}
		if nodes == nil {
			return
		}
		if err := g.Compile(nodes...); err != nil {
			panic(err)
		}
		results := g.Run()
		for _, v := range out {
			if v.known == nil {
				v.known, results = hostTensor(results[0]), results[1:]
			}
		}
	})
	return out, err
}

// hostTensor copies what an engine has computed.
func hostTensor(from *tensors.Tensor) *tensor {
	t := &tensor{dtype: from.DType(), dims: append([]int{}, from.Shape().Dimensions...)}
	from.MustConstFlatData(func(flat any) {
		t.flat = reflect.AppendSlice(reflect.Zero(reflect.TypeOf(flat)), reflect.ValueOf(flat)).Interface()
	})
	from.FinalizeAll()
	return t
}

// copyFlat copies a slice into another of its type and length.
func copyFlat(to, from any) { reflect.Copy(reflect.ValueOf(to), reflect.ValueOf(from)) }
