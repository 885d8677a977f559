package nets

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gestalt-vision/gestalt/weights"
)

// ReadInputs gives the elements of the graph's inputs, in the order of Inputs, for the parameters in a file. The file must
// hold exactly the network's parameters; where the network was built only [UpTo] some features, it may hold more.
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

// checkFile compares what a file holds with what the network needs and describes every difference, each with the name
// that was perhaps meant.
func (n *Net) checkFile(f *weights.File) error {
	needed := map[string]bool{}
	var missing, misshapen []string
	surplus := slices.DeleteFunc(f.Names(), func(name string) bool { return n.ignored[name] })
	for _, p := range n.Params {
		needed[p.Name] = true
		t, err := f.Tensor(p.Name)
		switch {
		case err != nil:
			missing = append(missing, p.Name)
		case !slices.Equal(t.Shape, p.Shape):
			misshapen = append(misshapen, fmt.Sprintf("%s is %v, should be %v", p.Name, t.Shape, p.Shape))
		}
	}
	surplus = slices.DeleteFunc(surplus, func(name string) bool { return needed[name] || n.Logits == nil })
	if len(missing)+len(misshapen)+len(surplus) == 0 {
		return nil
	}
	var b strings.Builder
	list(&b, "missing", missing, func(name string) string { return hint(name, "the file has", surplus) })
	list(&b, "of another shape", misshapen, func(string) string { return "" })
	list(&b, "not in the network", surplus, func(name string) string { return hint(name, "near", missing) })
	return fmt.Errorf("%s does not fit the network: of its %d parameters %d are missing and %d have another shape, %d of the file's are unknown\n%s",
		f.Path(), len(n.Params), len(missing), len(misshapen), len(surplus), strings.TrimSuffix(b.String(), "\n"))
}

// list writes the first items of a list.
func list(b *strings.Builder, title string, items []string, more func(string) string) {
	const most = 8
	for i, item := range items {
		if i == most {
			fmt.Fprintf(b, "  %s: … and %d more\n", title, len(items)-most)
			break
		}
		fmt.Fprintf(b, "  %s: %s%s\n", title, item, more(item))
	}
}

func hint(name, words string, candidates []string) string {
	if near := nearest(name, candidates); near != "" {
		return fmt.Sprintf(" (%s %s)", words, near)
	}
	return ""
}

// nearest is the candidate that takes the fewest edits to become name, or "" where none is like it.
func nearest(name string, candidates []string) string {
	best, least := "", max(len(name)/3, 3)+1
	for _, c := range candidates {
		if d := edits(name, c); d < least {
			best, least = c, d
		}
	}
	return best
}

// edits is the Levenshtein distance in bytes: insertions, deletions and replacements.
func edits(a, b string) int {
	row := make([]int, len(b)+1) // distances of the prefix of a so far to each prefix of b
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
