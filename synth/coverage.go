package synth

// box is a range of pixels, from x0, y0 up to and not including x1, y1.
type box struct{ x0, y0, x1, y1 int }

// grow widens the box by n pixels within a picture of that size.
func (b box) grow(n, size int) box {
	return box{max(b.x0-n, 0), max(b.y0-n, 0), min(b.x1+n, size), min(b.y1+n, size)}
}

// cover puts into c.mask how much of each pixel the closed polygon c.points covers, 0..1, and returns the box of what it
// covers. The coverage is exact: each edge adds to the pixels of its rows the change of covered area from there
// to the right, and the sums along the rows are the areas.
func (c *canvas) cover() box {
	s := float32(c.size)
	stride := c.size + 2
	clear(c.change)
	b := box{c.size, c.size, 0, 0}
	last := c.points[len(c.points)-1]
	for _, p := range c.points {
		b.x0, b.y0 = min(b.x0, int(p.x*s)), min(b.y0, int(p.y*s))
		b.x1, b.y1 = max(b.x1, int(p.x*s)+1), max(b.y1, int(p.y*s)+1)
		edge(c.change, stride, c.size, point{last.x * s, last.y * s}, point{p.x * s, p.y * s})
		last = p
	}
	b = b.grow(0, c.size)
	clear(c.mask)
	for y := b.y0; y < b.y1; y++ {
		sum, row, change := float32(0), c.mask[y*c.size:][:c.size], c.change[y*stride:][:stride]
		for x := b.x0; x < b.x1; x++ {
			sum += change[x]
			row[x] = min(max(sum, -sum), 1)
		}
	}
	return b
}

// edge adds an edge of the polygon, in pixels inside the picture.
func edge(change []float32, stride, size int, p, q point) {
	if p.y == q.y {
		return
	}
	sign := float32(1)
	if p.y > q.y {
		p, q, sign = q, p, -1
	}
	slope := (q.x - p.x) / (q.y - p.y)
	x := p.x
	for y := int(p.y); y < size && float32(y) < q.y; y++ {
		top, bottom := max(p.y, float32(y)), min(q.y, float32(y+1))
		height := bottom - top
		next := x + float32(slope*height)
		area := float32(height * sign) // in this row, right of the edge
		left, right := min(x, next), max(x, next)
		row := change[y*stride:][:stride]
		first, end := int(left), int(right)
		if first == end {
			out := float32(area * ((left+right)/2 - float32(first)))
			row[first] += area - out
			row[first+1] += out
		} else {
			// The edge crosses pixels: the area right of it within each is a triangle, trapezia, the rest.
			each := area / (right - left) // per pixel of width
			covered := float32(0)         // what the pixels so far have been given
			before := float32(0)          // coverage of the pixel before
			for i := first; i <= end; i++ {
				a, b := max(left, float32(i)), min(right, float32(i+1))
				gained := float32(each * (b - a))
				now := covered + float32(gained*(float32(i+1)-(a+b)/2))
				row[i] += now - before
				covered += gained
				before = now
			}
			row[end+1] += area - before
		}
		x = next
	}
}

// stroke puts into c.mask a line of that width (in pixels) along the closed polygon c.points, with soft edges.
func (c *canvas) stroke(width float32) {
	s, reach := float32(c.size), width/2+0.5
	clear(c.mask)
	last := c.points[len(c.points)-1]
	for _, p := range c.points {
		a, b := point{last.x * s, last.y * s}, point{p.x * s, p.y * s}
		last = p
		dx, dy := b.x-a.x, b.y-a.y
		length := dot(dx, dx, dy, dy)
		if length == 0 {
			continue
		}
		over := box{int(min(a.x, b.x)), int(min(a.y, b.y)), int(max(a.x, b.x)) + 1, int(max(a.y, b.y)) + 1}.grow(int(reach)+1, c.size)
		for y := over.y0; y < over.y1; y++ {
			for x := over.x0; x < over.x1; x++ {
				px, py := float32(x)+0.5-a.x, float32(y)+0.5-a.y
				t := clamp(dot(px, dx, py, dy) / length)
				px, py = px-float32(t*dx), py-float32(t*dy)
				ink := &c.mask[y*c.size+x]
				*ink = max(*ink, clamp(reach-sqrt(dot(px, px, py, py))))
			}
		}
	}
}
