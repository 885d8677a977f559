package pixel

// From bands of samples to rows of pixels.
//
// A band holds the samples of one row of MCUs for each component, below the last row of the band before. Vertical
// upsampling of a component's row needs the rows above and below it, so the last pixel row of a band has to wait for
// the next band: after band m, the pixel rows from one before its first to one before its last are written.

// prepareOutput allocates the picture and the bands.
func (d *jpegDecoder) prepareOutput() error {
	for i := range d.comps {
		c := &d.comps[i]
		var ok bool
		if c.up, ok = chooseUpsampling(c.h, c.v, c.w, d.maxH, d.maxV); !ok {
			return UnsupportedError("JPEG with fractional sampling ratios")
		}
		c.stride = d.mcuWide * c.h * 8
		c.band = make([]byte, (1+8*c.v)*c.stride+upsampleSlack)
		if c.up.kind != upsampleNone {
			c.upRow = make([]byte, 2*c.stride*c.up.h+upsampleSlack)
		}
	}
	d.color = d.chooseColor()
	channels := 3
	if d.color == colorGrey {
		channels = 1
	}
	d.out = New(d.info.W, d.info.H, channels)
	return nil
}

// outputBand writes the pixel rows that MCU row my completes.
func (d *jpegDecoder) outputBand(my int) {
	start := my * 8 * d.maxV
	end := min(start+8*d.maxV-1, d.out.H)
	if my == d.mcuHigh-1 {
		end = d.out.H
	}
	for ; d.nextRow < end; d.nextRow++ {
		d.outputRow(d.nextRow, my)
	}
	for i := range d.comps {
		c := &d.comps[i]
		copy(c.band[:c.stride], c.band[8*c.v*c.stride:])
	}
}

// outputRow writes pixel row y, for which the bands hold MCU row my.
func (d *jpegDecoder) outputRow(y, my int) {
	var rows [4][]byte
	for i := range d.comps {
		rows[i] = d.comps[i].row(y, my)
	}
	dst := d.out.Row(y)
	switch d.color {
	case colorGrey:
		copy(dst, rows[0])
	case colorYCC:
		rgbFromYCC(dst, rows[0], rows[1], rows[2])
	case colorRGB:
		rgbFromPlanes(dst, rows[0], rows[1], rows[2])
	default:
		rgbFromInks(dst, rows[0], rows[1], rows[2], rows[3], d.color == colorYCCK)
	}
}

// row returns the component's samples for pixel row y at full width.
func (c *jpegComponent) row(y, my int) []byte {
	at := y / c.up.v
	band := func(y int) []byte { return c.band[(1+y-my*8*c.v)*c.stride:] }
	near := band(at)
	switch c.up.kind {
	case upsampleNone:
		return near
	case upsampleRepeat:
		repeatSamples(c.upRow, near[:c.w], c.up.h)
		return c.upRow
	case upsampleH2V1:
		upsampleRowH2V1(c.upRow, near, c.w)
		return c.upRow
	}
	beside, bias := max(at-1, 0), uint64(1)
	if y&1 == 1 {
		beside, bias = min(at+1, c.ht-1), 2
	}
	if c.up.kind == upsampleH1V2 {
		upsampleRowH1V2(c.upRow, near, band(beside), c.w, bias)
	} else {
		upsampleRowH2V2(c.upRow, near, band(beside), c.w)
	}
	return c.upRow
}
