package dataset

import (
	"fmt"
	"io"
	"os"
	"path"
	"strings"
)

// maxLabel bounds the contents of a .cls file: a number or a WordNet id.
const maxLabel = 64

// isLabel tells the files of WebDataset that hold the class of a picture.
func isLabel(key string) bool { return strings.EqualFold(path.Ext(key), ".cls") }

// labelKey is what the files of one sample of WebDataset share: the key up to the
// first dot of the file name.
func labelKey(key string) string {
	dir, name := path.Split(key)
	stem, _, _ := strings.Cut(name, ".")
	return dir + stem
}

func (s *Set) addLabel(key string, contents io.Reader) error {
	text, err := io.ReadAll(io.LimitReader(contents, maxLabel+1))
	if err != nil {
		return fmt.Errorf("%q: %w", key, err)
	}
	if len(text) > maxLabel {
		return fmt.Errorf("%q: a label of more than %d bytes", key, maxLabel)
	}
	label := strings.TrimSpace(string(text))
	if before, twice := s.labels[labelKey(key)]; twice && before != label {
		return fmt.Errorf("%q is in it twice, with the labels %q and %q", key, before, label)
	}
	s.setLabel(labelKey(key), label)
	return nil
}

func (s *Set) setLabel(sample, label string) {
	if s.labels == nil {
		s.labels = make(map[string]string)
	}
	s.labels[sample] = label
}

func (s *Set) addLabelFile(key, file string) error {
	f, err := os.Open(file)
	if err != nil {
		return bare(err)
	}
	defer f.Close()
	return s.addLabel(key, f)
}

// attachLabels gives the pictures the labels that lay beside them.
func (s *Set) attachLabels() {
	for i := range s.items {
		if label, ok := s.labels[labelKey(s.items[i].Key)]; ok {
			s.items[i].Label = label
		}
	}
	s.labels = nil
}
