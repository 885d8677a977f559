package onnx

import (
	"fmt"
	"math"
	"slices"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
)

// resampling says which places of an axis are read and with what weights.
type resampling struct {
	coordinates, mode, rounding string
	cubic                       float64
	inside                      bool // weights of places outside are left away (exclude_outside)
}

// resize is Resize and, until opset 9, Upsample.
func resize(c *call) []*value {
	v := c.in[0]
	dims := v.dims()
	r := resampling{
		coordinates: c.text("coordinate_transformation_mode", "half_pixel"),
		mode:        c.text("mode", "nearest"),
		rounding:    c.text("nearest_mode", "round_prefer_floor"),
		cubic:       c.float("cubic_coeff_a", -0.75),
		inside:      c.int("exclude_outside", 0) != 0,
	}
	scales, sizes := c.scales(len(dims))
	if c.n.op == "Upsample" || c.b.file.Opset < 11 {
		r.coordinates, r.rounding = "asymmetric", "floor"
	}
	if sizes != nil {
		scales = make([]float64, len(sizes))
		for i, size := range sizes {
			scales[i] = float64(size) / float64(dims[i])
		}
	} else {
		sizes = make([]int, len(scales))
		for i, scale := range scales {
			size := math.Floor(float64(dims[i]) * scale)
			if !(size >= 1 && size < maxElements) {
				panic(fmt.Errorf("scales %v for dimensions %v", scales, dims))
			}
			sizes[i] = int(size)
		}
	}
	if len(sizes) != len(dims) {
		panic(fmt.Errorf("%d sizes for %d axes", len(sizes), len(dims)))
	}
	if _, err := countOf(sizes); err != nil {
		panic(err)
	}
	order := plain(len(dims))
	if v.known == nil {
		order = v.axes
	}
	x := c.b.in(v, order)
	for axis := range dims {
		if sizes[axis] == dims[axis] && scales[axis] == 1 {
			continue
		}
		p := slices.Index(order, axis)
		if r.mode == "nearest" {
			from := make([]int, sizes[axis])
			for i := range from {
				from[i] = r.nearest(i, dims[axis], sizes[axis], scales[axis])
			}
			x = take(x, p, from)
			continue
		}
		matrix := r.matrix(dims[axis], sizes[axis], scales[axis])
		x = alongAxis(x, p, graph.ConstTensor(x.Graph(), tensorOf(matrix, dtypes.Float32, []int{dims[axis], sizes[axis]})))
	}
	return one(&value{node: x, axes: order})
}

// scales are the factors or, where the file has those, the sizes to resize to.
func (c *call) scales(rank int) (scales []float64, sizes []int) {
	if a, ok := c.attribute("scales", attrFloats); ok {
		return widen(a.floats), nil
	}
	if c.n.op == "Upsample" || c.b.file.Opset < 11 {
		return widen(c.floats(1)), nil
	}
	if c.has(3) && c.in[3].size() > 0 {
		return nil, c.integers(3)
	}
	if !c.has(2) {
		panic(fmt.Errorf("it has neither scales nor sizes"))
	}
	return widen(c.floats(2)), nil
}

func widen(from []float32) []float64 {
	to := make([]float64, len(from))
	for i, v := range from {
		to[i] = float64(v)
	}
	return to
}

// place is where the result's element i lies on the input's axis.
func (r resampling) place(i, from, to int, scale float64) float64 {
	at := float64(i)
	switch r.coordinates {
	case "half_pixel":
		return (at+0.5)/scale - 0.5
	case "half_pixel_symmetric":
		adjusted := float64(to) / (scale * float64(from))
		centre := float64(from) / 2
		return centre*(1-adjusted) + (at+0.5)/scale - 0.5
	case "pytorch_half_pixel":
		if to == 1 {
			return 0
		}
		return (at+0.5)/scale - 0.5
	case "align_corners":
		if to == 1 {
			return 0
		}
		return at * float64(from-1) / (scale*float64(from) - 1) // the length before it is rounded down, as the standard has it
	case "asymmetric":
		return at / scale
	case "tf_half_pixel_for_nn":
		return (at + 0.5) / scale
	}
	panic(fmt.Errorf("attribute coordinate_transformation_mode is %q, which is not known", r.coordinates))
}

func (r resampling) nearest(i, from, to int, scale float64) int {
	at := r.place(i, from, to, scale)
	switch r.rounding {
	case "round_prefer_floor":
		at = math.Ceil(at - 0.5)
	case "round_prefer_ceil":
		at = math.Floor(at + 0.5)
	case "floor":
		at = math.Floor(at)
	case "ceil":
		at = math.Ceil(at)
	default:
		panic(fmt.Errorf("attribute nearest_mode is %q, which is not known", r.rounding))
	}
	return min(max(int(at), 0), from-1)
}

// matrix is [from, to]: its columns are the weights of the input's elements in each of the result.
func (r resampling) matrix(from, to int, scale float64) []float32 {
	if from*to > maxFolded {
		panic(fmt.Errorf("an axis of %d to one of %d", from, to))
	}
	weights := make([]float32, from*to)
	for i := range to {
		at := r.place(i, from, to, scale)
		low := math.Floor(at)
		first, taps := int(low), r.taps(at-low)
		if len(taps) == 4 {
			first--
		}
		sum := 0.0
		for k, w := range taps {
			if j := first + k; r.inside && (j < 0 || j >= from) {
				taps[k] = 0
			} else {
				sum += w
			}
		}
		for k, w := range taps {
			j := min(max(first+k, 0), from-1)
			weights[j*to+i] += float32(w / sum)
		}
	}
	return weights
}

// taps are the weights of the neighbours of a place that lies t behind one of them: two, or four for a cubic.
func (r resampling) taps(t float64) []float64 {
	switch r.mode {
	case "linear":
		return []float64{1 - t, t}
	case "cubic":
		near := func(x float64) float64 { return (r.cubic+2)*x*x*x - (r.cubic+3)*x*x + 1 }
		far := func(x float64) float64 { return r.cubic * (x*x*x - 5*x*x + 8*x - 4) }
		return []float64{far(1 + t), near(t), near(1 - t), far(2 - t)}
	}
	panic(fmt.Errorf("attribute mode is %q, which is not known", r.mode))
}

// alongAxis multiplies an axis of x with a matrix [from, to].
func alongAxis(x *graph.Node, axis int, matrix *graph.Node) *graph.Node {
	y := graph.Dot(x, graph.ConvertDType(matrix, x.DType())).General([]int{axis}, nil, []int{0}, nil) // the new axis comes last
	back := plain(x.Rank() - 1)
	return graph.TransposeAllAxes(y, slices.Insert(back, axis, x.Rank()-1)...)
}
