package train

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gestalt-vision/gestalt/internal/atomicfile"
	"github.com/gestalt-vision/gestalt/internal/filelock"
	"github.com/gestalt-vision/gestalt/nets"
	"github.com/gestalt-vision/gestalt/weights"
)

// Files of a training.
const (
	recipeFile     = "recipe.yaml"
	settingsFile   = "settings.json"
	lastFile       = "last.safetensors"
	bestFile       = "best.safetensors"
	csvFile        = "metrics.csv"
	jsonlFile      = "metrics.jsonl"
	timesFile      = "times.csv"
	checkpointFile = "checkpoint.safetensors"
)

// metadataPosition is where the position stands in a checkpoint's metadata.
const metadataPosition = "position"

// folder is where a training leaves its files. It is locked for the process.
type folder struct {
	root       string
	csv, jsonl *os.File
}

// settings are what a result depends on beside the recipe.
type settings struct {
	Runs       []engineRun `json:"runs"` // with what it was computed; several where it went on with another
	Train      string      `json:"train"`
	Validation string      `json:"validation"`
	Classes    []string    `json:"classes"`
	Init       string      `json:"init_sha256,omitempty"`
	Painting   string      `json:"painting,omitempty"` // what repaints pictures: method, weights, styles
}

type engineRun struct {
	Version string `json:"version"`
	Engine  string `json:"engine"`
}

// claim makes the folder, or finds that it holds the training that is to go on.
func claim(j Job) (*folder, error) {
	d := &folder{root: j.Out}
	_, err := os.Stat(d.path(recipeFile))
	switch there := err == nil; {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, err
	case there && !j.Resume:
		return nil, fmt.Errorf("%s holds a training already; --resume goes on with it, or choose another folder", j.Out)
	case there:
		if err := d.same(j); err != nil {
			return nil, fmt.Errorf("%s holds another training: %w; choose another folder", j.Out, err)
		}
	}
	if err := os.MkdirAll(j.Out, 0o777); err != nil {
		return nil, err
	}
	if d.jsonl, err = os.OpenFile(d.path(jsonlFile), os.O_RDWR|os.O_CREATE, 0o644); err != nil {
		return nil, err
	}
	if err := filelock.Try(d.jsonl); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", d.jsonl.Name(), err), d.jsonl.Close())
	}
	if d.csv, err = os.OpenFile(d.path(csvFile), os.O_RDWR|os.O_CREATE, 0o644); err != nil {
		return nil, errors.Join(err, d.jsonl.Close())
	}
	if err := d.writeSettings(j); err != nil {
		return nil, errors.Join(err, d.close())
	}
	return d, nil
}

func (d *folder) path(name string) string { return filepath.Join(d.root, name) }

func (d *folder) close() error { return errors.Join(d.csv.Close(), d.jsonl.Close()) }

// same makes sure that the training in the folder is that of the job.
func (d *folder) same(j Job) error {
	before, err := OpenRecipe(d.path(recipeFile))
	if err != nil {
		return err
	}
	if all := before.Differences(j.Recipe); len(all) > 0 {
		return errors.New(strings.Join(all, ", "))
	}
	was, err := d.readSettings()
	if err != nil || was == nil {
		return err
	}
	now := j.settings()
	for _, v := range []struct{ what, was, is string }{
		{"train", was.Train, now.Train}, {"validation", was.Validation, now.Validation}, {"init", was.Init, now.Init},
		{"painting", was.Painting, now.Painting},
		{"classes", strings.Join(was.Classes, " "), strings.Join(now.Classes, " ")},
	} {
		if v.was != v.is {
			return fmt.Errorf("%s was %q and is %q", v.what, v.was, v.is)
		}
	}
	return nil
}

func (j Job) settings() settings {
	s := settings{Runs: []engineRun{{j.Version, j.Engine}}, Train: j.Train.Identity(), Validation: j.Validation.Identity(), Classes: j.Train.Classes()}
	if j.Init != nil {
		s.Init = j.Init.SHA256()
	}
	if j.Painting != nil {
		s.Painting = j.Painting.identity()
	}
	return s
}

// readSettings is nil where a kill came before they were written.
func (d *folder) readSettings() (*settings, error) {
	data, err := os.ReadFile(d.path(settingsFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	s := &settings{}
	if err := json.Unmarshal(data, s); err != nil {
		return nil, fmt.Errorf("%s: %w", d.path(settingsFile), err)
	}
	return s, nil
}

func (d *folder) writeSettings(j Job) error {
	s := j.settings()
	before, err := d.readSettings()
	if err != nil {
		return err
	}
	if before != nil {
		if slices.Contains(before.Runs, s.Runs[0]) {
			return nil
		}
		s.Runs = append(before.Runs, s.Runs...)
	}
	recipe, err := j.Recipe.YAML()
	if err != nil {
		return err
	}
	if err := d.write(recipeFile, recipe); err != nil {
		return err
	}
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	return d.write(settingsFile, append(data, '\n'))
}

func (d *folder) write(name string, data []byte) error {
	return atomicfile.Write(d.path(name), func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// checkpoint reads the checkpoint; the state is nil where there is none.
func (d *folder) checkpoint() (*State, position, error) {
	var at position
	path := d.path(checkpointFile)
	if info, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) || err == nil && !info.Mode().IsRegular() {
		return nil, at, nil
	}
	f, err := weights.Open(path)
	if err != nil {
		return nil, at, err
	}
	state, err := ReadState(f)
	if err == nil {
		if err = json.Unmarshal([]byte(f.Metadata()[metadataPosition]), &at); err != nil {
			err = fmt.Errorf("%s does not say where training stood: %w", path, err)
		}
	}
	return &state, at, errors.Join(err, f.Close())
}

// save writes the checkpoint, after what the metrics say up to it.
func (d *folder) save(s State, at position) error {
	for _, log := range []struct {
		file   *os.File
		length *int64
	}{{d.csv, &at.CSV}, {d.jsonl, &at.JSONL}} {
		if err := log.file.Sync(); err != nil {
			return err
		}
		info, err := log.file.Stat()
		if err != nil {
			return err
		}
		*log.length = info.Size()
	}
	text, err := json.Marshal(at)
	if err != nil {
		return err
	}
	return s.Write(d.path(checkpointFile), map[string]string{metadataPosition: string(text)})
}

// writeWeights writes what a file of weights for the network holds.
func (d *folder) writeWeights(name string, s State, a nets.Architecture, more map[string]string) error {
	all := a.Metadata()
	maps.Copy(all, more)
	return weights.Write(d.path(name), s.Network, all)
}
