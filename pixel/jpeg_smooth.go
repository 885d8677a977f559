package pixel

// Interblock smoothing of progressive files whose AC coefficients are not all known, as when the file was cut off.
// T.81 K.8 proposes to estimate the first AC coefficients of a block from the DC values of it and its neighbours, as if
// the picture were smooth; libjpeg-turbo does so since 2.1 from a window of 5x5 blocks, and when no AC coefficient is
// known at all it smooths the DC value too. An estimate stands in for a coefficient that is zero so far and not known to
// the last bit, and is kept below what the bits already read would have shown.

// smoothingKernel weighs the DC values of 5x5 blocks, in 1/256 of a quantiser step after scaling by the ratio of
// quantisers. index is the coefficient's place in zigzag order.
type smoothingKernel struct {
	index   int
	weights [25]int64
}

// smoothingWithoutAC is for rows of which no AC coefficient is known. The DC value comes last: the others are
// estimated from the values as they were read in any case.
var smoothingWithoutAC = []smoothingKernel{
	{1, [25]int64{
		-1, -1, 0, 1, 1,
		-3, 13, 0, -13, 3,
		-3, 38, 0, -38, 3,
		-3, 13, 0, -13, 3,
		-1, -1, 0, 1, 1}},
	{2, [25]int64{
		-1, -3, -3, -3, -1,
		-1, 13, 38, 13, -1,
		0, 0, 0, 0, 0,
		1, -13, -38, -13, 1,
		1, 3, 3, 3, 1}},
	{3, [25]int64{
		0, 0, 1, 0, 0,
		0, 2, 7, 2, 0,
		0, -5, -14, -5, 0,
		0, 2, 7, 2, 0,
		0, 0, 1, 0, 0}},
	{4, [25]int64{
		-1, 0, 0, 0, 1,
		0, 9, 0, -9, 0,
		0, 0, 0, 0, 0,
		0, -9, 0, 9, 0,
		1, 0, 0, 0, -1}},
	{5, [25]int64{
		0, 0, 0, 0, 0,
		0, 2, -5, 2, 0,
		1, 7, -14, 7, 1,
		0, 2, -5, 2, 0,
		0, 0, 0, 0, 0}},
	{6, [25]int64{
		0, 0, 0, 0, 0,
		0, 1, 0, -1, 0,
		0, 2, 0, -2, 0,
		0, 1, 0, -1, 0,
		0, 0, 0, 0, 0}},
	{7, [25]int64{
		0, 0, 0, 0, 0,
		0, 1, -3, 1, 0,
		0, 0, 0, 0, 0,
		0, -1, 3, -1, 0,
		0, 0, 0, 0, 0}},
	{8, [25]int64{
		0, 0, 0, 0, 0,
		0, 1, 0, -1, 0,
		0, -3, 0, 3, 0,
		0, 1, 0, -1, 0,
		0, 0, 0, 0, 0}},
	{9, [25]int64{
		0, 0, 0, 0, 0,
		0, 1, 2, 1, 0,
		0, 0, 0, 0, 0,
		0, -1, -2, -1, 0,
		0, 0, 0, 0, 0}},
	{0, [25]int64{
		-2, -6, -8, -6, -2,
		-6, 6, 42, 6, -6,
		-8, 42, 152, 42, -8,
		-6, 6, 42, 6, -6,
		-2, -6, -8, -6, -2}},
}

// smoothingWithAC is for rows of which some AC coefficients are known.
var smoothingWithAC = []smoothingKernel{
	{1, [25]int64{10: -7, 11: 50, 13: -50, 14: 7}},
	{2, [25]int64{2: -7, 7: 50, 17: -50, 22: 7}},
	{3, [25]int64{2: -1, 7: 13, 12: -24, 17: 13, 22: -1}},
	{4, [25]int64{
		0, -1, 0, 1, 0,
		-1, 10, 0, -10, 1,
		0, 0, 0, 0, 0,
		1, -10, 0, 10, -1,
		0, 1, 0, -1, 0}},
	{5, [25]int64{10: -1, 11: 13, 12: -24, 13: 13, 14: -1}},
}

const smoothedCoefficients = 10

// smoothingUseful says whether libjpeg would smooth: the file is progressive, of every component at least the DC
// values are known, no quantiser that matters is 0, and some of the first AC coefficients are not known to the last
// bit.
func (d *jpegDecoder) smoothingUseful() bool {
	if !d.info.Progressive {
		return false
	}
	useful := false
	for i := range d.comps {
		c := &d.comps[i]
		if c.quant == nil || c.coefBits[0] < 0 {
			return false
		}
		for k := range smoothedCoefficients {
			if c.quant[k] == 0 {
				return false
			}
			useful = useful || k > 0 && c.coefBits[k] != 0
		}
	}
	return useful
}

// smoothRow does the inverse DCT of row by of blocks in MCU row my with smoothing.
func (d *jpegDecoder) smoothRow(c *jpegComponent, my, by int, dst []byte) {
	known := &c.coefBits
	if my > d.scan.lastGood {
		// The last scan broke off before this row.
		known = &c.prevBits
		if d.scan.number == 1 {
			known = &unknownBits
		}
	}
	kernels := smoothingWithoutAC
	for k := 1; k < smoothedCoefficients; k++ {
		if known[k] != -1 {
			kernels = smoothingWithAC
		}
	}
	rows := d.smoothingRows(c, my, by)
	current := &c.coef[my*c.v+by]
	for x := range c.wide {
		var block, natural jpegBlock
		if current.blocks != nil {
			block = current.blocks[x]
		}
		var dc [25]int64
		columns := smoothingColumns(x, c.wide)
		for i, row := range rows {
			if row == nil {
				continue
			}
			for j, column := range columns {
				dc[5*i+j] = int64(row[column][0])
			}
		}
		smooth(&block, &dc, kernels, known, c.quant)
		nonzero := uint64(0)
		for k, v := range block {
			nonzero |= nonzeroBit(v) << k
		}
		has := dequantize(&natural, &block, nonzero, c.quant)
		inverseDCT(&natural, has, dst[8*x:], c.stride)
	}
}

// unknownBits is what is known before the first scan.
var unknownBits = func() (b [64]int8) {
	for i := range b {
		b[i] = -1
	}
	return b
}()

// smooth replaces coefficients of b, in zigzag order, by their estimates from the DC values around it.
func smooth(b *jpegBlock, dc *[25]int64, kernels []smoothingKernel, known *[64]int8, q *quantTable) {
	for i := range kernels {
		k := kernels[i].index
		if k > 0 && (known[k] == 0 || b[k] != 0) {
			continue
		}
		sum := int64(0)
		for j, w := range kernels[i].weights {
			sum += w * dc[j]
		}
		sum *= int64(uint16(q[0]))
		step := int64(uint16(q[k]))
		estimate := (step<<7 + max(sum, -sum)) / (step << 8)
		if k > 0 && known[k] > 0 {
			estimate = min(estimate, 1<<known[k]-1)
		}
		if sum < 0 {
			estimate = -estimate
		}
		b[k] = int16(estimate)
	}
}

// smoothingColumns returns the columns of blocks from two to the left to two to the right of column x of wide. At the
// picture's edges the nearest column stands in; where there are only two columns, libjpeg takes the first for those
// beyond the second.
func smoothingColumns(x, wide int) (columns [5]int) {
	for i := range columns {
		columns[i] = min(max(x+i-2, 0), wide-1)
		if wide == 2 && x+i-2 > 1 {
			columns[i] = 0
		}
	}
	return columns
}

// smoothingRows returns the rows of blocks from two above to two below row by of MCU row my. At the picture's edges
// the nearest row stands in. The second row up or down is also not looked at where libjpeg does not: from the second
// MCU row up, and from the last but one down, unless it is in the same MCU row.
func (d *jpegDecoder) smoothingRows(c *jpegComponent, my, by int) (rows [5][]jpegBlock) {
	y, last := my*c.v+by, d.mcuHigh-1
	inMCU := min(c.v, c.high-my*c.v)
	rows[2] = c.coef[y].blocks
	rows[1], rows[3] = rows[2], rows[2]
	if by > 0 || my > 0 {
		rows[1] = c.coef[y-1].blocks
	}
	rows[0] = rows[1]
	if by > 1 || my > 1 {
		rows[0] = c.coef[y-2].blocks
	}
	if by < inMCU-1 || my < last {
		rows[3] = c.coef[y+1].blocks
	}
	rows[4] = rows[3]
	if by < inMCU-2 || my+1 < last {
		rows[4] = c.coef[y+2].blocks
	}
	return rows
}
