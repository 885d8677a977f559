package cpu

import "github.com/gomlx/compute"

// reduceTile is how many columns are reduced side by side: their accumulators
// stay in the first-level cache while the rows stream by.
const reduceTile = 256

// reducePart is a part of a reduction: rows [o0, o1) of the outer axis and
// columns [c0, c1) of the inner one. Each result is computed by one part, in
// order, so how a reduction is cut does not change it.
type reducePart struct{ o0, o1, c0, c1 int }

// fold reduces in accumulators of type A.
func fold[T, A number](out, x []T, d reduceDims, part reducePart, start A, into func(acc []A, row []T)) {
	var tile [reduceTile]A
	for o := part.o0; o < part.o1; o++ {
		for c := part.c0; c < part.c1; c += reduceTile {
			acc := tile[:min(reduceTile, part.c1-c)]
			for i := range acc {
				acc[i] = start
			}
			for r := range d.count {
				at := (o*d.count+r)*d.inner + c
				into(acc, x[at:at+len(acc)])
			}
			for i, v := range acc {
				out[o*d.inner+c+i] = T(v)
			}
		}
	}
}

// foldFrom reduces in the output itself, beginning with the first element: the
// start of a maximum is the first element, so that no dtype needs its lowest value.
func foldFrom[T number](out, x []T, d reduceDims, part reducePart, ofNothing T, into func(acc, row []T)) {
	for o := part.o0; o < part.o1; o++ {
		acc := out[o*d.inner+part.c0 : o*d.inner+part.c1]
		if d.count == 0 {
			for i := range acc {
				acc[i] = ofNothing
			}
		}
		for r := range d.count {
			at := (o*d.count + r) * d.inner
			row := x[at+part.c0 : at+part.c1]
			if r == 0 {
				copy(acc, row)
			} else {
				into(acc, row)
			}
		}
	}
}

func (numbers[T]) reduce(op compute.OpType, out, x []byte, d reduceDims, part reducePart) bool {
	to, from := as[T](out), as[T](x)
	switch op {
	case opReduceSum:
		fold(to, from, d, part, 0, func(acc, row []T) {
			for i, v := range row {
				acc[i] += v
			}
		})
	case opReduceProduct:
		fold(to, from, d, part, 1, func(acc, row []T) {
			for i, v := range row {
				acc[i] *= v
			}
		})
	case opReduceMax:
		foldFrom(to, from, d, part, extreme[T](-1), func(acc, row []T) {
			for i, v := range row {
				acc[i] = max(acc[i], v)
			}
		})
	case opReduceMin:
		foldFrom(to, from, d, part, extreme[T](1), func(acc, row []T) {
			for i, v := range row {
				acc[i] = min(acc[i], v)
			}
		})
	default:
		return false
	}
	return true
}

func (n integers[T]) reduce(op compute.OpType, out, x []byte, d reduceDims, part reducePart) bool {
	to, from := as[T](out), as[T](x)
	switch op {
	case opReduceAnd:
		fold(to, from, d, part, ^T(0), func(acc, row []T) {
			for i, v := range row {
				acc[i] &= v
			}
		})
	case opReduceOr:
		fold(to, from, d, part, 0, func(acc, row []T) {
			for i, v := range row {
				acc[i] |= v
			}
		})
	case opReduceXor:
		fold(to, from, d, part, 0, func(acc, row []T) {
			for i, v := range row {
				acc[i] ^= v
			}
		})
	default:
		return n.numbers.reduce(op, out, x, d, part)
	}
	return true
}

// reduce of floats adds up and multiplies in double precision: a mean over a
// picture must not lose digits to its size.
func (n floats[T]) reduce(op compute.OpType, out, x []byte, d reduceDims, part reducePart) bool {
	to, from := as[T](out), as[T](x)
	switch op {
	case opReduceSum:
		if d.inner == 1 {
			for o := part.o0; o < part.o1; o++ {
				to[o] = T(rowSum(from[o*d.count : (o+1)*d.count]))
			}
			return true
		}
		fold(to, from, d, part, 0, func(acc []float64, row []T) {
			for i, v := range row {
				acc[i] += float64(v)
			}
		})
	case opReduceProduct:
		fold(to, from, d, part, 1, func(acc []float64, row []T) {
			for i, v := range row {
				acc[i] *= float64(v)
			}
		})
	default:
		return n.numbers.reduce(op, out, x, d, part)
	}
	return true
}

// rowSum adds up in four chains, so that additions need not wait for each other.
func rowSum[T float](row []T) float64 {
	var a, b, c, d float64
	for ; len(row) >= 4; row = row[4:] {
		a += float64(row[0])
		b += float64(row[1])
		c += float64(row[2])
		d += float64(row[3])
	}
	for _, v := range row {
		a += float64(v)
	}
	return (a + b) + (c + d)
}

// argMinMax finds the first of the largest or smallest elements, or the first NaN.
func (numbers[T]) argMinMax(out []int64, x []byte, d argAttr, part reducePart) {
	from := as[T](x)
	for o := part.o0; o < part.o1; o++ {
		for c := part.c0; c < part.c1; c++ {
			at := o*d.count*d.inner + c
			best, index := from[at], 0
			for r := 1; r < d.count && best == best; r++ {
				v := from[at+r*d.inner]
				if v != v || d.isMin && v < best || !d.isMin && v > best {
					best, index = v, r
				}
			}
			out[o*d.inner+c] = int64(index)
		}
	}
}
