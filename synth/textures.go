package synth

// A family of textures is a field of tones over the plane in units of the texture's period; both coordinates are
// positive. Tones run from 0 to 1; a palette makes colours of them. Edges are as soft as a pixel is wide, which keeps
// the patterns free of jaggies without looking at several places in each pixel.
type family struct {
	name  string
	scale float32 // of the period, so that all families look about equally fine
	tone  func(t *texture, u, v float32) float32
}

// texture is a member of a family: what it draws for a picture.
type texture struct {
	family
	seed   uint32
	shares [4]float32 // uniform in 0..1: widths, strengths and the like, as each family takes them
	waves  [6]plane   // directions and phases, of labyrinth
	pixel  float32    // the width of a pixel, in periods
	period float32    // in units of the picture's side
	co, si float32    // the turn of the pattern
	u, v   float32    // coordinates of the centre
	sway   float32    // slow bending, in periods
	rate   float32    // of the sway, turns per period
	phase  [2]float32 // of the sway
}

// plane is a wave over the plane: turns per unit along each axis, and at the origin.
type plane struct{ x, y, phase float32 }

// newTexture draws a member of the family for a picture with pixels of that width. Periods are 9 to 15 hundredths of the
// picture's side: some four of them across an object. The pattern is turned by up to 20 degrees to either side, however the
// object is turned: as in photographs, where most things stand upright, a texture has a direction that it mostly runs in.
func newTexture(f family, r random, pixel float32) texture {
	t := texture{family: f, seed: uint32(r.next())}
	for i := range t.shares {
		t.shares[i] = r.unit()
	}
	for i := range t.waves {
		turn := (float32(i) + r.unit()) / float32(2*len(t.waves)) // spread over half a turn: a wave and its mirror are one
		t.waves[i] = plane{cos(turn), sin(turn), r.unit()}
	}
	t.period = r.between(0.09, 0.15) * f.scale
	t.pixel = pixel / t.period
	turn := r.around(20.0 / 360)
	t.co, t.si = cos(turn), sin(turn)
	t.u, t.v = r.between(60, 100), r.between(60, 100)
	t.sway, t.rate = r.between(0.1, 0.4), r.between(0.1, 0.2)
	t.phase = [2]float32{r.unit(), r.unit()}
	return t
}

// at is the tone at a place relative to the centre of the object, in units of the picture's side.
func (t *texture) at(x, y float32) float32 {
	u := dot(t.co, x, t.si, y)/t.period + t.u
	v := dot(t.co, y, -t.si, x)/t.period + t.v
	u, v = u+float32(t.sway*sin(float32(t.rate*v)+t.phase[0])), v+float32(t.sway*sin(float32(t.rate*u)+t.phase[1]))
	return clamp(t.tone(t, u, v))
}

// share is uniform between low and high.
func (t *texture) share(i int, low, high float32) float32 { return lerp(low, high, t.shares[i]) }

// step goes from 0 to 1 as d, in periods, crosses 0, over the width of a pixel.
func (t *texture) step(d float32) float32 { return clamp(d/max(t.pixel, 0.04) + 0.5) }

// fraction is the part after the point, and the part before.
func fraction(v float32) (float32, int32) {
	i := int32(v)
	return v - float32(i), i
}

func abs(v float32) float32 { return max(v, -v) }

// hypot is the length of a vector.
func hypot(x, y float32) float32 { return sqrt(dot(x, x, y, y)) }

// worley finds the two nearest of points scattered one to a cell of the lattice (Worley, SIGGRAPH 1996): their
// distances, and the cell of the nearest and of the second as numbers to draw from.
func worley(seed uint32, u, v float32) (near, second float32, cell, other float32) {
	iu, iv := int32(u), int32(v)
	near, second = 9, 9
	for y := iv - 1; y <= iv+1; y++ {
		for x := iu - 1; x <= iu+1; x++ {
			h := lattice(seed, x, y)
			place := float32(h * 256)
			dx := float32(x) + 0.5 + float32(0.8*(place-float32(int32(place))-0.5)) - u
			dy := float32(y) + 0.5 + float32(0.8*(h-0.5)) - v
			d := dot(dx, dx, dy, dy)
			if d < near {
				near, second, cell, other = d, near, float32(x*31+y*17)+h, cell
			} else if d < second {
				second, other = d, float32(x*31+y*17)+h
			}
		}
	}
	return sqrt(near), sqrt(second), cell, other
}
