package train

import (
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/gestalt-vision/gestalt/weights"
)

// State is all that training goes on from. In a file it is a checkpoint: the network's parameters and running statistics by
// torchvision's names and in its shapes, and NAME.momentum, or NAME.adam_mean and NAME.adam_square, of each learned one.
type State struct {
	Steps     int              // that are done
	Optimiser string           // one of Optimisers
	Network   []weights.Tensor // what a file of weights for the network holds, F32
	Running   []weights.Tensor // what the optimiser keeps of the learned parameters
}

// Metadata of checkpoints.
const (
	metadataSteps     = "steps"
	metadataOptimiser = "optimiser"
)

// State reads what the Learner has come to from the engine.
func (l *Learner) State() (State, error) {
	s := State{Steps: l.steps, Optimiser: l.learning.Optimiser}
	if l.state == nil {
		return s, fmt.Errorf("train: %s has been closed, or a step before failed", l.network.Name)
	}
	shape := map[string][]int{}
	for _, p := range l.net.Params {
		shape[p.Name] = p.Shape
	}
	at := 0
	read := func(i int, suffix string) (weights.Tensor, error) {
		in := l.net.Inputs[i]
		values := make([]float32, in.Node.Shape().Size())
		if err := l.state[0][at].ToFlatData(values); err != nil {
			return weights.Tensor{}, fmt.Errorf("train: reading %s%s: %w", in.Name, suffix, err)
		}
		at++
		return float32s(in.Name+suffix, in.Stored(values), shape[in.Name]), nil
	}
	for i := range l.net.Inputs {
		t, err := read(i, "")
		if err != nil {
			return s, err
		}
		s.Network = append(s.Network, t)
	}
	for _, kind := range l.optimise.running() {
		for i, in := range l.net.Inputs {
			if l.learned(in) {
				t, err := read(i, "."+kind)
				if err != nil {
					return s, err
				}
				s.Running = append(s.Running, t)
			}
		}
	}
	return s, nil
}

func float32s(name string, values []float32, shape []int) weights.Tensor {
	data := make([]byte, 0, 4*len(values))
	for _, v := range values {
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(v))
	}
	return weights.Tensor{Name: name, DType: weights.F32, Shape: shape, Data: data}
}

// Write writes the state into a safetensors file, as weights.Write does: path holds what it held before, or all of it.
// metadata may hold more, under other keys than "steps" and "optimiser".
func (s State) Write(path string, metadata map[string]string) error {
	all := map[string]string{metadataSteps: strconv.Itoa(s.Steps), metadataOptimiser: s.Optimiser}
	for key, value := range metadata {
		if _, ours := all[key]; ours {
			return fmt.Errorf("train: %s: the metadata %q are the state's own", path, key)
		}
		all[key] = value
	}
	return weights.Write(path, slices.Concat(s.Network, s.Running), all)
}

// ReadState reads what Write wrote. f may be closed afterwards.
func ReadState(f *weights.File) (s State, err error) {
	metadata := f.Metadata()
	steps, ok := metadata[metadataSteps]
	if s.Optimiser = metadata[metadataOptimiser]; !ok || !slices.Contains(Optimisers(), s.Optimiser) {
		return s, fmt.Errorf("train: %s is no checkpoint of a training: it does not say how many steps it has behind it, or by which optimiser", f.Path())
	}
	if s.Steps, err = strconv.Atoi(steps); err != nil || s.Steps < 0 {
		return s, fmt.Errorf("train: %s says that %q steps are done", f.Path(), steps)
	}
	for _, name := range f.Names() {
		t, err := f.Tensor(name)
		if err != nil {
			return s, err
		}
		t.Data = slices.Clone(t.Data)
		if isRunning(name) {
			s.Running = append(s.Running, t)
		} else {
			s.Network = append(s.Network, t)
		}
	}
	return s, nil
}

// isRunning tells what an optimiser keeps from the network's own parameters.
func isRunning(name string) bool {
	return slices.ContainsFunc([]string{momentumKind, meanKind, squareKind}, func(kind string) bool { return strings.HasSuffix(name, "."+kind) })
}

// fits says what keeps a Learner from going on from a state.
func (s State) fits(l *Learner) error {
	if s.Optimiser != l.learning.Optimiser {
		return fmt.Errorf("the state is of a training by %s, which %s cannot go on from", s.Optimiser, l.learning.Optimiser)
	}
	if s.Steps < 0 {
		return fmt.Errorf("the state has %d steps behind it", s.Steps)
	}
	expected := map[string][]int{}
	for _, p := range l.net.Params {
		expected[p.Name] = p.Shape
		for _, kind := range l.optimise.running() {
			if p.Learned {
				expected[p.Name+"."+kind] = p.Shape
			}
		}
	}
	for _, t := range slices.Concat(s.Network, s.Running) {
		shape, ok := expected[t.Name]
		switch {
		case !ok:
			return fmt.Errorf("the state holds %s, which this training does not have, or holds it twice", t.Name)
		case !slices.Equal(shape, t.Shape) || t.DType != weights.F32 || len(t.Data) != 4*t.Len():
			return fmt.Errorf("the state holds %s as %s %v, which should be %s %v", t.Name, t.DType, t.Shape, weights.F32, shape)
		}
		delete(expected, t.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(expected)) {
		return fmt.Errorf("the state does not hold %s, nor %d others", name, len(expected)-1)
	}
	return nil
}

// parameter gives the elements of a parameter that fits has found to be there.
func (s State) parameter(name string) []float32 { return elements(s.Network, name) }

// running gives what the optimiser keeps of parameters under one of its names, by the name of the parameter; nil for running
// statistics, of which it keeps nothing.
func (s State) running(kind string) func(name string) []float32 {
	return func(name string) []float32 { return elements(s.Running, name+"."+kind) }
}

func elements(tensors []weights.Tensor, name string) []float32 {
	i := slices.IndexFunc(tensors, func(t weights.Tensor) bool { return t.Name == name })
	if i < 0 {
		return nil
	}
	values := make([]float32, len(tensors[i].Data)/4)
	for j := range values {
		values[j] = math.Float32frombits(binary.LittleEndian.Uint32(tensors[i].Data[4*j:]))
	}
	return values
}
