package kernel

// tileGeneric is tile in portable Go. Two rows by four columns, with the two
// elements of a and four of b that they need, are what fits the registers of
// most machines.
func tileGeneric(t *tile) {
	for n := range t.count {
		for r := 0; r < t.rows; r += 2 {
			row0 := n*t.astep + r*t.lda
			row1 := row0
			if r+1 < t.rows {
				row1 += t.lda
			}
			for j := 0; j < t.cols; j += 4 {
				sum0, sum1 := t.generic2x4(row0, row1, j)
				t.store(n, r, j, &sum0)
				if r+1 < t.rows {
					t.store(n, r+1, j, &sum1)
				}
			}
		}
	}
}

// generic2x4 sums the products of the rows that begin at a[row0] and a[row1]
// and the columns j, …, j+3.
func (t *tile) generic2x4(row0, row1, j int) (sum0, sum1 [4]float32) {
	s00, s01, s02, s03 := t.bias[j], t.bias[j+1], t.bias[j+2], t.bias[j+3]
	s10, s11, s12, s13 := s00, s01, s02, s03
	ldb := t.ldb
	b := t.b
	for _, seg := range t.segs {
		a0 := t.a[row0+seg:][:t.klen]
		a1 := t.a[row1+seg:][:t.klen]
		for i, x0 := range a0 {
			x1 := a1[i]
			w := (*[4]float32)(b[i*ldb+j:])
			w0, w1, w2, w3 := w[0], w[1], w[2], w[3]
			s00 += x0 * w0
			s01 += x0 * w1
			s02 += x0 * w2
			s03 += x0 * w3
			s10 += x1 * w0
			s11 += x1 * w1
			s12 += x1 * w2
			s13 += x1 * w3
		}
		b = b[t.klen*ldb:]
	}
	return [4]float32{s00, s01, s02, s03}, [4]float32{s10, s11, s12, s13}
}

// store finishes and stores up to four columns of a row.
func (t *tile) store(n, r, j int, sum *[4]float32) {
	out := t.c[n*t.cstep+r*t.ldc+j:]
	for i := range min(4, t.cols-j) {
		v := sum[i]
		if t.add != nil {
			v += t.add[n*t.addstep+r*t.ldadd+j+i]
		}
		out[i] = clamp(v, t.lo, t.hi)
	}
}

// clamp limits v to lo..hi and keeps NaN.
func clamp(v, lo, hi float32) float32 {
	if v < lo {
		v = lo
	}
	if v > hi {
		v = hi
	}
	return v
}
