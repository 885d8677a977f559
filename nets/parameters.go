package nets

import (
	"errors"
	"slices"

	"github.com/gestalt-vision/gestalt/weights"
)

// source gives the elements of a parameter by its name, in the order that files have.
type source func(name string) []float32

// origin is where the parameters of a network come from: it checks that they are the network's and gives them to use.
type origin func(net *Net, use func(source) error) error

// ReadInputs gives the elements of the graph's inputs, in the order of Inputs, for the parameters in a file. The file must
// hold exactly the network's parameters (in Inference mode those of auxiliary heads may be missing); where the network was
// built only [UpTo] some features, it may hold more.
func (n *Net) ReadInputs(f *weights.File) ([][]float32, error) { return n.inputs(fromFile(f)) }

// inputs are the elements of all inputs.
func (n *Net) inputs(from origin) (inputs [][]float32, err error) {
	err = from(n, func(param source) error {
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

// fromFile is the origin of parameters that lie in a file.
func fromFile(f *weights.File) origin {
	return func(n *Net, use func(source) error) error {
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
}
