package style

import "math"

// lbfgs is the limited-memory BFGS method as torch.optim.LBFGS has it without a line search (Nocedal and Wright 2006,
// algorithms 7.4 and 7.5): whoever uses it evaluates the function and calls step, which moves x once.
//
// The direction is -H·g, where H, the inverse of the second derivatives, is a multiple of the identity brought up to date
// with the last steps s and the changes y of the gradient along them. The two-loop recursion computes the product with no
// more than those vectors.
type lbfgs struct {
	rate                              float64
	history                           int     // pairs s, y that are kept
	toleranceGradient, toleranceSlope float64 // torch's tolerance_grad and tolerance_change

	steps     int
	length    float32 // t: x moved by t·direction
	diagonal  float32 // H before the pairs
	gradient  []float32
	direction []float32
	pairs     []curvature // the oldest first
	alpha     []float32
}

// curvature is what one step told about the second derivatives.
type curvature struct {
	s, y []float32
	rho  float32 // 1 / y·s
}

// newLBFGS has torch's defaults but for the rate: a history of 100 and the tolerances.
func newLBFGS(rate float64) *lbfgs {
	return &lbfgs{rate: rate, history: 100, toleranceGradient: 1e-7, toleranceSlope: 1e-9, diagonal: 1}
}

// step moves x, where the function is loss and has this gradient. It is done where the gradient is nothing, or the
// direction does not go down, and stays done there.
//
// torch's step ends also after a movement or a change of the loss that is next to nothing. Whoever calls it in a loop, as
// Gatys' program does, has it go on from there at its next call; and a first step is often so small.
func (l *lbfgs) step(x, gradient []float32) (done bool) {
	if largest(gradient) <= l.toleranceGradient {
		return true
	}
	if l.steps == 0 {
		l.gradient, l.direction = make([]float32, len(x)), make([]float32, len(x))
		l.length = float32(min(1, 1/absoluteSum(gradient)) * l.rate)
		for i, g := range gradient {
			l.direction[i] = -g
		}
	} else {
		l.learn(gradient)
		l.length = float32(l.rate)
		l.recur(gradient)
	}
	l.steps++
	copy(l.gradient, gradient)
	if dot(gradient, l.direction) > -l.toleranceSlope {
		return true
	}
	addScaled(x, l.length, l.direction)
	return false
}

// learn keeps what the last step told, unless the function curves the wrong way along it. Of a full history the oldest
// pair goes, and its vectors are used again.
func (l *lbfgs) learn(gradient []float32) {
	ys, yy := 0.0, 0.0
	for i, g := range gradient {
		y, s := float64(g-l.gradient[i]), float64(l.direction[i]*l.length)
		ys += y * s
		yy += y * y
	}
	if !(ys > 1e-10) {
		return
	}
	var pair curvature
	if len(l.pairs) < l.history {
		pair = curvature{s: make([]float32, len(gradient)), y: make([]float32, len(gradient))}
	} else {
		pair = l.pairs[0]
		l.pairs = append(l.pairs[:0], l.pairs[1:]...)
	}
	for i, g := range gradient {
		pair.y[i], pair.s[i] = g-l.gradient[i], l.direction[i]*l.length
	}
	pair.rho = float32(1 / ys)
	l.diagonal = float32(ys / yy)
	l.pairs = append(l.pairs, pair)
}

// recur sets the direction to -H·gradient.
func (l *lbfgs) recur(gradient []float32) {
	d := l.direction
	for i, g := range gradient {
		d[i] = -g
	}
	l.alpha = append(l.alpha[:0], make([]float32, len(l.pairs))...)
	for i := len(l.pairs) - 1; i >= 0; i-- {
		p := l.pairs[i]
		l.alpha[i] = float32(dot(p.s, d)) * p.rho
		addScaled(d, -l.alpha[i], p.y)
	}
	for i := range d {
		d[i] *= l.diagonal
	}
	for i, p := range l.pairs {
		addScaled(d, l.alpha[i]-float32(dot(p.y, d))*p.rho, p.s)
	}
}

// dot is the inner product: float32 within blocks, each on eight sums, float64 between them. The order is fixed.
func dot(a, b []float32) float64 {
	const block = 1024
	total := 0.0
	for len(a) > 0 {
		n := min(block, len(a))
		total += float64(dotBlock(a[:n], b[:n]))
		a, b = a[n:], b[n:]
	}
	return total
}

func dotBlock(a, b []float32) float32 {
	var s0, s1, s2, s3, s4, s5, s6, s7 float32
	for len(a) >= 8 && len(b) >= 8 {
		s0 += a[0] * b[0]
		s1 += a[1] * b[1]
		s2 += a[2] * b[2]
		s3 += a[3] * b[3]
		s4 += a[4] * b[4]
		s5 += a[5] * b[5]
		s6 += a[6] * b[6]
		s7 += a[7] * b[7]
		a, b = a[8:], b[8:]
	}
	for i, v := range a {
		s0 += v * b[i]
	}
	return ((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7))
}

// addScaled adds scale·a to dst.
func addScaled(dst []float32, scale float32, a []float32) {
	a = a[:len(dst)]
	for len(dst) >= 4 && len(a) >= 4 {
		dst[0] += scale * a[0]
		dst[1] += scale * a[1]
		dst[2] += scale * a[2]
		dst[3] += scale * a[3]
		dst, a = dst[4:], a[4:]
	}
	for i, v := range a {
		dst[i] += scale * v
	}
}

// largest is the largest absolute value.
func largest(a []float32) float64 {
	m := float32(0)
	for _, v := range a {
		m = max(m, v, -v)
	}
	return float64(m)
}

func absoluteSum(a []float32) float64 {
	sum := 0.0
	for _, v := range a {
		sum += math.Abs(float64(v))
	}
	return sum
}
