package onnx

import (
	"fmt"
	"slices"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
)

// value is a value of the network under construction: a tensor that is known already, or an activation.
//
// ONNX counts the axes of pictures batch, channels, height, width; the engines want channels last. So an activation's node
// may hold its axes in another order than the operators count them, and Transpose only changes the count. Elements are moved
// where an operator cannot do with the order that it gets.
type value struct {
	node *graph.Node
	axes []int // the operators' axis axes[i] is axis i of node

	known *tensor
	name  string // of a known tensor, where it is a parameter or follows from parameters
}

func (v *value) rank() int { return len(v.dims()) }

func (v *value) dtype() dtypes.DType {
	if v.known != nil {
		return v.known.dtype
	}
	return v.node.DType()
}

// dims are the dimensions in the operators' order.
func (v *value) dims() []int {
	if v.known != nil {
		return v.known.dims
	}
	dims := make([]int, len(v.axes))
	for i, axis := range v.axes {
		dims[axis] = v.node.Shape().Dim(i)
	}
	return dims
}

func (v *value) size() int { return product(v.dims()) }

func product(dims []int) int {
	n := 1
	for _, d := range dims {
		n *= d
	}
	return n
}

// plain is the order in which nodes hold axes as the operators count them.
func plain(rank int) []int {
	axes := make([]int, rank)
	for i := range axes {
		axes[i] = i
	}
	return axes
}

// channelsLast is the order batch, height, width, channels, for any number of spatial axes.
func channelsLast(rank int) []int {
	axes := plain(rank)
	return append(append(axes[:1:1], axes[2:]...), 1)
}

func plainValue(x *graph.Node) *value { return &value{node: x, axes: plain(x.Rank())} }

// physical is where the node holds an operator's axis.
func (v *value) physical(axis int) int { return slices.Index(v.axes, axis) }

// in gives the node with its axes in the order axes, moving elements only if need be.
func (b *builder) in(v *value, axes []int) *graph.Node {
	if v.known != nil {
		return b.constant(v, axes)
	}
	if slices.Equal(v.axes, axes) {
		return v.node
	}
	perm, dims := make([]int, len(axes)), make([]int, len(axes))
	for i, axis := range axes {
		perm[i] = v.physical(axis)
		dims[i] = v.node.Shape().Dim(perm[i])
	}
	last := -1
	moves := false
	for i, p := range perm {
		if dims[i] != 1 {
			moves = moves || p < last
			last = p
		}
	}
	if !moves { // only axes of length 1 change places
		return graph.Reshape(v.node, dims...)
	}
	return graph.TransposeAllAxes(v.node, perm...)
}

// transpose makes axis i of the result of axis perm[i] of v, without moving anything.
func (b *builder) transpose(v *value, perm []int) *value {
	if v.known != nil {
		dims := make([]int, len(perm))
		for i, p := range perm {
			dims[i] = v.known.dims[p]
		}
		return &value{known: &tensor{v.known.dtype, dims, v.known.permuted(perm)}}
	}
	axes := make([]int, len(v.axes))
	for i, axis := range v.axes {
		axes[i] = slices.Index(perm, axis)
	}
	return &value{node: v.node, axes: axes}
}

// reshape gives v other dimensions. Axes that are split or left alone stay where the node has them; those that are merged
// must lie side by side in the operators' order, and are brought there if they do not.
func (b *builder) reshape(v *value, dims []int) *value {
	from := v.dims()
	if product(from) != product(dims) {
		panic(fmt.Errorf("%v cannot be reshaped to %v", from, dims))
	}
	if v.known != nil {
		return &value{known: &tensor{v.known.dtype, dims, v.known.flat}, name: v.name}
	}
	if product(dims) == 0 || inOrder(v.axes) {
		return plainValue(graph.Reshape(b.in(v, plain(len(from))), dims...))
	}
	groups := matchAxes(from, dims)
	of, long := make([]int, len(from)), make([]bool, len(groups)) // the group of an axis; whether it has one longer than 1
	for g, group := range groups {
		for _, axis := range group.from {
			of[axis] = g
			long[g] = long[g] || from[axis] != 1
		}
	}
	// The order that the node must have, the groups in the order in which it holds them.
	var order, seen []int
	for _, axis := range v.axes {
		if g := of[axis]; !slices.Contains(seen, g) && (from[axis] != 1 || !long[g]) {
			seen = append(seen, g)
			order = append(order, groups[g].from...)
		}
	}
	for g, group := range groups { // new axes of length 1
		if len(group.from) == 0 {
			seen = append(seen, g)
		}
	}
	x := b.in(v, order)
	var axes, physical []int
	for _, g := range seen {
		axes = append(axes, groups[g].to...)
	}
	for _, axis := range axes {
		physical = append(physical, dims[axis])
	}
	return &value{node: graph.Reshape(x, physical...), axes: axes}
}

// axisGroup is axes of one shape whose product is that of axes of another.
type axisGroup struct{ from, to []int }

// matchAxes splits two shapes of equal size into groups as small as possible, from left to right.
func matchAxes(from, to []int) []axisGroup {
	var groups []axisGroup
	i, j := 0, 0
	for i < len(from) || j < len(to) {
		var g axisGroup
		a, b := 1, 1
		if i < len(from) {
			a, g.from, i = from[i], append(g.from, i), i+1
		}
		if j < len(to) && (a != 1 || to[j] == 1 || len(g.from) == 0) {
			b, g.to, j = to[j], append(g.to, j), j+1
		}
		for a != b {
			if a < b {
				a, g.from, i = a*from[i], append(g.from, i), i+1
			} else {
				b, g.to, j = b*to[j], append(g.to, j), j+1
			}
		}
		groups = append(groups, g)
	}
	return groups
}

// insertAxes puts axes of length 1 where the result has them.
func (b *builder) insertAxes(v *value, at []int) *value {
	rank := v.rank() + len(at)
	dims := make([]int, 0, rank)
	from := v.dims()
	for i := range rank {
		if slices.Contains(at, i) {
			dims = append(dims, 1)
		} else {
			dims = append(dims, from[0])
			from = from[1:]
		}
	}
	return b.reshape(v, dims)
}
