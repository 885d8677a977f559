package nets

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"

	"github.com/gestalt-vision/gestalt/dataset"
	"github.com/gestalt-vision/gestalt/weights"
)

// Model is a network with its weights on an engine, ready to be shown pictures: a [Program] from pictures to logits that
// chooses how many pictures to compile for. Its methods may be called from several goroutines.
type Model struct {
	Name          string
	Preprocess    Preprocess
	WeightsSHA256 string // of the whole file, lower-case hexadecimal
	Classes       int    // that it tells apart
	// ClassNames are what the classes are called, in the order of the logits; nil for the 1,000 of ImageNet, whose names
	// package dataset has.
	ClassNames []string

	program *Program
	batch   int // pictures that it must be compiled for, 0 for any number

	choosing sync.Mutex // guards sizes
	sizes    []size     // that it has been compiled for
}

// size is pictures, height and width.
type size struct{ n, h, w int }

// Load reads the weights of a network from a file of any format that [weights.Open] reads onto an engine. The file must
// hold exactly the network's parameters, as F32, F16, BF16 or F64; the error lists what is missing, surplus or of
// another shape. The engine stays the caller's and must outlive the model.
//
// What metadata of the file declare ([Architecture.Metadata]) outweighs the name: a file for mobilenet_v2 that declares
// the padding "SAME" gives the model mobilenet_v2_tf. A network with other classes than the 1,000 of ImageNet must have
// their names there.
func Load(b compute.Backend, name, weightsPath string) (m *Model, err error) {
	a, err := Lookup(name)
	if err != nil {
		return nil, err
	}
	f, err := weights.Open(weightsPath)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if a, err = a.Of(f); err != nil {
		return nil, err
	}
	if err := a.named(f); err != nil {
		return nil, err
	}
	if m, err = newModel(b, a, fromFile(f)); err != nil {
		return nil, err
	}
	m.WeightsSHA256 = f.SHA256()
	return m, nil
}

func newModel(b compute.Backend, a Architecture, from origin) (*Model, error) {
	p := newProgram(b, a.Name, func(s Scope, inputs []*graph.Node) []*graph.Node {
		s.net.Logits = a.layers(s, inputs[0])
		return []*graph.Node{s.net.Logits}
	})
	side := a.Preprocess.Crop
	net, err := p.load([][]int{{1, side, side, 3}}, from)
	if p, err = p.orClosed(err); err != nil {
		return nil, err
	}
	return &Model{
		Name: a.Name, Preprocess: a.Preprocess, Classes: net.Logits.Shape().Dim(-1), ClassNames: a.ClassNames(), program: p,
	}, nil
}

// Class gives the WordNet id and the name of class i of those of ImageNet, and the name alone of a class of the network's
// own. It panics unless 0 <= i < Classes.
func (m *Model) Class(i int) (wnid, name string) {
	return dataset.ClassAmong(m.ClassNames, i)
}

// Logits shows n pictures to the network. batch holds n x Crop x Crop x 3 floats as Preprocess.Tensor makes them, the
// result n x Classes.
//
// A program is compiled for each new n, which on the cpu engine takes as long as a picture and holds memory for its
// activations. So for an n at least half as large as one that exists, such as the last batch of a set,
// the smallest of those is used, filled up with zeros. A picture's logits do not depend on the pictures beside it.
func (m *Model) Logits(batch []float32, n int) ([]float32, error) {
	return m.logits(batch, size{n, m.Preprocess.Crop, m.Preprocess.Crop})
}

// LogitsOf is Logits for pictures of h x w pixels, which need not be of the size that the network was trained with.
func (m *Model) LogitsOf(batch []float32, n, h, w int) ([]float32, error) {
	return m.logits(batch, size{n, h, w})
}

// Probabilities are the softmax of the Logits, n x Classes.
func (m *Model) Probabilities(batch []float32, n int) ([]float32, error) {
	p, err := m.Logits(batch, n)
	if err != nil {
		return nil, err
	}
	for row := range slices.Chunk(p, len(p)/n) {
		softmax(row)
		if math.IsNaN(float64(row[0])) { // one logit that is no number makes all probabilities so
			return nil, fmt.Errorf("%s computes values that are no numbers; its weights seem to be damaged", m.Name)
		}
	}
	return p, nil
}

// Close frees what the model has on the engine; it waits for calls that are running.
func (m *Model) Close() error { return m.program.Close() }

func (m *Model) logits(batch []float32, s size) (logits []float32, err error) {
	picture := s.h * s.w * 3
	if s.n < 1 || len(batch) != s.n*picture {
		return nil, fmt.Errorf("%s: a batch of %d pictures of %d x %d x 3 has %d values, not %d", m.Name, s.n, s.h, s.w, s.n*picture, len(batch))
	}
	if m.batch > 0 && s.n > m.batch {
		return m.inParts(batch, s)
	}
	n := m.compiledFor(s)
	if n > s.n {
		batch = append(slices.Clip(batch), make([]float32, (n-s.n)*picture)...)
	}
	outputs, err := m.program.Run(Array{[]int{n, s.h, s.w, 3}, batch})
	if err != nil {
		return nil, err
	}
	return outputs[0].Values[:s.n*m.Classes], nil
}

// inParts shows as many pictures at once as the network can take.
func (m *Model) inParts(batch []float32, s size) (logits []float32, err error) {
	picture := s.h * s.w * 3
	for part := range slices.Chunk(batch, m.batch*picture) {
		some, err := m.logits(part, size{len(part) / picture, s.h, s.w})
		if err != nil {
			return nil, err
		}
		logits = append(logits, some...)
	}
	return logits, nil
}

// compiledFor chooses the number of pictures for s.n of them: see Logits.
func (m *Model) compiledFor(s size) (n int) {
	if m.batch > 0 {
		return m.batch
	}
	m.choosing.Lock()
	defer m.choosing.Unlock()
	for _, have := range m.sizes {
		if have.h == s.h && have.w == s.w && have.n >= s.n && have.n <= 2*s.n && (n == 0 || have.n < n) {
			n = have.n
		}
	}
	if n > 0 {
		return n
	}
	m.sizes = append(m.sizes, s)
	return s.n
}

// softmax replaces logits by probabilities. The sum is taken in float64, and the largest logit subtracted so that
// nothing overflows.
func softmax(row []float32) {
	largest, sum := slices.Max(row), 0.0
	exps := make([]float64, len(row))
	for i, v := range row {
		exps[i] = math.Exp(float64(v) - float64(largest))
		sum += exps[i]
	}
	for i, e := range exps {
		row[i] = float32(e / sum)
	}
}
