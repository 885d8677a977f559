package weights

import (
	"errors"
	"fmt"
	"math/bits"
	"slices"

	"github.com/gestalt-vision/gestalt/internal/pickle"
)

// storage is the block of memory that one or several of PyTorch's tensors look into.
type storage struct {
	key    string
	dtype  DType
	numel  int  // elements that the pickle claims
	big    bool // most significant byte first
	within *storage
	at     int // first element in within, of a view onto another storage (files before PyTorch 0.4)

	bytes []byte                 // where the file holds them as they are
	fetch func() ([]byte, error) // where they must be unpacked first
}

// content are the bytes of the storage, at least numel elements.
func (s *storage) content() ([]byte, error) {
	if s.within != nil {
		b, err := s.within.content()
		if err != nil {
			return nil, err
		}
		return b[s.at*s.dtype.Size():][:s.numel*s.dtype.Size()], nil
	}
	if s.fetch == nil {
		return s.bytes, nil
	}
	return s.fetch()
}

// inPlace says whether the storage's bytes lie in the file as a Tensor gives them.
func (s *storage) inPlace() bool {
	for s.within != nil {
		s = s.within
	}
	return s.fetch == nil && (!s.big || s.dtype.Size() == 1)
}

// view is a PyTorch tensor: the elements offset + Σ index·stride of a storage, which is nil as long as the tensor has none.
type view struct {
	storage       *storage
	offset        int
	shape, stride pickle.Tuple // of int64; the pickle's own and not copies, because a small pickle may ask for many tensors
}

// newView checks what a pickle claims of a tensor. All of its elements lie within the storage.
func newView(s *storage, offset any, shape, stride any) (*view, error) {
	v := &view{storage: s}
	var ok1, ok2 bool
	if v.offset, ok1 = count(offset); !ok1 {
		return nil, fmt.Errorf("a tensor begins at %s of its storage", pickle.Describe(offset))
	}
	v.shape, ok1 = shape.(pickle.Tuple)
	v.stride, ok2 = stride.(pickle.Tuple)
	switch {
	case !ok1 || !ok2 || len(v.shape) != len(v.stride):
		return nil, errors.New("a tensor's shape and strides are not lists of the same length")
	case len(v.shape) > maxRank:
		return nil, fmt.Errorf("a tensor has %d axes, the limit is %d", len(v.shape), maxRank)
	}
	last, empty, small := uint64(v.offset), false, true
	for i := range v.shape {
		n, ok1 := count(v.shape[i])
		step, ok2 := count(v.stride[i])
		if !ok1 || !ok2 {
			return nil, fmt.Errorf("a tensor has an axis of %s with stride %s", pickle.Describe(v.shape[i]), pickle.Describe(v.stride[i]))
		}
		if n == 0 {
			empty = true
			continue
		}
		high, low := bits.Mul64(uint64(n-1), uint64(step))
		sum, carry := bits.Add64(last, low, 0)
		small = small && high == 0 && carry == 0
		last = sum
	}
	if !empty && (!small || last >= uint64(s.numel)) {
		return nil, fmt.Errorf("a tensor reaches beyond its storage %q of %d elements: the file is damaged", s.key, s.numel)
	}
	if _, err := byteSize(s.dtype, v.sizes()); err != nil {
		return nil, err
	}
	return v, nil
}

// count is a whole number that counts something.
func count(v any) (int, bool) {
	n, ok := v.(int64)
	return int(n), ok && n >= 0 && int64(int(n)) == n
}

func ints(list pickle.Tuple) []int {
	out := make([]int, len(list))
	for i, v := range list {
		out[i], _ = count(v)
	}
	return out
}

func (v *view) sizes() []int { return ints(v.shape) }

func (v *view) String() string { return fmt.Sprintf("a tensor %v", v.sizes()) }

// SetState gives a tensor that newTensor has made its elements, as torch.Tensor.__setstate__ does: from (storage, offset,
// shape, strides) or, for a parameter, (tensor, gradient, hooks, requires_grad, volatile). The attributes of a tensor that
// has its elements are dropped.
func (v *view) SetState(state any) error {
	if v.storage != nil {
		return nil
	}
	if parts, ok := state.(pickle.Tuple); ok {
		switch len(parts) {
		case 4:
			made, err := rebuildTensor(parts)
			if err == nil {
				*v = *made.(*view)
			}
			return err
		case 5:
			if data, ok := parts[0].(*view); ok && data.storage != nil {
				*v = *data
				return nil
			}
		}
	}
	return fmt.Errorf("a tensor gets its elements from %s", pickle.Describe(state))
}

// contiguous says whether the elements follow one another in row-major order. The strides of axes with one element do
// not matter.
func (v *view) contiguous() bool {
	shape, stride := v.sizes(), ints(v.stride)
	if slices.Contains(shape, 0) {
		return true
	}
	next := 1
	for i := len(shape) - 1; i >= 0; i-- {
		if shape[i] != 1 && stride[i] != next {
			return false
		}
		next *= shape[i]
	}
	return true
}

// data are the tensor's elements, row-major and little endian: a part of the file where they lie there as such, else a
// copy.
func (v *view) data() ([]byte, error) {
	shape, width := v.sizes(), v.storage.dtype.Size()
	size, err := byteSize(v.storage.dtype, shape)
	if err != nil || size == 0 {
		return []byte{}, err
	}
	src, err := v.storage.content()
	if err != nil {
		return nil, err
	}
	if len(src) < v.storage.numel*width {
		return nil, fmt.Errorf("storage %q has %d bytes, not the %d of its %d elements", v.storage.key, len(src), v.storage.numel*width, v.storage.numel)
	}
	src = src[v.offset*width:]
	if v.contiguous() && v.storage.inPlace() {
		return src[:size:size], nil
	}
	dst := gather(src, shape, ints(v.stride), width, size)
	if v.storage.big {
		for element := range slices.Chunk(dst, width) {
			slices.Reverse(element)
		}
	}
	return dst, nil
}

// gather copies elements of width bytes into row-major order. size is the number of bytes, not zero.
func gather(src []byte, shape, stride []int, width, size int) []byte {
	dst := make([]byte, 0, size)
	index := make([]int, len(shape))
	for at := 0; ; {
		dst = append(dst, src[at*width:(at+1)*width]...)
		axis := len(shape) - 1
		for ; axis >= 0; axis-- { // count up as an odometer does
			at += stride[axis]
			if index[axis]++; index[axis] < shape[axis] {
				break
			}
			at -= index[axis] * stride[axis]
			index[axis] = 0
		}
		if axis < 0 {
			return dst
		}
	}
}
