package dataset

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
)

// ClassIndex returns the class of ILSVRC-2012 with a WordNet id, 0 <= class <
// [NumClasses], and false for an id that is none of the 1,000.
func ClassIndex(wnid string) (class int, ok bool) {
	class, ok = slices.BinarySearchFunc(classLines[:], wnid, func(line, wnid string) int {
		id, _, _ := strings.Cut(line, " ")
		return strings.Compare(id, wnid)
	})
	return class, ok
}

// Truth is the class that a picture shows, or why that is not known.
type Truth struct {
	Class int // of ILSVRC-2012; -1 with Err
	Err   error
}

// Truths tells the class of every picture of the set, in its order. It is told by
//
//   - the line of labels, where there are labels;
//   - the .cls file beside the picture ([Item.Label]): a class index from 0 to 999
//     or a WordNet id;
//   - the innermost folder of the key that is named by a WordNet id
//     ("val/n01440764/ILSVRC2012_val_00000293.JPEG");
//   - a file name that begins with one ("n01440764_tench.jpg").
//
// Where several of them speak they must agree. The error is about the whole list: it
// can't belong to these pictures.
func (s *Set) Truths(labels *Labels) ([]Truth, error) {
	listed := func(int) (int, error) { return -1, nil }
	if labels != nil {
		var err error
		if listed, err = labels.of(s); err != nil {
			return nil, fmt.Errorf("dataset: labels %s for %s: %w", labels.path, s.path, err)
		}
	}
	truths := make([]Truth, len(s.items))
	for i, item := range s.items {
		class, err := listed(i)
		if err == nil {
			class, err = item.class(class)
		}
		if err != nil {
			class = -1
		}
		truths[i] = Truth{class, err}
	}
	return truths, nil
}

// TruthsAmong tells the class of every picture of the set, in its order, where the classes are others than those of
// ImageNet: classes are their names, and the numbers in the result are their places. A class is told by the .cls file
// beside the picture (a name or its number), by the innermost folder that has the name of a class, or by a file name that
// begins with one, as in [Item.Category].
func (s *Set) TruthsAmong(classes []string) []Truth {
	truths := make([]Truth, len(s.items))
	for i, item := range s.items {
		class, err := item.classAmong(classes)
		truths[i] = Truth{class, err}
	}
	return truths
}

func (item Item) classAmong(classes []string) (int, error) {
	if item.Label != "" {
		class := slices.Index(classes, item.Label)
		if n, err := strconv.Atoi(item.Label); class < 0 && err == nil && n >= 0 && n < len(classes) {
			class = n
		}
		if class < 0 {
			return -1, fmt.Errorf("its .cls file says %q, which is none of the %d classes (%s, …)", item.Label, len(classes), classes[0])
		}
		return class, nil
	}
	folders := strings.Split(path.Dir(item.Key), "/")
	for _, folder := range slices.Backward(folders) {
		if class := slices.Index(classes, folder); class >= 0 {
			return class, nil
		}
	}
	if name, ok := item.CategoryAmong(classes); ok {
		return slices.Index(classes, name), nil
	}
	return -1, fmt.Errorf("neither its folder nor its name tells one of the %d classes (%s, …)", len(classes), classes[0])
}

// class is the class of an item; listed is that of a list of labels, -1 without one.
func (item Item) class(listed int) (int, error) {
	class, source := listed, "the list of labels"
	agree := func(c int, from string) error {
		if class >= 0 && class != c {
			return fmt.Errorf("%s says %s, but %s says %s", source, classLines[class], from, classLines[c])
		}
		class, source = c, from
		return nil
	}
	if item.Label != "" {
		c, err := parseClass(item.Label)
		if err != nil {
			return -1, fmt.Errorf("its .cls file: %w", err)
		}
		if err := agree(c, "its .cls file"); err != nil {
			return -1, err
		}
	}
	foreign := "" // an id that is none of the 1,000
	dir, name := path.Split(item.Key)
	folders := strings.Split(dir, "/")
	for _, folder := range slices.Backward(folders) {
		if !isWordNetID(folder) {
			continue
		}
		if c, ok := ClassIndex(folder); !ok {
			foreign = folder
		} else if err := agree(c, "its folder"); err != nil {
			return -1, err
		}
		break
	}
	if len(name) > 9 && isWordNetID(name[:9]) && !isLetterOrDigit(name[9]) {
		if c, ok := ClassIndex(name[:9]); !ok {
			foreign = name[:9]
		} else if err := agree(c, "its name"); err != nil {
			return -1, err
		}
	}
	switch {
	case class >= 0:
		return class, nil
	case foreign != "":
		return -1, fmt.Errorf("%s is none of the 1,000 classes of ILSVRC-2012", foreign)
	}
	return -1, errors.New("nothing tells its class: no label, no folder and no name that begins with a WordNet id (n01440764)")
}

// Category tells which of the 16 categories the picture shows: the one that its
// folder is named after, else the one that its name begins with (cat7-elephant1.png,
// bear3.png). With conflicting cues that is the shape's.
func (item Item) Category() (string, error) {
	if category, ok := item.CategoryAmong(Categories[:]); ok {
		return category, nil
	}
	return "", errors.New("neither its folder nor its name tells one of the 16 categories")
}

// EntryCategory is Category or, where neither folder nor name is one of the 16, the category that the picture's ImageNet
// class belongs to, which most classes do to none.
func (item Item) EntryCategory() (string, error) {
	category, err := item.Category()
	if err == nil {
		return category, nil
	}
	class, unknown := item.class(-1)
	if unknown != nil {
		return "", err
	}
	category, ok := CategoryOf(class)
	if !ok {
		return "", fmt.Errorf("its class, %s, belongs to none of the 16 categories", classLines[class])
	}
	return category, nil
}

// CategoryAmong is Category among other names than those of the 16.
func (item Item) CategoryAmong(names []string) (category string, ok bool) {
	if slices.Contains(names, item.Class) {
		return item.Class, true
	}
	name, _, _ := strings.Cut(path.Base(item.Key), "-")
	name = strings.TrimRight(strings.TrimSuffix(name, path.Ext(name)), "0123456789")
	return name, slices.Contains(names, name)
}

// parseClass reads a class index (0 to 999) or a WordNet id.
func parseClass(s string) (int, error) {
	if isWordNetID(s) {
		if class, ok := ClassIndex(s); ok {
			return class, nil
		}
		return -1, fmt.Errorf("%s is none of the 1,000 classes of ILSVRC-2012", s)
	}
	class, err := strconv.Atoi(s)
	switch {
	case err != nil:
		return -1, fmt.Errorf("%q is neither a WordNet id (n01440764) nor the number of a class", s)
	case class < 0 || class >= NumClasses:
		return -1, fmt.Errorf("there is no class %d: they are counted from 0 to %d in the order of their WordNet ids", class, NumClasses-1)
	}
	return class, nil
}

// isWordNetID reports whether s looks like n01440764: a noun and eight digits.
func isWordNetID(s string) bool {
	return len(s) == 9 && s[0] == 'n' && strings.Trim(s[1:], "0123456789") == ""
}

func isLetterOrDigit(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
