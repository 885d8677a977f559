package kernel

import "fmt"

// tallLines describes one of the transforms of conv_tall.go, in one dimension: lines are
// vectors of n floats, an equal distance apart. With the points ±a and ±b, a = 1/2 and
// b = 5/4, and ∞ (see patch.go for how matrices follow from points),
//
//	spread:  five lines of x to five of out, by the matrix of the inputs
//	join:    five lines of x to three of out, by the matrix of the outputs,
//	         out = clamp(… + bias + add, lo, hi)
//
// join stores the first rows lines alone; bias is one line, add may be nil. In spread out
// may be x, if the distances are the same.
//
// All distances are in floats. Assembly reads the fields by their offsets, which
// layout_test.go checks.
type tallLines struct {
	x, out, bias, add    []float32
	xRow, outRow, addRow int
	n                    int
	rows                 int
	lo, hi               float32
}

// Sizes of the transforms: outputs, taps, inputs.
const (
	lineOut  = 3
	lineTaps = 3
	lineIn   = lineOut + lineTaps - 1
)

// The points, of which no power needs rounding. They were chosen for small rounding errors.
const (
	lineA = 0.5
	lineB = 1.25
)

// spread checks the bounds, which assembly doesn't, and transforms inputs.
func (l *tallLines) spread(im *impl) {
	l.check(lineIn, l.n, l.n)
	im.spreadLines(l)
}

// join checks the bounds, which assembly doesn't, and transforms products to outputs.
func (l *tallLines) join(im *impl) {
	l.check(l.rows, l.n, len(l.bias))
	if l.rows < 1 || l.rows > lineOut || l.add != nil && (l.addRow < 0 || (l.rows-1)*l.addRow+l.n > len(l.add)) {
		panic(fmt.Sprintf("kernel: lines out of bounds: %d of %d floats, addend %d", l.rows, l.n, len(l.add)))
	}
	im.joinLines(l)
}

func (l *tallLines) check(rows, n, bias int) {
	if n < 0 || l.xRow < 0 || l.outRow < 0 || (lineIn-1)*l.xRow+n > len(l.x) || (rows-1)*l.outRow+n > len(l.out) || bias < n {
		panic(fmt.Sprintf("kernel: lines out of bounds: %d of %d floats, distances %d %d, lengths %d %d %d", rows, n, l.xRow, l.outRow, len(l.x), len(l.out), bias))
	}
}

func spreadLinesGeneric(l *tallLines) {
	const a2, b2 = lineA * lineA, lineB * lineB
	for i := range l.n {
		var x [lineIn]float32
		for j := range x {
			x[j] = l.x[j*l.xRow+i]
		}
		oddA, evenA := x[3]-b2*x[1], lineA*(x[2]-b2*x[0])
		oddB, evenB := x[3]-a2*x[1], lineB*(x[2]-a2*x[0])
		for j, v := range [lineIn]float32{oddA + evenA, oddA - evenA, oddB + evenB, oddB - evenB, x[4] - (a2+b2)*x[2] + a2*b2*x[0]} {
			l.out[j*l.outRow+i] = v
		}
	}
}

func joinLinesGeneric(l *tallLines) {
	const a2, b2 = lineA * lineA, lineB * lineB
	for i := range l.n {
		var x [lineIn]float32
		for j := range x {
			x[j] = l.x[j*l.xRow+i]
		}
		sumA, difA, sumB, difB := x[0]+x[1], x[0]-x[1], x[2]+x[3], x[2]-x[3]
		y := [lineOut]float32{sumA + sumB, lineA*difA + lineB*difB, x[4] + a2*sumA + b2*sumB}
		for j, v := range y[:l.rows] {
			v += l.bias[i]
			if l.add != nil {
				v += l.add[j*l.addRow+i]
			}
			l.out[j*l.outRow+i] = clamp(v, l.lo, l.hi)
		}
	}
}

// tapLine is the transform of three taps. For each of the points p it is the value of the taps' polynomial there, divided
// by the product of p's differences to the others.
func tapLine(w [lineTaps]float32) [lineIn]float32 {
	const a2, b2 = lineA * lineA, lineB * lineB
	const overA, overB = 1 / (2 * lineA * (a2 - b2)), 1 / (2 * lineB * (b2 - a2))
	return [lineIn]float32{
		overA * (w[0] + a2*w[2] + lineA*w[1]), -overA * (w[0] + a2*w[2] - lineA*w[1]),
		overB * (w[0] + b2*w[2] + lineB*w[1]), -overB * (w[0] + b2*w[2] - lineB*w[1]),
		w[2],
	}
}
