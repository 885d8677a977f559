package onnx

import (
	"fmt"
	"math"

	"github.com/gomlx/compute/dtypes"
)

// shapeOf is Shape: dimensions are known when the network is built.
func shapeOf(c *call) []*value {
	dims := c.in[0].dims()
	clamp := func(at int) int {
		if at < 0 {
			at += len(dims)
		}
		return min(max(at, 0), len(dims))
	}
	start, end := clamp(c.int("start", 0)), clamp(c.int("end", len(dims)))
	list := make([]int64, 0, len(dims))
	for i := start; i < end; i++ {
		list = append(list, int64(dims[i]))
	}
	return one(known(ints(list...)))
}

func constant(c *call) []*value {
	for name, a := range c.n.attributes {
		switch name {
		case "value":
			if a.tensor == nil {
				panic(fmt.Errorf("attribute value is no tensor"))
			}
			return one(known(a.tensor))
		case "value_int":
			return one(known(scalarInt(a.integer)))
		case "value_ints":
			return one(known(ints(a.ints...)))
		case "value_float":
			return one(known(&tensor{dtypes.Float32, []int{}, []float32{a.float}}))
		case "value_floats":
			return one(known(&tensor{dtypes.Float32, []int{len(a.floats)}, a.floats}))
		}
	}
	panic(fmt.Errorf("it has no value"))
}

func constantOfShape(c *call) []*value {
	dims := c.integers(0)
	n, err := countOf(dims)
	if err != nil {
		panic(err)
	}
	if n > maxFolded {
		panic(fmt.Errorf("a constant of dimensions %v", dims))
	}
	value := &tensor{dtypes.Float32, []int{1}, []float32{0}}
	if a, ok := c.n.attributes["value"]; ok && a.tensor != nil {
		value = a.tensor
	}
	if value.size() != 1 {
		panic(fmt.Errorf("a value of %d elements", value.size()))
	}
	v := c.b.broadcast(c.b.reshape(known(value), ones(len(dims))), dims)
	return one(v)
}

// rangeOf counts from a start by steps to before a limit.
func rangeOf(c *call) []*value {
	count := func(start, limit, step float64) int {
		n := math.Max(0, math.Ceil((limit-start)/step))
		if !(n <= maxFolded) {
			panic(fmt.Errorf("a range of %g to %g by %g", start, limit, step))
		}
		return int(n)
	}
	if t := c.in[0].known; t != nil && t.dtype.IsFloat() {
		start, limit, step := float64(c.floats(0)[0]), float64(c.floats(1)[0]), float64(c.floats(2)[0])
		list := make([]float32, count(start, limit, step))
		for i := range list {
			list[i] = float32(start + float64(i)*step)
		}
		out := known(&tensor{dtypes.Float32, []int{len(list)}, list})
		return one(out)
	}
	start, limit, step := c.integers(0)[0], c.integers(1)[0], c.integers(2)[0]
	list := make([]int64, count(float64(start), float64(limit), float64(step)))
	for i := range list {
		list[i] = int64(start + i*step)
	}
	out := ints(list...)
	if c.in[0].dtype() == dtypes.Int32 {
		out = &tensor{dtypes.Int32, out.dims, toInt32(list)}
	}
	return one(known(out))
}

func toInt32(from []int64) []int32 {
	to := make([]int32, len(from))
	for i, v := range from {
		to[i] = int32(v)
	}
	return to
}

// nonZero lists the places of a known tensor's elements that are not zero, one column each.
func nonZero(c *call) []*value {
	t := c.in[0].known
	if t == nil {
		panic(fmt.Errorf("its input depends on the picture, and so the number of its results"))
	}
	var set []bool
	switch flat := t.flat.(type) {
	case []bool:
		set = flat
	case []float32:
		set = nonZeros(flat)
	case []int64:
		set = nonZeros(flat)
	case []int32:
		set = nonZeros(flat)
	default:
		panic(fmt.Errorf("numbers of type %s are not known of this operator", t.dtype))
	}
	rows := make([][]int64, len(t.dims))
	n := 0
	for i, yes := range set {
		if !yes {
			continue
		}
		n++
		for axis := len(t.dims) - 1; axis >= 0; axis-- {
			rows[axis] = append(rows[axis], int64(i%t.dims[axis]))
			i /= t.dims[axis]
		}
	}
	out := &tensor{dtypes.Int64, []int{len(rows), n}, []int64{}}
	for _, row := range rows {
		out.flat = append(out.flat.([]int64), row...)
	}
	return one(known(out))
}

func nonZeros[T float32 | int64 | int32](from []T) []bool {
	set := make([]bool, len(from))
	for i, v := range from {
		set[i] = v != 0
	}
	return set
}
