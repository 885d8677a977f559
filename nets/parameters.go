package nets

import (
	"errors"
	"slices"

	"github.com/gestalt-vision/gestalt/weights"
)

// ReadInputs gives the elements of the graph's inputs, in the order of Inputs, for the parameters in a file. The file must
// hold exactly the network's parameters (in Inference mode those of auxiliary heads may be missing); where the network was
// built only [UpTo] some features, it may hold more.
func (n *Net) ReadInputs(f *weights.File) (inputs [][]float32, err error) {
	err = n.read(f, func(param func(string) []float32) error {
		for _, in := range n.Inputs {
			inputs = append(inputs, in.value(param))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return inputs, nil
}

// read checks a file and gives use the parameters in it by name.
func (n *Net) read(f *weights.File, use func(param func(name string) []float32) error) error {
	if err := n.checkFile(f); err != nil {
		return err
	}
	var unreadable error
	err := use(func(name string) []float32 {
		values, _, err := f.Float32(name)
		if err != nil {
			unreadable = errors.Join(unreadable, err)
			p := n.Params[slices.IndexFunc(n.Params, func(p Param) bool { return p.Name == name })]
			return make([]float32, p.Len())
		}
		return values
	})
	return errors.Join(err, unreadable)
}
