package nets

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gestalt-vision/gestalt/weights"
)

// ReadParts is ReadInputs for a network whose parameters lie in several files: those of the module that parts has a file
// for are in it by their names below the module. So the file of "decoder" holds decoder.1.weight as 1.weight. The files
// may hold more.
func (n *Net) ReadParts(parts map[string]*weights.File) ([][]float32, error) {
	return n.inputs(fromParts(parts))
}

// fromParts is the origin of parameters that lie in the files of modules.
func fromParts(parts map[string]*weights.File) origin {
	return func(n *Net, use func(source) error) error {
		read := map[string][]float32{}
		for _, module := range slices.Sorted(maps.Keys(parts)) {
			part := &Net{mode: n.mode, ignored: n.ignored}
			for _, p := range n.Params {
				if name, ok := strings.CutPrefix(p.Name, module+"."); ok && n.takes(p) {
					p.Name = name
					part.Params = append(part.Params, p)
				}
			}
			if err := part.checkFile(parts[module]); err != nil {
				return err
			}
			for _, p := range part.Params {
				values, _, err := parts[module].Float32(p.Name)
				if err != nil {
					return err
				}
				read[module+"."+p.Name] = values
			}
		}
		for _, p := range n.Params {
			if read[p.Name] == nil && n.takes(p) {
				return fmt.Errorf("no file was given for the parameter %s", p.Name)
			}
		}
		return use(func(name string) []float32 { return read[name] })
	}
}

// takes says whether the graph needs a parameter.
func (n *Net) takes(p Param) bool { return n.mode == Training || !p.Auxiliary }
