package cpu

import "slices"

// move copies the elements of a box: element i of the box, a vector, goes from
// fromStart + Σ i·from to toStart + Σ i·to. Transposing, slicing, reversing,
// broadcasting, padding and concatenating are all moves. Offsets and strides
// count elements.
type move struct {
	dims, to, from     []int
	toStart, fromStart int
}

// collapsed drops axes of one element and joins neighbours that both sides
// walk through in one stride, so that the innermost runs are as long as can be.
func (m move) collapsed() move {
	result := move{toStart: m.toStart, fromStart: m.fromStart}
	for axis, dim := range m.dims {
		last := len(result.dims) - 1
		switch {
		case dim == 1:
		case last >= 0 && result.to[last] == m.to[axis]*dim && result.from[last] == m.from[axis]*dim:
			result.dims[last] *= dim
			result.to[last], result.from[last] = m.to[axis], m.from[axis]
		default:
			result.dims = append(result.dims, dim)
			result.to, result.from = append(result.to, m.to[axis]), append(result.from, m.from[axis])
		}
	}
	if len(result.dims) == 0 {
		result.dims, result.to, result.from = []int{1}, []int{1}, []int{1}
	}
	return result
}

// run moves elements of the given size in bytes. The move must be collapsed.
func (m move) run(w *workers, to, from []byte, elementSize int) {
	switch elementSize {
	case 1:
		runMove(w, m, as[uint8](to), as[uint8](from))
	case 2:
		runMove(w, m, as[uint16](to), as[uint16](from))
	case 4:
		runMove(w, m, as[uint32](to), as[uint32](from))
	default:
		runMove(w, m, as[uint64](to), as[uint64](from))
	}
}

// moveTile is the side of the blocks in which a matrix is turned: their lines
// stay in the first-level cache from the first column to the last.
const moveTile = 32

func runMove[T any](w *workers, m move, to, from []T) {
	total := 1
	for _, dim := range m.dims {
		total *= dim
	}
	if total == 0 {
		return
	}
	last := len(m.dims) - 1
	if turned := slices.Index(m.from, 1); turned >= 0 && turned < last && m.to[last] == 1 && m.dims[turned] >= 8 && m.dims[last] >= 8 {
		m.runTurned(w, turned, func(t, f, rows, columns int) {
			toStep, fromStep := m.to[turned], m.from[last]
			for r := range rows {
				line := to[t+r*toStep:]
				for c := range columns {
					line[c] = from[f+r+c*fromStep]
				}
			}
		})
		return
	}
	if last > 0 && m.dims[last] <= shortRun {
		m.runShort(w, shortRows(m, to, from))
		return
	}
	inner, toStep, fromStep := m.dims[last], m.to[last], m.from[last]
	m.rows(w, last, max(1, grain/inner), func(t, f int) {
		switch {
		case toStep == 1 && fromStep == 1:
			copy(to[t:t+inner], from[f:f+inner])
		case toStep == 1 && fromStep == 0:
			row, v := to[t:t+inner], from[f]
			for i := range row {
				row[i] = v
			}
		case toStep == 1 && fromStep == 2: // half of what was interleaved
			row, pairs := to[t:t+inner], from[f:f+2*inner-1]
			for i := range row[:inner-1] {
				row[i] = pairs[2*i : 2*i+2][0]
			}
			row[inner-1] = pairs[2*inner-2]
		default:
			for range inner {
				to[t] = from[f]
				t, f = t+toStep, f+fromStep
			}
		}
	})
}

// shortRun is the length up to which runs along the last axis take less time than what
// is around them: the last two axes are then walked together.
const shortRun = 8

// runShort calls plane for every position of all axes but the last two.
func (m move) runShort(w *workers, plane func(to, from int)) {
	last := len(m.dims) - 1
	m.rows(w, last-1, max(1, grain/(m.dims[last]*m.dims[last-1])), plane)
}

// shortRows moves the last two axes from given offsets on, the last of which is short.
func shortRows[T any](m move, to, from []T) func(t, f int) {
	last := len(m.dims) - 1
	rows, inner := m.dims[last-1], m.dims[last]
	toRow, fromRow, toStep, fromStep := m.to[last-1], m.from[last-1], m.to[last], m.from[last]
	if inner == 2 && toStep == 1 && toRow == 2 && fromRow == 1 {
		// Two vectors are interleaved: the channel shuffle of ShuffleNet.
		return func(t, f int) {
			pairs, a := to[t:t+2*rows], from[f:f+rows]
			b := from[f+fromStep:][:len(a)]
			for i, v := range a {
				pair := pairs[2*i : 2*i+2 : 2*i+2]
				pair[0], pair[1] = v, b[i]
			}
		}
	}
	return func(t, f int) {
		for range rows {
			t0, f0 := t, f
			for range inner {
				to[t0] = from[f0]
				t0, f0 = t0+toStep, f0+fromStep
			}
			t, f = t+toRow, f+fromRow
		}
	}
}

// rows calls row with both offsets for every position of the first axes.
func (m move) rows(w *workers, axes, group int, row func(to, from int)) {
	count := 1
	for _, dim := range m.dims[:axes] {
		count *= dim
	}
	w.span(count, group, func(lo, hi int) {
		at := make([]int, axes)
		unravel(at, m.dims[:axes], lo)
		for range hi - lo {
			t, f := m.toStart, m.fromStart
			for axis, i := range at {
				t += i * m.to[axis]
				f += i * m.from[axis]
			}
			row(t, f)
			advance(at, m.dims[:axes])
		}
	})
}

// runTurned walks a move whose sources are contiguous along axis turned and
// whose targets are along the last one, in square blocks of the two.
func (m move) runTurned(w *workers, turned int, block func(to, from, rows, columns int)) {
	last := len(m.dims) - 1
	outer := move{toStart: m.toStart, fromStart: m.fromStart}
	add := func(dim, to, from int) {
		outer.dims, outer.to, outer.from = append(outer.dims, dim), append(outer.to, to), append(outer.from, from)
	}
	for axis, dim := range m.dims {
		if axis != turned && axis != last {
			add(dim, m.to[axis], m.from[axis])
		}
	}
	rows, columns := m.dims[turned], m.dims[last]
	add((rows+moveTile-1)/moveTile, moveTile*m.to[turned], moveTile*m.from[turned])
	axes := len(outer.dims)
	count := 1
	for _, dim := range outer.dims {
		count *= dim
	}
	w.span(count, max(1, grain/(moveTile*columns)), func(lo, hi int) {
		at := make([]int, axes)
		unravel(at, outer.dims, lo)
		for range hi - lo {
			t, f := outer.toStart, outer.fromStart
			for axis, i := range at {
				t += i * outer.to[axis]
				f += i * outer.from[axis]
			}
			height := min(moveTile, rows-at[axes-1]*moveTile)
			for c := 0; c < columns; c += moveTile {
				block(t+c*m.to[last], f+c*m.from[last], height, min(moveTile, columns-c))
			}
			advance(at, outer.dims)
		}
	})
}
