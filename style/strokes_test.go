package style

import (
	"math"
	"math/cmplx"
	"math/rand/v2"
	"testing"
)

// stripedDisc is a disc of fine stripes on grey: a shape and a pattern of a period of four pixels.
func stripedDisc(side int) (picture []float32, inside func(y, x int) bool) {
	inside = func(y, x int) bool {
		dy, dx := float64(y)-float64(side)/2, float64(x)-float64(side)/2
		return dy*dy+dx*dx < float64(side*side)/9
	}
	for y := range side {
		for x := range side {
			v := float32(0.2)
			if inside(y, x) {
				v = 0.7 + 0.3*float32(math.Sin(2*math.Pi*float64(x)/4))
			}
			picture = append(picture, v, v, v)
		}
	}
	return picture, inside
}

// Strokes take a pattern away and leave the shape.
func TestStrokes(t *testing.T) {
	const side = 64
	picture, inside := stripedDisc(side)
	measure := func(m []float32) (pattern, contrast float64) {
		var wave complex128
		var sum, count [2]float64
		for y := range side {
			for x := range side {
				k := 0
				if inside(y, x) {
					k = 1
					wave += complex(float64(m[3*(y*side+x)]), 0) * cmplx.Rect(1, 2*math.Pi*float64(x)/4)
				}
				sum[k] += float64(m[3*(y*side+x)])
				count[k]++
			}
		}
		return cmplx.Abs(wave) / count[1], sum[1]/count[1] - sum[0]/count[0]
	}
	patternBefore, contrastBefore := measure(picture)
	pattern, contrast := 0.0, 0.0
	const times = 20
	for seed := range uint64(times) {
		r := rand.New(rand.NewPCG(seed, 0))
		painted := drawStrokes(r).paint(picture, side, side, r)
		for i, v := range painted {
			if v < 0.2-1e-5 || v > 1+1e-5 {
				t.Fatalf("value %d is %g, outside of the picture's", i, v)
			}
		}
		p, c := measure(painted)
		pattern, contrast = pattern+p/times, contrast+c/times
	}
	t.Logf("stripes %.3f of %.3f, contrast of the disc %.3f of %.3f", pattern, patternBefore, contrast, contrastBefore)
	if pattern > patternBefore/2 {
		t.Errorf("the stripes keep %.3f of their %.3f", pattern, patternBefore)
	}
	if contrast < 0.75*contrastBefore {
		t.Errorf("the disc keeps %.3f of its contrast of %.3f", contrast, contrastBefore)
	}
	if picture[0] != 0.2 {
		t.Error("the picture itself is painted on")
	}
}

// A stroke is as wide and as long as its numbers say, and soft at the edge.
func TestBrush(t *testing.T) {
	const side = 32
	canvas := make([]float32, side*side*3)
	brush{y: 16, x: 16, dx: 6, radius: 3}.stroke(canvas, side, side, []float32{1, 0.5, 0})
	area := 0.0
	for i := 0; i < len(canvas); i += 3 {
		area += float64(canvas[i])
		if canvas[i+1] != canvas[i]/2 || canvas[i+2] != 0 {
			t.Fatalf("pixel %d has the colour %v", i/3, canvas[i:i+3])
		}
	}
	if want := 12*6 + math.Pi*9; math.Abs(area-want) > 0.03*want {
		t.Errorf("it covers %.1f pixels, want %.1f", area, want)
	}
	for _, outside := range []brush{{y: -20, x: -20, radius: 3}, {y: 16, x: 60, dy: 3, radius: 2}} {
		before := append([]float32(nil), canvas...)
		outside.stroke(canvas, side, side, []float32{1, 1, 1})
		if difference(before, canvas) > 0 {
			t.Errorf("%+v leaves a trace", outside)
		}
	}
}
