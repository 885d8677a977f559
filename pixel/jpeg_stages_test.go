package pixel

import (
	"math"
	"math/rand/v2"
	"testing"
)

// floatInverseDCT is the definition (T.81 A.3.3) in float64, before rounding.
func floatInverseDCT(b *jpegBlock) (out [64]float64) {
	c := func(k int) float64 {
		if k == 0 {
			return math.Sqrt2 / 2
		}
		return 1
	}
	var basis [8][8]float64
	for x := range 8 {
		for u := range 8 {
			basis[x][u] = c(u) * math.Cos(float64((2*x+1)*u)*math.Pi/16)
		}
	}
	for y := range 8 {
		for x := range 8 {
			sum := 0.0
			for v := range 8 {
				for u := range 8 {
					sum += basis[x][u] * basis[y][v] * float64(b[8*v+u])
				}
			}
			out[8*y+x] = min(max(sum/4+128, 0), 255)
		}
	}
	return out
}

// randomBlock has n random AC coefficients in the first size rows and columns and says what it has.
func randomBlock(rng *rand.Rand, n, size, amplitude int) (b jpegBlock, has blockContents) {
	b[0] = int16(rng.IntN(1600) - 800)
	for range n {
		at := 8*rng.IntN(size) + rng.IntN(size)
		if at != 0 {
			b[at] = int16(rng.IntN(2*amplitude+1) - amplitude)
			has.nonzero |= 1 << at
		}
	}
	for _, v := range b {
		has.sum += max(int32(v), -int32(v))
	}
	return b, has
}

func TestInverseDCT(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for i := range 4000 {
		b, has := randomBlock(rng, i%40, []int{1, 2, 4, 5, 8}[i%5], 1+i%200)
		var got, wrapped [80]byte
		inverseDCT(&b, has, got[:], 10)
		inverseDCTWrapped(&b, has.nonzero, wrapped[:], 10)
		want := floatInverseDCT(&b)
		for j := range 64 {
			at := j/8*10 + j%8
			if math.Abs(float64(got[at])-want[j]) > 1 {
				t.Fatalf("block %v: sample %d is %d, by definition %.2f", b, j, got[at], want[j])
			}
			if has.sum <= largestSafeSum && got[at] != wrapped[at] {
				t.Fatalf("block %v: sample %d is %d, plainly %d", b, j, got[at], wrapped[at])
			}
		}
		for j, v := range got {
			if j%10 >= 8 && v != 0 {
				t.Fatal("written outside of the block")
			}
		}
	}
}

// TestInverseDCTSafeSum checks the bound below which 16-bit arithmetic cannot overflow at its worst blocks.
func TestInverseDCTSafeSum(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for range 2000 {
		var b jpegBlock
		has := blockContents{}
		for has.sum < largestSafeSum-2 {
			at := rng.IntN(64)
			step := int16(rng.IntN(int(min(largestSafeSum-has.sum, 3000))) + 1)
			if b[at] < 0 || b[at] == 0 && rng.IntN(2) == 0 {
				step = -step
			}
			b[at] += step
			has.sum += max(int32(step), -int32(step))
			if at > 0 {
				has.nonzero |= 1 << at
			}
		}
		var fast, wrapped [64]byte
		inverseDCT(&b, has, fast[:], 8)
		inverseDCTWrapped(&b, has.nonzero, wrapped[:], 8)
		if fast != wrapped {
			t.Fatalf("block %v, sum %d: results differ", b, has.sum)
		}
	}
}

// TestYCCToRGB compares the lanes with the plain conversion for all colours.
func TestYCCToRGB(t *testing.T) {
	const n = 256
	var y, cb, cr [n]byte
	var dst [3 * n]byte
	for i := range n {
		y[i] = byte(i)
	}
	for u := range 256 {
		for v := range 256 {
			for i := range n {
				cb[i], cr[i] = byte(u), byte(v)
			}
			rgbFromYCC(dst[:], y[:], cb[:], cr[:])
			for i := range n {
				r, g, b := ycc(byte(i), byte(u), byte(v))
				if [3]byte(dst[3*i:]) != [3]byte{r, g, b} {
					t.Fatalf("YCC %d %d %d: %v, want %d %d %d", i, u, v, dst[3*i:3*i+3], r, g, b)
				}
			}
		}
	}
}

// TestYCCToRGBDefinition compares the fixed-point conversion with JFIF's formulas.
func TestYCCToRGBDefinition(t *testing.T) {
	for y := 0; y < 256; y += 15 {
		for u := range 256 {
			for v := range 256 {
				r, g, b := ycc(byte(y), byte(u), byte(v))
				l, cb, cr := float64(y), float64(u)-128, float64(v)-128
				for i, want := range []float64{l + 1.402*cr, l - 0.344136*cb - 0.714136*cr, l + 1.772*cb} {
					want = min(max(want, 0), 255)
					if got := float64([]byte{r, g, b}[i]); math.Abs(got-want) > 0.51 {
						t.Fatalf("YCC %d %d %d: channel %d is %v, want %.3f", y, u, v, i, got, want)
					}
				}
			}
		}
	}
}

// triangle is the plain form of the upsampling filters: sample 2i or 2i+1 of a doubled row.
func triangle(near, far []byte, i int, twoRows bool) byte {
	at, beside := i/2, i/2-1
	if i&1 == 1 {
		beside = i/2 + 1
	}
	sum := func(i int) int {
		if twoRows {
			return 3*int(near[i]) + int(far[i])
		}
		return int(near[i])
	}
	beside = min(max(beside, 0), len(near)-1)
	switch {
	case twoRows:
		return byte((3*sum(at) + sum(beside) + 8 - i&1) >> 4)
	case beside == at:
		return near[at]
	}
	return byte((3*sum(at) + sum(beside) + 1 + i&1) >> 2)
}

func TestUpsampling(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	row := func(w int) []byte {
		b := make([]byte, w+upsampleSlack)
		for i := range b {
			b[i] = byte(rng.Uint32())
			if w%2 == 0 {
				b[i] = byte(255 * (b[i] & 1))
			}
		}
		return b
	}
	for w := 3; w < 60; w++ {
		near, far := row(w), row(w)
		dst := make([]byte, 2*w+upsampleSlack)
		upsampleRowH2V1(dst, near, w)
		for i := range 2 * w {
			if want := triangle(near[:w], nil, i, false); dst[i] != want {
				t.Fatalf("2x1, width %d: sample %d is %d, want %d", w, i, dst[i], want)
			}
		}
		upsampleRowH2V2(dst, near, far, w)
		for i := range 2 * w {
			if want := triangle(near[:w], far[:w], i, true); dst[i] != want {
				t.Fatalf("2x2, width %d: sample %d is %d, want %d", w, i, dst[i], want)
			}
		}
		for bias := range 2 {
			upsampleRowH1V2(dst, near, far, w, uint64(1+bias))
			for i := range w {
				if want := byte((3*int(near[i]) + int(far[i]) + 1 + bias) >> 2); dst[i] != want {
					t.Fatalf("1x2, width %d: sample %d is %d, want %d", w, i, dst[i], want)
				}
			}
		}
	}
}
