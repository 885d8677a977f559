package weights

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/gestalt-vision/gestalt/internal/tflite"
)

// fromTFLite makes the contents of a File of a TensorFlow Lite file: the kernels and biases of its convolutions and linear
// layers, as float32 in PyTorch's order of axes. Quantised numbers are turned back into what they stand for; that is what
// the network's arithmetic is meant to approximate. All else (activations' scales, constants of the graph) is left away.
//
// A layer's parameters are called as its kernel is, with .weight and .bias for TensorFlow's /weights, and those of Magenta's
// style networks as [magentaName] has them.
func fromTFLite(data []byte) (contents, error) {
	c := contents{origin: Origin{Format: FormatTFLite}}
	m, err := tflite.Parse(data)
	if err != nil {
		return c, err
	}
	constants := constantsOf(m)
	total, taken := 0, map[string]bool{}
	add := func(name string, index int, shape []int, fetch func() ([]float32, error)) error {
		size, err := byteSize(F32, shape)
		if err != nil || size > maxTotal(len(data))-total {
			return errors.Join(err, fmt.Errorf("tensor %q: the tensors take more than %d bytes, while the file has %d", name, maxTotal(len(data)), len(data)))
		}
		if taken[name] || len(name) > maxTensorName || len(c.tensors) == maxTensors {
			return fmt.Errorf("it holds two tensors %.100q, or too many, or one with too long a name", name)
		}
		total, taken[name] = total+size, true
		c.tensors = append(c.tensors, stored{Tensor{Name: name, DType: F32, Shape: shape}, func() ([]byte, error) {
			values, err := fetch()
			return float32Bytes(values), err
		}})
		return nil
	}
	shared := map[[2]int]bool{} // kernels and biases that an earlier layer has taken: the graph may apply a layer twice
	for _, op := range m.Operators {
		if op.Code != tflite.Conv2D && op.Code != tflite.DepthwiseConv2D && op.Code != tflite.FullyConnected || len(op.Inputs) < 2 {
			continue
		}
		kernel, ok := constants(op.Inputs[1])
		if !ok {
			continue // computed from other values
		}
		key := [2]int{kernel, -1}
		if len(op.Inputs) > 2 {
			key[1] = op.Inputs[2]
		}
		if shared[key] {
			continue
		}
		shared[key] = true
		t := &m.Tensors[kernel]
		shape, order, err := torchOrder(op.Code, t.Shape)
		if err != nil {
			return c, fmt.Errorf("tensor %.100q: %w", t.Name, err)
		}
		layer := layerName(t.Name)
		if err := add(layer+".weight", kernel, shape, func() ([]float32, error) {
			values, err := dequantize(t)
			return order(values), err
		}); err != nil {
			return c, err
		}
		if bias, ok := constants(key[1]); ok {
			t := &m.Tensors[bias]
			if err := add(layer+".bias", bias, []int{shape[0]}, func() ([]float32, error) {
				values, err := dequantize(t)
				if err == nil && len(values) != shape[0] {
					err = fmt.Errorf("%d numbers, must be %d", len(values), shape[0])
				}
				return values, err
			}); err != nil {
				return c, err
			}
		}
	}
	c.nameMagenta()
	return c, nil
}

// constantsOf finds the constant that a tensor is, or is dequantised from: networks in half precision have an operator for
// that behind each constant.
func constantsOf(m *tflite.Model) func(i int) (int, bool) {
	source := map[int]int{}
	for _, op := range m.Operators {
		if op.Code == tflite.Dequantize && len(op.Inputs) == 1 && len(op.Outputs) == 1 {
			source[op.Outputs[0]] = op.Inputs[0]
		}
	}
	return func(i int) (int, bool) {
		if from, ok := source[i]; ok {
			i = from
		}
		return i, i >= 0 && m.Tensors[i].Data != nil
	}
}

// torchOrder is the shape that PyTorch's kernel has where TensorFlow Lite's has this one, and what brings the elements into
// its order: convolutions have [out, height, width, in], depthwise ones [1, height, width, out], linear layers [out, in].
func torchOrder(code int, shape []int) ([]int, func([]float32) []float32, error) {
	if code == tflite.FullyConnected && len(shape) == 2 {
		return shape, func(v []float32) []float32 { return v }, nil
	}
	if code == tflite.FullyConnected || len(shape) != 4 || code == tflite.DepthwiseConv2D && shape[0] != 1 {
		return nil, nil, fmt.Errorf("its shape %v is not that of a kernel", shape)
	}
	o, h, w, i := shape[0], shape[1], shape[2], shape[3]
	if code == tflite.DepthwiseConv2D {
		return []int{i, 1, h, w}, func(v []float32) []float32 { return lastFirst(v, h*w, i) }, nil
	}
	return []int{o, i, h, w}, func(v []float32) []float32 {
		out := make([]float32, 0, len(v))
		for n := h * w * i; len(v) > 0 && n > 0; v = v[n:] {
			out = append(out, lastFirst(v[:n], h*w, i)...)
		}
		return out
	}, nil
}

// lastFirst transposes a matrix of so many rows and columns; nil stays nil.
func lastFirst(v []float32, rows, columns int) []float32 {
	out := make([]float32, len(v))
	for at, x := range v {
		out[at%columns*rows+at/columns] = x
	}
	return out
}

// dequantize gives the numbers that a constant stands for.
func dequantize(t *tflite.Tensor) ([]float32, error) {
	size := t.Type.Size()
	if size == 0 || len(t.Scale) == 0 && t.Type != tflite.Float32 && t.Type != tflite.Float16 {
		return nil, fmt.Errorf("%.100q is neither floating-point numbers nor quantised ones", t.Name)
	}
	out := make([]float32, len(t.Data)/size)
	scale, zero := scales(t)
	for i := range out {
		var q int64
		switch t.Type {
		case tflite.Float32:
			out[i] = math.Float32frombits(binary.LittleEndian.Uint32(t.Data[4*i:]))
			continue
		case tflite.Float16:
			out[i] = fromHalf(binary.LittleEndian.Uint16(t.Data[2*i:]))
			continue
		case tflite.Int32:
			q = int64(int32(binary.LittleEndian.Uint32(t.Data[4*i:])))
		case tflite.Int16:
			q = int64(int16(binary.LittleEndian.Uint16(t.Data[2*i:])))
		case tflite.Uint8:
			q = int64(t.Data[i])
		case tflite.Int8:
			q = int64(int8(t.Data[i]))
		}
		out[i] = float32(float64(q-zero(i)) * float64(scale(i)))
	}
	return out, nil
}

// scales give the scale and the zero point of element i.
func scales(t *tflite.Tensor) (scale func(i int) float32, zero func(i int) int64) {
	each := 1 // elements of one index along the axis
	if len(t.Scale) > 1 {
		for _, d := range t.Shape[t.Axis+1:] {
			each *= d
		}
	}
	index := func(i int) int { return i / each % len(t.Scale) }
	scale = func(i int) float32 { return t.Scale[index(i)] }
	zero = func(i int) int64 {
		if len(t.Zero) == 0 {
			return 0
		}
		return t.Zero[index(i)]
	}
	return scale, zero
}

// layerName is what TensorFlow calls the layer of a kernel.
func layerName(kernel string) string {
	for _, end := range []string{"/weights", "/depthwise_weights", "/kernel"} {
		if at := strings.LastIndex(kernel, end); at > 0 {
			return kernel[:at]
		}
	}
	return kernel
}

// float32Bytes are the bytes of numbers in a file.
func float32Bytes(values []float32) []byte {
	out := make([]byte, 0, 4*len(values))
	for _, v := range values {
		out = binary.LittleEndian.AppendUint32(out, math.Float32bits(v))
	}
	return out
}
