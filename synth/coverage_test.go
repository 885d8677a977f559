package synth

import (
	"math"
	"testing"
)

// TestCoverageIsExact compares with counting 16 x 16 points a pixel by the crossing rule.
func TestCoverageIsExact(t *testing.T) {
	const size, fine = 32, 16
	for class := range NumClasses {
		c := newCanvas(size)
		c.outline(class, stream(uint64(class), forOutline), alone)
		b := c.cover()
		for y := range size {
			for x := range size {
				count := 0
				for sy := range fine {
					for sx := range fine {
						if inside(c.points, (float32(x)+(float32(sx)+0.5)/fine)/size, (float32(y)+(float32(sy)+0.5)/fine)/size) {
							count++
						}
					}
				}
				got, want := float64(c.mask[y*size+x]), float64(count)/(fine*fine)
				if math.Abs(got-want) > 0.03 {
					t.Errorf("%s: pixel %d, %d is covered %.3f, want %.3f", classes[class].name, x, y, got, want)
				}
				if count > 0 && (x < b.x0 || x >= b.x1 || y < b.y0 || y >= b.y1) {
					t.Errorf("%s: pixel %d, %d is outside the box %v", classes[class].name, x, y, b)
				}
			}
		}
		c.free()
	}
}

func inside(list []point, x, y float32) bool {
	in, last := false, list[len(list)-1]
	for _, p := range list {
		if (p.y > y) != (last.y > y) && x < p.x+(y-p.y)/(last.y-p.y)*(last.x-p.x) {
			in = !in
		}
		last = p
	}
	return in
}

// TestOutlinesKeepInside: no outline leaves the margins, in any frame.
func TestOutlinesKeepInside(t *testing.T) {
	c := newCanvas(64)
	defer c.free()
	for i := range 4000 {
		for _, f := range []frame{alone, foremost, others} {
			c.outline(i%NumClasses, stream(uint64(i), forOutline), f)
			for _, p := range c.points {
				if low, high := min(p.x, p.y), max(p.x, p.y); low < margin-1e-4 || high > 1-margin+1e-4 {
					t.Fatalf("%s %d reaches to %v", classes[i%NumClasses].name, i, p)
				}
			}
		}
	}
}
