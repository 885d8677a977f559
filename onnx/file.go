package onnx

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// minOpset and maxOpset bound the versions of the operators whose meaning is known here.
const (
	minOpset = 7
	maxOpset = 22
)

// File is a network read from an ONNX file.
type File struct {
	Path      string
	SHA256    string // of the file, without external data; lower-case hexadecimal
	Producer  string // the program that wrote it, such as pytorch or tf2onnx
	IRVersion int64  // of the file format
	Opset     int    // version of the operators
	Metadata  map[string]string
	Input     Value // the network's one input that is no parameter: pictures, of four dimensions
	Outputs   []Value

	graph  *protoGraph
	inputs []Value              // those that are no parameters
	order  []*node              // what the output needs, each after what it reads
	uses   map[string]int       // how many of these nodes read a value
	reader map[string]*node     // of a value, the last of them
	maker  map[string]*node     // of a value
	static map[string][]*tensor // values that follow from parameters alone, by node; made once
	once   sync.Once
	failed error
}

// Open reads a network. Tensors that lie outside the file are read from its folder and nowhere else.
//
// Errors name the file. Operators and attributes that are not known here are told all at once.
func Open(path string) (*File, error) {
	dir, err := os.OpenRoot(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	data, err := readAll(path)
	if err != nil {
		return nil, err
	}
	f, err := read(data, dir)
	if err == nil {
		err = f.checkPicture()
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	sum := sha256.Sum256(data)
	f.Path, f.SHA256 = path, hex.EncodeToString(sum[:])
	return f, nil
}

// readAll reads a file of no more than 2 GiB, which is as large as a protobuf message can be.
func readAll(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > math.MaxInt32 {
		return nil, fmt.Errorf("%s is not a file of at most 2 GiB", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data := make([]byte, info.Size())
	if _, err := io.ReadFull(f, data); err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	return data, nil
}

// read reads a network from the bytes of its file; dir is where its external data lie, nil if there must be none.
func read(data []byte, dir *os.Root) (*File, error) {
	f, err := reader{dir}.model(data)
	if err != nil {
		return nil, err
	}
	if f.Opset < minOpset || f.Opset > maxOpset {
		return nil, fmt.Errorf("it uses operators of opset %d; known are %d to %d (torch.onnx.export and tf2onnx take the version as an option)",
			f.Opset, minOpset, maxOpset)
	}
	if err := f.connect(); err != nil {
		return nil, err
	}
	return f, f.checkOperators()
}

// checkPicture checks that the network takes one picture and nothing else.
func (f *File) checkPicture() error {
	if len(f.inputs) != 1 {
		return fmt.Errorf("the network has %d inputs (%s), where a classifier of pictures has one", len(f.inputs), names(f.inputs))
	}
	f.Input = f.inputs[0]
	if len(f.Input.Dims) != 4 {
		return fmt.Errorf("the network's input %s has the dimensions %v, where pictures have four", f.Input.Name, f.Input.Dims)
	}
	if t := f.Input.onnxType; t != typeFloat && t != typeFloat16 && t != typeBFloat16 && t != typeDouble {
		return fmt.Errorf("the network's input %s is of ONNX's type %d, where normalised pictures are floating-point numbers", f.Input.Name, t)
	}
	return nil
}

// connect checks that every value is made once and before it is read, finds the input, and keeps the nodes that the outputs
// need.
func (f *File) connect() error {
	g := f.graph
	f.maker, f.uses, f.reader = map[string]*node{}, map[string]int{}, map[string]*node{}
	known := map[string]bool{"": true}
	for name := range g.initializers {
		known[name] = true
	}
	for _, v := range g.inputs {
		if g.initializers[v.Name] == nil {
			if known[v.Name] {
				return fmt.Errorf("there are two inputs called %q", v.Name)
			}
			f.inputs = append(f.inputs, v)
			known[v.Name] = true
		}
	}
	if len(g.outputs) == 0 {
		return errors.New("the network has no output")
	}
	f.Outputs = g.outputs
	made := map[string]bool{}
	for _, n := range g.nodes {
		for _, out := range n.out {
			if out != "" && (known[out] || made[out]) {
				return fmt.Errorf("%s: there is a value %q already", n, out)
			}
			if out != "" {
				made[out], f.maker[out] = true, n
			}
		}
	}
	// The format wants nodes in order, and some old exporters do not keep to it.
	state := map[*node]int{} // 1 while its inputs are visited, 2 afterwards
	for _, out := range f.Outputs[:1] {
		if err := f.visit(f.maker[out.Name], out.Name, known, state); err != nil {
			return err
		}
		f.uses[out.Name]++
	}
	return nil
}

// visit puts the maker of a value, after all that it needs, into f.order. It keeps its own stack: a chain of nodes is as long
// as the file likes.
func (f *File) visit(n *node, value string, known map[string]bool, state map[*node]int) error {
	if n == nil {
		if known[value] && value != "" {
			return fmt.Errorf("the output %q is no result of a computation", value)
		}
		return fmt.Errorf("nothing makes the output %q", value)
	}
	type frame struct {
		n    *node
		next int // the input to visit
	}
	stack := []frame{{n: n}}
	state[n] = 1
	for len(stack) > 0 {
		top := &stack[len(stack)-1]
		if top.next == len(top.n.in) {
			state[top.n] = 2
			f.order = append(f.order, top.n)
			stack = stack[:len(stack)-1]
			continue
		}
		in := top.n.in[top.next]
		top.next++
		if in == "" {
			continue
		}
		f.uses[in]++
		f.reader[in] = top.n
		if known[in] {
			continue
		}
		maker := f.maker[in]
		switch {
		case maker == nil:
			return fmt.Errorf("%s reads %q, which nothing makes", top.n, in)
		case state[maker] == 1:
			return fmt.Errorf("%s reads %q, which is made from its own result", top.n, in)
		case state[maker] == 0:
			state[maker] = 1
			stack = append(stack, frame{n: maker})
		}
	}
	return nil
}

// checkOperators lists everything in the network that is not known here.
func (f *File) checkOperators() error {
	var problems []string
	seen := map[string]int{}
	report := func(n *node, what string) {
		key := n.domain + n.op + what
		if seen[key]++; seen[key] > 1 {
			return
		}
		domain := n.domain
		if domain == "" {
			domain = "ai.onnx"
		}
		problems = append(problems, fmt.Sprintf("  %s of %s, opset %d: %s", n, domain, f.Opset, what))
	}
	for _, n := range f.order {
		op, known := operators[n.op]
		if n.domain != "" || !known {
			report(n, "the operator is not known")
			continue
		}
		allowed := strings.Fields(op.attributes)
		for name := range n.attributes {
			if !slices.Contains(allowed, name) {
				report(n, fmt.Sprintf("the attribute %s is not known", name))
			}
		}
		for i := op.outputs; i < len(n.out); i++ {
			if n.out[i] != "" && f.uses[n.out[i]] > 0 {
				report(n, fmt.Sprintf("output %d is not known", i+1))
			}
		}
		if len(n.in) < op.inputs {
			return fmt.Errorf("%s has %d inputs and needs %d", n, len(n.in), op.inputs)
		}
		for i := range op.inputs {
			if n.in[i] == "" {
				return fmt.Errorf("%s lacks input %d", n, i+1)
			}
		}
	}
	if problems == nil {
		return nil
	}
	slices.Sort(problems)
	return fmt.Errorf("gestalt does not know all that this network needs:\n%s", strings.Join(problems, "\n"))
}

func names(values []Value) string {
	list := make([]string, 0, len(values))
	for i, v := range values {
		if i == 8 {
			list = append(list, "…")
			break
		}
		list = append(list, v.Name)
	}
	return strings.Join(list, ", ")
}
