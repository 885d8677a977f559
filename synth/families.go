package synth

// The families. What is fixed in each is what makes it that family; widths, strengths and irregularity are drawn.
var (
	bricks = family{"bricks", 1.0, func(t *texture, u, v float32) float32 {
		fv, row := fraction(v)
		fu, column := fraction(u/2 + float32(row&1)/2)
		joint := t.share(0, 0.07, 0.13)
		inside := min(t.step(0.5-joint-abs(fv-0.5)), t.step(2*(0.5-abs(fu-0.5))-joint))
		return float32(inside * (0.5 + float32(0.42*lattice(t.seed, column, row)) + float32(0.16*(0.5-fv))))
	}}
	cells = family{"cells", 1.25, func(t *texture, u, v float32) float32 {
		near, second, _, _ := worley(t.seed, u, v)
		wall := t.share(0, 0.06, 0.14)
		return float32(t.step(second-near-wall) * (1 - float32(t.share(1, 0.3, 0.7)*float32(near*near))))
	}}
	checks = family{"checks", 1.3, func(t *texture, u, v float32) float32 {
		fu, _ := fraction(u)
		fv, _ := fraction(v)
		a, b := t.step(abs(fu-0.5)-0.25), t.step(abs(fv-0.5)-0.25)
		return lerp(a, 1-a, b)
	}}
	dots = family{"dots", 0.95, func(t *texture, u, v float32) float32 {
		// A triangular lattice: rows are √3/2 apart, and every other one is moved by a half.
		const rows = 0.8660254
		v /= rows
		_, row := fraction(v)
		nearest, size := float32(9), float32(0)
		for y := row - 1; y <= row+1; y++ {
			shift := float32(y&1) * 0.5
			_, column := fraction(u + 0.5 - shift)
			h := lattice(t.seed, column, y)
			dx, dy := u-shift-float32(column), float32((v-0.5-float32(y))*rows)
			if d := hypot(dx, dy); d < nearest {
				nearest, size = d, h
			}
		}
		return t.step(t.share(0, 0.24, 0.34) + float32(0.06*(size-0.5)) - nearest)
	}}
	fur = family{"fur", 1.0, func(t *texture, u, v float32) float32 {
		// Strands: noise drawn out along v, which itself flows.
		u += float32(t.share(0, 1.2, 2.2) * noise(t.seed+1, float32(u*0.3), float32(v*0.22)))
		lay := noise(t.seed+2, float32(u*0.9), float32(v*0.3))
		strands := float32(0.65*noise(t.seed, float32(u*3.4), float32(v*t.share(1, 0.45, 0.65)))) +
			float32(0.35*noise(t.seed+3, float32(u*7), float32(v*0.8)))
		return contrast(strands, 2.1) - float32(0.3*(lay-0.5))
	}}
	labyrinth = family{"labyrinth", 1.15, func(t *texture, u, v float32) float32 {
		// Waves of one length and all directions, cut at a level: stripes that have lost their way (Turing's patterns).
		sum := float32(0)
		for _, w := range t.waves {
			sum += sin(dot(w.x, u, w.y, v) + w.phase)
		}
		return t.step(float32((sum + t.share(0, -0.6, 0.6)) * 0.09))
	}}
	marble = family{"marble", 1.8, func(t *texture, u, v float32) float32 {
		turbulence := noise(t.seed, u, v) + float32(0.5*noise(t.seed+1, float32(u*2.1), float32(v*2.1))) +
			float32(0.25*noise(t.seed+2, float32(u*4.3), float32(v*4.3)))
		vein := 1 - abs(sin(float32(0.35*u)+float32(t.share(0, 0.7, 1.0)*turbulence)))
		vein = float32(vein * vein)
		return 0.82 - float32(0.8*vein) + float32(0.35*(turbulence-0.87))
	}}
	mosaic = family{"mosaic", 1.2, func(t *texture, u, v float32) float32 {
		near, second, cell, other := worley(t.seed, u, v)
		a, _ := fraction(float32(cell * 7.13))
		b, _ := fraction(float32(other * 7.13))
		return lerp(abs(b), abs(a), 0.5+float32(0.5*clamp((second-near)/max(t.pixel, 0.04))))
	}}
	rings = family{"rings", 2.6, func(t *texture, u, v float32) float32 {
		near, second, cell, other := worley(t.seed, u, v)
		rate := t.share(0, 2.3, 2.9)
		a := t.soft(float32(rate*near)+float32(0.37*cell), 2.6)
		b := t.soft(float32(rate*second)+float32(0.37*other), 2.6)
		return lerp(b, a, 0.5+float32(0.5*clamp((second-near)/max(t.pixel, 0.02))))
	}}
	sand = family{"sand", 1.0, func(t *texture, u, v float32) float32 {
		// Grains of several sizes, down to that of a pixel.
		sum, weight, rate := float32(0), float32(0), float32(3.2)
		for i := uint32(0); i < 4 && (i == 0 || float32(rate*t.pixel) < 0.9); i++ {
			sum += noise(t.seed+i, float32(u*rate), float32(v*rate))
			weight, rate = weight+1, float32(rate*1.9)
		}
		return contrast(sum/weight, t.share(0, 1.5, 2.1)*sqrt(weight))
	}}
	scales = family{"scales", 1.1, func(t *texture, u, v float32) float32 {
		// Rows of discs half a disc apart, the upper over the lower; the first that holds the point is seen.
		v = float32(v * 2)
		_, row := fraction(v)
		for y := row - 2; y <= row+1; y++ {
			shift := float32(y&1) * 0.5
			_, column := fraction(u + 0.5 - shift)
			dx, dy := u-shift-float32(column), (v-float32(y))/2
			if dy < 0 && y <= row {
				continue
			}
			if d := hypot(dx, dy); d < 0.56 {
				rim := t.step(0.56 - t.share(0, 0.1, 0.16) - d)
				return float32(rim * (0.45 + float32(0.55*clamp(dy+dy)) + float32(0.2*(lattice(t.seed, column, y)-0.5))))
			}
		}
		return 0
	}}
	stripes = family{"stripes", 0.95, func(t *texture, u, v float32) float32 {
		f, _ := fraction(u)
		return t.step(t.share(0, 0.2, 0.3) - abs(f-0.5))
	}}
	tartan = family{"tartan", 2.2, func(t *texture, u, v float32) float32 {
		thread := func(x float32) float32 {
			f, _ := fraction(x)
			wide := t.step(t.share(0, 0.2, 0.28) - abs(f-0.5))
			thin := t.step(0.045 - abs(abs(f-0.5)-0.4))
			return max(wide, thin)
		}
		return (thread(u) + thread(v)) / 2
	}}
	waves = family{"waves", 0.95, func(t *texture, u, v float32) float32 {
		return t.soft(u+float32(t.share(0, 0.5, 0.8)*sin(float32(v*t.share(1, 0.36, 0.48)))), 1)
	}}
	weave = family{"weave", 1.0, func(t *texture, u, v float32) float32 {
		fu, iu := fraction(u)
		fv, iv := fraction(v)
		across, along := fu-0.5, fv-0.5
		if (iu+iv)&1 == 1 {
			across, along = along, across
		}
		// A strip on top: round across, dipping under its neighbours at both ends.
		gap := t.step(0.5 - t.share(0, 0.08, 0.15) - abs(across))
		lift := 1 - float32(float32(float32(4*along)*along)*t.share(1, 0.5, 0.8))
		base := float32(0.72)
		if (iu+iv)&1 == 1 {
			base = 0.98
		}
		return float32(gap * base * float32(lift*(1-float32(float32(1.2*across)*across))))
	}}
	wood = family{"wood", 1.3, func(t *texture, u, v float32) float32 {
		// Year rings cut lengthwise: a slow swell of the distance, slow to rise and quick to fall, and fibres.
		swell := float32(t.share(0, 1.6, 2.4) * noise(t.seed, float32(u*0.4), float32(v*0.11)))
		f, _ := fraction(u + swell)
		ring := float32(f * sqrt(f))
		if fall := (1 - f) / max(0.15, float32(1.5*t.pixel)); fall < 1 {
			ring = float32(ring * fall)
		}
		fibre := noise(t.seed+1, float32(u*7), float32(v*0.4)) - 0.5
		return 0.95 - float32(0.95*ring) + float32(0.45*fibre)
	}}
)

// contrast stretches tones about the middle.
func contrast(tone, by float32) float32 { return 0.5 + float32((tone-0.5)*by) }

// soft is a wave between two tones, level at its ends, with rate turns per period, in turns.
func (t *texture) soft(turns, rate float32) float32 {
	return 0.5 + float32(0.5*max(min(sin(turns)/max(float32(3*rate*t.pixel), 0.45), 1), -1))
}
