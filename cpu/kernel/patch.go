package kernel

import (
	"fmt"
	"math"
)

// patch describes one of the transforms of winograd.go and grad_winograd.go in a small square of
// pixels, channel by channel. With L the matrix of the transform,
//
//	y = L·x·Lᵀ
//
// where element (i, j) of x lies at x[i·xRow+j·xCol] and of y at
// out[i·outRow+j·outCol], channel after channel. vec holds one number per channel:
// the filter's transform multiplies x by it, the output's adds it to y, followed by
// add and the clamp to lo..hi, and stores the first rows rows and cols columns alone.
//
// The input's, the filter's and the gradient's transform store whole vectors of up to
// 16 channels, the output's and the one to the weights read whole vectors: what lies between c and the next multiple of 16
// must belong to the caller.
//
// All distances are in floats. Assembly reads the fields by their offsets, which
// layout_test.go checks.
type patch struct {
	x, out, add, vec []float32 // add may be nil
	xRow, xCol       int
	outRow, outCol   int
	addRow, addCol   int
	c                int
	rows, cols       int // of the output's transform
	lo, hi           float32
	between          [36 * 16]float32 // assembly's own
}

// patchKind is one of the transforms.
type patchKind int

const (
	inputPatch patchKind = iota
	filterPatch
	outputPatch
	// Those of the filter gradient, for tiles of 4: of the output's gradient, and back.
	gradientPatch
	weightPatch
)

// sizes gives the sizes of x and y for tiles of m.
func (k patchKind) sizes(m int) (in, out int) {
	switch k {
	case inputPatch:
		return m + 2, m + 2
	case filterPatch:
		return 3, m + 2
	case gradientPatch:
		return m, m + 2
	case weightPatch:
		return m + 2, 3
	}
	return m + 2, m
}

// run checks the bounds, which assembly doesn't, and transforms.
func (p *patch) run(im *impl, kind patchKind, m int) {
	in, out := kind.sizes(m)
	whole := (p.c + 15) &^ 15
	read, rows, cols, written := p.c, out, out, whole
	switch kind {
	case outputPatch:
		read, rows, cols, written = whole, p.rows, p.cols, p.c
	case weightPatch:
		read, written = whole, p.c
	}
	reach := func(n, m, row, col int) int { return (n-1)*row + (m-1)*col }
	if p.c <= 0 || rows < 1 || rows > out || cols < 1 || cols > out ||
		p.xRow < 0 || p.xCol < 0 || p.outRow < 0 || p.outCol < 0 || p.addRow < 0 || p.addCol < 0 ||
		reach(in, in, p.xRow, p.xCol)+read > len(p.x) || reach(rows, cols, p.outRow, p.outCol)+written > len(p.out) ||
		p.add != nil && reach(rows, cols, p.addRow, p.addCol)+p.c > len(p.add) ||
		(kind == filterPatch || kind == outputPatch) && p.c > len(p.vec) {
		panic(fmt.Sprintf("kernel: patch out of bounds: %d channels, %d x %d outputs, lengths %d %d %d %d",
			p.c, rows, cols, len(p.x), len(p.out), len(p.add), len(p.vec)))
	}
	im.patches[m/2-1][kind](p)
}

// The lines below multiply a line by one of Winograd's matrices. They follow from
// interpolation: the product of polynomials of degrees m-1 and 2 is known by its
// values at m+1 points and its leading coefficient ("∞"). Tiles of 2 use the points
// 0, 1, -1; tiles of 4 the points 0, ±a, ±b with a = 1/√2 and b = √2, between which
// rounding errors grow least among the choices with few operations: powers of the
// usual 2 are left out. With M(x) = x·(x²-a²)·(x²-b²),
//
//	Bᵀ: row p holds the coefficients of M(x)/(x-p), row ∞ those of M(x)
//	G:  row p is (1, p, p²) / Π_{q≠p}(p-q), row ∞ is (0, 0, 1)
//	Aᵀ: column p is (1, p, …, p^(m-1)), column ∞ (0, …, 0, 1)
//
// a²b² is 1 and a²+b² is 5/2. Row 0 of tiles of 2 has the other sign in both Bᵀ and G.
const (
	pointA = 1 / math.Sqrt2
	pointB = math.Sqrt2
)

type line [6]float32

func inputLine2(x *line) line {
	return line{x[0] - x[2], x[1] + x[2], x[2] - x[1], x[3] - x[1]}
}

func filterLine2(x *line) line {
	sum := x[0] + x[2]
	return line{x[0], 0.5 * (sum + x[1]), 0.5 * (sum - x[1]), x[2]}
}

func outputLine2(x *line) line {
	return line{x[0] + x[1] + x[2], x[1] - x[2] + x[3]}
}

func inputLine4(x *line) line {
	evenA, oddA := x[4]-2*x[2], pointA*(x[3]-2*x[1])
	evenB, oddB := x[4]-0.5*x[2], pointB*(x[3]-0.5*x[1])
	return line{x[0] + x[4] - 2.5*x[2], evenA + oddA, evenA - oddA, evenB + oddB, evenB - oddB, x[1] + x[5] - 2.5*x[3]}
}

func filterLine4(x *line) line {
	evenA, oddA := -2.0/3*(x[0]+0.5*x[2]), -2.0/3*pointA*x[1]
	evenB, oddB := 1.0/6*(x[0]+2*x[2]), 1.0/6*pointB*x[1]
	return line{x[0], evenA + oddA, evenA - oddA, evenB + oddB, evenB - oddB, x[2]}
}

func outputLine4(x *line) line {
	sumA, difA, sumB, difB := x[1]+x[2], x[1]-x[2], x[3]+x[4], x[3]-x[4]
	return line{
		x[0] + sumA + sumB,
		pointA*difA + pointB*difB,
		0.5*sumA + 2*sumB,
		pointA/2*difA + 2*pointB*difB + x[5],
	}
}

// The transforms of the filter gradient multiply by A and Gᵀ.

func gradientLine4(x *line) line {
	evenA, oddA := x[0]+0.5*x[2], pointA*(x[1]+0.5*x[3])
	evenB, oddB := x[0]+2*x[2], pointB*(x[1]+2*x[3])
	return line{x[0], evenA + oddA, evenA - oddA, evenB + oddB, evenB - oddB, x[3]}
}

func weightLine4(x *line) line {
	sumA, difA, sumB, difB := x[1]+x[2], x[1]-x[2], 1.0/3*(x[3]+x[4]), x[3]-x[4]
	return line{
		x[0] - 2.0/3*sumA + 0.5*sumB,
		-2.0 / 3 * pointA * (difA - 0.5*difB),
		x[5] + sumB - 1.0/3*sumA,
	}
}

// patchGeneric makes the transform of a line that of a patch, in portable Go.
func patchGeneric(kind patchKind, m int, transform func(x *line) line) func(p *patch) {
	in, out := kind.sizes(m)
	return func(p *patch) {
		rows, cols := out, out
		if kind == outputPatch {
			rows, cols = p.rows, p.cols
		}
		for ch := range p.c {
			var between [6]line // by columns of x
			for j := range in {
				var x line
				for i := range in {
					x[i] = p.x[i*p.xRow+j*p.xCol+ch]
					if kind == filterPatch {
						x[i] *= p.vec[ch]
					}
				}
				between[j] = transform(&x)
			}
			for i := range rows {
				var x line
				for j := range in {
					x[j] = between[j][i]
				}
				y := transform(&x)
				for j := range cols {
					v := y[j]
					if kind == outputPatch {
						v += p.vec[ch]
						if p.add != nil {
							v += p.add[i*p.addRow+j*p.addCol+ch]
						}
						v = clamp(v, p.lo, p.hi)
					}
					p.out[i*p.outRow+j*p.outCol+ch] = v
				}
			}
		}
	}
}

// patchesGeneric are the transforms by size of the tile, 2 or 4, and kind.
var patchesGeneric = [2][5]func(p *patch){
	{patchGeneric(inputPatch, 2, inputLine2), patchGeneric(filterPatch, 2, filterLine2), patchGeneric(outputPatch, 2, outputLine2)},
	{patchGeneric(inputPatch, 4, inputLine4), patchGeneric(filterPatch, 4, filterLine4), patchGeneric(outputPatch, 4, outputLine4),
		patchGeneric(gradientPatch, 4, gradientLine4), patchGeneric(weightPatch, 4, weightLine4)},
}

var infinity = float32(math.Inf(1))
