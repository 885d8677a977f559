package main

import (
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/gomlx/compute"
	"github.com/spf13/cobra"

	"github.com/gestalt-vision/gestalt/cpu/kernel"
	"github.com/gestalt-vision/gestalt/engine"
	"github.com/gestalt-vision/gestalt/nets"
)

// networkFlags say how networks are run.
type networkFlags struct {
	engine  string
	batch   int
	workers int
	onnx    onnxFlags
}

func (n *networkFlags) addFlags(cmd *cobra.Command) {
	n.addEngineFlags(cmd)
	n.onnx.addFlags(cmd)
}

// addEngineFlags adds the flags that do not speak of files of networks.
func (n *networkFlags) addEngineFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&n.engine, "engine", defaultEngine(), "engine that runs networks: "+strings.Join(engine.Names(), " or "))
	f.IntVar(&n.batch, "batch", 8, "pictures that go through a network at once")
	f.IntVar(&n.workers, "workers", runtime.GOMAXPROCS(0), "goroutines that decode pictures")
	complete(cmd, "engine", engine.Names()...)
}

// configure is configure for the engine that the flags name, with what they say about ONNX files.
func (n networkFlags) configure() (configuration, error) {
	options, err := n.onnx.options()
	if err != nil {
		return configuration{}, err
	}
	c, err := configure(n.engine)
	c.onnx = options
	return c, err
}

// maxBatch bounds the memory that a slip of the finger can ask for: 1,024 pictures are 600 MB of input.
const maxBatch = 1024

func (n networkFlags) check() error {
	if n.batch < 1 || n.batch > maxBatch {
		return usagef("--batch %d: it must be between 1 and %d", n.batch, maxBatch)
	}
	if n.workers < 1 || n.workers > maxBatch {
		return usagef("--workers %d: it must be between 1 and %d", n.workers, maxBatch)
	}
	return nil
}

// defaultEngine is the engine when --engine is not given.
func defaultEngine() string {
	if e := os.Getenv("GESTALT_ENGINE"); e != "" {
		return e
	}
	return engine.Default
}

// configuration is an engine with what the environment says about it.
type configuration struct {
	name    string // for engine.Open
	kind    string // without options
	kernels string // instruction set of the cpu engine, "" for others
	threads int
	onnx    nets.ONNXOptions
}

// configure applies GESTALT_ISA and GESTALT_THREADS to an engine that a flag names. Options in the name itself
// (cpu:threads=1) win.
func configure(name string) (configuration, error) {
	name = engine.Resolve(name)
	kind, options, _ := strings.Cut(name, ":")
	c := configuration{name: name, kind: kind, threads: runtime.GOMAXPROCS(0)}
	if !slices.Contains(engine.Names(), kind) {
		_, err := engine.Open(name) // says why not
		return c, usageError{err}
	}
	if kind != "cpu" {
		return c, nil
	}
	if isa := os.Getenv("GESTALT_ISA"); isa != "" {
		if err := kernel.Use(isa); err != nil {
			return c, usagef("GESTALT_ISA: %w", err)
		}
	}
	c.kernels = kernel.ISA()
	if threads := os.Getenv("GESTALT_THREADS"); threads != "" && options == "" {
		n, err := strconv.Atoi(threads)
		if err != nil || n < 1 {
			return c, usagef("GESTALT_THREADS: %q is not a number of threads", threads)
		}
		c.name, c.threads = kind+":threads="+threads, n
	}
	return c, nil
}

// open opens the engine, which lives as long as the program.
func (c configuration) open() (compute.Backend, error) {
	backend, err := engine.Open(c.name)
	if err != nil {
		return nil, usageError{err}
	}
	return backend, nil
}

// String is what results say about the engine: all that their last bits depend on.
func (c configuration) String() string {
	if c.kernels == "" {
		return c.name // xla:cuda
	}
	return c.kind + " (" + c.kernels + ")"
}
