package pixel

// Files of several scans: the coefficients of the whole picture, sequential scans of some of the components, and
// the four kinds of progressive scan (T.81 annex G): DC first and refinement, AC first and refinement.

//
// Coefficients are kept in zigzag order, each block with a bit for each of its nonzero AC coefficients. Most are zero,
// and both the refinement, which has to find its way between zero and nonzero ones, and the inverse DCT pass over them
// by counting bits.

import "math/bits"

// coefficientRow is a row of blocks in zigzag order. Bit k of nonzero is set when the block's AC coefficient k is not 0.
type coefficientRow struct {
	blocks  []jpegBlock
	nonzero []uint64
}

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
		c.coef = make([]coefficientRow, d.mcuHigh*c.v)
	}
}

// coefRow returns the blocks of a row of c, which are allocated if need be.
func (d *jpegDecoder) coefRow(c *jpegComponent, y int) *coefficientRow {
	row := &c.coef[y]
	if row.blocks == nil {
		n := d.mcuWide * c.h
		row.blocks, row.nonzero = make([]jpegBlock, n), make([]uint64, n)
	}
	return row
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
					row := d.coefRow(c, my*c.v+by)
					for bx := range c.h {
						d.coefficientBlock(c, row, mx*c.h+bx)
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
	row := d.coefRow(c, y)
	for x := 0; x < c.wide; x++ {
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
			n := min(s.eobRun, c.wide-x)
			s.eobRun -= n
			x += n - 1
			continue
		}
		d.coefficientBlock(c, row, x)
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

// coefficientBlock decodes what the scan has for block x of a row.
func (d *jpegDecoder) coefficientBlock(c *jpegComponent, row *coefficientRow, x int) {
	s, b := &d.scan, &row.blocks[x]
	switch {
	case !d.info.Progressive:
		var block jpegBlock
		d.decodeBlock(&block, c, &unitQuant)
		b[0] = block[0]
		for k := range 64 {
			// A second scan of the same component is not legal; libjpeg lays it over the first.
			if v := block[zigzag[k]&63]; v != 0 {
				b[k] = v
				row.nonzero[x] |= 1 << k
			}
		}
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
	case s.eobRun > 0 && s.ah == 0:
		s.eobRun--
	case s.ah == 0:
		row.nonzero[x] = d.firstAC(c, b, row.nonzero[x])
	default:
		row.nonzero[x] = d.refineAC(c, b, row.nonzero[x])
	}
}

// firstAC decodes the band's coefficients, all but their s.al lowest bits (T.81 G.1.2.2), and returns the block's set of
// nonzero ones.
func (d *jpegDecoder) firstAC(c *jpegComponent, b *jpegBlock, nonzero uint64) uint64 {
	s, r := &d.scan, &d.reader
	al, end, ac := uint(s.al)&15, uint(s.se), c.ac
	for k := uint(s.ss); k <= end; k++ {
		if r.bits < 32 {
			r.refill()
		}
		e := ac.lookup[r.buf>>(64-lookupBits)]
		if e == 0 {
			e = d.longCode(ac, r.buf)
		}
		r.buf <<= e & 63
		r.bits -= uint(e & 63)
		run, size, v := uint(e>>8)&15, uint(e>>12)&15, int32(e)>>16
		if size == 0 {
			if run < 15 {
				s.eobRun = 1<<run + int(r.take(run)) - 1
				break
			}
			k += 15
			continue
		}
		k += run
		if v == 0 {
			v = extend(r.buf>>((64-size)&63), size)
			r.buf <<= size
			r.bits -= size
		}
		at := min(k, 63)
		b[at] = int16(v << al)
		nonzero = nonzero&^(1<<at) | nonzeroBit(b[at])<<at
	}
	return nonzero
}

// refineAC brings one more bit of the band's coefficients (T.81 G.1.2.3). Those that are nonzero already get a
// correction bit each as they are passed; runs count only those that are still zero. It returns the block's set of
// nonzero ones.
func (d *jpegDecoder) refineAC(c *jpegComponent, b *jpegBlock, nonzero uint64) uint64 {
	s, r := &d.scan, &d.reader
	plus, minus := int16(1)<<s.al, int16(-1)<<s.al
	// Positions count as long as they are in the band and were nonzero when the scan came to the block.
	old := nonzero & (1<<(uint(s.se)+1) - 1)
	k := uint(s.ss)
	for end := uint(s.se); s.eobRun == 0 && k <= end; k++ {
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
		for {
			zeros := uint(bits.TrailingZeros64(old >> k))
			if zeros > run || k+zeros > end {
				k = min(k+run, end+1)
				break
			}
			run -= zeros
			k += zeros
			r.correct(&b[k&63], plus)
			if k++; k > end {
				break
			}
		}
		if fresh != 0 {
			at := min(k, 63)
			b[at] = fresh
			nonzero |= 1 << at
		}
	}
	if s.eobRun > 0 {
		for rest := old >> k << k; rest != 0; rest &= rest - 1 {
			r.correct(&b[bits.TrailingZeros64(rest)&63], plus)
		}
		s.eobRun--
	}
	return nonzero
}

// correct reads a correction bit for a nonzero coefficient.
func (r *bitReader) correct(p *int16, bit int16) {
	if r.bits == 0 {
		r.refill()
	}
	one := int64(r.buf) < 0
	r.buf <<= 1
	r.bits--
	if one && *p&bit == 0 {
		if *p >= 0 {
			*p += bit
		} else {
			*p -= bit
		}
	}
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
				row := &c.coef[y]
				for x := range c.wide {
					var has blockContents
					block = jpegBlock{}
					if row.blocks != nil {
						has = dequantize(&block, &row.blocks[x], row.nonzero[x], c.quant)
					}
					inverseDCT(&block, has, dst[8*x:], c.stride)
				}
			}
		}
		d.outputBand(my)
	}
}

// dequantize multiplies the coefficients of src, in zigzag order, by their quantisers and puts them into dst, which must
// be zero. nonzero is the set of nonzero AC coefficients of src.
func dequantize(dst, src *jpegBlock, nonzero uint64, q *quantTable) (has blockContents) {
	dst[0] = src[0] * q[0]
	has.sum = max(int32(dst[0]), -int32(dst[0]))
	for rest := nonzero &^ 1; rest != 0; rest &= rest - 1 {
		k := bits.TrailingZeros64(rest) & 63
		at, v := zigzag[k]&63, src[k]*q[k]
		dst[at] = v
		has.sum += max(int32(v), -int32(v))
		has.nonzero |= 1 << at
	}
	return has
}

// nonzeroBit is 1 when v is not 0.
func nonzeroBit(v int16) uint64 { return uint64(bits.Len16(uint16(v))+15) >> 4 }
