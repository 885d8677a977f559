package main

import (
	"path"
	"path/filepath"
	"strings"
	"unicode"

	"github.com/gestalt-vision/gestalt/dataset"
	"github.com/gestalt-vision/gestalt/measure"
)

// readHumans reads the published trials of the experiment, and says what they were read from.
func readHumans(from, experiment string) (kept []measure.Experiment, source string, err error) {
	if from == "" {
		return nil, "", nil
	}
	all, err := measure.ReadPaths(from)
	if err != nil {
		return nil, "", err
	}
	var names []string
	for _, e := range all {
		names = append(names, e.Name)
		if measure.Family(e.Name) == measure.Family(experiment) {
			kept = append(kept, e)
		}
	}
	if len(kept) == 0 {
		return nil, "", usagef("%s has no trials of the experiment %s, but of %s; choose with --experiment", from, experiment, strings.Join(names, ", "))
	}
	source, err = withHash(from)
	return kept, source, err
}

// experimentOf names the experiment by the folder of the pictures: that of a published set, else the folder above the
// class folders, else the set's own name.
func experimentOf(stimuli *dataset.Set) string {
	folder := ""
	if dir := path.Dir(path.Dir(stimuli.Item(0).Key)); dir != "." {
		folder = path.Base(dir)
	} else {
		folder = strings.TrimSuffix(filepath.Base(stimuli.Path()), filepath.Ext(stimuli.Path()))
	}
	for _, k := range measure.KnownExperiments {
		if k.Stimuli == folder && k.Stimuli != "" {
			return k.Name
		}
	}
	return fileName(folder)
}

// fileName makes a name for a folder and for files whose names are read apart at underscores.
func fileName(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || r == '.' || r == '-' || r == '+' {
			return r
		}
		return '-'
	}, s)
	if s = strings.Trim(s, ".-"); s == "" {
		return "stimuli"
	}
	switch strings.ToLower(filepath.Ext(s)) {
	case ".json", ".jsonl", ".html": // what lies beside the folder
		return s + "-stimuli"
	}
	return s
}

// experimentCode is the experiment's code in published image names; an unknown experiment gets three letters of its name.
func experimentCode(experiment string) string {
	for _, k := range measure.KnownExperiments {
		if k.Name == measure.Family(experiment) {
			return k.Code
		}
	}
	return string(append([]rune(experiment), 'x', 'x')[:3])
}
