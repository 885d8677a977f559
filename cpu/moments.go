package cpu

import (
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
)

// Instance normalisation, as graphs spell it, goes twice through a tensor for its statistics:
//
//	s = Σ x,  r = Σ (x - m)²        over the pixels of a picture, for each channel
//
// where m is one number for each channel of each picture, most often s/n for n pixels.
// opMoments takes the mean and the variance of the same pixels from one pass, and
//
//	s = n·mean,  r = n·(variance + (mean - m)²)
//
// holds for any m. The two terms of r are not negative, so that nothing is lost to
// cancellation.

// deviations are a sum r taken apart.
type deviations struct {
	x, m *node
	d    reduceDims
}

// momentsLeast is the least number of pixels for which this is done.
const momentsLeast = 32

// joinMoments rewrites a computation so.
func joinMoments(g *nodeSet, outputs []*node) []*node {
	order := sorted(outputs)
	type sumOf struct {
		x *node
		d reduceDims
	}
	sums := make(map[sumOf]*node)
	squares := make(map[*node]deviations)
	for _, n := range order {
		if n.op == opReduceSum && n.dtype() == dtypes.Float32 {
			if s, ok := deviationsOf(n); ok {
				squares[n] = s
			} else {
				sums[sumOf{n.in[0], n.attr.(reduceDims)}] = n
			}
		}
	}
	both := make(map[*node]*node) // sum s of which there is an r
	for r, s := range squares {
		if sum := sums[sumOf{s.x, s.d}]; sum != nil {
			both[sum] = sum
		} else {
			delete(squares, r)
		}
	}
	if len(both) == 0 {
		return outputs
	}
	now := make(map[*node]*node)
	moments := func(x *node, d reduceDims) (mean, variance *node) {
		pair := g.node(opMoments, shapes.Make(dtypes.Float32, d.outer, 2, d.inner), nil, now[x])
		row := func(i int) *node {
			attr := sliceAttr{[]int{0, i, 0}, []int{1, 1, 1}}
			return g.reshaped(g.node(compute.OpTypeSlice, shapes.Make(dtypes.Float32, d.outer, 1, d.inner), attr, pair), d.outer, d.inner)
		}
		return row(0), row(1)
	}
	for _, n := range order {
		switch {
		case isLeaf(n):
			now[n] = n
		case both[n] != nil:
			d := n.attr.(reduceDims)
			mean, _ := moments(n.in[0], d)
			sum := g.node(compute.OpTypeMul, mean.shape, nil, mean, g.scalar(dtypes.Float32, float64(d.count)))
			now[n] = g.reshaped(sum, n.dims()...)
		case squares[n].x != nil:
			s := squares[n]
			mean, variance := moments(s.x, s.d)
			far := g.node(compute.OpTypeSub, mean.shape, nil, mean, g.reshaped(now[s.m], s.d.outer, s.d.inner))
			sum := g.node(compute.OpTypeAdd, mean.shape, nil, variance, g.node(compute.OpTypeMul, mean.shape, nil, far, far))
			sum = g.node(compute.OpTypeMul, mean.shape, nil, sum, g.scalar(dtypes.Float32, float64(s.d.count)))
			now[n] = g.reshaped(sum, n.dims()...)
		default:
			in := make([]*node, len(n.in))
			for i, old := range n.in {
				in[i] = now[old]
			}
			now[n] = g.node(n.op, n.shape, n.attr, in...)
		}
	}
	result := make([]*node, len(outputs))
	for i, n := range outputs {
		result[i] = now[n]
	}
	return result
}

// deviationsOf recognises a sum of squared distances. What else reads the distances has them
// as before, most often in a chain that needn't write them down.
func deviationsOf(n *node) (s deviations, ok bool) {
	d, square := n.attr.(reduceDims), n.in[0]
	if square.op != compute.OpTypeMul || square.in[0] != square.in[1] {
		return s, false
	}
	far := square.in[0]
	if far.op != compute.OpTypeSub || !slices.Equal(far.in[0].dims(), far.dims()) {
		return s, false
	}
	x, m := far.in[0], far.in[1]
	last := len(x.dims()) - 1
	if last < 2 || d.count < momentsLeast || d.inner < 2 || x.dims()[0] != d.outer || x.dims()[last] != d.inner ||
		m.size() != d.outer*d.inner || len(m.dims()) != last+1 || m.dims()[0] != d.outer || m.dims()[last] != d.inner {
		return s, false
	}
	return deviations{x, m, d}, true
}
