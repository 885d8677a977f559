package dataset

import (
	_ "embed"
	"fmt"
	"strings"
)

// NumClasses is the number of classes of ILSVRC-2012, and of outputs of the
// networks trained on it.
const NumClasses = 1000

// classesText has a line per class in the order of the networks' outputs (which
// is the order of the WordNet ids): the id, a space, the name.
//
//go:embed classes.txt
var classesText string

var classLines = func() [NumClasses]string {
	lines := strings.Split(strings.TrimSuffix(classesText, "\n"), "\n")
	return [NumClasses]string(lines) // panics when there are fewer
}()

// Class returns the WordNet id and the common name of class i of ILSVRC-2012,
// such as "n01440764", "tench" for 0. It panics unless 0 <= i < [NumClasses].
// Two names occur twice ("crane" is a bird and a machine, "maillot" two classes
// of swimsuit); the ids never do.
func Class(i int) (wnid, name string) {
	if i < 0 || i >= NumClasses {
		panic(fmt.Sprintf("dataset: there is no class %d of %d", i, NumClasses))
	}
	wnid, name, _ = strings.Cut(classLines[i], " ")
	return wnid, name
}

// ClassAmong is the name of class i where the classes are called so, without a WordNet id; where names is nil it is
// [Class], for those of ILSVRC-2012.
func ClassAmong(names []string, i int) (wnid, name string) {
	if names == nil {
		return Class(i)
	}
	return "", names[i]
}
