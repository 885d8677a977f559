// Package recipes holds the recipes for training that come with the program, as YAML that package train reads.
package recipes

import (
	"embed"
	"io/fs"
	"path"
	"slices"
	"strings"
)

//go:embed *.yaml
var files embed.FS

// Names are the names of the recipes in alphabetical order.
func Names() (names []string) {
	all, _ := fs.Glob(files, "*.yaml") // the pattern is sound
	for _, file := range all {
		names = append(names, strings.TrimSuffix(path.Base(file), ".yaml"))
	}
	slices.Sort(names)
	return names
}

// Find is the text of a recipe.
func Find(name string) (text []byte, ok bool) {
	text, err := files.ReadFile(name + ".yaml")
	return text, err == nil
}
