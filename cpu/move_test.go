package cpu

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestMovesEqualDefinition transposes, reverses and repeats tensors with axes of all
// the lengths that have loops of their own.
func TestMovesEqualDefinition(t *testing.T) {
	w := newWorkers(2)
	lengths := []int{1, 2, 3, shortRun, shortRun + 1, 40}
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 3))
		dims := make([]int, 1+r.IntN(4))
		for i := range dims {
			dims[i] = lengths[r.IntN(len(lengths))]
		}
		m := move{dims: dims, to: strides(dims), from: make([]int, len(dims))}
		size := 1
		for _, axis := range r.Perm(len(dims)) {
			switch m.from[axis] = size; r.IntN(8) {
			case 0:
				m.from[axis] = 0
				continue
			case 1:
				m.from[axis] = -size
				m.fromStart += size * (dims[axis] - 1)
			}
			size *= dims[axis]
		}
		from, total := make([]float32, size), 1
		for i := range from {
			from[i] = r.Float32()
		}
		for _, dim := range dims {
			total *= dim
		}
		got, want := make([]float32, total), make([]float32, total)
		at := make([]int, len(dims))
		for i := range want {
			f := m.fromStart
			for axis, j := range at {
				f += j * m.from[axis]
			}
			want[i] = from[f]
			advance(at, dims)
		}
		runMove(w, m.collapsed(), got, from)
		if !slices.Equal(got, want) {
			t.Fatalf("move %+v goes wrong", m)
		}
	}
}
