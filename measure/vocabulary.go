package measure

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/gestalt-vision/gestalt/dataset"
)

// Vocabulary is the names of the categories that pictures show and observers answer with, in the order of tables and
// figures. The zero value stands for the 16 of [dataset.Categories], in which all published trials are. Names that the
// names of pictures tell ([Vocabulary.CueConflict]) have neither digits nor hyphens.
type Vocabulary []string

// Names are the names, where the vocabulary is the zero value those of the 16 categories.
func (v Vocabulary) Names() []string {
	if v == nil {
		return categories[:]
	}
	return v
}

// Check says whether the names are a vocabulary: each of its own, none empty, none that of an answer that was not given.
func (v Vocabulary) Check() error {
	seen := map[string]bool{"": true, NoAnswer: true}
	for _, name := range v {
		if seen[name] {
			return fmt.Errorf("measure: a category can't be called %q: the name is empty, taken, or stands for no answer", name)
		}
		seen[name] = true
	}
	if v != nil && len(v) == 0 {
		return fmt.Errorf("measure: a vocabulary without categories")
	}
	return nil
}

// CueConflict gives the shape and the texture category of a cue-conflict stimulus, from its name: for cat7-elephant1.png
// cat and elephant. The first and the second part count; the third, where there is one, is the angle of the texture
// (airplane1-bicycle2-108.png). ok is false when the name does not say two of the categories.
func (v Vocabulary) CueConflict(image string) (shape, texture string, ok bool) {
	name := StimulusName(image)
	parts := strings.Split(strings.TrimSuffix(name, path.Ext(name)), "-")
	if len(parts) < 2 {
		return "", "", false
	}
	shape, texture = withoutDigits(parts[0]), withoutDigits(parts[1])
	if !v.has(shape) || !v.has(texture) {
		return "", "", false
	}
	return shape, texture, true
}

func (v Vocabulary) has(name string) bool { return slices.Contains(v.Names(), name) }

// String describes the vocabulary in a message.
func (v Vocabulary) String() string {
	if v == nil {
		return fmt.Sprintf("the %d categories", len(categories))
	}
	return "the categories " + strings.Join(v, ", ")
}

// CueConflict is [Vocabulary.CueConflict] of the 16 categories.
func CueConflict(image string) (shape, texture string, ok bool) {
	return Vocabulary(nil).CueConflict(image)
}

// categories are the names that the zero Vocabulary stands for.
var categories = dataset.Categories

// lexicon is a vocabulary with the number of each name, its position.
type lexicon struct {
	Vocabulary
	numbers map[string]int
}

func (v Vocabulary) lexicon() lexicon {
	l := lexicon{v, make(map[string]int, len(v.Names()))}
	for i, name := range v.Names() {
		l.numbers[name] = i
	}
	return l
}

// number is that of a category, na for anything else.
func (l lexicon) number(name string) int {
	if i, ok := l.numbers[name]; ok {
		return i
	}
	return na
}
