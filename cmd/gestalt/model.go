package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/gomlx/compute"

	"github.com/gestalt-vision/gestalt/cpu/kernel"
	"github.com/gestalt-vision/gestalt/engine"
	"github.com/gestalt-vision/gestalt/nets"
)

// weightsSuffix ends the name of a file of weights.
const weightsSuffix = ".safetensors"

// openModel loads the network that spec names onto an engine: a name, whose weights are looked for where weightsFolders
// says, NAME=FILE, or FILE where the file is called NAME.safetensors. The engine lives as long as the program.
func openModel(engineName, spec string) (*nets.Model, error) {
	name, file := splitModel(spec)
	if _, err := nets.Lookup(name); err != nil {
		return nil, usageError{err}
	}
	if file == "" {
		var err error
		if file, err = findWeights(name); err != nil {
			return nil, err
		}
	}
	backend, err := openEngine(engineName)
	if err != nil {
		return nil, err
	}
	return nets.Load(backend, name, file)
}

// splitModel takes a --model flag apart. file is empty where only a name was given.
func splitModel(spec string) (name, file string) {
	if name, file, ok := strings.Cut(spec, "="); ok {
		return name, file
	}
	if strings.HasSuffix(spec, weightsSuffix) {
		return strings.TrimSuffix(filepath.Base(spec), weightsSuffix), spec
	}
	return spec, ""
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

// openEngine opens the engine that a flag names, with what the environment says about it. Options in the name itself
// (cpu:threads=1) win.
func openEngine(name string) (compute.Backend, error) {
	if isa := os.Getenv("GESTALT_ISA"); isa != "" {
		if err := kernel.Use(isa); err != nil {
			return nil, usagef("GESTALT_ISA: %w", err)
		}
	}
	kind, options, _ := strings.Cut(name, ":")
	if threads := os.Getenv("GESTALT_THREADS"); threads != "" && options == "" && (kind == "" || kind == engine.Default) {
		name = engine.Default + ":threads=" + threads
	}
	backend, err := engine.Open(name)
	if err != nil {
		return nil, usageError{err}
	}
	return backend, nil
}
