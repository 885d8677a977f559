package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// randomTall is a small convolution that goes through the transforms of conv_tall.go, with
// all that can be odd about it: several panels, strides, borders, an incomplete last tile.
func randomTall(r *rand.Rand) Conv {
	for {
		c := Conv{N: 1 + r.IntN(2), H: 5 + r.IntN(25), W: 1 + r.IntN(30), C: 2 + r.IntN(20), KH: 7 + r.IntN(3), KW: 1 + r.IntN(12), K: 1 + r.IntN(70),
			StrideW: 1 + r.IntN(4), PadTop: r.IntN(6), PadBottom: r.IntN(6), PadLeft: r.IntN(12), PadRight: r.IntN(12)}
		if c.normal().tall() {
			return c
		}
	}
}

// linePoints are the points of the transforms; the matrices follow from them as patch.go says.
var linePoints = []float64{lineA, -lineA, lineB, -lineB}

func TestLinesEqualMatrices(t *testing.T) {
	input, _, output := matricesOf(linePoints, lineOut)
	eachISA(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(21, 1))
		for n := range 50 {
			l := &tallLines{n: n, xRow: n + r.IntN(5), outRow: n + r.IntN(5), addRow: n + r.IntN(5), rows: 1 + r.IntN(lineOut), lo: -infinity, hi: infinity}
			l.x, l.bias = floats(r, lineIn*l.xRow), floats(r, n)
			if r.IntN(2) == 0 {
				l.add = floats(r, lineOut*l.addRow)
			}
			if r.IntN(2) == 0 {
				l.lo, l.hi = -0.5, 1.5
			}
			l.out = make([]float32, lineIn*l.outRow)
			l.spread(current.Load())
			if err := l.compare(input, lineIn, false); err != nil {
				t.Fatalf("spread of %d floats: %v", n, err)
			}
			clear(l.out)
			l.join(current.Load())
			if err := l.compare(output, l.rows, true); err != nil {
				t.Fatalf("join of %d floats: %v", n, err)
			}
			same := *l
			same.outRow, same.out = same.xRow, same.x
			l.outRow, l.out = l.xRow, make([]float32, lineIn*l.xRow)
			l.spread(current.Load())
			same.spread(current.Load())
			for j := range lineIn {
				if i := firstDifference(l.out[j*l.outRow:][:n], same.out[j*l.outRow:][:n]); i >= 0 {
					t.Fatalf("spread of %d floats in place: line %d differs at %d", n, j, i)
				}
			}
		}
	})
}

// compare holds the lines that were stored against a matrix, and says whether others were.
func (l *tallLines) compare(matrix [][]float64, rows int, outputs bool) error {
	for j := range lineIn {
		for i := range l.n {
			want, mag := 0.0, 0.0
			term := func(v float64) { want, mag = want+v, mag+math.Abs(v) }
			if j < rows {
				for k, m := range matrix[j] {
					term(m * float64(l.x[k*l.xRow+i]))
				}
				if outputs {
					term(float64(l.bias[i]))
					if l.add != nil {
						term(float64(l.add[j*l.addRow+i]))
					}
					want = min(max(want, float64(l.lo)), float64(l.hi))
				}
			}
			if got := float64(l.out[j*l.outRow+i]); !(math.Abs(got-want) <= mag*8*0x1p-24) {
				return fmt.Errorf("line %d, element %d: got %v, want %v", j, i, got, want)
			}
		}
	}
	return nil
}

// The transform of taps is the matrix of the filters.
func TestTapLineEqualsMatrix(t *testing.T) {
	_, filter, _ := matricesOf(linePoints, lineOut)
	r := rand.New(rand.NewPCG(22, 1))
	for range 20 {
		w := [lineTaps]float32(floats(r, lineTaps))
		for j, got := range tapLine(w) {
			want := 0.0
			for k, m := range filter[j] {
				want += m * float64(w[k])
			}
			if !(math.Abs(float64(got)-want) <= 1e-5) {
				t.Errorf("element %d of %v: got %v, want %v", j, w, got, want)
			}
		}
	}
}

// TestTallError holds the rounding error against a convolution in double precision on what
// layers see; plain sums of as many terms reach 2e-6 of the largest output.
func TestTallError(t *testing.T) {
	const bound = 2e-6
	eachISA(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(23, 1))
		worst := 0.0
		for _, channels := range []int{3, 16, 64} {
			c := Conv{N: 1, H: 35, W: 20, C: channels, KH: 9, KW: 9, K: 16}
			if !c.normal().tall() {
				t.Fatalf("%d channels go another way", channels)
			}
			x, hwio := floats(r, c.H*c.W*channels), floats(r, 81*channels*c.K)
			for i := range x {
				x[i] = max(x[i], 0)
			}
			for i := range hwio {
				hwio[i] *= float32(math.Sqrt(2 / float64(81*channels)))
			}
			want, _ := refConv(c, x, channels, hwio, nil, Epilogue{})
			largest := 0.0
			for _, v := range want {
				largest = max(largest, math.Abs(v))
			}
			out := make([]float32, len(want))
			c.Run(Serial, x, channels, PackFilter(c, hwio, nil), Epilogue{}, out, c.K)
			for i, v := range out {
				worst = max(worst, math.Abs(float64(v)-want[i])/largest)
			}
		}
		t.Logf("%.2g of the largest output", worst)
		if worst > bound {
			t.Errorf("error of %.2g of the largest output, allowed are %g", worst, bound)
		}
	})
}
