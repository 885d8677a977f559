// Package engine opens a GoMLX compute engine by name and is the one place
// that turns GoMLX's panics into errors.
//
// Engines in this build:
//
//	cpu    our own pure-Go engine, package cpu; the default ("" and "auto" mean it too)
//	go     GoMLX's portable engine: slow, the reference that tests compare with
//
// Options follow a colon and are passed on to the engine as they are, for
// example "cpu:threads=1".
package engine

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gestalt-vision/gestalt/cpu"
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/gobackend"
)

// Default is the engine that the names "" and "auto" stand for.
const Default = "cpu"

// constructors holds the engines that this build contains.
var constructors = map[string]compute.Constructor{
	"cpu": cpu.New,
	"go":  gobackend.New,
}

// absent names the engines that gestalt knows but this build does not contain.
var absent = []string{"onnx", "xla"}

// Names lists the engines that this build contains, sorted.
func Names() []string {
	names := make([]string, 0, len(constructors))
	for name := range constructors {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Open opens the engine called name, which is NAME or NAME:OPTIONS. The caller
// owns the engine and should Finalize it.
//
// A name that this build does not contain, or that nobody knows, gives an
// error that lists the names that would work; so do options that the engine
// does not understand.
func Open(name string) (compute.Backend, error) {
	kind, options, _ := strings.Cut(name, ":")
	if kind == "" || kind == "auto" {
		kind = Default
	}
	open, ok := constructors[kind]
	if !ok {
		reason := "is not known"
		if slices.Contains(absent, kind) {
			reason = "is not in this build"
		}
		return nil, fmt.Errorf("engine %q %s; choose one of: %s", kind, reason, strings.Join(Names(), ", "))
	}
	var backend compute.Backend
	var err error
	if thrown := Catch(func() { backend, err = open(options) }); thrown != nil {
		err = thrown
	}
	if err != nil {
		return nil, fmt.Errorf("opening engine %q: %w", name, err)
	}
	return backend, nil
}
