package synth

import (
	"sync"

	"github.com/gestalt-vision/gestalt/pixel"
)

// canvas is the working memory for pictures of one size.
type canvas struct {
	size    int
	corners []vertex
	points  []point
	change  []float32 // of coverage along the rows, size+2 a row
	mask    []float32 // coverage by the object
	height  []float32 // of the cushion: the mask blurred
	blur    []float32
	rgb     []colour
	soft    [2][]float32 // weights of the background's lattice, along an axis
}

var canvases sync.Map // size to *sync.Pool

func newCanvas(size int) *canvas {
	pool, ok := canvases.Load(size)
	if !ok {
		pool, _ = canvases.LoadOrStore(size, &sync.Pool{New: func() any {
			n := size * size
			return &canvas{size: size, change: make([]float32, size*(size+2)), mask: make([]float32, n), height: make([]float32, n),
				blur: make([]float32, n), rgb: make([]colour, n)}
		}})
	}
	return pool.(*sync.Pool).Get().(*canvas)
}

func (c *canvas) free() {
	pool, _ := canvases.Load(c.size)
	pool.(*sync.Pool).Put(c)
}

// inflate blurs the mask into a cushion: 1 deep inside, 1/2 at the outline, 0 outside; two means over a square of 2r+1
// pixels, which is a pyramid. The result is right within the box grown by 2r, and 0 elsewhere.
func (c *canvas) inflate(b box, r int) {
	clear(c.height)
	wide := b.grow(2*r, c.size)
	c.meanRows(c.blur, c.mask, wide, r)
	c.meanRows(c.height, c.blur, wide, r)
	c.meanColumns(c.blur, c.height, wide, r)
	c.meanColumns(c.height, c.blur, wide, r)
}

// meanRows takes means over 2r+1 pixels along the rows of a box; outside the box there is nothing.
func (c *canvas) meanRows(dst, src []float32, b box, r int) {
	scale := 1 / float32(2*r+1)
	for y := b.y0; y < b.y1; y++ {
		from, to := src[y*c.size+b.x0:y*c.size+b.x1], dst[y*c.size+b.x0:y*c.size+b.x1]
		sum := float32(0)
		for _, v := range from[:min(r, len(from))] {
			sum += v
		}
		for x := range to {
			if x+r < len(from) {
				sum += from[x+r]
			}
			if x-r-1 >= 0 {
				sum -= from[x-r-1]
			}
			to[x] = float32(sum * scale)
		}
	}
}

// meanColumns does so along the columns, a row at a time.
func (c *canvas) meanColumns(dst, src []float32, b box, r int) {
	scale := 1 / float32(2*r+1)
	row := func(of []float32, y int) []float32 { return of[y*c.size+b.x0 : y*c.size+b.x1] }
	sums := c.change[:b.x1-b.x0]
	clear(sums)
	for y := b.y0; y < min(b.y0+r, b.y1); y++ {
		for x, v := range row(src, y) {
			sums[x] += v
		}
	}
	for y := b.y0; y < b.y1; y++ {
		if y+r < b.y1 {
			for x, v := range row(src, y+r) {
				sums[x] += v
			}
		}
		if y-r-1 >= b.y0 {
			for x, v := range row(src, y-r-1) {
				sums[x] -= v
			}
		}
		for x, to := 0, row(dst, y); x < len(to); x++ {
			to[x] = float32(sums[x] * scale)
		}
	}
}

// picture rounds the colours to bytes, after adding grain of that strength.
func (c *canvas) picture(r random, grain float32) *pixel.Image {
	m := pixel.New(c.size, c.size, 3)
	seed := uint32(r.next())
	for y := range c.size {
		row, out := c.rgb[y*c.size:][:c.size], m.Row(y)
		for x, v := range row {
			g := float32(grain*(lattice(seed, int32(x), int32(y))-0.5)) + 0.5
			o := out[3*x : 3*x+3 : 3*x+3]
			o[0] = byte(min(max(float32(v[0]*255)+g, 0), 255))
			o[1] = byte(min(max(float32(v[1]*255)+g, 0), 255))
			o[2] = byte(min(max(float32(v[2]*255)+g, 0), 255))
		}
	}
	return m
}

// ink is the mask as black on white.
func (c *canvas) ink() *pixel.Image {
	m := pixel.New(c.size, c.size, 3)
	for i, v := range c.mask {
		b := byte(float32(255*(1-v)) + 0.5)
		m.Pix[3*i], m.Pix[3*i+1], m.Pix[3*i+2] = b, b, b
	}
	return m
}
