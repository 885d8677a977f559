package nets

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gestalt-vision/gestalt/internal/spelling"
	"github.com/gestalt-vision/gestalt/weights"
)

// mismatch is what sets a file's tensors apart from a network's parameters.
type mismatch struct {
	file      *weights.File
	params    int     // of the network
	missing   []Param // which the file does not hold
	misshapen []Param // which the file holds in another shape
	surplus   []string
}

// compare finds what sets a file's tensors apart from the network's parameters. Of a network that was built only up to
// some features, nothing is known beyond them, and so nothing is surplus.
func (n *Net) compare(f *weights.File) mismatch {
	m := mismatch{file: f, params: len(n.Params)}
	needed := map[string]bool{}
	for _, p := range n.Params {
		needed[p.Name] = true
		shape, ok := f.Shape(p.Name)
		switch {
		case !ok && p.Auxiliary && n.mode == Inference: // nothing takes it
		case !ok:
			m.missing = append(m.missing, p)
		case !slices.Equal(shape, p.Shape):
			m.misshapen = append(m.misshapen, p)
		}
	}
	if n.Logits != nil {
		m.surplus = slices.DeleteFunc(f.Names(), func(name string) bool { return needed[name] || n.ignored[name] })
	}
	return m
}

func (m mismatch) none() bool { return len(m.missing)+len(m.misshapen)+len(m.surplus) == 0 }

// onlyHead says whether no parameter is missing or surplus: with other classes, the shapes of the last layer and of heads
// beside it are others.
func (m mismatch) onlyHead() bool { return len(m.missing)+len(m.surplus) == 0 }

// checkFile is an error that lists all that sets a file's tensors apart from the network's parameters, each with the
// name that was perhaps meant.
func (n *Net) checkFile(f *weights.File) error {
	if m := n.compare(f); !m.none() {
		return m
	}
	return nil
}

func (m mismatch) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s does not fit the network: of its %d parameters %d are missing and %d have another shape, %d of the file's are unknown",
		m.file.Path(), m.params, len(m.missing), len(m.misshapen), len(m.surplus))
	list(&b, "missing", m.missing, func(p Param) string {
		return fmt.Sprintf("%s %v%s", p.Name, p.Shape, m.meant(p))
	})
	list(&b, "of another shape", m.misshapen, func(p Param) string {
		shape, _ := m.file.Shape(p.Name)
		return fmt.Sprintf("%s is %v, should be %v", p.Name, shape, p.Shape)
	})
	var missing []string
	for _, p := range m.missing {
		missing = append(missing, p.Name)
	}
	list(&b, "not in the network", m.surplus, func(name string) string {
		shape, _ := m.file.Shape(name)
		return fmt.Sprintf("%s %v%s", name, shape, hint(name, "near", missing))
	})
	return b.String()
}

// meant tells the surplus tensor that a missing parameter could be, one of its shape before others.
func (m mismatch) meant(p Param) string {
	fitting := slices.DeleteFunc(slices.Clone(m.surplus), func(name string) bool {
		shape, _ := m.file.Shape(name)
		return !slices.Equal(shape, p.Shape)
	})
	if near := nearest(p.Name, fitting); near != "" {
		return fmt.Sprintf("; the file has %s", near)
	}
	if near := nearest(p.Name, m.surplus); near != "" {
		shape, _ := m.file.Shape(near)
		return fmt.Sprintf("; the file has %s %v", near, shape)
	}
	return ""
}

// list writes the first items of a list, each on a line of its own.
func list[T any](b *strings.Builder, title string, items []T, describe func(T) string) {
	const most = 8
	for i, item := range items {
		if i == most {
			fmt.Fprintf(b, "\n  %s: … and %d more", title, len(items)-most)
			break
		}
		fmt.Fprintf(b, "\n  %s: %s", title, describe(item))
	}
}

// hint tells, in brackets after some words, the candidate that a name was perhaps meant to be.
func hint(name, words string, candidates []string) string {
	if near := nearest(name, candidates); near != "" {
		return fmt.Sprintf(" (%s %s)", words, near)
	}
	return ""
}

// nearest is the candidate that takes the fewest edits to become name, or "" where none is like it. Modules in front, of
// one name or the other, count as nothing: layer1.0.conv1.weight is near to encoder.layer1.0.conv1.weight.
func nearest(name string, candidates []string) string {
	for _, c := range candidates {
		if strings.HasSuffix(c, "."+name) || strings.HasSuffix(name, "."+c) {
			return c
		}
	}
	return spelling.Nearest(name, candidates)
}
