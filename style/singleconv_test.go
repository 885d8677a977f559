package style

import (
	"context"
	"math"
	"slices"
	"testing"

	"github.com/gestalt-vision/gestalt/nets"
)

var _ Stylizer = (*SingleConv)(nil)

func openSingleConv(t *testing.T, mix bool) *SingleConv {
	t.Helper()
	s, err := OpenSingleConv(cpuEngine(t), mix)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// The result is the sum that the paper writes down, for every kernel size, alone as in a batch.
func TestSingleConv(t *testing.T) {
	s := openSingleConv(t, true)
	const n, h, w = 12, 9, 11
	contents := Batch{n, h, w, nets.MadeUp("pictures", n*h*w*3, 0, 1)}
	var styles []Style
	for seed := range uint64(n) {
		style, err := s.Draw(seed)
		if err != nil {
			t.Fatal(err)
		}
		styles = append(styles, style)
	}
	got, err := s.Stylize(context.Background(), contents, styles)
	if err != nil {
		t.Fatal(err)
	}
	sizes := map[int]bool{}
	for i, style := range styles {
		kernel, alpha := s.kernel(style), float64(style.Vector[2])
		k := kernel.Dims[0]
		sizes[k] = true
		for at, v := range got.picture(i) {
			y, x, c := at/3/w, at/3%w, at%3
			sum := 0.0
			for ky := range k {
				for kx := range k {
					iy, ix := y+ky-k/2, x+kx-k/2
					if iy < 0 || iy >= h || ix < 0 || ix >= w {
						continue
					}
					for in := range 3 {
						p := (float64(contents.picture(i)[(iy*w+ix)*3+in]) - float64(imageNetMean[in])) / float64(imageNetStd[in])
						sum += p * float64(kernel.Values[((ky*k+kx)*3+in)*3+c])
					}
				}
			}
			sum = sum*float64(imageNetStd[c]) + float64(imageNetMean[c])
			want := min(max(alpha*sum+(1-alpha)*float64(contents.picture(i)[at]), 0), 1)
			if math.Abs(float64(v)-want) > 1e-5 {
				t.Fatalf("picture %d, kernel %d, value %d: %g, want %g", i, k, at, v, want)
			}
		}
		alone, err := s.Stylize(context.Background(), Batch{1, h, w, contents.picture(i)}, styles[i:i+1])
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(alone.Pixels, got.picture(i)) {
			t.Errorf("picture %d depends on its neighbours", i)
		}
	}
	if len(sizes) != len(randKernels) {
		t.Errorf("kernels of sizes %v", sizes)
	}
}

// Sizes, kernels and weights have the paper's distributions.
func TestSingleConvDistribution(t *testing.T) {
	mixed, plain := openSingleConv(t, true), openSingleConv(t, false)
	const draws = 4000
	sizes, squares, numbers, alpha, alphaSquare := map[int]int{}, map[int]float64{}, map[int]float64{}, 0.0, 0.0
	for seed := range uint64(draws) {
		s, err := mixed.Draw(seed)
		if err != nil {
			t.Fatal(err)
		}
		kernel, a := mixed.kernel(s), float64(s.Vector[2])
		k := kernel.Dims[0]
		sizes[k]++
		for _, v := range kernel.Values {
			squares[k] += float64(v) * float64(v)
			numbers[k]++
		}
		alpha, alphaSquare = alpha+a/draws, alphaSquare+a*a/draws
		if s, _ = plain.Draw(seed); s.Vector[2] != 1 {
			t.Fatalf("without mixing the weight is %g", s.Vector[2])
		}
	}
	for _, k := range randKernels {
		if share := float64(sizes[k]) / draws; math.Abs(share-0.25) > 0.035 {
			t.Errorf("kernel size %d: %.3f of the draws", k, share)
		}
		if ratio := squares[k] / numbers[k] * float64(3*k*k); math.Abs(ratio-1) > 5*math.Sqrt(2/numbers[k]) {
			t.Errorf("kernel size %d: variance is %.3f of 1/(3k²)", k, ratio)
		}
	}
	if math.Abs(alpha-0.5) > 0.025 || math.Abs(alphaSquare-alpha*alpha-1.0/12) > 0.005 {
		t.Errorf("weights have mean %.3f and variance %.4f", alpha, alphaSquare-alpha*alpha)
	}
}
