package pixel

// premultiplied returns the RGBA picture with its colours multiplied by alpha
// (over 255, rounded to nearest).
func premultiplied(m *Image) *Image {
	out := New(m.W, m.H, 4)
	for i := premultiplyFast(out.Pix, m.Pix); i+4 <= len(m.Pix); i += 4 {
		s, d := m.Pix[i:i+4], out.Pix[i:i+4]
		a := uint32(s[3])
		for c := range 3 {
			// t/255 rounded, for t up to 255*255, without a division: 1/255 is
			// 1/256 + 1/256^2 + …
			t := uint32(s[c])*a + 128
			d[c] = byte((t + t>>8) >> 8)
		}
		d[3] = s[3]
	}
	return out
}

// unmultiply divides the colours by alpha again, in place, rounding down.
func unmultiply(m *Image) {
	for i := 0; i+4 <= len(m.Pix); i += 4 {
		p := m.Pix[i : i+4]
		a := uint32(p[3])
		if a == 0 || a == 255 {
			continue
		}
		for c := range 3 {
			p[c] = byte(min(255*uint32(p[c])/a, 255))
		}
	}
}
