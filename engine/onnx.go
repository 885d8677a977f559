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

// openONNX opens ONNX Runtime on the processor. The options are compute-onnx's, cpu and log=LEVEL.
func openONNX(options string) (compute.Backend, error) {
	for option := range strings.SplitSeq(strings.ToLower(options), ",") {
		if option = strings.TrimSpace(option); option == "cuda" || option == "gpu" {
			return nil, errors.New("onnx runs on the processor only; for a GPU there is xla:cuda")
		}
	}
	if err := findONNXRuntime(); err != nil {
		return nil, err
	}
	// Said explicitly because compute-onnx takes CUDA for itself where it sees a GPU.
	b, err := onnx.New(strings.TrimSuffix("cpu,"+options, ","))
	if err != nil {
		return nil, err
	}
	return onnxBackend{b}, nil
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

// findONNXRuntime keeps compute-onnx from downloading ONNX Runtime, which it does where it finds none: it looks in the same
// places. compute-onnx can only be told of the file by this variable, hence the exception to reading none here.
func findONNXRuntime() error {
	library := os.Getenv("ONNXRUNTIME_SHARED_LIBRARY_PATH")
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
	return nil
}
