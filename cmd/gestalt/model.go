package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gestalt-vision/gestalt/measure"
	"github.com/gestalt-vision/gestalt/nets"
)

// weightsSuffix ends the name of a file of weights.
const weightsSuffix = ".safetensors"

// modelSpec is a --model flag taken apart.
type modelSpec struct {
	name    string // of the architecture, "" for an ONNX file
	file    string // of the weights
	subject string // what the observer is called in trials
}

// parseModel resolves a --model flag: a network's name, whose weights are looked for where weightsFolders says,
// NAME=FILE, or a FILE of weights alone, whose network is told by its name or by its parameters. The observer is called
// after the file where one is given, so that one network can be measured with several weights; with hyphens for
// underscores, as the field writes names.
//
// An ONNX file holds its network: FILE.onnx, or NAME=FILE.onnx to give the observer a name.
func parseModel(spec string) (m modelSpec, err error) {
	if isONNX(spec) {
		return parseONNX(spec)
	}
	m.name, m.file, _ = strings.Cut(spec, "=")
	if m.file == "" && strings.HasSuffix(spec, weightsSuffix) {
		m.file = spec
		if m.name, err = networkOf(spec); err != nil {
			return m, err
		}
	}
	if _, err := nets.Lookup(m.name); err != nil {
		return m, usageError{err}
	}
	m.subject = m.name
	if m.file == "" {
		m.file, err = findWeights(m.name)
	} else {
		m.subject = strings.TrimSuffix(filepath.Base(m.file), filepath.Ext(m.file))
		_, err = os.Stat(m.file)
	}
	m.subject = strings.ReplaceAll(m.subject, "_", "-")
	return m, err
}

// errNoModel says that --model is missing.
func errNoModel() error {
	return usagef("say which network with --model (one of %s)", strings.Join(nets.Names(), ", "))
}

// parseModels resolves several --model flags, whose observers need names of their own.
func parseModels(flags []string) ([]modelSpec, error) {
	var specs []modelSpec
	for _, flag := range flags {
		spec, err := parseModel(flag)
		if err != nil {
			return nil, err
		}
		if spec.subject == measure.Humans || (measure.Trial{Subj: spec.subject}).Human() {
			return nil, usagef("a network can't be called %s, which is a person's name; rename %s", spec.subject, spec.file)
		}
		if slices.ContainsFunc(specs, func(s modelSpec) bool { return s.subject == spec.subject }) {
			return nil, usagef("two networks would both be called %s; rename one of the files", spec.subject)
		}
		specs = append(specs, spec)
	}
	return specs, nil
}

// networkOf tells the network that a file of weights belongs to.
func networkOf(file string) (string, error) {
	stem := strings.TrimSuffix(filepath.Base(file), weightsSuffix)
	if _, err := nets.Lookup(stem); err == nil {
		return stem, nil
	}
	name, err := nets.Identify(file)
	if err != nil {
		return "", err
	}
	if name == "" {
		return "", usagef("%s holds the parameters of none of the networks; say which one with NAME=%[1]s (there are %s)",
			file, strings.Join(nets.Names(), ", "))
	}
	return name, nil
}

// load loads the network onto an engine.
func (m modelSpec) load(c configuration) (*nets.Model, error) {
	if m.name == "" {
		return m.loadONNX(c)
	}
	if c.onnx.Given() {
		return nil, usagef("%s say how an ONNX file is read, and %s is none", onnxFlagNames, m.file)
	}
	backend, err := c.open()
	if err != nil {
		return nil, err
	}
	return nets.Load(backend, m.name, m.file)
}

// findWeights finds NAME.safetensors.
func findWeights(name string) (string, error) {
	var tried strings.Builder
	for _, folder := range weightsFolders() {
		path := filepath.Join(folder, name+weightsSuffix)
		_, err := os.Stat(path)
		if err == nil {
			return path, nil
		}
		if !errors.Is(err, os.ErrNotExist) {
			return "", err
		}
		fmt.Fprintf(&tried, "  %s\n", path)
	}
	return "", fmt.Errorf(`there are no weights of %[1]s here; looked for
%[2]sGive a file with --model %[1]s=FILE, or put it in one of these places. Where PyTorch, torchvision and the Python
package safetensors are installed, the published weights are saved as such a file by
  python3 -c "import torchvision, safetensors.torch as s; s.save_file(torchvision.models.%[1]s(weights='IMAGENET1K_V1').state_dict(), '%[1]s%[3]s')"`,
		name, tried.String(), weightsSuffix)
}

// weightsFolders are the folders where weights are looked for, the first first.
func weightsFolders() []string {
	var folders []string
	if cache := os.Getenv("GESTALT_CACHE"); cache != "" {
		folders = append(folders, cache)
	} else if cache, err := os.UserCacheDir(); err == nil {
		folders = append(folders, filepath.Join(cache, "gestalt"))
	}
	shared := os.Getenv("GESTALT_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "shared")
	}
	return append(folders, filepath.Join(shared, "weights"))
}
