//go:build onnx && cgo && linux

package engine

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"

	"github.com/gomlx/compute"
	onnx "github.com/gomlx/compute-onnx"
	"github.com/gomlx/compute-onnx/support/onnxruntime"
	"github.com/gomlx/compute/shapes"
)

func init() { constructors["onnx"] = openONNX }

// openONNX opens ONNX Runtime on the processor. The options are library=FILE and compute-onnx's cpu and log=LEVEL.
func openONNX(options string) (compute.Backend, error) {
	library := ""
	theirs := []string{"cpu"} // said because compute-onnx takes CUDA for itself where it sees a GPU
	for option := range strings.SplitSeq(options, ",") {
		option = strings.TrimSpace(option)
		file, named := strings.CutPrefix(option, "library=")
		switch {
		case named:
			library = file
		case strings.EqualFold(option, "cuda") || strings.EqualFold(option, "gpu"):
			return nil, errors.New("onnx runs on the processor only; for a GPU there is xla:cuda")
		default:
			theirs = append(theirs, option)
		}
	}
	if err := chooseONNXRuntime(library); err != nil {
		return nil, err
	}
	b, err := onnx.New(strings.Join(theirs, ","))
	if err != nil {
		return nil, err
	}
	return onnxBackend{b}, nil
}

// chooseONNXRuntime tells compute-onnx which file to load, for which it takes nothing but this variable. It only says so of
// a file that exists, because compute-onnx would download one in its place. The process keeps the first file it loads.
func chooseONNXRuntime(library string) error {
	if library == "" {
		folder, err := onnxruntime.GetInstallPath()
		if err != nil {
			return err
		}
		file, err := onnxruntime.GetLibFilename()
		if err != nil {
			return err
		}
		library = filepath.Join(folder, file)
	}
	if _, err := os.Stat(library); err != nil {
		return fmt.Errorf("onnx needs %s: %w", libraryPlaces, err)
	}
	return os.Setenv("ONNXRUNTIME_SHARED_LIBRARY_PATH", library)
}

// onnxBackend mends two faults of compute-onnx. It keeps a bare pointer to the values that it is given, which the garbage
// collector does not see: weights turn into whatever comes to lie in their place. And one program must not run twice at
// the same time.
type onnxBackend struct{ compute.Backend }

func (b onnxBackend) Builder(name string) compute.Builder {
	return onnxBuilder{b.Backend.Builder(name)}
}

type onnxBuilder struct{ compute.Builder }

func (b onnxBuilder) Compile() (compute.Executable, error) {
	e, err := b.Builder.Compile()
	if err != nil {
		return nil, err
	}
	return &onnxExecutable{Executable: e}, nil
}

type onnxExecutable struct {
	compute.Executable
	running sync.Mutex
}

// Execute runs the program after those that run already.
func (e *onnxExecutable) Execute(inputs []compute.Buffer, donate []bool, device compute.DeviceNum) ([]compute.Buffer, error) {
	e.running.Lock()
	defer e.running.Unlock()
	return e.Executable.Execute(inputs, donate, device)
}

// BufferFromFlatData copies flat, a slice of the shape's size, into memory that belongs to ONNX Runtime.
func (b onnxBackend) BufferFromFlatData(device compute.DeviceNum, flat any, shape shapes.Shape) (compute.Buffer, error) {
	buffer, memory, err := b.NewSharedBuffer(device, shape)
	if err != nil {
		return nil, err
	}
	from, to := reflect.ValueOf(flat), reflect.ValueOf(memory)
	if from.Type() != to.Type() || from.Len() != to.Len() {
		err := fmt.Errorf("%d values of type %s are not of shape %s", from.Len(), from.Type(), shape)
		return nil, errors.Join(err, buffer.Finalize())
	}
	reflect.Copy(to, from)
	return buffer, nil
}
