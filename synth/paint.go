package synth

// light is a lamp that is far away: its direction (x right, y down, z towards the viewer), and how much comes from
// everywhere, from it, and from it by reflection.
type light struct {
	x, y, z                  float32
	ambient, diffuse, mirror float32
	shadow                   float32
	round                    float32 // how steep the cushions are
}

// newLight draws a lamp above the object, to the left or the right.
func newLight(r random) light {
	turn := -0.25 + r.around(0.17)
	low := r.between(0.5, 0.75)
	return light{
		x: float32(low * cos(turn)), y: float32(low * sin(turn)), z: sqrt(1 - float32(low*low)),
		ambient: r.between(0.42, 0.55), diffuse: r.between(0.62, 0.78), mirror: r.between(0, 0.35),
		shadow: r.between(0.25, 0.5), round: r.between(0.13, 0.2),
	}
}

const grid = 4 // points of the background's lattice along an axis

// background paints a soft wall: a lattice of 4 by 4 colours near to one another, eased between, along a slope from light
// to dark.
func (c *canvas) background(r random) {
	hue, saturation := r.unit(), r.between(0.01, 0.11)
	middle, slope, turn := r.between(0.3, 0.88), r.between(0.05, 0.3), r.unit()
	dx, dy := float32(slope*cos(turn)), float32(slope*sin(turn))
	var knots [grid][grid]colour
	for y := range grid {
		for x := range grid {
			down := dot(dx, float32(x)/(grid-1)-0.5, dy, float32(y)/(grid-1)-0.5)
			knots[y][x] = shade(min(max(middle+down+r.around(0.045), 0.08), 0.96), saturation, hue+r.around(0.05))
		}
	}
	rate := float32(grid-1) / float32(c.size)
	for y := range c.size {
		fy, iy := fraction((float32(y) + 0.5) * rate)
		fy = ease(fy)
		var line [grid]colour
		for x := range grid {
			for k := range 3 {
				line[x][k] = lerp(knots[iy][x][k], knots[iy+1][x][k], fy)
			}
		}
		row := c.rgb[y*c.size:][:c.size]
		for x := range row {
			fx, ix := fraction((float32(x) + 0.5) * rate)
			fx = ease(fx)
			a, b := &line[ix], &line[ix+1]
			row[x] = colour{lerp(a[0], b[0], fx), lerp(a[1], b[1], fx), lerp(a[2], b[2], fx)}
		}
	}
}

// object paints the outline c.points, covered with a texture and lit, over what is there, and its shadow.
func (c *canvas) object(at place, t *texture, p *palette, l light) {
	b := c.cover()
	reach := max(int(float32(at.side*float32(c.size))*0.11), 1)
	c.inflate(b, reach)
	c.shade(b, reach, l)
	n := c.size
	pixel := 1 / float32(n)
	// The cushion rises over the width of the blur: slopes in units of height per pixel, times that width.
	steep := float32(l.round * 9 * float32(reach))
	for y := b.y0; y < b.y1; y++ {
		for x := b.x0; x < b.x1; x++ {
			i := y*n + x
			m := c.mask[i]
			if m == 0 {
				continue
			}
			gx := c.height[y*n+min(x+1, n-1)] - c.height[y*n+max(x-1, 0)]
			gy := c.height[min(y+1, n-1)*n+x] - c.height[max(y-1, 0)*n+x]
			nx, ny := -float32(steep*gx), -float32(steep*gy)
			// The texture lies on the cushion: towards the rim it is seen from the side, and so drawn together.
			px, py := (float32(x)+0.5)*pixel-at.centre.x, (float32(y)+0.5)*pixel-at.centre.y
			tone := t.at(px+float32(0.025*nx), py+float32(0.025*ny))
			albedo := &p[int(float32(tone*(tones-1))+0.5)]
			length := 1 / sqrt(1+dot(nx, nx, ny, ny))
			facing := max(float32((dot(nx, l.x, ny, l.y)+l.z)*length), 0)
			lit := l.ambient + float32(l.diffuse*facing)
			// Blinn's highlight: the half-way vector between lamp and viewer is about (x, y, z+1)/2, to the 16th power.
			half := clamp(float32((dot(nx, l.x, ny, l.y)+l.z+1)*length) / sqrt(2*(1+l.z)))
			half *= half
			half *= half
			half *= half
			gloss := float32(l.mirror * float32(half*half))
			o := &c.rgb[i]
			for k := range 3 {
				o[k] = lerp(o[k], float32(albedo[k]*lit)+gloss, m)
			}
		}
	}
}

// shade darkens what lies in the shadow of the cushion.
func (c *canvas) shade(b box, reach int, l light) {
	n := c.size
	fall := float32(reach) * 1.5
	dx, dy := int(-float32(l.x*fall)), int(-float32(l.y*fall))
	over := b.grow(2*reach, n)
	for y := over.y0; y < over.y1; y++ {
		for x := over.x0; x < over.x1; x++ {
			sx, sy := x+dx, y+dy
			if h := c.height[y*n+x]; h > 0 && sx >= 0 && sx < n && sy >= 0 && sy < n {
				o, dim := &c.rgb[sy*n+sx], 1-float32(l.shadow*h)
				o[0], o[1], o[2] = float32(o[0]*dim), float32(o[1]*dim), float32(o[2]*dim)
			}
		}
	}
}

// sheet covers the whole picture with a texture, evenly lit.
func (c *canvas) sheet(t *texture, p *palette, l light) {
	pixel := 1 / float32(c.size)
	lit := l.ambient + float32(l.diffuse*l.z)
	for y := range c.size {
		for x := range c.size {
			px, py := (float32(x)+0.5)*pixel-0.5, (float32(y)+0.5)*pixel-0.5
			slope := lit + float32(0.25*dot(px, l.x, py, l.y))
			albedo, o := &p[int(float32(t.at(px, py)*(tones-1))+0.5)], &c.rgb[y*c.size+x]
			for k := range 3 {
				o[k] = float32(albedo[k] * slope)
			}
		}
	}
}
