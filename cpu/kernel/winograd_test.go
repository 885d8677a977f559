package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// winogradMatrix derives the matrix of a transform from the points of interpolation,
// as patch.go states it.
func winogradMatrix(kind patchKind, m int) [][]float64 {
	switch kind {
	case gradientPatch:
		return turned(winogradMatrix(outputPatch, m))
	case weightPatch:
		return turned(winogradMatrix(filterPatch, m))
	}
	points := []float64{0, 1, -1}
	if m == 4 {
		points = []float64{0, 1 / math.Sqrt2, -1 / math.Sqrt2, math.Sqrt2, -math.Sqrt2}
	}
	input, filter, output := matricesOf(points, m)
	if m == 2 { // row 0 has the other sign
		for _, row := range [][]float64{input[0], filter[0]} {
			for i := range row {
				row[i] = -row[i]
			}
		}
	}
	return map[patchKind][][]float64{inputPatch: input, filterPatch: filter, outputPatch: output}[kind]
}

// matricesOf derives the matrices of the transforms to m outputs of three taps from the
// points of interpolation.
func matricesOf(points []float64, m int) (input, filter, output [][]float64) {
	times := func(p []float64, root float64) []float64 { // the polynomial p·(x-root)
		q := make([]float64, len(p)+1)
		for i, c := range p {
			q[i+1] += c
			q[i] -= c * root
		}
		return q
	}
	whole := []float64{1}
	for i, p := range points {
		others, norm := []float64{1}, 1.0
		for j, q := range points {
			if j != i {
				others = times(others, q)
				norm *= p - q
			}
		}
		input = append(input, append(others, 0))
		filter = append(filter, []float64{1 / norm, p / norm, p * p / norm})
		whole = times(whole, p)
	}
	input, filter = append(input, whole), append(filter, []float64{0, 0, 1})
	output = make([][]float64, m)
	for i := range output {
		for _, p := range points {
			output[i] = append(output[i], math.Pow(p, float64(i)))
		}
		output[i] = append(output[i], 0)
	}
	output[m-1][m+1] = 1
	return input, filter, output
}

// turned is the transpose of a matrix.
func turned(m [][]float64) [][]float64 {
	t := make([][]float64, len(m[0]))
	for i := range t {
		for _, row := range m {
			t[i] = append(t[i], row[i])
		}
	}
	return t
}

// TestPatchEqualsMatrices compares every transform of every instruction set with the
// product of matrices.
func TestPatchEqualsMatrices(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(11, 1))
		for _, m := range []int{2, 4} {
			for _, kind := range []patchKind{inputPatch, filterPatch, outputPatch, gradientPatch, weightPatch} {
				if m == 2 && kind > outputPatch {
					continue
				}
				for c := 1; c < 70; c += 1 + c/20 {
					if err := checkPatch(r, kind, m, c); err != nil {
						t.Fatalf("tile %d, transform %d, %d channels: %v", m, kind, c, err)
					}
				}
			}
		}
	})
}

func checkPatch(r *rand.Rand, kind patchKind, m, c int) error {
	in, out := kind.sizes(m)
	whole := (c + 15) &^ 15
	p := &patch{c: c, xCol: whole + r.IntN(9), outCol: whole + r.IntN(9), rows: out, cols: out, lo: -infinity, hi: infinity}
	p.xRow, p.outRow = in*p.xCol+r.IntN(9), out*p.outCol+r.IntN(9)
	p.x, p.vec, p.out = floats(r, in*p.xRow), floats(r, c), make([]float32, out*p.outRow)
	if kind == outputPatch {
		p.rows, p.cols = 1+r.IntN(out), 1+r.IntN(out)
		if r.IntN(2) == 0 {
			p.addCol = c + r.IntN(5)
			p.addRow = out*p.addCol + r.IntN(5)
			p.add = floats(r, out*p.addRow)
		}
		if r.IntN(2) == 0 {
			p.lo, p.hi = -0.5, 1.5
		}
	}
	for i := range p.out {
		p.out[i] = float32(math.NaN())
	}
	p.run(current.Load(), kind, m)
	left := winogradMatrix(kind, m)
	written := make(map[int]bool)
	for i := range p.rows {
		for j := range p.cols {
			for ch := range c {
				sum, mag := 0.0, 0.0
				term := func(v float64) { sum, mag = sum+v, mag+math.Abs(v) }
				for k := range in {
					for l := range in {
						v := left[i][k] * left[j][l] * float64(p.x[k*p.xRow+l*p.xCol+ch])
						if kind == filterPatch {
							v *= float64(p.vec[ch])
						}
						term(v)
					}
				}
				if kind == outputPatch {
					term(float64(p.vec[ch]))
					if p.add != nil {
						term(float64(p.add[i*p.addRow+j*p.addCol+ch]))
					}
					sum = min(max(sum, float64(p.lo)), float64(p.hi))
				}
				at := i*p.outRow + j*p.outCol + ch
				if got := float64(p.out[at]); !(math.Abs(got-sum) <= mag*24*0x1p-24) {
					return fmt.Errorf("element (%d, %d) of channel %d: got %v, want %v", i, j, ch, got, sum)
				}
				written[at] = true
			}
		}
	}
	for at, v := range p.out {
		if (kind == outputPatch || kind == weightPatch) && v == v && !written[at] {
			return fmt.Errorf("wrote to %d beyond the output", at)
		}
	}
	return nil
}

// TestWinogradError holds the rounding error against a convolution in double
// precision on what layers see: inputs that went through a ReLU and weights that keep
// their variance. Relative to the largest output, tiles of 2 are more precise than
// the plain sums, which are nine times as long, and tiles of 4 hardly less so.
func TestWinogradError(t *testing.T) {
	bounds := map[int]float64{0: 3e-6, 2: 1e-6, 4: 5e-6}
	eachISA(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(12, 1))
		worst := make(map[int]float64)
		for _, channels := range []int{16, 64, 256, 512} {
			c := Conv{N: 1, H: 10, W: 10, C: channels, KH: 3, KW: 3, K: 32, PadTop: 1, PadBottom: 1, PadLeft: 1, PadRight: 1}
			x, hwio := floats(r, 100*channels), floats(r, 9*channels*c.K)
			for i := range x {
				x[i] = max(x[i], 0)
			}
			for i := range hwio {
				hwio[i] *= float32(math.Sqrt(2 / float64(9*channels)))
			}
			want, _ := refConv(c, x, channels, hwio, nil, Epilogue{})
			largest := 0.0
			for _, v := range want {
				largest = max(largest, math.Abs(v))
			}
			for m := range bounds {
				out := make([]float32, len(want))
				c.Run(Serial, x, channels, packForTile(c, m, hwio), Epilogue{}, out, c.K)
				for i, v := range out {
					worst[m] = max(worst[m], math.Abs(float64(v)-want[i])/largest)
				}
			}
		}
		for m, bound := range bounds {
			t.Logf("tiles of %d: %.2g of the largest output", m, worst[m])
			if worst[m] > bound {
				t.Errorf("tiles of %d: error of %.2g of the largest output, allowed are %g", m, worst[m], bound)
			}
		}
	})
}

// packForTile packs a filter for a certain size of tiles, 0 for plain sums.
func packForTile(c Conv, m int, hwio []float32) *Filter {
	c = c.normal()
	f := &Filter{kh: c.KH, kw: c.KW, c: c.C, k: c.K, split: 1, tile: m}
	if m == 0 {
		f.groups = []Packed{*PackB(9*c.C, c.K, hwio, c.K, false)}
	} else {
		f.groups = []Packed{*c.packWinograd(Serial, nil, m, hwio, nil, false)}
	}
	return f
}

// randomWinograd is a small convolution that Winograd's algorithm does.
func randomWinograd(r *rand.Rand) Conv {
	return Conv{N: 1 + r.IntN(2), H: 2 + r.IntN(14), W: 2 + r.IntN(14), C: winogradChannels + r.IntN(60), K: winogradChannels + r.IntN(100),
		KH: 3, KW: 3, PadTop: r.IntN(3), PadBottom: 1 + r.IntN(2), PadLeft: r.IntN(3), PadRight: 1 + r.IntN(2)}
}

func TestWinogradBySize(t *testing.T) {
	pad := func(c Conv) Conv {
		c.PadTop, c.PadBottom, c.PadLeft, c.PadRight = 1, 1, 1, 1
		return c
	}
	base := pad(Conv{N: 1, H: 14, W: 14, C: 64, KH: 3, KW: 3, K: 64})
	for _, test := range []struct {
		name   string
		want   int
		change func(c *Conv)
	}{
		{"3x3", 4, func(c *Conv) {}},
		{"2 x 2 outputs", 2, func(c *Conv) { c.H, c.W = 2, 2 }},
		{"few tiles of many channels", 2, func(c *Conv) { c.H, c.W, c.C, c.K = 7, 7, 512, 512 }},
		{"few tiles", 4, func(c *Conv) { c.H, c.W = 7, 7 }},
		{"one row", 0, func(c *Conv) { c.H = 1 }},
		{"nothing but padding", 0, func(c *Conv) { c.PadLeft = 3 }},
		{"stride", 0, func(c *Conv) { c.StrideW = 2 }},
		{"dilation", 0, func(c *Conv) { c.DilationH = 2 }},
		{"groups", 0, func(c *Conv) { c.Groups = 2 }},
		{"5x5", 0, func(c *Conv) { c.KH, c.KW = 5, 5 }},
		{"picture", 0, func(c *Conv) { c.C = 3 }},
	} {
		c := base
		test.change(&c)
		for _, c.N = range []int{1, 8, 1000} {
			if got := c.normal().winogradTile(); got != test.want {
				t.Errorf("%s, %d pictures: tile of %d, want %d", test.name, c.N, got, test.want)
			}
		}
	}
}

// TestPicturesAreIndependent: each picture of a batch has the bits that it has alone.
func TestPicturesAreIndependent(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(13, 1))
		for range 30 {
			c := randomWinograd(r)
			c.N = 1 + r.IntN(7)
			batch := newConvCase(r, c, 0, 0)
			batch.ep.Add = nil
			out := batch.run(Serial)
			f := PackFilter(c, batch.hwio, batch.scale)
			alone := c
			alone.N = 1
			x, y := len(batch.x)/c.N, len(out)/c.N
			for n := range c.N {
				got := make([]float32, y)
				alone.Run(Serial, batch.x[n*x:(n+1)*x], batch.xPitch, f, batch.ep, got, batch.outPitch)
				if i := firstDifference(got, out[n*y:(n+1)*y]); i >= 0 {
					t.Fatalf("%+v: element %d of picture %d differs", c, i, n)
				}
			}
		}
	})
}

// TestWinogradFilterElsewhere: a filter transformed for stride 1 must not be used
// with another.
func TestWinogradFilterElsewhere(t *testing.T) {
	c := Conv{N: 1, H: 8, W: 8, C: 16, KH: 3, KW: 3, K: 16}
	f := PackFilter(c, make([]float32, 9*16*16), nil)
	c.StrideH = 2
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	c.Run(Serial, make([]float32, 8*8*16), 16, f, Epilogue{}, make([]float32, 3*6*16), 16)
}
