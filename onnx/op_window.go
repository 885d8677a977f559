package onnx

import (
	"fmt"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
)

// Bounds on the geometry of windows, far above what networks use, so that sums of them cannot overflow.
const maxWindow = 1 << 16

// window is the geometry of a convolution or of pooling, each list with one entry for each spatial axis.
type window struct {
	size, stride, dilation []int
	pad                    [][2]int
}

// window reads the attributes that describe a window over the spatial axes of dims. size is that of the kernel, nil where the
// attribute kernel_shape alone tells.
func (c *call) window(dims, size []int) window {
	n := len(dims) - 2
	if n < 1 {
		panic(fmt.Errorf("its input has the dimensions %v, and no height and width", dims))
	}
	list := func(name string, otherwise []int, low int) []int {
		v := c.ints(name, low, maxWindow)
		if v == nil {
			v = otherwise
		}
		if v == nil {
			for range n {
				v = append(v, 1)
			}
		}
		if len(v) != n {
			panic(fmt.Errorf("attribute %s has %d numbers for %d spatial axes", name, len(v), n))
		}
		return v
	}
	w := window{stride: list("strides", nil, 1), dilation: list("dilations", nil, 1), pad: make([][2]int, n)}
	if w.size = list("kernel_shape", size, 1); size != nil && fmt.Sprint(size) != fmt.Sprint(w.size) {
		panic(fmt.Errorf("kernel_shape is %v and the kernel %v", w.size, size))
	}
	pads := c.ints("pads", 0, maxWindow)
	switch auto := c.text("auto_pad", "NOTSET"); auto {
	case "NOTSET", "":
		if pads == nil {
			break
		}
		if len(pads) != 2*n {
			panic(fmt.Errorf("attribute pads has %d numbers for %d spatial axes", len(pads), n))
		}
		for i := range n {
			w.pad[i] = [2]int{pads[i], pads[n+i]}
		}
	case "VALID":
	case "SAME_UPPER", "SAME_LOWER":
		for i := range n {
			out := (dims[2+i] + w.stride[i] - 1) / w.stride[i]
			total := max(0, (out-1)*w.stride[i]+w.reach(i)-dims[2+i])
			before := total / 2
			if auto == "SAME_LOWER" {
				before = total - before
			}
			w.pad[i] = [2]int{before, total - before}
		}
	default:
		panic(fmt.Errorf("attribute auto_pad is %q, which is not known", auto))
	}
	return w
}

// reach is from the first element under the window to behind the last.
func (w window) reach(i int) int { return (w.size[i]-1)*w.dilation[i] + 1 }

// outputs is the number of places of the window along an axis.
func (w window) outputs(i, length int) int {
	return (length+w.pad[i][0]+w.pad[i][1]-w.reach(i))/w.stride[i] + 1
}

// ceil lengthens the padding so that a last window counts that is only partly inside, as long as it begins inside or in the
// padding on the left.
func (w window) ceil(dims []int) {
	for i := range w.pad {
		length := dims[2+i]
		windows := (length+w.pad[i][0]+w.pad[i][1]-w.reach(i)+w.stride[i]-1)/w.stride[i] + 1
		if (windows-1)*w.stride[i] >= length+w.pad[i][0] {
			windows--
		}
		w.pad[i][1] = max(w.pad[i][1], (windows-1)*w.stride[i]+w.reach(i)-length-w.pad[i][0])
	}
}

// reduce applies a pooling to x with channels last.
func (w window) reduce(x *graph.Node, op compute.ReduceOpType) *graph.Node {
	size, stride, dilation, pad := []int{1}, []int{1}, []int{1}, [][2]int{{}}
	size, stride = append(append(size, w.size...), 1), append(append(stride, w.stride...), 1)
	dilation, pad = append(append(dilation, w.dilation...), 1), append(append(pad, w.pad...), [2]int{})
	for i, d := range x.Shape().Dimensions {
		if d+pad[i][0]+pad[i][1] < (size[i]-1)*dilation[i]+1 {
			panic(fmt.Errorf("a window of %v over %v", w.size, x.Shape().Dimensions))
		}
	}
	return graph.BackendReduceWindow(x, op, size, stride, nil, dilation, pad)
}

func maxPool(c *call) []*value {
	v := c.in[0]
	w := c.window(v.dims(), nil)
	if c.int("ceil_mode", 0) != 0 {
		w.ceil(v.dims())
	}
	axes := channelsLast(v.rank())
	return one(&value{node: w.reduce(c.b.in(v, axes), compute.ReduceOpMax), axes: axes})
}

// averagePool divides sums by the number of elements under each window: with count_include_pad also those of the padding that
// the file asks for, but never what ceil_mode adds to it.
func averagePool(c *call) []*value {
	v := c.in[0]
	dims := v.dims()
	w := c.window(dims, nil)
	padded := c.int("count_include_pad", 0) != 0
	asked := append([][2]int{}, w.pad...)
	if c.int("ceil_mode", 0) != 0 {
		w.ceil(dims)
	}
	axes := channelsLast(v.rank())
	sum := w.reduce(c.b.in(v, axes), compute.ReduceOpSum)
	// The count is a product of one for each axis.
	for i := range w.size {
		length := dims[2+i]
		n := w.outputs(i, length)
		low, high := 0, length
		if padded {
			low, high = -asked[i][0], length+asked[i][1]
		}
		counts, same := make([]float32, n), true
		for j := range counts {
			for k := range w.size[i] {
				if at := j*w.stride[i] - w.pad[i][0] + k*w.dilation[i]; at >= low && at < high {
					counts[j]++
				}
			}
			same = same && counts[j] == counts[0]
		}
		if same {
			sum = graph.DivScalar(sum, counts[0])
			continue
		}
		shape := make([]int, len(dims))
		for axis := range shape {
			shape[axis] = 1
		}
		shape[1+i] = n
		count := graph.ConstTensor(sum.Graph(), tensorOf(counts, dtypes.Float32, shape))
		sum = graph.Div(sum, graph.ConvertDType(count, sum.DType()))
	}
	return one(&value{node: sum, axes: axes})
}

// globalPool keeps the spatial axes with length 1.
func globalPool(f func(x *graph.Node, axes ...int) *graph.Node) func(c *call) []*value {
	return func(c *call) []*value {
		return one(c.b.reduce(c.in[0], plain(c.in[0].rank())[2:], true, f))
	}
}
