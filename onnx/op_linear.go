package onnx

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
)

// convAxes says that pictures have channels last and kernels are [height, width, in, out].
func convAxes(rank int) compute.ConvolveAxesConfig {
	spatial, kernel := plain(rank)[1:rank-1], plain(rank)[:rank-2]
	return compute.ConvolveAxesConfig{
		InputBatch: 0, InputChannels: rank - 1, InputSpatial: spatial,
		KernelInputChannels: rank - 2, KernelOutputChannels: rank - 1, KernelSpatial: kernel,
		OutputBatch: 0, OutputChannels: rank - 1, OutputSpatial: spatial,
	}
}

// kernelAxes is the order height, width, in, out of ONNX's kernels [out, in/groups, height, width].
func kernelAxes(rank int) []int {
	axes := plain(rank)
	return append(axes[2:len(axes):len(axes)], 1, 0)
}

// ones is a list of n ones.
func ones(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = 1
	}
	return list
}

// convolution is Conv. Where a batch normalisation alone reads the result and the parameters of both are known, it is folded
// into the kernel and the bias.
func convolution(c *call) []*value {
	v, k := c.in[0], c.in[1]
	dims, kernel := v.dims(), k.dims()
	if len(kernel) != len(dims) {
		panic(fmt.Errorf("a kernel of dimensions %v for an input of %v", kernel, dims))
	}
	w := c.window(dims, kernel[2:])
	groups := c.int("group", 1)
	if groups < 1 || dims[1] != groups*kernel[1] || kernel[0]%groups != 0 {
		panic(fmt.Errorf("a kernel of dimensions %v in %d groups for an input of %v", kernel, groups, dims))
	}
	rank := len(dims)
	axes := channelsLast(rank)
	x := c.b.in(v, axes)
	for i := range w.size {
		if dims[2+i]+w.pad[i][0]+w.pad[i][1] < w.reach(i) {
			panic(fmt.Errorf("a kernel of dimensions %v for an input of %v", kernel, dims))
		}
	}
	weight, bias := c.folded(kernelAxes(rank))
	if weight == nil {
		weight = c.b.in(k, kernelAxes(rank))
		if c.has(2) {
			bias = c.x(2)
		}
	}
	y := graph.ConvGeneral(x, weight, convAxes(rank), w.stride, w.pad, ones(rank-2), w.dilation, groups, 1)
	c.b.count(y, product(kernel[1:]))
	if bias != nil {
		y = graph.Add(y, graph.ExpandLeftToRank(bias, rank))
	}
	return one(&value{node: y, axes: axes})
}

// count counts the multiply-adds of an operator whose outputs are sums of so many products each.
func (b *builder) count(y *graph.Node, products int) {
	b.net.MultiplyAdds += int64(y.Shape().Size()) * int64(products)
}

// folded gives kernel and bias with the batch normalisation folded in that follows, or nil if that cannot be.
func (c *call) folded(axes []int) (weight, bias *graph.Node) {
	out := c.n.out[0]
	n := c.b.file.reader[out]
	if n == nil || n.op != "BatchNormalization" || c.b.file.uses[out] != 1 || n.in[0] != out || !c.isKnown(1) || c.has(2) && !c.isKnown(2) {
		return nil, nil
	}
	next := &call{b: c.b, n: n, in: []*value{nil}}
	for _, name := range n.in[1:] {
		next.in = append(next.in, c.b.values[name])
	}
	if !next.isKnown(1, 2, 3, 4) || next.int("training_mode", 0) != 0 || c.in[1].known.size() == 0 {
		return nil, nil
	}
	channels := c.in[1].dims()[0]
	scale, shift := next.affine(channels)
	kernel := c.floats(1)
	given := make([]float32, channels)
	if c.has(2) {
		copy(given, c.floats(2))
	}
	each := len(kernel) / channels
	dims := c.in[1].dims()
	name := n.out[0]
	physical := make([]int, len(axes))
	for i, axis := range axes {
		physical[i] = dims[axis]
	}
	weight = c.b.input(name+".kernel", physical, func() []float32 {
		scaled := make([]float32, len(kernel))
		for i, v := range kernel {
			scaled[i] = float32(float64(v) * scale[i/each])
		}
		return permute(scaled, dims, axes)
	})
	bias = c.b.input(name+".bias", []int{channels}, func() []float32 {
		sum := make([]float32, channels)
		for i := range sum {
			sum[i] = float32(float64(given[i])*scale[i] + shift[i])
		}
		return sum
	})
	c.b.done[n] = true
	c.also = name
	return weight, bias
}

// affine gives what a batch normalisation with fixed statistics is, y = scale·x + shift:
//
//	scale = weight / sqrt(variance + epsilon),  shift = bias - mean·scale
func (c *call) affine(channels int) (scale, shift []float64) {
	weight, bias, mean, variance := c.floats(1), c.floats(2), c.floats(3), c.floats(4)
	for _, list := range [][]float32{weight, bias, mean, variance} {
		if len(list) != channels {
			panic(fmt.Errorf("%s has %d numbers for %d channels", c.n, len(list), channels))
		}
	}
	epsilon := c.float("epsilon", 1e-5)
	scale, shift = make([]float64, channels), make([]float64, channels)
	for i := range scale {
		scale[i] = float64(weight[i]) / math.Sqrt(float64(variance[i])+epsilon)
		shift[i] = float64(bias[i]) - float64(mean[i])*scale[i]
	}
	return scale, shift
}

func batchNormalization(c *call) []*value {
	if c.int("training_mode", 0) != 0 || c.int("spatial", 1) != 1 {
		panic(fmt.Errorf("attributes training_mode and spatial are known as 0 and 1 only; export the network for inference"))
	}
	v := c.in[0]
	channels := v.dims()[1]
	var scale, shift *value
	if c.isKnown(1, 2, 3, 4) && v.known == nil {
		k, s := c.affine(channels)
		parameter := func(what string, from []float64) *value {
			return plainValue(c.b.input(c.n.out[0]+what, []int{channels}, func() []float32 { return narrow(from) }))
		}
		scale, shift = parameter(".scale", k), parameter(".shift", s)
	} else {
		weight, bias, mean, variance := c.x(1), c.x(2), c.x(3), c.x(4)
		k := graph.Div(weight, graph.Sqrt(graph.AddScalar(variance, c.float("epsilon", 1e-5))))
		scale, shift = plainValue(k), plainValue(graph.Sub(bias, graph.Mul(mean, k)))
	}
	rank := v.rank()
	if v.known != nil {
		v = plainValue(c.x(0))
	}
	x, axes := v.node, v.axes
	along := func(p *value) *graph.Node { // the channels' axis
		at := slices.Delete(plain(rank), 1, 2)
		return c.b.in(c.b.insertAxes(p, at), axes)
	}
	return one(&value{node: graph.Add(graph.Mul(x, along(scale)), along(shift)), axes: axes})
}

func narrow(from []float64) []float32 {
	to := make([]float32, len(from))
	for i, v := range from {
		to[i] = float32(v)
	}
	return to
}

// convTranspose is the gradient of a convolution: a convolution of the input, dilated by the stride, with the kernel mirrored
// and its channels exchanged.
func convTranspose(c *call) []*value {
	v, k := c.in[0], c.in[1]
	dims, kernel := v.dims(), k.dims()
	if len(kernel) != len(dims) {
		panic(fmt.Errorf("a kernel of dimensions %v for an input of %v", kernel, dims))
	}
	if auto := c.text("auto_pad", "NOTSET"); auto != "NOTSET" || c.ints("output_shape", 0, maxWindow) != nil {
		panic(fmt.Errorf("attributes auto_pad and output_shape are not known of this operator"))
	}
	w := c.window(dims, kernel[2:])
	n, groups := len(w.size), c.int("group", 1)
	if groups < 1 || dims[1] != kernel[0] || kernel[0]%groups != 0 {
		panic(fmt.Errorf("a kernel of dimensions %v in %d groups for an input of %v", kernel, groups, dims))
	}
	more := c.ints("output_padding", 0, maxWindow)
	if more == nil {
		more = make([]int, n)
	}
	pad := make([][2]int, n)
	for i := range pad {
		pad[i] = [2]int{w.reach(i) - 1 - w.pad[i][0], w.reach(i) - 1 - w.pad[i][1] + more[i]}
	}
	// [in, out/groups, …] to [groups, in/groups, out/groups, …] to [in/groups, groups·out/groups, …]
	rank := len(dims)
	split := append([]int{groups, kernel[0] / groups, kernel[1]}, kernel[2:]...)
	swap := append([]int{1, 0, 2}, plain(rank + 1)[3:]...)
	name := k.name
	k = c.b.transpose(c.b.reshape(k, split), swap)
	k = c.b.reshape(k, append([]int{split[1], groups * split[2]}, kernel[2:]...))
	if k.known != nil {
		k.name = name + ".transposed"
	}
	weight := graph.Reverse(c.b.in(k, append(plain(rank)[2:rank:rank], 0, 1)), plain(n)...)
	axes := channelsLast(rank)
	y := graph.ConvGeneral(c.b.in(v, axes), weight, convAxes(rank), ones(n), pad, w.stride, w.dilation, groups, 1)
	if c.has(2) {
		y = graph.Add(y, graph.ExpandLeftToRank(c.x(2), rank))
	}
	return one(&value{node: y, axes: axes})
}

// gemm is alpha·A·B + beta·C for matrices.
func gemm(c *call) []*value {
	a, w := c.in[0], c.in[1]
	if a.rank() != 2 || w.rank() != 2 {
		panic(fmt.Errorf("dimensions %v and %v, where matrices are needed", a.dims(), w.dims()))
	}
	if c.int("transA", 0) != 0 {
		a = c.b.transpose(a, []int{1, 0})
	}
	order := []int{0, 1}
	if c.int("transB", 0) != 0 {
		order = []int{1, 0}
	}
	y := c.b.in(a, []int{0, 1})
	matrix := c.b.in(w, order)
	if matrix.Shape().Dim(0) != y.Shape().Dim(1) {
		panic(fmt.Errorf("a product of matrices %v and %v", a.dims(), matrix.Shape().Dimensions))
	}
	inner := y.Shape().Dim(1)
	y = graph.MatMul(y, matrix)
	c.b.count(y, inner)
	if alpha := c.float("alpha", 1); alpha != 1 {
		y = graph.MulScalar(y, alpha)
	}
	if beta := c.float("beta", 1); c.has(2) && beta != 0 {
		nodes, _ := c.b.aligned(plainValue(y), c.in[2])
		if beta != 1 {
			nodes[1] = graph.MulScalar(nodes[1], beta)
		}
		y = graph.Add(nodes[0], nodes[1])
	}
	return one(plainValue(y))
}

// matMul is NumPy's matmul.
func matMul(c *call) []*value {
	a, w := c.in[0], c.in[1]
	ra, rw := a.rank(), w.rank()
	if ra == 0 || rw == 0 {
		panic(fmt.Errorf("dimensions %v and %v, where matrices are needed", a.dims(), w.dims()))
	}
	if ra == 1 {
		a = c.b.insertAxes(a, []int{0})
	}
	if rw == 1 {
		w = c.b.insertAxes(w, []int{1})
	}
	y := c.b.product(a, w)
	dims := slices.Clone(y.dims())
	if ra == 1 {
		dims = slices.Delete(dims, len(dims)-2, len(dims)-1)
	}
	if rw == 1 {
		dims = dims[:len(dims)-1]
	}
	if ra == 1 || rw == 1 {
		y = c.b.reshape(y, dims)
	}
	return one(y)
}

// product multiplies stacks of matrices.
func (b *builder) product(a, w *value) *value {
	da, dw := a.dims(), w.dims()
	inner := da[len(da)-1]
	if inner != dw[len(dw)-2] {
		panic(fmt.Errorf("a product of matrices %v and %v", da, dw))
	}
	if len(dw) == 2 {
		if a.known != nil {
			a = plainValue(b.in(a, plain(len(da))))
		}
		k := a.physical(len(da) - 1)
		y := graph.Dot(a.node, b.in(w, []int{0, 1})).General([]int{k}, nil, []int{0}, nil)
		b.count(y, inner)
		axes := append(slices.Delete(slices.Clone(a.axes), k, k+1), len(da)-1)
		return &value{node: y, axes: axes}
	}
	rank := max(len(da), len(dw))
	batch := broadcastList(da[:len(da)-2], dw[:len(dw)-2])
	stack := func(v *value) *value {
		dims := v.dims()
		if v.known != nil {
			v = plainValue(b.in(v, plain(len(dims))))
		}
		if slices.Equal(dims[:len(dims)-2], batch) {
			return v
		}
		return b.broadcast(v, append(slices.Clone(batch), dims[len(dims)-2:]...))
	}
	a, w = stack(a), stack(w)
	where := func(v *value, axes []int) []int {
		list := make([]int, len(axes))
		for i, axis := range axes {
			list[i] = v.physical(axis)
		}
		return list
	}
	batchAxes := plain(rank)[:rank-2]
	y := graph.Dot(a.node, w.node).General(where(a, []int{rank - 1}), where(a, batchAxes), where(w, []int{rank - 2}), where(w, batchAxes))
	b.count(y, inner)
	return plainValue(y)
}

// broadcastList is the shape that two shapes are broadcast to together.
func broadcastList(a, b []int) []int {
	if len(a) < len(b) {
		a, b = b, a
	}
	out := slices.Clone(a)
	for i, d := range b {
		at := len(a) - len(b) + i
		switch {
		case out[at] == 1:
			out[at] = d
		case d != 1 && d != out[at]:
			panic(fmt.Errorf("dimensions %v beside %v", a, b))
		}
	}
	return out
}

// broadcast repeats axes of length 1, and adds axes in front.
func (b *builder) broadcast(v *value, dims []int) *value {
	if n := len(dims) - v.rank(); n > 0 {
		v = b.insertAxes(v, plain(n))
	}
	if v.known != nil {
		v = plainValue(b.in(v, plain(len(dims))))
	}
	physical := make([]int, len(dims))
	for i, axis := range v.axes {
		physical[i] = dims[axis]
		if d := v.node.Shape().Dim(i); d != 1 && d != dims[axis] {
			panic(fmt.Errorf("dimensions %v cannot be repeated to %v", v.dims(), dims))
		}
	}
	if _, err := countOf(physical); err != nil {
		panic(err)
	}
	return &value{node: graph.BroadcastToDims(v.node, physical...), axes: v.axes}
}

// einsum takes one or two operands, without repeated indices in one and without "...".
func einsum(c *call) []*value {
	equation := strings.ReplaceAll(c.text("equation", ""), " ", "")
	if strings.Contains(equation, ".") || len(c.in) > 2 || !strings.Contains(equation, "->") {
		panic(fmt.Errorf("equation %q, of which operands with \"...\", more than two, and a result that is not written out are not known", equation))
	}
	if len(c.in) == 2 {
		y := graph.Einsum(equation, c.x(0), c.x(1))
		return one(plainValue(y))
	}
	from, to, _ := strings.Cut(equation, "->")
	v := c.in[0]
	var gone []int
	kept := ""
	for i, r := range from {
		if strings.ContainsRune(to, r) {
			kept += string(r)
		} else {
			gone = append(gone, i)
		}
	}
	if len(from) != v.rank() || len(kept) != len(to) {
		panic(fmt.Errorf("equation %q for dimensions %v", equation, v.dims()))
	}
	if gone != nil || v.known != nil {
		v = c.b.reduce(v, gone, false, graph.ReduceSum)
	}
	perm := make([]int, len(to))
	for i, r := range to {
		perm[i] = strings.IndexRune(kept, r)
	}
	return one(c.b.transpose(v, perm))
}
