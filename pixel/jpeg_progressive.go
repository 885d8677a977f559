package pixel

// Files of several scans: the coefficients of the whole picture, sequential scans of some of the components, and
// the four kinds of progressive scan (T.81 annex G): DC first and refinement, AC first and refinement.

import "math/bits"

// unitQuant leaves coefficients as they were coded.
var unitQuant = func() (q quantTable) {
	for i := range q {
		q[i] = 1
	}
	return q
}()

// startProgressiveScan checks the header of a progressive scan, notes which bits of which coefficients it brings,
// and finds its tables. An order of scans that makes no sense is a warning, as in libjpeg.
func (d *jpegDecoder) startProgressiveScan() error {
	s := &d.scan
	switch {
	case s.ss == 0 && s.se != 0,
		s.ss > 0 && (s.ss > s.se || s.se > 63 || len(s.comps) != 1),
		s.ah != 0 && s.al != s.ah-1,
		s.al > 13:
		return FormatError("SOS: bad progression parameters")
	}
	for _, c := range s.comps {
		if s.ss > 0 && c.coefBits[0] < 0 {
			d.warnings++
		}
		for k := min(s.ss, 1); k <= max(s.se, 9); k++ {
			c.prevBits[k] = 0
			if s.number > 1 {
				c.prevBits[k] = c.coefBits[k]
			}
		}
		for k := s.ss; k <= s.se; k++ {
			if s.ah != int(max(c.coefBits[k], 0)) {
				d.warnings++
			}
			c.coefBits[k] = int8(s.al)
		}
		if err := d.chooseTables(c, s.ss == 0 && s.ah == 0, s.ss > 0); err != nil {
			return err
		}
	}
	return nil
}

// allocateCoefficients makes room for the rows of coefficient blocks, but not for the blocks: a row is allocated
// when there is data for it, so that the memory used is in proportion to the file.
func (d *jpegDecoder) allocateCoefficients() {
	for i := range d.comps {
		c := &d.comps[i]
		c.coef = make([][]jpegBlock, d.mcuHigh*c.v)
	}
}

// coefRow returns the blocks of a row of c, which are allocated if need be.
func (d *jpegDecoder) coefRow(c *jpegComponent, y int) []jpegBlock {
	if c.coef[y] == nil {
		c.coef[y] = make([]jpegBlock, d.mcuWide*c.h)
	}
	return c.coef[y]
}

// coefficientRows decodes a scan into the coefficients.
func (d *jpegDecoder) coefficientRows() error {
	s := &d.scan
	s.lastGood = 0
	if len(s.comps) == 1 {
		c := s.comps[0]
		for y := range c.high {
			if err := d.visit(c.wide); err != nil {
				return err
			}
			if d.scanIsOver() {
				break
			}
			d.singleRow(c, y)
		}
		return nil
	}
	perMCU := 0
	for _, c := range s.comps {
		perMCU += c.h * c.v
	}
	for my := range d.mcuHigh {
		if err := d.visit(d.mcuWide * perMCU); err != nil {
			return err
		}
		if d.scanIsOver() {
			break
		}
		for mx := range d.mcuWide {
			d.beginMCU()
			if s.insufficient {
				continue
			}
			s.lastGood = my
			for _, c := range s.comps {
				for by := range c.v {
					row := d.coefRow(c, my*c.v+by)[mx*c.h:]
					for bx := range c.h {
						d.coefficientBlock(c, &row[bx])
					}
				}
			}
			d.endMCU()
		}
	}
	return nil
}

// singleRow decodes row y of blocks of a scan of one component.
func (d *jpegDecoder) singleRow(c *jpegComponent, y int) {
	s := &d.scan
	row := d.coefRow(c, y)[:c.wide]
	for x := 0; x < len(row); x++ {
		d.beginMCU()
		if s.insufficient {
			if d.restartInterval == 0 {
				return
			}
			continue
		}
		s.lastGood = y / c.v
		if s.eobRun > 0 && s.ah == 0 && d.restartInterval == 0 {
			// Nothing is coded for the blocks of an end-of-band run.
			n := min(s.eobRun, len(row)-x)
			s.eobRun -= n
			x += n - 1
			continue
		}
		d.coefficientBlock(c, &row[x])
		d.endMCU()
	}
}

// scanIsOver says that no data can follow in this scan.
func (d *jpegDecoder) scanIsOver() bool { return d.scan.insufficient && d.restartInterval == 0 }

// visit counts blocks about to be visited and refuses a file that wants far too many.
func (d *jpegDecoder) visit(blocks int) error {
	d.scan.visits += blocks
	if d.scan.visits > freeVisits+maxVisitsPerBlock*d.blocks {
		return UnsupportedError("JPEG of too many scans for its size")
	}
	return nil
}

// coefficientBlock decodes what the scan has for one block.
func (d *jpegDecoder) coefficientBlock(c *jpegComponent, b *jpegBlock) {
	s := &d.scan
	switch {
	case !d.info.Progressive:
		*b = jpegBlock{}
		d.decodeBlock(b, c, &unitQuant)
	case s.ss == 0 && s.ah == 0:
		_, size := d.reader.symbol(c.dc, &d.warnings)
		if size > 0 {
			c.pred += extend(uint64(d.reader.take(size)), size)
		}
		b[0] = int16(c.pred << s.al)
	case s.ss == 0:
		if d.reader.take(1) != 0 {
			b[0] |= 1 << s.al
		}
	case s.ah == 0:
		d.firstAC(c, b)
	default:
		d.refineAC(c, b)
	}
}

// firstAC decodes the band's coefficients, all but their s.al lowest bits (T.81 G.1.2.2).
func (d *jpegDecoder) firstAC(c *jpegComponent, b *jpegBlock) {
	s, r := &d.scan, &d.reader
	if s.eobRun > 0 {
		s.eobRun--
		return
	}
	al := uint(s.al)
	for k := s.ss; k <= s.se; k++ {
		run, size := r.symbol(c.ac, &d.warnings)
		switch {
		case size != 0:
			k += int(run)
			v := extend(uint64(r.take(size)), size)
			b[zigzag[k&127]&63] = int16(v << al)
		case run == 15:
			k += 15
		default:
			s.eobRun = 1<<run + int(r.take(run)) - 1
			return
		}
	}
}

// refineAC brings one more bit of the band's coefficients (T.81 G.1.2.3). Those that are nonzero already get a
// correction bit each as they are passed; runs count only those that are still zero.
func (d *jpegDecoder) refineAC(c *jpegComponent, b *jpegBlock) {
	s, r := &d.scan, &d.reader
	plus, minus := int16(1)<<s.al, int16(-1)<<s.al
	k := s.ss
	if s.eobRun == 0 {
		for ; k <= s.se; k++ {
			run, size := r.symbol(c.ac, &d.warnings)
			var fresh int16
			if size != 0 {
				if size != 1 {
					d.warnings++ // a new coefficient can only be 1 or -1
				}
				fresh = minus
				if r.take(1) != 0 {
					fresh = plus
				}
			} else if run != 15 {
				s.eobRun = 1<<run + int(r.take(run))
				break
			}
			k = r.correct(b, k, s.se, int(run), plus)
			if fresh != 0 {
				b[zigzag[k&127]&63] = fresh
			}
		}
	}
	if s.eobRun > 0 {
		r.correct(b, k, s.se, 64, plus)
		s.eobRun--
	}
}

// correct reads correction bits for the nonzero coefficients from position k on, until it has passed run zero ones
// and stands on the next zero one, whose position it returns, or is past end.
func (r *bitReader) correct(b *jpegBlock, k, end, run int, bit int16) int {
	for ; k <= end; k++ {
		p := &b[zigzag[k&127]&63]
		if *p == 0 {
			if run--; run < 0 {
				break
			}
			continue
		}
		if r.take(1) != 0 && *p&bit == 0 {
			if *p >= 0 {
				*p += bit
			} else {
				*p -= bit
			}
		}
	}
	return k
}

// outputCoefficients makes the picture from the coefficients.
func (d *jpegDecoder) outputCoefficients() {
	smoothing := d.smoothingUseful()
	var block jpegBlock
	for my := range d.mcuHigh {
		for i := range d.comps {
			c := &d.comps[i]
			for by := range min(c.v, c.high-my*c.v) {
				y := my*c.v + by
				dst := c.band[(1+8*by)*c.stride:]
				if smoothing {
					d.smoothRow(c, my, by, dst)
					continue
				}
				row := c.coef[y]
				for x := range c.wide {
					var has blockContents
					block[0] = 0
					if row != nil {
						has = dequantize(&block, &row[x], c.quant)
					}
					inverseDCT(&block, has, dst[8*x:], c.stride)
				}
			}
		}
		d.outputBand(my)
	}
}

// dequantize multiplies the coefficients of src by their quantisers. A component that no scan has touched has no
// quantisers, and no coefficients.
func dequantize(dst, src *jpegBlock, q *quantTable) (has blockContents) {
	if q == nil {
		*dst = jpegBlock{}
		return has
	}
	for k := range 64 {
		at := zigzag[k] & 63
		v := src[at] * q[k]
		dst[at] = v
		has.sum += max(int32(v), -int32(v))
		has.nonzero |= nonzeroBit(v) << at
	}
	has.nonzero &^= 1
	return has
}

// nonzeroBit is 1 when v is not 0.
func nonzeroBit(v int16) uint64 { return uint64(bits.Len16(uint16(v))+15) >> 4 }
