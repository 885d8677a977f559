package synth

import "math"

// random is a stream of numbers (SplitMix64, Steele et al. 2014): one multiplication-free state, so that starting one for
// each purpose of each picture costs nothing.
type random uint64

// purpose separates the streams of one picture: what is drawn for one does not move the others.
type purpose uint64

const (
	forOutline purpose = iota + 1
	forTexture
	forPalette
	forBackground
	forLight
	forGrain
	forClutter
)

// stream is the stream of a key for a purpose.
func stream(key uint64, p purpose) random {
	return random(mix(key ^ mix(uint64(p)*0x9E3779B97F4A7C15)))
}

func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xBF58476D1CE4E5B9
	x = (x ^ x>>27) * 0x94D049BB133111EB
	return x ^ x>>31
}

func (r *random) next() uint64 {
	*r += 0x9E3779B97F4A7C15
	return mix(uint64(*r))
}

// unit is uniform in [0, 1).
func (r *random) unit() float32 { return float32(r.next()>>40) * (1.0 / (1 << 24)) }

// between is uniform in [low, high).
func (r *random) between(low, high float32) float32 { return lerp(low, high, r.unit()) }

// around is uniform in (-spread, spread).
func (r *random) around(spread float32) float32 { return r.between(-spread, spread) }

// below is uniform in 0..n-1, for small n.
func (r *random) below(n int) int { return int(r.next() >> 32 * uint64(n) >> 32) }

// lattice is a uniform number in [0, 1) for each point of a lattice.
func lattice(seed uint32, x, y int32) float32 {
	h := seed ^ uint32(x)*0x8DA6B343 ^ uint32(y)*0xD8163841
	h = (h ^ h>>15) * 0x2C1B3C6D
	h = (h ^ h>>12) * 0x297A2D39
	return float32((h^h>>15)>>8) * (1.0 / (1 << 24))
}

const sines = 1024

// sine is one turn, with a point more for interpolation.
var sine = func() (table [sines + 1]float32) {
	for i := range table {
		table[i] = float32(math.Sin(2 * math.Pi * float64(i) / sines))
	}
	return table
}()

// sin is the sine of so many turns, to 5e-6; turns must be more than -64.
func sin(turns float32) float32 {
	t := float32((turns + 64) * sines)
	i := int32(t)
	return lerp(sine[i&(sines-1)], sine[i&(sines-1)+1], t-float32(i))
}

func cos(turns float32) float32 { return sin(turns + 0.25) }

func lerp(a, b, t float32) float32 { return a + float32(t*(b-a)) }

func clamp(v float32) float32 { return min(max(v, 0), 1) }

func sqrt(v float32) float32 { return float32(math.Sqrt(float64(v))) }

// dot is ax + by, each product rounded.
func dot(a, x, b, y float32) float32 { return float32(a*x) + float32(b*y) }

// ease is the cubic that goes from 0 to 1 with level ends.
func ease(t float32) float32 { return float32(t*t) * (3 - float32(2*t)) }

// noise is smooth noise in 0..1 about one unit wide: values at lattice points, eased between. x and y must not be
// negative.
func noise(seed uint32, x, y float32) float32 {
	ix, iy := int32(x), int32(y)
	fx, fy := ease(x-float32(ix)), ease(y-float32(iy))
	top := lerp(lattice(seed, ix, iy), lattice(seed, ix+1, iy), fx)
	bottom := lerp(lattice(seed, ix, iy+1), lattice(seed, ix+1, iy+1), fx)
	return lerp(top, bottom, fy)
}
