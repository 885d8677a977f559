package measure

import "strings"

// KnownExperiment is an experiment that goes by several names: model-vs-human calls its data sets by one word, the
// published raw data of Geirhos et al. lie in directories with longer names, and the stimuli in yet others.
type KnownExperiment struct {
	Name      string // model-vs-human's, the one that gestalt writes
	Directory string // of the published trials; networks' trials also lie in Directory + "-trained-CNNs"
	Code      string // second field of a published image name
	Stimuli   string // folder of the published pictures
}

// KnownExperiments are the published experiments on shape and texture. The two with another instruction to people
// (name the shape, name the texture) use the stimuli of cue-conflict.
var KnownExperiments = []KnownExperiment{
	{"cue-conflict", "style-transfer-512-nomask-experiment", "s5n", "style-transfer-preprocessed-512"},
	{"content-guessing", "style-transfer-512-nomask-content-guessing-experiment", "scg", ""},
	{"texture-guessing", "style-transfer-512-nomask-texture-guessing-experiment", "stg", ""},
	{"texture-filled-rotated", "texture-filled-rotated-experiment", "tfr", ""},
	{"original", "original-experiment", "org", ""},
	{"greyscale", "grayscale-experiment", "gra", ""},
	{"silhouette", "silhouette-filled-experiment", "sif", "filled-silhouettes"},
	{"edge", "edge-experiment", "edg", "edges"},
	{"texture", "texture-experiment", "tex", ""},
}

// Family tells which experiments belong together: it maps the names that one experiment goes by to a single one. Any
// other name is its own family, but for the ending "-trained-CNNs", under which the field keeps networks' trials.
func Family(experiment string) string {
	name := strings.TrimSuffix(experiment, trainedSuffix)
	for _, k := range KnownExperiments {
		if name == k.Directory {
			return k.Name
		}
	}
	return name
}
