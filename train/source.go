package train

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gestalt-vision/gestalt/dataset"
	"github.com/gestalt-vision/gestalt/pixel"
	"github.com/gestalt-vision/gestalt/synth"
)

// Source is a set of labelled pictures, before augmentation. Its methods may be called from several goroutines.
type Source interface {
	Len() int
	Classes() []string                   // names, the index of a name being the class
	Class(i int) int                     // of picture i, 0 <= i < Len
	Key(i int) string                    // names picture i; no other one of the source has the key
	Picture(i int) (*pixel.Image, error) // decodes or draws picture i; its caller does not change it
	Identity() string                    // all that the pictures depend on
}

// folders is a set with a folder or a .cls file that tells each picture's class.
type folders struct {
	set     *dataset.Set
	names   []string
	classes []int
}

// FolderSource takes the class of each picture from its .cls file or else from the folder that it lies in. classes are the
// classes that there must be, nil for those that the set has, in the order of their names. It is an error when a picture
// has no class, a class has no pictures (a folder is empty, or one of classes is missing), or there is a class that is
// not one of classes. The set stays the caller's and must outlive the source.
func FolderSource(set *dataset.Set, classes []string) (Source, error) {
	named := make([]string, set.Len())
	for i := range named {
		item := set.Item(i)
		if named[i] = item.Label; named[i] == "" {
			named[i] = item.Class
		}
		if named[i] == "" {
			return nil, fmt.Errorf("train: %s: %s has no class: it lies in no class folder, and has no .cls file", set.Path(), item.Key)
		}
	}
	there := slices.Compact(slices.Sorted(slices.Values(named)))
	if empty := set.Empty(); len(empty) > 0 {
		return nil, fmt.Errorf("train: %s: no pictures (.png, .jpg, .jpeg) in %s; remove the empty folder or fill it", set.Path(), list(empty))
	}
	if classes == nil {
		classes = there
	}
	f := &folders{set: set, names: slices.Clone(classes), classes: make([]int, set.Len())}
	if missing := without(classes, there); len(missing) > 0 {
		return nil, fmt.Errorf("train: %s: no pictures of %s, which the network is to tell", set.Path(), list(missing))
	}
	if surplus := without(there, classes); len(surplus) > 0 {
		return nil, fmt.Errorf("train: %s: pictures of %s, which is none of the %d classes that the network is to tell", set.Path(), list(surplus), len(classes))
	}
	index := map[string]int{}
	for c, name := range classes {
		index[name] = c
	}
	for i, name := range named {
		f.classes[i] = index[name]
	}
	return f, nil
}

// without are the words of a that are not in b.
func without(a, b []string) (rest []string) {
	in := map[string]bool{}
	for _, word := range b {
		in[word] = true
	}
	for _, word := range a {
		if !in[word] {
			rest = append(rest, word)
		}
	}
	return rest
}

// list names at most five things.
func list(names []string) string {
	const most = 5
	if len(names) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return strings.Join(names, ", ")
}

func (f *folders) Len() int          { return len(f.classes) }
func (f *folders) Classes() []string { return f.names }
func (f *folders) Class(i int) int   { return f.classes[i] }
func (f *folders) Key(i int) string  { return f.set.Item(i).Key }

func (f *folders) Picture(i int) (*pixel.Image, error) {
	data, err := f.set.Read(i)
	if err != nil {
		return nil, err
	}
	m, _, err := pixel.Decode(data)
	if err != nil {
		return nil, err
	}
	if m.W == 0 || m.H == 0 {
		return nil, fmt.Errorf("a picture of %d x %d pixels", m.W, m.H)
	}
	return m.RGB(), nil
}

// Identity goes by names, sizes and classes of the files: reading ImageNet to tell that nobody changed it takes longer than
// many trainings.
func (f *folders) Identity() string {
	return fmt.Sprintf("%d pictures, %s", f.Len(), f.set.Fingerprint())
}

// drawn is a set of drawn pictures.
type drawn struct{ *synth.Set }

// SynthSource draws the pictures of a set each time that they are asked for; a [Feed] may keep them.
func SynthSource(set *synth.Set) Source { return drawn{set} }

func (d drawn) Len() int          { return d.Options.Len }
func (d drawn) Classes() []string { return synth.Classes() }
func (d drawn) Class(i int) int   { return d.Truth(i).Class() }
func (d drawn) Key(i int) string  { return fmt.Sprintf("%s/%s/%07d", d.Split, d.Kind, i) }

func (d drawn) Picture(i int) (*pixel.Image, error) {
	m, _ := d.Set.Picture(i)
	return m, nil
}

func (d drawn) Identity() string {
	return fmt.Sprintf("synth seed=%d split=%s kind=%s size=%d len=%d", d.Seed, d.Split, d.Kind, d.Size, d.Options.Len)
}

// mixture is several sources as one.
type mixture struct {
	parts []Source
	ends  []int // ends[k] is the number of pictures in parts[0] … parts[k]
}

// Mixture is several sources as one: an epoch shows each picture of each of them, as the paper's networks that were trained
// on Stylized-ImageNet and ImageNet together. Their classes must be the same.
func Mixture(sources ...Source) (Source, error) {
	if len(sources) == 0 {
		return nil, fmt.Errorf("train: a mixture of no sources")
	}
	m := &mixture{parts: sources}
	n := 0
	for _, s := range sources {
		if a, b := sources[0].Classes(), s.Classes(); !slices.Equal(a, b) {
			return nil, fmt.Errorf("train: sources of other classes can't be mixed: %s only in one, %s only in the other", orNone(without(a, b)), orNone(without(b, a)))
		}
		n += s.Len()
		m.ends = append(m.ends, n)
	}
	return m, nil
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return list(names)
}

// part is the source that has picture i of the mixture, and which one it is there.
func (m *mixture) part(i int) (part, at int) {
	for part = range m.ends {
		if i < m.ends[part] {
			break
		}
	}
	if part > 0 {
		i -= m.ends[part-1]
	}
	return part, i
}

func (m *mixture) Len() int          { return m.ends[len(m.ends)-1] }
func (m *mixture) Classes() []string { return m.parts[0].Classes() }

func (m *mixture) Class(i int) int {
	part, at := m.part(i)
	return m.parts[part].Class(at)
}

// Key begins with the number of the source, since the sources' keys may be the same.
func (m *mixture) Key(i int) string {
	part, at := m.part(i)
	return fmt.Sprintf("%d:%s", part+1, m.parts[part].Key(at))
}

func (m *mixture) Picture(i int) (*pixel.Image, error) {
	part, at := m.part(i)
	return m.parts[part].Picture(at)
}

func (m *mixture) Identity() string {
	all := make([]string, len(m.parts))
	for i, p := range m.parts {
		all[i] = p.Identity()
	}
	return "mixture of (" + strings.Join(all, ") and (") + ")"
}
