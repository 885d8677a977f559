package pixel

import "math"

// kernel is the shape of a filter: its value at distance x, in old pixels when
// the picture grows and in new pixels when it shrinks; zero beyond radius.
type kernel struct {
	radius float64
	value  func(x float64) float64
}

// kernels by Filter. The products stand inside conversions where they are added
// to, which keeps processors with a fused multiply-add from rounding differently.
var kernels = [...]kernel{
	Box: {0.5, func(x float64) float64 {
		if x > -0.5 && x <= 0.5 {
			return 1
		}
		return 0
	}},
	Bilinear: {1, func(x float64) float64 { return max(1-math.Abs(x), 0) }},
	Hamming: {1, func(x float64) float64 {
		x = math.Abs(x)
		if x >= 1 {
			return 0
		}
		// Pillow's constants have single precision, and a sample in 100,000 shows it.
		const a, b = float64(float32(0.54)), float64(float32(0.46))
		return sinc(x) * (a + float64(b*math.Cos(math.Pi*x)))
	}},
	Bicubic: {2, func(x float64) float64 {
		const a = -0.5
		switch x = math.Abs(x); {
		case x < 1:
			return float64((float64((a+2)*x)-(a+3))*x*x) + 1
		case x < 2:
			return (float64((float64((x-5)*x)+8)*x) - 4) * a
		}
		return 0
	}},
	Lanczos: {3, func(x float64) float64 {
		if x < -3 || x >= 3 {
			return 0
		}
		return sinc(x) * sinc(x/3)
	}},
}

// sinc is sin(pi x)/(pi x).
func sinc(x float64) float64 {
	if x == 0 {
		return 1
	}
	x *= math.Pi
	return math.Sin(x) / x
}

// weightBits is the number of fractional bits of a weight. Samples have 8 bits,
// and the sum of products must stay in 32 with room for the overshoot of filters
// with negative lobes: 32 - 8 - 2.
const weightBits = 22

// weights say for one direction how each new pixel is made of old ones.
type weights struct {
	size  int     // room for so many weights per new pixel
	first []int   // index of the first old pixel
	count []int   // number of old pixels
	value []int32 // size weights per new pixel, of weightBits fractional bits; zero past count
}

// of returns the first old pixel of new pixel i and the weights from there on.
func (w *weights) of(i int) (first int, value []int32) {
	return w.first[i], w.value[i*w.size:][:w.count[i]]
}

// span returns the range of old pixels that any new one needs, the end excluded.
func (w *weights) span() (first, end int) {
	last := len(w.first) - 1
	return w.first[0], w.first[last] + w.count[last]
}

// newWeights computes the weights by which n pixels become size pixels, for count
// of those beginning with from. A new pixel i has its centre at (i+1/2)*n/size; an old one j counts by the value of
// the kernel at the distance of its centre, j+1/2, and the weights of a new pixel
// are made to sum to 1 before they are rounded (to nearest, halves away from
// zero). The operations and their order are those that Pillow's numbers show.
func newWeights(n, size, from, count int, f Filter) *weights {
	k := kernels[f]
	scale := float64(n) / float64(size)
	stretch := max(scale, 1)
	radius := float64(k.radius * stretch)
	w := &weights{size: int(math.Ceil(radius))*2 + 1, first: make([]int, count), count: make([]int, count)}
	w.value = make([]int32, w.size*count)
	exact := make([]float64, w.size)
	inverse := 1 / stretch
	for i := range count {
		centre := float64((float64(from+i) + 0.5) * scale)
		first := max(int(centre-radius+0.5), 0)
		end := min(int(centre+radius+0.5), n)
		sum := 0.0
		for j := first; j < end; j++ {
			v := k.value((float64(j) - centre + 0.5) * inverse)
			exact[j-first] = v
			sum += v
		}
		for j, v := range exact[:end-first] {
			if sum != 0 {
				v /= sum
			}
			w.value[i*w.size+j] = int32(math.Copysign(0.5, v) + float64(v*(1<<weightBits)))
		}
		w.first[i], w.count[i] = first, end-first
	}
	return w
}
