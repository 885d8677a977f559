package onnx

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
)

// tensor reads a TensorProto.
func (r reader) tensor(data []byte) (t *tensor, name string, err error) {
	var (
		onnxType int64
		dims     []int64
		raw      []byte
		integers []int64
		floats   []float32
		doubles  []float64
		location = map[string]string{}
		external bool
	)
	err = eachField(data, func(fl field) (err error) {
		switch fl.num {
		case 1:
			if dims, err = fl.appendVarints(dims); len(dims) > maxRank {
				return fmt.Errorf("more than %d axes", maxRank)
			}
		case 2:
			onnxType, err = fl.integer()
		case 4:
			floats, err = fl.appendFloats(floats)
		case 5, 7, 11:
			integers, err = fl.appendVarints(integers)
		case 8:
			name, err = fl.text()
		case 9:
			raw, err = fl.message()
		case 10:
			doubles, err = fl.appendDoubles(doubles)
		case 13:
			key, value, failed := pair(fl)
			if len(location) > 16 {
				return errors.New("external data with too many entries")
			}
			location[key], err = value, failed
		case 14:
			var v int64
			v, err = fl.integer()
			external = v == 1
		}
		return err
	})
	if err != nil {
		return nil, name, err
	}
	t = &tensor{dims: toInts(dims)}
	if t.dtype, err = dtypeOf(onnxType); err != nil {
		return nil, name, err
	}
	n, err := countOf(t.dims)
	if err != nil {
		return nil, name, err
	}
	if external {
		if raw, err = r.external(location, n*width(onnxType)); err != nil {
			return nil, name, err
		}
	}
	have := 0
	switch {
	case raw != nil:
		if len(raw) != n*width(onnxType) {
			return nil, name, fmt.Errorf("%d bytes for %v elements of %d bytes", len(raw), t.dims, width(onnxType))
		}
		t.flat, have = fromRaw(onnxType, raw), n
	case onnxType == typeFloat:
		t.flat, have = slices.Clip(append([]float32{}, floats...)), len(floats)
	case onnxType == typeDouble:
		t.flat, have = append([]float64{}, doubles...), len(doubles)
	default:
		t.flat, have = fromIntegers(onnxType, append([]int64{}, integers...)), len(integers)
	}
	if have != n {
		return nil, name, fmt.Errorf("%d values for dimensions %v", have, t.dims)
	}
	return t, name, nil
}

// external reads the bytes of a tensor that lie in another file of the folder. The folder is a [os.Root], which no path leads
// out of, by dots or by links.
func (r reader) external(location map[string]string, n int) (raw []byte, err error) {
	path := location["location"]
	if r.dir == nil {
		return nil, fmt.Errorf("its values lie in another file (%q), which only a network opened by its path may use", path)
	}
	number := func(key string, otherwise int64) (int64, error) {
		if location[key] == "" {
			return otherwise, nil
		}
		v, err := strconv.ParseInt(location[key], 10, 64)
		if err != nil || v < 0 {
			return 0, fmt.Errorf("external data in %q: %s is %q", path, key, location[key])
		}
		return v, nil
	}
	offset, err := number("offset", 0)
	if err != nil {
		return nil, err
	}
	length, err := number("length", int64(n))
	if err != nil {
		return nil, err
	}
	if length != int64(n) {
		return nil, fmt.Errorf("external data in %q: %d bytes where the shape asks for %d", path, length, n)
	}
	path = filepath.FromSlash(path)
	info, err := r.dir.Stat(path) // before it is opened: opening a pipe waits for who writes to it
	if err != nil {
		return nil, fmt.Errorf("external data: %w", err)
	}
	if !info.Mode().IsRegular() || offset > info.Size() || length > info.Size()-offset {
		return nil, fmt.Errorf("external data in %q: %d bytes from %d on, of a file of %d", path, length, offset, info.Size())
	}
	f, err := r.dir.Open(path)
	if err != nil {
		return nil, fmt.Errorf("external data: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	raw = make([]byte, n)
	_, err = io.ReadFull(io.NewSectionReader(f, offset, length), raw)
	return raw, err
}
