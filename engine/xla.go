//go:build xla && cgo && linux

package engine

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/gomlx/compute"
	"github.com/gomlx/go-xla/compute/xla"
	"github.com/gomlx/go-xla/pjrt"
)

func init() {
	xla.EnableAutoInstall(false) // opening an engine must not download anything
	constructors["xla"] = openXLA
	cudaReady = func() bool {
		_, found := plugins.find("cuda")
		return found
	}
}

// openXLA opens XLA on a PJRT plug-in. The options are [PLUGIN][,OPTION]...: PLUGIN is cpu or cuda, or as another plug-in is
// called; without it, cuda if its plug-in and a GPU are there, else cpu. Options are go-xla's, for example tf32=false.
func openXLA(options string) (compute.Backend, error) {
	name, rest, more := strings.Cut(options, ",")
	if name == "" {
		name = "cpu"
		if cudaReady() {
			name = "cuda"
		}
	}
	found, ok := plugins.find(name)
	if !ok {
		return nil, fmt.Errorf("no plug-in %q that loads and finds its device (found: %s); xla needs %s", name, plugins.list(), pluginPlaces)
	}
	if name == "cpu" {
		if err := plugins.preload(found); err != nil {
			return nil, err
		}
	}
	if more {
		found += "," + rest
	}
	// go-xla finds plug-ins and fills its caches without a lock.
	plugins.Lock()
	defer plugins.Unlock()
	return xla.New(found)
}

// pluginSet is the plug-ins on this machine. They are looked for once: go-xla loads each file to see whether it is one.
type pluginSet struct {
	sync.Mutex
	paths     map[string]string // by name, nil before the search
	broken    bool              // the search stopped at a file that does not load
	preloaded map[string]bool
}

var plugins = pluginSet{preloaded: map[string]bool{}}

// search must be called with the lock held.
func (p *pluginSet) search() {
	if p.paths != nil {
		return
	}
	p.paths = map[string]string{}
	// go-xla v0.4.0 calls a method of nil where a file is named like a plug-in but does not load. It has logged the file by
	// then; no plug-in counts as found.
	defer func() { p.broken = recover() != nil }()
	p.paths = pjrt.AvailablePlugins()
}

// find gives the whole name of a plug-in: go-xla's installer adds the version, as in cpu_v0.98.0. A CUDA plug-in is only
// found where there is an NVIDIA GPU.
func (p *pluginSet) find(name string) (string, bool) {
	p.Lock()
	defer p.Unlock()
	p.search()
	if _, ok := p.paths[name]; ok {
		return name, true
	}
	for _, whole := range slices.Backward(slices.Sorted(maps.Keys(p.paths))) {
		if strings.HasPrefix(whole, name+"_v") {
			return whole, true
		}
	}
	return "", false
}

func (p *pluginSet) list() string {
	p.Lock()
	defer p.Unlock()
	if p.broken {
		return "a file that does not load"
	}
	if len(p.paths) == 0 {
		return "none"
	}
	return strings.Join(slices.Sorted(maps.Keys(p.paths)), ", ")
}

func (p *pluginSet) preload(name string) error {
	p.Lock()
	defer p.Unlock()
	if p.preloaded[name] {
		return nil
	}
	if err := preloadCPU(name, p.paths[name]); err != nil {
		return err
	}
	p.preloaded[name] = true
	return nil
}
