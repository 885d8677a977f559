package nets

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gestalt-vision/gestalt/dataset"
	"github.com/gestalt-vision/gestalt/weights"
)

// paddedSame ends the names of networks that pad as TensorFlow does and are otherwise those of the name before it.
const paddedSame = "_tf"

// Twin is the network that has the same parameters as the named one and pads otherwise, so that only what a file declares
// tells whose weights it holds; "" where there is none.
func Twin(name string) string {
	twin, same := strings.CutSuffix(name, paddedSame)
	if !same {
		twin += paddedSame
	}
	if _, err := Lookup(twin); err != nil {
		return ""
	}
	return twin
}

// Of is the architecture as a file of weights declares it: see [Architecture.Metadata]. What the file says outweighs the
// name that somebody gave: with another padding or normalisation the weights would still fit, and silently see worse. A
// name that is not that of the declared network, nor of its Twin, is refused. The last layer has as many classes as the
// file's.
func (a Architecture) Of(f *weights.File) (Architecture, error) {
	metadata := f.Metadata()
	fail := func(format string, args ...any) (Architecture, error) {
		return a, fmt.Errorf("%s %w", f.Path(), fmt.Errorf(format, args...))
	}
	if name, ok := metadata[keyNetwork]; ok && name != a.Name {
		declared, err := Lookup(name)
		if err != nil {
			return fail("declares the network %q, which is none here", name)
		}
		if Twin(name) != a.Name {
			return fail("holds weights of %s, not of %s", name, a.Name)
		}
		a = declared
	}
	if padding, ok := metadata[keyPadding]; ok {
		name := strings.TrimSuffix(a.Name, paddedSame)
		switch {
		case strings.HasPrefix(padding, "SAME"):
			name += paddedSame
		case padding != "as torchvision":
			name = ""
		}
		named, err := Lookup(name)
		if err != nil {
			return fail("declares the padding %q, with which there is no %s here", padding, a.Name)
		}
		a = named
	}
	if err := a.Preprocess.declare(metadata); err != nil {
		return fail("%w", err)
	}
	n, err := a.classesIn(f)
	if err != nil {
		return a, err
	}
	a = a.WithClasses(n)
	if text, ok := metadata[keyClasses]; ok {
		names, err := declaredClasses(text)
		if err != nil {
			return fail("declares its classes, but %w", err)
		}
		if len(names) != n {
			return fail("declares %d classes, but its parameters are of %d", len(names), n)
		}
		a = a.WithClassNames(names)
	}
	return a, nil
}

// classesIn is the number of classes that a file of this network tells apart: that of the rows of the last layer's weight,
// which is the last but for those of heads beside it. A file without it is found not to fit by who compares the two.
func (a Architecture) classesIn(f *weights.File) (int, error) {
	params, err := a.Parameters()
	if err != nil {
		return 0, err
	}
	for _, p := range slices.Backward(params) {
		if p.Auxiliary || len(p.Shape) < 2 {
			continue
		}
		if shape, ok := f.Shape(p.Name); ok && len(shape) == len(p.Shape) && shape[0] > 0 {
			return shape[0], nil
		}
		break
	}
	return a.Classes(), nil
}

// named makes sure that it is known what the classes are.
func (a Architecture) named(f *weights.File) error {
	if a.names == nil && a.Classes() != dataset.NumClasses {
		if err := a.Check(f); err != nil {
			return fmt.Errorf("%s: %w", a.Name, err)
		}
		return fmt.Errorf(`%s tells %d classes apart and does not say which: its metadata must name them under the key "classes", as 'gestalt models convert --classes' writes them`,
			f.Path(), a.Classes())
	}
	return nil
}
