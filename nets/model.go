package nets

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/gestalt-vision/gestalt/engine"
	"github.com/gestalt-vision/gestalt/weights"
)

// Model is a network with its weights on an engine, ready to be shown pictures. Its methods may be called from several
// goroutines.
//
// The weights are inputs of the computation that stay in the engine's buffers between calls. A program is compiled the
// first time a number of pictures comes; see [Model.Logits].
type Model struct {
	Name          string
	Preprocess    Preprocess
	WeightsSHA256 string // of the whole file, lower-case hexadecimal
	Classes       int    // 1000 for those of ImageNet

	build   func(pictures *graph.Node) *Net
	batch   int // pictures that programs must be built for, 0 for any number
	backend compute.Backend
	weights map[string]compute.Buffer // by the input's name

	inUse    sync.RWMutex // held for reading while a program runs, for writing by Close
	closed   bool
	compiled sync.Mutex // guards programs
	programs map[size]program
}

// program is a compiled graph with the buffers that it takes after the pictures.
type program struct {
	graph   *graph.Graph
	weights []compute.Buffer
}

// size is what a program is compiled for.
type size struct{ n, h, w int }

// Load reads the weights of a network from a file of any format that [weights.Open] reads onto an engine. The file must
// hold exactly the network's parameters, as F32, F16, BF16 or F64; the error lists what is missing, surplus or of
// another shape. The engine stays the caller's and must outlive the model.
//
// Metadata of the file that declare a padding, or the mean and std of the normalisation, outweigh the name: a file for
// mobilenet_v2 that declares the padding "SAME" gives the model mobilenet_v2_tf.
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
	if a, err = a.declared(f); err != nil {
		return nil, err
	}
	net, err := a.trace(b)
	if err != nil {
		return nil, err
	}
	err = net.read(f, func(param func(string) []float32) error {
		m, err = newModel(b, a, net, param)
		return err
	})
	if err != nil {
		if m != nil {
			err = errors.Join(err, m.Close())
		}
		return nil, fmt.Errorf("%s: %w", a.Name, err)
	}
	m.WeightsSHA256 = f.SHA256()
	return m, nil
}

// newModel puts the inputs of a traced network into the engine's buffers, with parameters given by name.
func newModel(b compute.Backend, a Architecture, net *Net, param func(name string) []float32) (*Model, error) {
	build := func(x *graph.Node) *Net { return a.Build(x, Inference) }
	m := &Model{Name: a.Name, Preprocess: a.Preprocess, Classes: net.Logits.Shape().Dim(-1), build: build, backend: b,
		weights: map[string]compute.Buffer{}, programs: map[size]program{}}
	if _, err := m.upload(net, param); err != nil {
		return nil, errors.Join(err, m.Close())
	}
	return m, nil
}

// upload gives the buffers for a network's inputs, and fills those that are not there yet.
func (m *Model) upload(net *Net, param func(name string) []float32) ([]compute.Buffer, error) {
	var buffers []compute.Buffer
	for _, in := range net.Inputs {
		buffer := m.weights[in.Name]
		if buffer == nil {
			var err error
			if buffer, err = m.backend.BufferFromFlatData(0, in.value(param), in.Node.Shape()); err != nil {
				return nil, fmt.Errorf("parameter %s: %w", in.Name, err)
			}
			m.weights[in.Name] = buffer
		}
		buffers = append(buffers, buffer)
	}
	return buffers, nil
}

// Logits shows n pictures to the network. batch holds n x Crop x Crop x 3 floats as Preprocess.Tensor makes them, the
// result n x 1000.
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

// Probabilities are the softmax of the Logits, n x 1000.
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

// Close frees the model's buffers and programs on the engine; it waits for calls that are running.
func (m *Model) Close() error {
	m.inUse.Lock()
	defer m.inUse.Unlock()
	m.closed = true
	for _, p := range m.programs {
		p.graph.Finalize()
	}
	var failed error
	for _, w := range m.weights {
		failed = errors.Join(failed, w.Finalize())
	}
	m.programs, m.weights = nil, nil
	return failed
}

func (m *Model) logits(batch []float32, s size) (logits []float32, err error) {
	picture := s.h * s.w * 3
	if s.n < 1 || len(batch) != s.n*picture {
		return nil, fmt.Errorf("%s: a batch of %d pictures of %d x %d x 3 has %d values, not %d", m.Name, s.n, s.h, s.w, s.n*picture, len(batch))
	}
	m.inUse.RLock()
	defer m.inUse.RUnlock()
	if m.closed {
		return nil, fmt.Errorf("%s: the model has been closed", m.Name)
	}
	if m.batch > 0 && s.n > m.batch {
		return m.inParts(batch, s)
	}
	caught := engine.Catch(func() {
		program, n := m.program(s)
		if n > s.n {
			batch = append(slices.Clip(batch), make([]float32, (n-s.n)*picture)...)
		}
		logits, err = m.run(program, batch, size{n, s.h, s.w})
	})
	if err := errors.Join(caught, err); err != nil {
		return nil, fmt.Errorf("%s on engine %s: %w", m.Name, m.backend.Name(), err)
	}
	return logits[:s.n*(len(logits)/(len(batch)/picture))], nil
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

// program finds or compiles the program for s and gives the number of pictures it takes. It panics as graph code does.
func (m *Model) program(s size) (found program, n int) {
	m.compiled.Lock()
	defer m.compiled.Unlock()
	if m.batch > 0 {
		s.n = m.batch
	}
	for have, p := range m.programs {
		if have.h == s.h && have.w == s.w && have.n >= s.n && have.n <= 2*s.n && (n == 0 || have.n < n) {
			found, n = p, have.n
		}
	}
	if n > 0 {
		return found, n
	}
	g := graph.NewGraph(m.backend, fmt.Sprintf("%s %dx%dx%d", m.Name, s.n, s.h, s.w))
	net := m.build(graph.Parameter(g, "pictures", shapes.Make(dtypes.Float32, s.n, s.h, s.w, 3)))
	buffers, err := m.upload(net, nil)
	if err == nil {
		err = g.Compile(net.Logits)
	}
	if err != nil {
		g.Finalize()
		panic(err)
	}
	m.programs[s] = program{g, buffers}
	return m.programs[s], s.n
}

// run executes a program; the order of its inputs is that of Build: the pictures, then the weights.
func (m *Model) run(program program, batch []float32, s size) ([]float32, error) {
	pictures, err := m.backend.BufferFromFlatData(0, batch, shapes.Make(dtypes.Float32, s.n, s.h, s.w, 3))
	if err != nil {
		return nil, err
	}
	inputs := append([]compute.Buffer{pictures}, program.weights...)
	donate := make([]bool, len(inputs))
	donate[0] = true
	out := program.graph.RunWithBuffers(inputs, donate, 0)[0]
	logits, err := tensors.CopyFlatData[float32](out)
	return logits, errors.Join(err, out.FinalizeAll())
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
