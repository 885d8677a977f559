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

// File is an open safetensors file. Its methods may be called from several goroutines, except Close.
type File struct {
	path     string
	data     []byte
	release  func() error
	tensors  map[string]Tensor
	names    []string
	metadata map[string]string
	sum      func() string
}

// Open reads the header of a safetensors file and checks it. On Unix the file is mapped into memory, so that only the
// tensors that are used are read; it must not be overwritten in place while it is open (replacing it by renaming, as
// Write does, is safe).
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
	tensors, metadata, err := parse(data)
	if err != nil {
		return nil, fmt.Errorf("weights: %s: %w", path, err)
	}
	f := &File{
		path: path, data: data, release: release, metadata: metadata,
		tensors: make(map[string]Tensor, len(tensors)),
		sum: sync.OnceValue(func() string {
			sum := sha256.Sum256(data)
			return hex.EncodeToString(sum[:])
		}),
	}
	for _, t := range tensors {
		f.tensors[t.Name] = t
	}
	f.names = slices.Sorted(maps.Keys(f.tensors))
	return f, nil
}

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
	return t, nil
}

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

// Metadata is a copy of the file's free-form strings, nil when it has none.
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
