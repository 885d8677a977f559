package kernel

import "fmt"

// normBlock describes a stretch of elements of a batch normalisation, the inner loop
// of grad_norm.go: n elements of the tensors and of vectors that were tiled to the
// same length. With t = x - mean and y = t·scale + offset, plus add where there is one,
//
//	moments:   sum += t, sumX += t²                  mean is a rough one
//	apply:     out = clamp(y, lo, hi)
//	sums:      sum += g, sumX += g·t                 g is dy, or if gated, dy where y isn't negative and
//	                                                 not hi or more, else 0; with an addend, out = g too
//	gradient:  out = g·k + (t·q + r)
//
// Each product is added by a fused multiply-add, so that a gate is the same when it is
// worked out again. Assembly reads the fields by their offsets, which layout_test.go
// checks.
type normBlock struct {
	x, dy, add, out     []float32
	mean, scale, offset []float32
	k, q, r             []float32
	sum, sumX           []float32
	n                   int
	lo, hi              float32
}

// normLoops are the loops over a block.
type normLoops struct {
	moments, apply, applyAdd func(b *normBlock)
	sums, sumsGated, sumsAdd func(b *normBlock)
	gradient, gradientGated  func(b *normBlock)
}

// run checks that the given operands, all that loop reads or writes, are long
// enough, which assembly doesn't.
func (b *normBlock) run(loop func(b *normBlock), operands ...[]float32) {
	for _, o := range operands {
		if len(o) < b.n {
			panic(fmt.Sprintf("kernel: %d elements of a normalisation in %d", b.n, len(o)))
		}
	}
	loop(b)
}

var normGeneric = normLoops{
	moments: func(b *normBlock) {
		for i, v := range b.x[:b.n] {
			t := v - b.mean[i]
			b.sum[i] += t
			b.sumX[i] += t * t
		}
	},
	apply: func(b *normBlock) {
		for i := range b.n {
			b.out[i] = clamp(b.y(i), b.lo, b.hi)
		}
	},
	applyAdd: func(b *normBlock) {
		for i := range b.n {
			b.out[i] = clamp(b.y(i)+b.add[i], b.lo, b.hi)
		}
	},
	sums: func(b *normBlock) {
		for i, g := range b.dy[:b.n] {
			b.sum[i] += g
			b.sumX[i] += g * (b.x[i] - b.mean[i])
		}
	},
	sumsGated: func(b *normBlock) {
		for i, g := range b.dy[:b.n] {
			if b.shut(b.y(i)) {
				g = 0
			}
			b.sum[i] += g
			b.sumX[i] += g * (b.x[i] - b.mean[i])
		}
	},
	sumsAdd: func(b *normBlock) {
		for i, g := range b.dy[:b.n] {
			if b.shut(b.y(i) + b.add[i]) {
				g = 0
			}
			b.out[i] = g
			b.sum[i] += g
			b.sumX[i] += g * (b.x[i] - b.mean[i])
		}
	},
	gradient: func(b *normBlock) {
		for i, g := range b.dy[:b.n] {
			b.out[i] = g*b.k[i] + ((b.x[i]-b.mean[i])*b.q[i] + b.r[i])
		}
	},
	gradientGated: func(b *normBlock) {
		for i, g := range b.dy[:b.n] {
			if b.shut(b.y(i)) {
				g = 0
			}
			b.out[i] = g*b.k[i] + ((b.x[i]-b.mean[i])*b.q[i] + b.r[i])
		}
	},
}

// y is the normalised element i.
func (b *normBlock) y(i int) float32 { return (b.x[i]-b.mean[i])*b.scale[i] + b.offset[i] }

// shut reports whether the gate keeps the gradient where y has this value back.
func (b *normBlock) shut(y float32) bool { return y < 0 || y >= b.hi }
