package kernel

import "fmt"

// The gradient of a convolution with respect to its input is a convolution of
// the gradient of its output, with the filter turned around and the roles of its
// channels exchanged: input row iy and output row oy meet in filter row kh if
//
//	iy + PadTop = oy·s + kh·d       (s the stride, d the dilation; columns likewise)
//
// With a stride, inputs fall into s phases iy = s·q + p. For an input of phase p
// only those kh count for which kh·d ≡ p + PadTop (mod s): with g = gcd(s, d) every
// (s/g)th of them from some kh0 on, if there is any. Let j number these from the
// last to the first, J of them. Then
//
//	oy = q + j·d/g - ((J-1)·d/g - (p+PadTop-kh0·d)/s)
//
// is an ordinary convolution with stride 1, dilation d/g and the bracket as
// padding, which writes every s-th row. A convolution with strides has s² such
// sub-convolutions; each uses the taps that hit and none multiplies zeros.

// phase is the geometry of one axis of a sub-convolution.
type phase struct {
	first    int // row of the input gradient that it begins with
	count    int // rows that it computes
	taps     []int
	dilation int
	pad      int // may be negative: rows that are left out
}

// phases splits one axis: length is that of the input, pad the padding before it.
func phases(length, window, stride, dilation, pad int) []phase {
	g := gcd(stride, dilation)
	var all []phase
	for p := range min(stride, length) {
		f := phase{first: p, count: (length - p + stride - 1) / stride, dilation: dilation / g}
		for k := range window {
			if (p+pad-k*dilation)%stride == 0 {
				f.taps = append([]int{k}, f.taps...)
			}
		}
		if n := len(f.taps); n > 0 {
			f.pad = (n-1)*f.dilation - (p+pad-f.taps[n-1]*dilation)/stride
		}
		all = append(all, f)
	}
	return all
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// InputFilter is the weights of a convolution packed for InputGradient. It may
// be used by any number of concurrent calls.
type InputFilter struct {
	c     Conv // with all that decides about phases
	parts []inputPart
}

// inputPart is one sub-convolution.
type inputPart struct {
	y, x   phase
	filter *Filter // nil if no tap hits
}

// PackInputFilter packs the weights of c, laid out as for PackFilter, for
// InputGradient with the same geometry; only N may differ. It panics if the
// slice is too short.
func PackInputFilter(p Parallel, c Conv, hwio []float32) *InputFilter {
	return RepackInputFilter(p, nil, c, hwio)
}

// RepackInputFilter is PackInputFilter into the storage of old, where that fits.
// Nothing may use old any more; it may be nil.
func RepackInputFilter(p Parallel, old *InputFilter, c Conv, hwio []float32) *InputFilter {
	c = c.normal()
	c.checkShape()
	if want := c.KH * c.KW * c.C / c.Groups * c.K; len(hwio) < want {
		panic(fmt.Sprintf("kernel: filter has %d elements, want %d", len(hwio), want))
	}
	f := &InputFilter{c: c}
	for _, y := range phases(c.H, c.KH, c.StrideH, c.DilationH, c.PadTop) {
		for _, x := range phases(c.W, c.KW, c.StrideW, c.DilationW, c.PadLeft) {
			part := inputPart{y: y, x: x}
			var spare *Filter
			if old != nil && len(f.parts) < len(old.parts) {
				spare = old.parts[len(f.parts)].filter
			}
			if sub, ordinary := c.inputConv(&y, &x); ordinary && sub.winogradTile() != 0 {
				part.filter = &Filter{kh: c.KH, kw: c.KW, c: c.K, k: c.C, split: 1, tile: sub.winogradTile()}
				part.filter.groups = []Packed{*sub.packWinograd(p, spare, part.filter.tile, hwio, nil, true)}
			} else if len(y.taps)*len(x.taps) > 0 {
				part.filter = c.packTurned(p, spare, hwio, y.taps, x.taps)
			}
			f.parts = append(f.parts, part)
		}
	}
	return f
}

// packTurned packs, into the storage of spare if it fits, the filter of the
// convolution from dy to dx that has the
// given taps of hwio, with input and output channels exchanged. Blocks of 32 x
// 16 weights are turned while they are packed.
func (c Conv) packTurned(p Parallel, spare *Filter, hwio []float32, ys, xs []int) *Filter {
	cg, kg := c.C/c.Groups, c.K/c.Groups
	f := &Filter{kh: len(ys), kw: len(xs), c: c.K, k: c.C, split: c.Groups}
	tap := func(t int) []float32 { return hwio[(ys[t/len(xs)]*c.KW+xs[t%len(xs)])*cg*c.K:] }
	taps := len(ys) * len(xs)
	if c.depthwise() {
		for t := range taps {
			f.taps = append(f.taps, tap(t)[:c.C]...)
		}
		return f
	}
	for g := range c.Groups {
		f.groups = append(f.groups, *spare.storage(g, taps*kg, cg))
	}
	panels := f.groups[0].panels()
	const block = 16
	p(c.Groups*panels, func(i int) {
		g, q := i/panels, i%panels
		panel, cols, width := f.groups[g].panel(q)
		for t := range taps {
			for k0 := 0; k0 < kg; k0 += block {
				n := min(block, kg-k0)
				to := panel[(t*kg+k0)*width:]
				for j := range cols {
					for k, v := range tap(t)[(q*panelCols+j)*c.K+g*kg+k0:][:n] {
						to[k*width+j] = v
					}
				}
			}
		}
	})
	return f
}

// turnBlock copies the weights of n input channels from c0 on and of cols output
// channels from k0 on to dst, as 3 x 3 x 16 x 32, for a 3x3 convolution that has the
// taps of hwio reversed and its channels exchanged.
func (c Conv) turnBlock(dst, hwio []float32, c0, n, k0, cols int) []float32 {
	for tap := range 9 {
		to := dst[tap*16*panelCols:]
		for j := range cols {
			for i, v := range hwio[((8-tap)*c.K+k0+j)*c.C+c0:][:n] {
				to[i*panelCols+j] = v
			}
		}
	}
	return dst
}

// InputGradient computes dx, N*H*W pixels of C channels at dx[i*dxPitch:]: the
// gradient with respect to the input of something whose gradient with respect to
// the output is dy, with N*OutH*OutW pixels of K channels at dy[i*dyPitch:].
// Paddings may be negative here. dx must not overlap dy. It panics if anything
// doesn't fit.
func (c Conv) InputGradient(p Parallel, dy []float32, dyPitch int, f *InputFilter, dx []float32, dxPitch int) {
	c.AddInputGradient(p, dy, dyPitch, f, nil, dx, dxPitch)
}

// AddsInputGradient reports whether AddInputGradient can add something.
func (c Conv) AddsInputGradient() bool {
	c = c.normal()
	if c.StrideH != 1 || c.StrideW != 1 || c.H*c.W == 0 {
		return false
	}
	_, ordinary := c.inputConv(&phases(c.H, c.KH, 1, c.DilationH, c.PadTop)[0], &phases(c.W, c.KW, 1, c.DilationW, c.PadLeft)[0])
	return ordinary
}

// AddInputGradient is InputGradient plus add, which lies as dx does and may be dx
// itself, or nil. If AddsInputGradient is false, add must be nil.
func (c Conv) AddInputGradient(p Parallel, dy []float32, dyPitch int, f *InputFilter, add, dx []float32, dxPitch int) {
	c = c.normal()
	if add != nil && !c.AddsInputGradient() {
		panic(fmt.Sprintf("kernel: nothing can be added to the input gradient of %+v", c))
	}
	c.checkGradient(dx, dxPitch, dy, dyPitch)
	if fits := f.c; fits != c {
		fits.N = c.N
		if fits != c {
			panic(fmt.Sprintf("kernel: filter packed for the input gradient of %+v, used for %+v", f.c, c))
		}
	}
	if c.N*c.H*c.W == 0 {
		return
	}
	for i := range f.parts {
		c.inputPart(p, dy, dyPitch, &f.parts[i], add, dx[(f.parts[i].y.first*c.W+f.parts[i].x.first)*dxPitch:], dxPitch)
	}
}

// inputPart runs one sub-convolution into dx, which begins with its first pixel.
func (c Conv) inputPart(p Parallel, dy []float32, dyPitch int, part *inputPart, add, dx []float32, dxPitch int) {
	y, x := &part.y, &part.x
	sub, ordinary := c.inputConv(y, x)
	outPitch, outRow, outPicture := c.StrideW*dxPitch, c.StrideH*c.W*dxPitch, c.H*c.W*dxPitch
	cut := max(0, -x.pad) // columns of dy that no input sees
	if part.filter == nil || sub.H == 0 || cut >= sub.W {
		p(c.N*y.count, func(i int) {
			row := dx[i/y.count*outPicture+i%y.count*outRow:]
			for ix := range x.count {
				clear(row[ix*outPitch:][:c.C])
			}
		})
		return
	}
	if ordinary {
		sub.Run(p, dy, dyPitch, part.filter, Epilogue{Add: add, AddPitch: dxPitch}, dx, dxPitch)
		return
	}
	if c.depthwise() {
		sub.depthwisePart(p, dy, dyPitch, part, dx, outPitch, outRow, outPicture)
		return
	}
	r := &rowsPlan{Conv: sub, x: dy[cut*dyPitch:], f: part.filter, out: dx, oh: y.count, ow: x.count,
		xPitch: dyPitch, xRow: sub.W * dyPitch, xPicture: sub.H * sub.W * dyPitch,
		outPitch: outPitch, outRow: outRow, outPicture: outPicture}
	r.W -= cut
	r.PadLeft += cut
	r.run(p)
}

// inputConv is the geometry of a sub-convolution, and whether it is an ordinary one,
// which may have an even faster way.
func (c Conv) inputConv(y, x *phase) (sub Conv, ordinary bool) {
	sub = Conv{N: c.N, H: c.OutH(), W: c.OutW(), C: c.K, KH: len(y.taps), KW: len(x.taps), K: c.C, StrideH: 1, StrideW: 1,
		PadTop: y.pad, PadLeft: x.pad, DilationH: y.dilation, DilationW: x.dilation, Groups: c.Groups}
	sub.PadBottom = y.count - (sub.H + sub.PadTop - (sub.KH-1)*sub.DilationH)
	sub.PadRight = x.count - (sub.W + sub.PadLeft - (sub.KW-1)*sub.DilationW)
	ordinary = c.StrideH == 1 && c.StrideW == 1 && sub.H > 0 && sub.W > 0 &&
		min(sub.PadTop, sub.PadLeft, sub.PadBottom, sub.PadRight) >= 0
	return sub, ordinary
}

// depthwisePart is inputPart where each channel has a filter of its own.
func (c Conv) depthwisePart(p Parallel, dy []float32, dyPitch int, part *inputPart, dx []float32, outPitch, outRow, outPicture int) {
	im := current.Load()
	bias := make([]float32, c.C)
	lo, hi := Epilogue{}.bounds()
	rows := rowsPerTask(2*part.x.count*c.C*c.KH*c.KW, part.y.count)
	blocks := (part.y.count + rows - 1) / rows
	p(c.N*blocks, func(i int) {
		w := getWorkspace()
		defer w.release()
		n, y0 := i/blocks, i%blocks*rows
		t := &w.taps
		t.w, t.bias, t.c, t.lo, t.hi = part.filter.taps, bias, c.C, lo, hi
		for y := y0; y < min(part.y.count, y0+rows); y++ {
			c.tapRuns(y, part.x.count, func(ox, count, kh0, kh1, kw0, kw1 int) {
				w.offsets(&c, dyPitch, kh0, kh1, kw0, kw1)
				w.weights(&c, kh0, kh1, kw0, kw1)
				t.x, t.xstep, t.count = c.window(dy, dyPitch, n, y, ox, kh0, kw0), dyPitch, count
				t.out, t.outstep = dx[n*outPicture+y*outRow+ox*outPitch:], outPitch
				t.run(im.filterTaps)
			})
		}
	})
}
