package kernel

import "fmt"

// panelCols is the width of a packed panel, two AVX-512 registers. A last panel
// of at most half as many columns is packed half as wide.
const panelCols = 32

// Packed is the right-hand matrix of a product, K rows by N columns, cut into
// panels of 32 columns. A panel lies row after row, so that the inner loop
// reads it from front to back; missing columns are zero. One packing serves all
// instruction sets.
type Packed struct {
	K, N int
	data []float32
}

// panelWidth is the packed width of the panel that begins with column j of n.
func panelWidth(j, n int) int {
	if n-j <= panelCols/2 {
		return panelCols / 2
	}
	return panelCols
}

// panels is the number of panels.
func (b *Packed) panels() int { return (b.N + panelCols - 1) / panelCols }

// panel returns panel i, the number of its columns that mean something and its
// packed width.
func (b *Packed) panel(i int) (data []float32, cols, width int) {
	j := i * panelCols
	width = panelWidth(j, b.N)
	start := j * b.K
	return b.data[start : start+b.K*width], min(panelCols, b.N-j), width
}

// PackB packs a k x n matrix whose row i starts at b[i*ldb]. If transposed, b
// holds the n x k matrix instead, row j at b[j*ldb]. It panics if b is too
// short.
func PackB(k, n int, b []float32, ldb int, transposed bool) *Packed {
	return RepackB(Serial, nil, k, n, b, ldb, transposed)
}

// RepackB is PackB on several goroutines and into the storage of old, if that fits. No
// product may use old any more; it may be nil.
func RepackB(p Parallel, old *Packed, k, n int, b []float32, ldb int, transposed bool) *Packed {
	if transposed {
		checkPixels("matrix", b, ldb, n, k)
	} else {
		checkPixels("matrix", b, ldb, k, n)
	}
	m := &Packed{K: k, N: n}
	if old != nil && old.K == k && old.N == n {
		m.data = old.data
	} else {
		m = newPacked(k, n)
	}
	p(m.panels(), func(q int) { m.packPanel(q, b, ldb, transposed) })
	return m
}

// packPanel packs panel q of a matrix given as PackB takes it.
func (m *Packed) packPanel(q int, b []float32, ldb int, transposed bool) {
	panel, cols, width := m.panel(q)
	j := q * panelCols
	for i := range m.K {
		row := panel[i*width : i*width+cols]
		if transposed {
			for c := range row {
				row[c] = b[(j+c)*ldb+i]
			}
		} else {
			copy(row, b[i*ldb+j:])
		}
	}
}

func newPacked(k, n int) *Packed {
	if k < 0 || n < 0 {
		panic(fmt.Sprintf("kernel: impossible matrix %d x %d", k, n))
	}
	size := 0
	for j := 0; j < n; j += panelCols {
		size += k * panelWidth(j, n)
	}
	return &Packed{K: k, N: n, data: make([]float32, size)}
}

// Filter is the packed weights of a convolution. It may be used by any number
// of concurrent convolutions.
type Filter struct {
	kh, kw, c, k int
	groups       []Packed  // one matrix of KH*KW*C/Groups by K/Groups per group; nil if depthwise
	tile         int       // of Winograd, whose transforms of the filters groups[0] holds then; or 0
	tall         bool      // groups[0] holds those of conv_tall.go
	taps         []float32 // depthwise: [KH*KW][C]
	split        int       // number of groups, also if depthwise
}

// PackFilter packs the weights of c: hwio is KH x KW x C/Groups x K. If scale
// isn't nil, the weights of output channel k are multiplied by scale[k], which
// is how batch normalisation of inference is folded in. PackFilter panics if the
// slices are too short.
func PackFilter(c Conv, hwio, scale []float32) *Filter {
	return c.PackFilter(Serial, hwio, scale)
}

// PackFilter is PackFilter on several goroutines. Where Winograd's algorithm is the
// fastest for the geometry, the filter is transformed for it.
func (c Conv) PackFilter(p Parallel, hwio, scale []float32) *Filter {
	return c.RepackFilter(p, nil, hwio, scale)
}

// RepackFilter is PackFilter into the storage of old, where that fits. No
// convolution may use old any more; it may be nil.
func (c Conv) RepackFilter(p Parallel, old *Filter, hwio, scale []float32) *Filter {
	c = c.normal()
	c.check()
	cg, kg, taps := c.C/c.Groups, c.K/c.Groups, c.KH*c.KW
	if len(hwio) < taps*cg*c.K {
		panic(fmt.Sprintf("kernel: filter has %d elements, want %d (%d x %d x %d x %d)", len(hwio), taps*cg*c.K, c.KH, c.KW, cg, c.K))
	}
	if scale != nil && len(scale) < c.K {
		panic(fmt.Sprintf("kernel: filter scale has %d elements, want %d", len(scale), c.K))
	}
	f := &Filter{kh: c.KH, kw: c.KW, c: c.C, k: c.K, split: c.Groups, tile: c.winogradTile(), tall: c.tall()}
	if f.tall {
		f.groups = []Packed{*c.packTall(p, old, hwio, scale)}
		return f
	}
	if f.tile != 0 {
		f.groups = []Packed{*c.packWinograd(p, old, f.tile, hwio, scale, false)}
		return f
	}
	if c.depthwise() {
		f.taps = append([]float32(nil), hwio[:taps*c.C]...)
		scaleColumns(f.taps, c.C, scale)
		return f
	}
	for g := range c.Groups {
		f.groups = append(f.groups, *old.storage(g, taps*cg, kg))
	}
	panels := f.groups[0].panels()
	p(c.Groups*panels, func(i int) {
		g, q := i/panels, i%panels
		m := &f.groups[g]
		m.packPanel(q, hwio[g*kg:], c.K, false)
		if panel, cols, width := m.panel(q); scale != nil {
			var s [panelCols]float32
			copy(s[:cols], scale[g*kg+q*panelCols:])
			scaleColumns(panel, width, s[:width])
		}
	})
	return f
}

// Packing is equal for convolutions that pack a filter alike, so that one packed filter
// serves all of them.
func (c Conv) Packing() [6]int {
	c = c.normal()
	algorithm := c.winogradTile()
	if c.tall() {
		algorithm = tallRows
	}
	return [6]int{c.KH, c.KW, c.C, c.K, c.Groups, algorithm}
}

// PackedFloats is the number of floats that a packed filter takes.
func (c Conv) PackedFloats() int {
	c = c.normal()
	taps := c.KH * c.KW
	if m := c.winogradTile(); m != 0 {
		taps = (m + 2) * (m + 2)
	}
	if c.tall() {
		taps = tallProducts * c.KW
	}
	return taps * c.C / c.Groups * c.K
}

// storage gives the matrix of a group, of which only the columns beyond the last
// are known, to be zero: that of f if it has the right size, else a new one.
func (f *Filter) storage(g, k, n int) *Packed {
	if f != nil && g < len(f.groups) && f.groups[g].K == k && f.groups[g].N == n {
		return &f.groups[g]
	}
	return newPacked(k, n)
}

// scaleColumns multiplies column j of a matrix of the given width by scale[j].
func scaleColumns(m []float32, width int, scale []float32) {
	if scale == nil {
		return
	}
	for ; len(m) > 0; m = m[width:] {
		for j, s := range scale[:width] {
			m[j] *= s
		}
	}
}

// check panics unless f was packed for c.
func (f *Filter) check(c Conv) {
	if f.kh != c.KH || f.kw != c.KW || f.c != c.C || f.k != c.K || f.split != c.Groups {
		panic(fmt.Sprintf("kernel: filter packed for %d x %d, %d to %d channels in %d groups, used for %d x %d, %d to %d in %d",
			f.kh, f.kw, f.c, f.k, f.split, c.KH, c.KW, c.C, c.K, c.Groups))
	}
	if f.tile != 0 {
		f.checkWinograd(c)
	}
	if f.tall {
		f.checkTall(c)
	}
}
