package nets

import (
	"fmt"

	"github.com/gestalt-vision/gestalt/engine"
	"github.com/gestalt-vision/gestalt/weights"
)

// Identify tells which network a file of weights belongs to, by the names and shapes of its parameters. The name is ""
// where they fit none. Networks with the same parameters are told apart by what the metadata declare: see [Load].
func Identify(weightsPath string) (name string, err error) {
	f, err := weights.Open(weightsPath)
	if err != nil {
		return "", err
	}
	defer f.Close()
	b, err := engine.Open("go") // only to infer shapes; nothing is computed
	if err != nil {
		return "", err
	}
	defer b.Finalize()
	for _, d := range architectures {
		a := Architecture{Name: d.name, Preprocess: d.preprocess, build: d.build}
		net, err := a.trace(b)
		if err != nil {
			return "", fmt.Errorf("%s: %w", a.Name, err)
		}
		if net.compare(f).none() {
			a, err = a.declared(f)
			if err != nil {
				return "", err
			}
			return a.Name, nil
		}
	}
	return "", nil
}

// Check says whether a file holds the network's parameters: the error lists those that are missing, surplus or of
// another shape.
func (a Architecture) Check(f *weights.File) error {
	b, err := engine.Open("go") // only to infer shapes; nothing is computed
	if err != nil {
		return err
	}
	defer b.Finalize()
	net, err := a.trace(b)
	if err != nil {
		return err
	}
	return net.checkFile(f)
}
