package weights

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"sync"

	"github.com/gestalt-vision/gestalt/internal/tflite"
)

// Tensor is one named array of a file.
type Tensor struct {
	Name  string
	DType DType
	Shape []int  // empty for a scalar
	Data  []byte // the elements, row-major and little endian; of an open File, read only and valid until Close
}

// Len is the number of elements.
func (t Tensor) Len() int {
	n := 1
	for _, d := range t.Shape {
		n *= d
	}
	return n
}

// Origin tells how a file's tensors came to their names.
type Origin struct {
	Format string // one of the Formats
	// Key leads to the parameters within a PyTorch checkpoint, such as state_dict or model.state_dict; empty where the
	// file holds nothing but the parameters.
	Key string
	// Renamed has the names of which a wrapper (module. of DataParallel) was taken off, and those of DenseNet's layers in
	// old files (norm.1 is norm1), or which TensorFlow called otherwise: the file's name to the tensor's.
	Renamed map[string]string
	// LeftOut is what else a PyTorch file holds, such as "epoch (the number 90)".
	LeftOut []string
}

// Formats of files.
const (
	FormatSafetensors = "safetensors"
	FormatTorch       = "PyTorch"
	FormatTorchLegacy = "PyTorch before 1.6"
	FormatTFLite      = "TensorFlow Lite"
)

// contents are what was found in a file.
type contents struct {
	tensors  []stored
	metadata map[string]string
	origin   Origin
}

// stored is a tensor as the file holds it. Its Data are nil where they are not together in the file; then fetch makes
// them.
type stored struct {
	Tensor
	fetch func() ([]byte, error)
}

// File is an open file of weights. Its methods may be called from several goroutines, except Close.
type File struct {
	path     string
	data     []byte
	release  func() error
	tensors  map[string]stored
	names    []string
	metadata map[string]string
	origin   Origin
	sum      func() string
}

// Open reads what a file of weights holds and checks it: a safetensors file, a .pth or .pt file of PyTorch, or a .tflite
// file, which is told by its first bytes and not by its name. [Origin] tells what was found.
//
// A PyTorch file may hold a state_dict or a checkpoint with one, and must hold nothing but tensors, numbers, strings and
// containers of them: anything else, such as a whole module, is refused by its name. Nothing in the file is executed.
// Where all names below a path go on with module. or _orig_mod. (DataParallel, torch.compile), that is dropped.
//
// Of a TensorFlow Lite file the kernels and biases of convolutions and linear layers are read, dequantised to float32, in
// PyTorch's order of axes. Magenta's style networks get the names that they have here; other layers keep TensorFlow's.
//
// On Unix the file is mapped into memory, so that only the tensors that are used are read, and they are not copied
// unless they are views that skip elements. It must not be overwritten in place while it is open (replacing it by
// renaming, as Write does, is safe).
func Open(path string) (*File, error) {
	data, release, err := readAll(path)
	if err != nil {
		return nil, fmt.Errorf("weights: %w", err) // an *os.PathError names the file
	}
	f, err := newFile(path, data, release)
	if err != nil {
		return nil, errors.Join(err, release())
	}
	return f, nil
}

func newFile(path string, data []byte, release func() error) (*File, error) {
	c, err := read(data)
	if err != nil {
		return nil, fmt.Errorf("weights: %s: %w", path, err)
	}
	f := &File{
		path: path, data: data, release: release, metadata: c.metadata, origin: c.origin,
		tensors: make(map[string]stored, len(c.tensors)),
		sum: sync.OnceValue(func() string {
			sum := sha256.Sum256(data)
			return hex.EncodeToString(sum[:])
		}),
	}
	for _, t := range c.tensors {
		f.tensors[t.Name] = t
	}
	f.names = slices.Sorted(maps.Keys(f.tensors))
	return f, nil
}

// read finds the tensors in the bytes of a file of any format.
func read(data []byte) (c contents, err error) {
	switch {
	case isTorchZip(data):
		var v any
		if v, err = readTorchZip(data); err == nil {
			c, err = fromTorch(v, FormatTorch, len(data))
		}
	case isPickle(data):
		var v any
		if v, err = readTorchLegacy(data); err == nil {
			c, err = fromTorch(v, FormatTorchLegacy, len(data))
		}
	case tflite.Is(data):
		c, err = fromTFLite(data)
	case isTar(data):
		err = errors.New("it is a tar archive, perhaps of weights saved by PyTorch before 0.1.10; load it and save it again with a newer PyTorch")
	default:
		c.origin.Format = FormatSafetensors
		var tensors []Tensor
		tensors, c.metadata, err = parse(data)
		for _, t := range tensors {
			c.tensors = append(c.tensors, stored{Tensor: t})
		}
	}
	if err == nil && c.origin.Format != FormatTFLite { // whose names were PyTorch's never
		c.rename()
	}
	return c, err
}

// isTar says whether a file is a tar archive, by the mark in its first header.
func isTar(data []byte) bool { return len(data) >= 512 && string(data[257:262]) == "ustar" }

// Path is the path the file was opened with.
func (f *File) Path() string { return f.path }

// Names are the tensors' names in lexical order.
func (f *File) Names() []string { return slices.Clone(f.names) }

// Tensor is the tensor of that name. Its data belong to the file and are valid until Close.
func (f *File) Tensor(name string) (Tensor, error) {
	t, ok := f.tensors[name]
	if !ok {
		return Tensor{}, fmt.Errorf("weights: %s holds no tensor %q", f.path, name)
	}
	if t.fetch != nil {
		var err error
		if t.Data, err = t.fetch(); err != nil {
			return Tensor{}, fmt.Errorf("weights: %s: tensor %q: %w", f.path, name, err)
		}
	}
	return t.Tensor, nil
}

// Shape is the shape of the tensor of that name, if there is one. Unlike Tensor it never reads the elements.
func (f *File) Shape(name string) (shape []int, ok bool) {
	t, ok := f.tensors[name]
	return slices.Clone(t.Shape), ok
}

// Origin tells how the tensors were found in the file.
func (f *File) Origin() Origin { return f.origin.clone() }

// Float32 is the tensor of that name as float32, see [Tensor.Float32], with its shape.
func (f *File) Float32(name string) (values []float32, shape []int, err error) {
	t, err := f.Tensor(name)
	if err != nil {
		return nil, nil, err
	}
	values, err = t.Float32()
	if err != nil {
		return nil, nil, fmt.Errorf("weights: %s: %w", f.path, err)
	}
	return values, slices.Clone(t.Shape), nil
}

// Metadata is a copy of a safetensors file's free-form strings, nil when there are none.
func (f *File) Metadata() map[string]string { return maps.Clone(f.metadata) }

// SHA256 is the hash of the whole file's bytes in lower-case hexadecimal. It is computed at the first call.
func (f *File) SHA256() string { return f.sum() }

// Close releases the file; its tensors' Data must not be used afterwards.
func (f *File) Close() error {
	if f.release == nil {
		return nil
	}
	err := f.release()
	f.release = nil
	f.data, f.tensors, f.names = nil, nil, nil
	if err != nil {
		return fmt.Errorf("weights: close %s: %w", f.path, err)
	}
	return nil
}

// readPlain reads a whole file into memory.
func readPlain(path string) ([]byte, func() error, error) {
	data, err := os.ReadFile(path)
	return data, func() error { return nil }, err
}
