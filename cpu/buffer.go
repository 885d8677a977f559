package cpu

import (
	"errors"
	"fmt"
	"reflect"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
)

// alignment of every tensor in bytes: a cache line, and a whole AVX-512 register.
const alignment = 64

// alignedBytes allocates n zero bytes that start at a multiple of alignment.
func alignedBytes(n int) []byte {
	raw := make([]byte, n+alignment)
	skip := -int(uintptr(unsafe.Pointer(unsafe.SliceData(raw)))) & (alignment - 1)
	return raw[skip : skip+n : skip+n]
}

// storagePool keeps the storage of finalized buffers for buffers of the same
// size: the inputs and outputs of a loop are then allocated once. Small ones
// are left to the garbage collector.
type storagePool struct{ bySize sync.Map } // int → *sync.Pool of []byte

const pooledSize = 1 << 14

func (p *storagePool) get(n int) []byte {
	if n >= pooledSize {
		if pool, ok := p.bySize.Load(n); ok {
			if storage, ok := pool.(*sync.Pool).Get().(*[]byte); ok {
				return *storage
			}
		}
	}
	return alignedBytes(n)
}

func (p *storagePool) put(storage []byte) {
	if len(storage) < pooledSize {
		return
	}
	pool, ok := p.bySize.Load(len(storage))
	if !ok {
		pool, _ = p.bySize.LoadOrStore(len(storage), &sync.Pool{})
	}
	pool.(*sync.Pool).Put(&storage)
}

func (p *storagePool) drop() { p.bySize.Clear() }

// buffer is a tensor that belongs to a backend. Its values never change after
// it was made (HasSharedBuffers is false), so id stands for its contents: an
// executable that packed the weights of a buffer may use them for as long as it
// sees the same id.
type buffer struct {
	backend *backend
	id      uint64
	shape   shapes.Shape
	data    []byte // nil after Finalize
}

var _ compute.Buffer = (*buffer)(nil)

var lastBufferID atomic.Uint64

// newBuffer makes a buffer of undefined contents.
func (b *backend) newBuffer(shape shapes.Shape) *buffer {
	return &buffer{backend: b, id: lastBufferID.Add(1), shape: shape, data: b.storage.get(byteSize(shape))}
}

func byteSize(shape shapes.Shape) int { return shape.Size() * shape.DType.Size() }

var errFinalized = errors.New("cpu engine: the buffer was finalized or donated")

// Backend implements compute.Buffer.
func (b *buffer) Backend() compute.Backend { return b.backend }

// Finalize implements compute.Buffer. Finalizing twice does no harm.
func (b *buffer) Finalize() error {
	if b.data != nil {
		b.backend.storage.put(b.data)
		b.data = nil
	}
	return nil
}

// Shape implements compute.Buffer.
func (b *buffer) Shape() (shapes.Shape, error) {
	if b.data == nil {
		return shapes.Invalid(), errFinalized
	}
	return b.shape, nil
}

// DeviceNum implements compute.Buffer.
func (b *buffer) DeviceNum() (compute.DeviceNum, error) { return 0, nil }

// ToFlatData implements compute.Buffer: flat is a slice of the Go type of the
// buffer's dtype with exactly as many elements.
func (b *buffer) ToFlatData(flat any) error {
	if b.data == nil {
		return errFinalized
	}
	if err := checkFlat(flat, b.shape); err != nil {
		return err
	}
	copy(dtypes.UnsafeByteSliceFromAny(flat), b.data)
	return nil
}

// checkFlat says whether flat is a slice that can hold a tensor of this shape.
func checkFlat(flat any, shape shapes.Shape) error {
	value := reflect.ValueOf(flat)
	if value.Kind() != reflect.Slice {
		return fmt.Errorf("cpu engine: flat data of %s must be a slice, got %T", shape, flat)
	}
	if dtype := dtypes.FromGoType(value.Type().Elem()); dtype != shape.DType || value.Len() != shape.Size() {
		return fmt.Errorf("cpu engine: %d elements of %s do not fit the shape %s", value.Len(), value.Type().Elem(), shape)
	}
	return nil
}

// Data implements compute.Buffer. There are no shared buffers, so it always fails.
func (b *buffer) Data() (any, error) {
	return nil, fmt.Errorf("cpu engine: shared buffers: %w", compute.ErrNotImplemented)
}

// CopyToDevice implements compute.Buffer.
func (b *buffer) CopyToDevice(device compute.DeviceNum) (compute.Buffer, error) {
	if b.data == nil {
		return nil, errFinalized
	}
	if err := checkDevice(device); err != nil {
		return nil, err
	}
	clone := b.backend.newBuffer(b.shape)
	copy(clone.data, b.data)
	return clone, nil
}

func checkDevice(device compute.DeviceNum) error {
	if device != 0 {
		return fmt.Errorf("cpu engine: there is only device 0, not %d", device)
	}
	return nil
}

// BufferFromFlatData implements compute.DataInterface: it copies flat, a slice
// of the Go type of shape's dtype, into a new buffer.
func (b *backend) BufferFromFlatData(device compute.DeviceNum, flat any, shape shapes.Shape) (compute.Buffer, error) {
	if b.IsFinalized() {
		return nil, errBackendFinalized
	}
	if err := checkDevice(device); err != nil {
		return nil, err
	}
	if err := checkShape(shape); err != nil {
		return nil, err
	}
	if err := checkFlat(flat, shape); err != nil {
		return nil, err
	}
	result := b.newBuffer(shape.Clone())
	if shape.Size() > 0 {
		from := dtypes.UnsafeByteSliceFromAny(flat)
		b.workers.span(len(from), 1<<20, func(lo, hi int) { copy(result.data[lo:hi], from[lo:hi]) })
	}
	return result, nil
}

var errBackendFinalized = errors.New("cpu engine: the engine was finalized")

// checkShape refuses shapes that the engine cannot hold.
func checkShape(shape shapes.Shape) error {
	switch {
	case !shape.Ok() || shape.IsTuple():
		return fmt.Errorf("cpu engine: %s is not the shape of a tensor", shape)
	case shape.IsDynamic():
		return fmt.Errorf("cpu engine: dynamic shape %s: %w", shape, compute.ErrNotImplemented)
	case !capabilities.DTypes[shape.DType]:
		return fmt.Errorf("cpu engine: dtype of %s: %w", shape, compute.ErrNotImplemented)
	}
	return nil
}

// HasSharedBuffers implements compute.DataInterface. Buffers are not shared with
// the caller: an executable could not know when packed weights are out of date
// if a caller could write to them.
func (b *backend) HasSharedBuffers() bool { return false }

// NewSharedBuffer implements compute.DataInterface; see HasSharedBuffers.
func (b *backend) NewSharedBuffer(compute.DeviceNum, shapes.Shape) (compute.Buffer, any, error) {
	return nil, nil, fmt.Errorf("cpu engine: shared buffers: %w", compute.ErrNotImplemented)
}

// elementType is the dtype of the elements of a flat slice, invalid if it is none.
func elementType(flat any) dtypes.DType {
	if t := reflect.TypeOf(flat); t != nil && t.Kind() == reflect.Slice {
		return dtypes.FromGoType(t.Elem())
	}
	return dtypes.InvalidDType
}
