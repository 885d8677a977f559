//go:build unix

package kernel

import (
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"testing"
)

// TestGradientsStayInside runs both gradients on slices that end, or begin, at a
// page that can't be touched.
func TestGradientsStayInside(t *testing.T) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	eachISA(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(17, 7))
		for i := range 120 {
			before := i%2 == 0
			l := randomGradient(r)
			if i < len(winogradGradients[:4]) {
				l = winogradGradients[i]
			}
			c := newGradientCase(r, l, r.IntN(2)*r.IntN(5))
			if len(c.x) == 0 || len(c.dy) == 0 {
				continue
			}
			c.x, c.dy, c.hwio = guarded(t, c.x, before), guarded(t, c.dy, before), guarded(t, c.hwio, before)
			dw, dx := guarded(t, make([]float32, len(c.hwio)), before), guarded(t, make([]float32, c.N*c.H*c.W*c.dxPitch-(c.dxPitch-c.C)), before)
			f := PackInputFilter(Serial, c.Conv, c.hwio)
			for _, part := range f.parts {
				if part.filter == nil {
					continue
				}
				for g := range part.filter.groups {
					part.filter.groups[g].data = guarded(t, part.filter.groups[g].data, before)
				}
			}
			c.FilterGradient(Serial, c.x, c.xPitch, c.dy, c.dyPitch, dw)
			c.InputGradient(Serial, c.dy, c.dyPitch, f, dx, c.dxPitch)
		}
	})
}

// TestTrainingLoopsStayInside does so with the loops of batch normalisation, gates and
// the gradient of max pooling.
func TestTrainingLoopsStayInside(t *testing.T) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	eachISA(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(18, 7))
		for n := 1; n < 70; n++ {
			before := n%2 == 0
			b := newNormBlock(r, n)
			for _, v := range b.operands() {
				*v = guarded(t, *v, before)
			}
			for _, loop := range current.Load().norm.byName() {
				loop(b)
			}
			Gate(b.out, b.x, b.dy)
		}
		for rows := 1; rows < 5; rows++ {
			for _, width := range []int{panelCols / 2, panelCols} {
				pitch := width + r.IntN(9)
				src := guarded(t, floats(r, (rows-1)*pitch+width), rows%2 == 0)
				dst, want := guarded(t, make([]float32, rows*width), rows%2 == 0), make([]float32, rows*width)
				current.Load().packRows(dst, src, pitch, rows, width)
				packRowsGeneric(want, src, pitch, rows, width)
				if !slices.Equal(dst, want) {
					t.Errorf("%d rows of %d are packed as %v, want %v", rows, width, dst, want)
				}
			}
		}
		for i := range 60 {
			l := randomPool(r)
			pixels := l.N * l.OutH() * l.OutW()
			if l.N*l.H*l.W == 0 || pixels == 0 {
				continue
			}
			x, dy := guarded(t, floats(r, l.N*l.H*l.W*l.C), i%2 == 0), guarded(t, floats(r, pixels*l.C), i%2 == 0)
			l.MaxGradient(Serial, x, dy, guarded(t, x, i%2 == 0))
		}
	})
}
