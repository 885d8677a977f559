package main

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gestalt-vision/gestalt/measure"
	"github.com/gestalt-vision/gestalt/nets"
	"github.com/gestalt-vision/gestalt/weights"
	"github.com/gestalt-vision/gestalt/weights/published"
)

// weightsSuffix ends the name of a file of weights as gestalt writes them.
const weightsSuffix = ".safetensors"

// weightsSuffixes end the names of the files of weights that gestalt reads.
var weightsSuffixes = []string{weightsSuffix, ".pth", ".pt", ".pth.tar"}

// modelSpec is a --model flag taken apart.
type modelSpec struct {
	name    string // of the architecture, "" for an ONNX file
	file    string // of the weights
	subject string // what the observer is called in trials

	published *published.File // what the file must be, where it was found by the name of published weights
}

// parseModel resolves a --model flag: the name of a network or of published weights, which are looked for where locate
// says, NAME=FILE, or a FILE of weights alone, whose network is told by its name or by its parameters. The observer is
// called after the file where one is given, so that one network can be measured with several weights; with hyphens for
// underscores, as the field writes names.
//
// An ONNX file holds its network: FILE.onnx, or NAME=FILE.onnx to give the observer a name.
func parseModel(spec string) (m modelSpec, err error) {
	if isONNX(spec) {
		return parseONNX(spec)
	}
	name, file, _ := strings.Cut(spec, "=")
	if file == "" && isWeightsFile(spec) {
		file = spec
		if name, err = networkOf(spec); err != nil {
			return m, err
		}
	}
	m.name = networkNamed(name)
	if _, err := nets.Lookup(m.name); err != nil {
		return m, usagef("%w\nPublished weights have names too; 'gestalt models list' shows them", err)
	}
	if file == "" {
		found, err := locate(name)
		m.subject, m.file, m.published = name, found.path, found.published
		if err != nil {
			return m, err
		}
	} else {
		m.subject, m.file = stem(file), file
		_, err = os.Stat(file)
	}
	m.subject = strings.ReplaceAll(m.subject, "_", "-")
	return m, err
}

// classes are the names of the network's own classes, nil for those of ImageNet.
func (m modelSpec) classes() ([]string, error) {
	if !strings.HasSuffix(m.file, weightsSuffix) && !isONNX(m.file) {
		return nil, nil // no other format has metadata
	}
	return nets.DeclaredClasses(m.file)
}

// classNames are the names of the classes that all networks tell apart, nil for those of ImageNet.
func classNames(specs []modelSpec) (names []string, err error) {
	for i, spec := range specs {
		own, err := spec.classes()
		if err != nil {
			return nil, err
		}
		if i > 0 && !slices.Equal(own, names) {
			return nil, usagef("%s and %s tell other classes apart; show them pictures in runs of their own", specs[0].subject, spec.subject)
		}
		names = own
	}
	return names, nil
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

// isWeightsFile tells a file of weights from a name.
func isWeightsFile(spec string) bool {
	return hasWeightsSuffix(spec) || strings.ContainsRune(spec, filepath.Separator)
}

// hasWeightsSuffix says whether a file is called as the formats are that gestalt reads.
func hasWeightsSuffix(file string) bool { return stem(file) != filepath.Base(file) }

// stem is the name of a file of weights without folder and suffix.
func stem(file string) string {
	base := filepath.Base(file)
	for _, suffix := range slices.Backward(weightsSuffixes) { // .pth.tar before .pth
		if strings.HasSuffix(strings.ToLower(base), suffix) {
			return base[:len(base)-len(suffix)]
		}
	}
	return base
}

// modelNames are the names that --model takes.
func modelNames() []string {
	names := nets.Names()
	for _, f := range published.Files() {
		if f.Network != "" && !slices.Contains(names, f.Name) {
			names = append(names, f.Name)
		}
	}
	return names
}

// networkNamed is the network that a name of published weights stands for; other names stand for themselves.
func networkNamed(name string) string {
	if f, ok := published.Lookup(name); ok && f.Network != "" {
		return f.Network
	}
	return name
}

// networkOf tells the network that a file of weights belongs to.
func networkOf(file string) (string, error) {
	name := networkNamed(stem(file))
	if f, ok := published.ByFile(filepath.Base(file)); ok {
		name = f.Network
	}
	if _, err := nets.Lookup(name); err == nil {
		return name, nil
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

// load loads the network onto an engine. Weights that were found by their published name must be the published ones.
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
	model, err := nets.Load(backend, m.name, m.file)
	if err != nil {
		return nil, err
	}
	if m.published != nil {
		if err := m.published.CheckSHA256(model.WeightsSHA256); err != nil {
			err = fmt.Errorf("%s: %w\nTo get the right file: gestalt models pull %s. To use this one all the same: --model %s=%s",
				m.file, err, m.published.Name, m.name, m.file)
			return nil, errors.Join(err, model.Close())
		}
	}
	f, _, err := originOf(m.file, model.WeightsSHA256)
	if err != nil {
		return nil, errors.Join(err, model.Close())
	}
	if f.Resize > 0 {
		model.Preprocess.Resize = f.Resize
	}
	return model, nil
}

// originOf finds the published file that a file with this hash is or, by its metadata, was converted from. Of other
// files it returns the zero File.
func originOf(path, sum string) (f published.File, converted bool, err error) {
	if f, ok := published.BySHA256(sum); ok || !strings.HasSuffix(path, weightsSuffix) {
		return f, false, nil
	}
	w, err := weights.Open(path)
	if err != nil {
		return f, false, err
	}
	f, converted = published.BySHA256(w.Metadata()[convertedFrom])
	return f, converted, w.Close()
}

// found is a file of weights.
type found struct {
	path      string
	in        string          // what kind of place that is, for a person
	published *published.File // nil where the file is one that somebody put there as NAME.safetensors
}

// locate finds the weights that a name stands for: NAME.safetensors or the published file in the cache, the published
// file in the caches of PyTorch and Hugging Face, NAME.safetensors among the test data; for a network that differs from
// another by its padding alone, also the other's files that declare this padding. The error tells what to do.
func locate(name string) (found, error) {
	store := weightsStore()
	own := filepath.Join(store.Cache, name+weightsSuffix)
	test := filepath.Join(sharedWeights(), name+weightsSuffix)
	if isFile(own) {
		return found{own, "cache (own file)", nil}, nil
	}
	tried := []string{own}
	f, ok := published.Lookup(name)
	if ok {
		if place, ok := store.Find(f); ok {
			return found{place.Path, place.In, &f}, nil
		}
		tried = append(tried, store.Places(f)...)
	}
	if isFile(test) {
		return found{test, "test data (own file)", nil}, nil
	}
	if twin := nets.Twin(name); twin != "" {
		twins := []string{filepath.Join(store.Cache, twin+weightsSuffix), filepath.Join(sharedWeights(), twin+weightsSuffix)}
		for i, in := range []string{"cache (own file)", "test data (own file)"} {
			if is, err := nets.Identify(twins[i]); err == nil && is == name {
				return found{twins[i], in, nil}, nil
			}
		}
		tried = append(tried, twins...)
	}
	return found{}, fmt.Errorf("the weights of %s are not here; %s, or give a file with --model %s=FILE.\nLooked for\n  %s",
		name, howToGet(name, f), networkNamed(name), strings.Join(append(tried, test), "\n  "))
}

// howToGet says how weights come here, as part of a sentence.
func howToGet(name string, f published.File) string {
	switch {
	case f.Name == "" && nets.Twin(name) != "":
		return fmt.Sprintf("no published ones are known (%s%s will do if its metadata declare the padding of this one)", nets.Twin(name), weightsSuffix)
	case f.Name == "":
		return "no published ones are known"
	case f.URL == "":
		return fmt.Sprintf("they can only be got by hand, as 'gestalt models info %s' says", name)
	}
	from := ""
	if address, err := url.Parse(f.URL); err == nil {
		from = " from " + address.Host
	}
	size := ""
	if f.Size.Known() {
		size = ", " + f.Size.String()
	}
	return fmt.Sprintf("get them (%s%s%s) with\n  gestalt models pull %s\nwhich also uses what PyTorch has downloaded already", f.About, size, from, name)
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
