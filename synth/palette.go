package synth

// colour is red, green, blue in 0..1, gamma-encoded as in files.
type colour [3]float32

// shade is the colour of that lightness (Rec. 601 luma), saturation and hue in turns. What would leave 0..1 is pulled
// towards grey, so that the lightness holds.
func shade(light, saturation, hue float32) colour {
	cb, cr := float32(saturation*cos(hue)), float32(saturation*sin(hue))
	d := colour{float32(1.402 * cr), -float32(0.344*cb) - float32(0.714*cr), float32(1.772 * cb)}
	fit := float32(1)
	for _, v := range d {
		if v > 0 {
			fit = min(fit, (1-light)/v)
		} else if v < 0 {
			fit = min(fit, -light/v)
		}
	}
	for i := range d {
		d[i] = light + float32(fit*d[i])
	}
	return d
}

const tones = 256

// palette are the colours of the tones.
type palette [tones]colour

// newPalette draws three colours and runs through them: from dark to light or from light to dark, in hues that are
// neighbours or opposites. Dark and light are far enough apart for the texture to be seen in grey.
func newPalette(r random) (p palette) {
	dark, light := r.between(0.13, 0.34), r.between(0.66, 0.9)
	middle := lerp(dark, light, r.between(0.35, 0.65))
	hue, turn := r.unit(), r.around(0.14)
	if r.below(3) == 0 {
		turn += 0.5
	}
	ends := [3]colour{
		shade(dark, r.between(0.06, 0.2), hue),
		shade(middle, r.between(0.14, 0.32), hue+turn/2),
		shade(light, r.between(0.06, 0.22), hue+turn),
	}
	if r.below(2) == 1 {
		ends[0], ends[2] = ends[2], ends[0]
	}
	for i := range p {
		t := float32(i) / (tones - 1) * 2
		from := min(int(t), 1)
		for c := range 3 {
			p[i][c] = lerp(ends[from][c], ends[from+1][c], t-float32(from))
		}
	}
	return p
}
