package dataset

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strconv"
	"strings"
)

// Labels is a list of ground truth for pictures whose own names do not tell it, such
// as those of the flat validation set of ILSVRC-2012.
type Labels struct {
	path  string
	named map[string]int // class by file name without folders and extension
	lines []int          // class by line, where the list has no names
}

// Len is the number of pictures that the list speaks of.
func (l *Labels) Len() int { return len(l.named) + len(l.lines) }

// OpenLabels reads a list of ground truth in one of three forms:
//
//   - a name and a class a line, as Caffe's val.txt has them
//     ("ILSVRC2012_val_00000001.JPEG 65"), with white space or a comma in between.
//     Folders and extension of the name do not matter;
//   - a WordNet id a line, as TensorFlow's imagenet_2012_validation_synset_labels.txt
//     has them: line n is for the picture whose name ends in number n
//     (ILSVRC2012_val_0000000n.JPEG), or, where the names are others, for picture n
//     of the set, which must then have as many pictures as the list has lines;
//   - Kaggle's LOC_val_solution.csv, with the columns ImageId and PredictionString.
//
// A class is a WordNet id, or an index from 0 to 999 in the order of the WordNet ids,
// the same in all lines. Blank lines and those that start with # are ignored. A number
// alone in a line is refused: in ILSVRC2012_validation_ground_truth.txt it counts from
// 1 in the order of the development kit, in other files from 0 in the order of the
// WordNet ids, and nothing in the file tells which.
func OpenLabels(path string) (*Labels, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	l, err := readLabels(f)
	if err != nil {
		return nil, fmt.Errorf("dataset: labels %s: %w", path, err)
	}
	l.path = path
	return l, nil
}

const kaggleHeader = "ImageId,PredictionString"

func readLabels(r io.Reader) (*Labels, error) {
	l := &Labels{named: make(map[string]int)}
	lines := bufio.NewScanner(r)
	kaggle, kind := false, ""
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(strings.TrimPrefix(lines.Text(), "\ufeff"))
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
			continue
		case n == 1 && line == kaggleHeader:
			kaggle = true
			continue
		}
		name, text := cutLabel(line)
		if kaggle {
			var err error
			if name, text, err = cutKaggle(line); err != nil {
				return nil, fmt.Errorf("line %d: %w", n, err)
			}
		}
		k := labelKind(name, text)
		if kind == "" {
			kind = k
		}
		if k != kind {
			return nil, fmt.Errorf("line %d has %s, the lines before it %s", n, k, kind)
		}
		if kind == aNumber {
			return nil, errors.New("it has a number a line, which may count from 0 in the order of the WordNet ids or from 1 in that of the " +
				"development kit (ILSVRC2012_validation_ground_truth.txt); nothing tells which. Give WordNet ids, or lines with name and class")
		}
		class, err := parseClass(text)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		if name == "" {
			l.lines = append(l.lines, class)
			continue
		}
		key := labelName(name)
		if before, twice := l.named[key]; twice && before != class {
			return nil, fmt.Errorf("line %d: %s had another class before", n, name)
		}
		l.named[key] = class
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("after %d lines: %w", l.Len(), err)
	}
	if l.Len() == 0 {
		return nil, errors.New("it has no lines")
	}
	return l, nil
}

// What a line can have.
const (
	aNumber    = "a number alone"
	anID       = "a WordNet id alone"
	nameNumber = "a name and a number"
	nameID     = "a name and a WordNet id"
)

func labelKind(name, class string) string {
	switch id := isWordNetID(class); {
	case name == "" && id:
		return anID
	case name == "":
		return aNumber
	case id:
		return nameID
	}
	return nameNumber
}

// cutLabel cuts a line into name and class: at the last white space or comma.
func cutLabel(line string) (name, class string) {
	i := strings.LastIndexAny(line, " \t,")
	return strings.TrimRight(line[:i+1], " \t,"), line[i+1:]
}

// cutKaggle cuts "ILSVRC2012_val_00048981,n03995372 85 1 499 272": the class and box
// of each object in turn, all of one class.
func cutKaggle(line string) (name, class string, err error) {
	name, boxes, _ := strings.Cut(line, ",")
	fields := strings.Fields(boxes)
	if name == "" || len(fields) == 0 || len(fields)%5 != 0 {
		return "", "", errors.New("it should be a name, a comma and five values for each object")
	}
	for i := 0; i < len(fields); i += 5 {
		if fields[i] != fields[0] {
			return "", "", fmt.Errorf("%s shows objects of two classes, %s and %s", name, fields[0], fields[i])
		}
	}
	return name, fields[0], nil
}

// labelName is a file name without what lists differ in.
func labelName(name string) string {
	base := path.Base(strings.ReplaceAll(name, `\`, "/"))
	if isPicture(base) {
		base = strings.TrimSuffix(base, path.Ext(base))
	}
	return base
}

// of tells the class of each picture of a set.
func (l *Labels) of(s *Set) (func(i int) (int, error), error) {
	if l.lines == nil {
		return func(i int) (int, error) {
			class, ok := l.named[labelName(s.items[i].Key)]
			if !ok {
				return -1, fmt.Errorf("%s has no line for it", l.path)
			}
			return class, nil
		}, nil
	}
	line := func(i int) int { return i }
	if s.numbered() {
		line = func(i int) int { return validationNumber(s.items[i].Key) - 1 }
	} else if len(l.lines) != s.Len() {
		return nil, fmt.Errorf("it has a class for each of %d pictures in order, but there are %d pictures, and their names have no numbers", len(l.lines), s.Len())
	}
	return func(i int) (int, error) {
		if n := line(i); n < len(l.lines) {
			return l.lines[n], nil
		}
		return -1, fmt.Errorf("%s has only %d lines", l.path, len(l.lines))
	}, nil
}

// numbered reports whether all pictures are named as those of ILSVRC's validation set.
func (s *Set) numbered() bool {
	for _, item := range s.items {
		if validationNumber(item.Key) == 0 {
			return false
		}
	}
	return true
}

// validationNumber is n for ILSVRC2012_val_0000000n.JPEG, in any folder, and 0 for
// other names. Tools append the WordNet id to such names (…_0000000n_n01440764.JPEG).
func validationNumber(key string) int {
	rest, ok := strings.CutPrefix(labelName(key), "ILSVRC2012_val_")
	digits, _, _ := strings.Cut(rest, "_")
	n, err := strconv.Atoi(digits)
	if !ok || len(digits) != 8 || err != nil || n < 1 {
		return 0
	}
	return n
}
