// Package engine opens a GoMLX compute engine by name and is the one place
// that turns GoMLX's panics into errors.
//
// The engines, of which the first two are in every build:
//
//	cpu              our own pure-Go engine, package cpu; "" means it too
//	go               GoMLX's portable engine: slow, the reference that tests compare with
//	xla[:cpu|:cuda]  XLA through a PJRT plug-in; build tag xla
//	onnx             ONNX Runtime on the processor, inference only; build tag onnx
//	auto             xla:cuda if this build has xla and its CUDA plug-in and an NVIDIA GPU are there, else cpu
//
// Options follow a colon and are passed on to the engine as they are, for
// example "cpu:threads=1". Those of auto are for cpu and are ignored where
// auto means CUDA.
//
// # XLA
//
// XLA needs cgo, which is why it is not in the default, static build. One
// command adds it, on Linux with a C compiler:
//
//	CGO_ENABLED=1 go build -tags xla ./cmd/gestalt
//
// The program then looks for PJRT plug-ins, files called
// pjrt_c_api_NAME_plugin.so, in the folders of PJRT_PLUGIN_LIBRARY_PATH or, if
// that is not set, in ~/.local/lib/go-xla, /usr/local/lib/go-xla and the
// system's library folders. Nothing is ever downloaded. A plug-in for the
// processor is in the wheel lammps-jax-pjrt-cpu, and no Python is needed once
// it is unpacked:
//
//	pip download --no-deps lammps-jax-pjrt-cpu==0.11.2
//	unzip lammps_jax_pjrt_cpu-*.whl 'lammps_jax_pjrt_cpu/*' -d ~/.local/lib
//	export PJRT_PLUGIN_LIBRARY_PATH=~/.local/lib/lammps_jax_pjrt_cpu
//
// "xla" alone is xla:cuda if its plug-in and a GPU are there, else xla:cpu.
// More options follow a comma, as github.com/gomlx/go-xla/compute/xla
// describes them: "xla:cuda,tf32=false". Opening xla:cuda has only been tested
// as far as a machine without a GPU allows.
//
// # ONNX Runtime
//
// It needs cgo too, and ONNX Runtime 1.26 or later:
//
//	CGO_ENABLED=1 go build -tags onnx ./cmd/gestalt
//	npm install onnxruntime-node@1.30.0
//	gestalt bench --engine onnx:library=node_modules/onnxruntime-node/bin/napi-v6/linux/x64/libonnxruntime.so.1
//
// Without the option it is ~/.local/lib/onnxruntime/libonnxruntime.so.
// Networks run through it, but they can't be trained: the input gradient of a
// convolution with strides dilates its input, which ONNX's Conv does not know.
// It transposes around every convolution, so it is far slower than ONNX
// Runtime on an exported network.
//
// # Speed
//
// Milliseconds a picture as gestalt bench --engine gives them, batch 8 at
// 224 px, on two cores of a Zen 4 in November 2026; the better of two
// interleaved runs; XLA with the plug-in above, ONNX Runtime 1.30:
//
//	                          cpu   xla:cpu   onnx
//	squeezenet1_1             2.9       7.1    6.6
//	resnet18                  9.0        24     32
//	resnet50                   33        55     71
//	squeezenet1_1, training    18        43      -
//	resnet18, training         52        89      -
//
// The logits of the three differ by about 1e-6 of their norm; the
// gradients of a training step of ResNet-18 on cpu and XLA by about 1e-5, or by
// 0.3 % where rounding turns the sign of a number before a ReLU.
package engine

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gestalt-vision/gestalt/cpu"
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/gobackend"
)

// Default is the engine that the name "" stands for.
const Default = "cpu"

// constructors holds the engines that this build contains.
var constructors = map[string]compute.Constructor{
	"cpu": cpu.New,
	"go":  gobackend.New,
}

// cudaReady says whether this build has XLA and its CUDA plug-in and a GPU are there.
var cudaReady = func() bool { return false }

// absent says of the engines that gestalt knows but not every build contains how to add them.
var absent = map[string]string{
	"xla": "on Linux with a C compiler, CGO_ENABLED=1 go build -tags xla ./cmd/gestalt adds it; " +
		"it then needs " + pluginPlaces,
	"onnx": "on Linux with a C compiler, CGO_ENABLED=1 go build -tags onnx ./cmd/gestalt adds it; " +
		"it then needs " + libraryPlaces,
}

const (
	// pluginPlaces is where go-xla looks for PJRT plug-ins.
	pluginPlaces = "a PJRT plug-in, pjrt_c_api_cpu_plugin.so or pjrt_c_api_cuda_plugin.so, in a folder that " +
		"PJRT_PLUGIN_LIBRARY_PATH lists or, if that is not set, in ~/.local/lib/go-xla or /usr/local/lib/go-xla"
	// libraryPlaces is where ONNX Runtime is looked for.
	libraryPlaces = "the library of ONNX Runtime 1.26 or later, as onnx:library=FILE " +
		"or in ~/.local/lib/onnxruntime/libonnxruntime.so"
)

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
// A name that nobody knows gives an error that lists the names that would
// work; one that this build does not contain, an error that says what adds it.
// Options that the engine does not understand are an error too.
func Open(name string) (compute.Backend, error) {
	kind, options, _ := strings.Cut(Resolve(name), ":")
	open, ok := constructors[kind]
	if !ok {
		choice := "choose one of: " + strings.Join(Names(), ", ")
		if how := absent[kind]; how != "" {
			return nil, fmt.Errorf("engine %q is not in this build; %s (%s)", kind, choice, how)
		}
		return nil, fmt.Errorf("engine %q is not known; %s", kind, choice)
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

// Resolve gives the name of the engine that Open would open for name, with
// what "" and "auto" stand for on this machine: "auto:threads=2" gives
// "xla:cuda" or "cpu:threads=2". Other names come back as they are, whether or
// not such an engine exists.
func Resolve(name string) string {
	kind, options, more := strings.Cut(name, ":")
	switch {
	case kind == "auto" && cudaReady():
		return "xla:cuda"
	case kind != "" && kind != "auto":
		return name
	case more:
		return Default + ":" + options
	default:
		return Default
	}
}
