package style

import (
	"math"
	"math/rand/v2"
)

// strokes is a way to paint with a brush: strokes in the colour that the picture has where each begins (stroke-based
// rendering, Haeberli, SIGGRAPH 1990). Colours stay where they are but for the size of a stroke, and patterns that are
// finer than that are lost. A convolution can't do so: it changes how strong a pattern's frequencies are, and
// stripes stay stripes.
type strokes struct {
	width  float64 // of a stroke, as a share of the picture's shorter side
	length float64 // in widths
	turn   float64 // direction in which most run, in radians
	spread float64 // standard deviation from it
}

// drawStrokes draws them: a fiftieth to an eighteenth of the side wide, round or up to two and a half times as long.
func drawStrokes(r *rand.Rand) strokes {
	return strokes{width: 0.02 + 0.035*r.Float64(), length: 1 + 1.5*r.Float64(), turn: math.Pi * r.Float64(), spread: 0.2 + 0.6*r.Float64()}
}

// paint paints a picture of h x w pixels, each red, green and blue. Strokes lie at the points of a lattice three quarters of their
// width apart, moved at random, so that hardly a pixel stays bare; they are laid in random order, later ones over earlier ones.
func (s strokes) paint(picture []float32, h, w int, r *rand.Rand) []float32 {
	canvas := append([]float32(nil), picture...)
	width := max(s.width*float64(min(h, w)), 1)
	step := 0.75 * width
	rows, columns := int(float64(h)/step)+1, int(float64(w)/step)+1
	for _, place := range r.Perm(rows * columns) {
		y, x := (float64(place/columns)+r.Float64())*step, (float64(place%columns)+r.Float64())*step
		angle, half := s.turn+s.spread*r.NormFloat64(), width*(s.length-1)/2
		at := 3 * (min(int(y), h-1)*w + min(int(x), w-1))
		b := brush{y: y, x: x, dy: half * math.Sin(angle), dx: half * math.Cos(angle), radius: width / 2}
		b.stroke(canvas, h, w, picture[at:at+3])
	}
	return canvas
}

// brush is a stroke: from one side of y, x to the other, by dy, dx each, in pixels.
type brush struct{ y, x, dy, dx, radius float64 }

// stroke lays it onto the canvas, with edges a pixel soft.
func (b brush) stroke(canvas []float32, h, w int, colour []float32) {
	high, wide := math.Abs(b.dy)+b.radius, math.Abs(b.dx)+b.radius
	square := b.dy*b.dy + b.dx*b.dx
	for py := max(int(b.y-high), 0); py <= min(int(b.y+high), h-1); py++ {
		for px := max(int(b.x-wide), 0); px <= min(int(b.x+wide), w-1); px++ {
			y, x := float64(py)+0.5-b.y, float64(px)+0.5-b.x
			if square > 0 { // to the nearest point of the line
				along := min(max((y*b.dy+x*b.dx)/square, -1), 1)
				y, x = y-along*b.dy, x-along*b.dx
			}
			if cover := float32(min(b.radius+0.5-math.Sqrt(y*y+x*x), 1)); cover > 0 {
				pixel := canvas[3*(py*w+px):][:3]
				for c, v := range colour {
					pixel[c] += cover * (v - pixel[c])
				}
			}
		}
	}
}
