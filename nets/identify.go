package nets

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/gestalt-vision/gestalt/engine"
	"github.com/gestalt-vision/gestalt/onnx"
	"github.com/gestalt-vision/gestalt/weights"
)

// Identify tells which network a file of weights belongs to, by the names and shapes of its parameters. The name is ""
// where they fit none; the number of classes may be any. Networks with the same parameters are told apart by what the
// metadata declare: see [Architecture.Metadata].
func Identify(weightsPath string) (name string, err error) {
	f, err := weights.Open(weightsPath)
	if err != nil {
		return "", err
	}
	defer f.Close()
	if name, ok := f.Metadata()[keyNetwork]; ok {
		a, err := Lookup(name)
		if err != nil {
			return "", fmt.Errorf("%s declares the network %q, which is none here", f.Path(), name)
		}
		if err := a.Check(f); err != nil {
			return "", fmt.Errorf("%s, which the file declares to be its network: %w", name, err)
		}
		return name, nil
	}
	b, err := engine.Open("go") // only to infer shapes; nothing is computed
	if err != nil {
		return "", err
	}
	defer b.Finalize()
	for _, name := range Names() {
		a, err := Lookup(name)
		if err != nil {
			return "", err
		}
		net, err := a.trace(b)
		if err != nil {
			return "", fmt.Errorf("%s: %w", name, err)
		}
		if !net.compare(f).onlyHead() {
			continue
		}
		if a, err = a.Of(f); err != nil {
			return "", err
		}
		if net, err = a.trace(b); err != nil {
			return "", fmt.Errorf("%s: %w", name, err)
		}
		if net.compare(f).none() {
			return a.Name, nil
		}
	}
	return "", nil
}

// DeclaredClasses are the names of the classes that a file of weights, or an ONNX file, declares: nil for the 1,000 of
// ImageNet, and where a file does not say.
func DeclaredClasses(weightsPath string) (names []string, err error) {
	if strings.EqualFold(filepath.Ext(weightsPath), ".onnx") {
		f, err := onnx.Open(weightsPath)
		if err != nil {
			return nil, err
		}
		if names, err = onnxClasses(f); err != nil {
			return nil, fmt.Errorf("%s %w", weightsPath, err)
		}
		return names, nil
	}
	f, err := weights.Open(weightsPath)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	text, ok := f.Metadata()[keyClasses]
	if !ok {
		return nil, nil
	}
	if names, err = declaredClasses(text); err != nil {
		return nil, fmt.Errorf("%s declares its classes, but %w", weightsPath, err)
	}
	return names, nil
}

// Check says whether a file holds the network's parameters, for any number of classes: the error lists those that are missing, surplus or of
// another shape.
func (a Architecture) Check(f *weights.File) error {
	b, err := engine.Open("go") // only to infer shapes; nothing is computed
	if err != nil {
		return err
	}
	defer b.Finalize()
	if a, err = a.Of(f); err != nil {
		return err
	}
	net, err := a.trace(b)
	if err != nil {
		return err
	}
	return net.checkFile(f)
}
