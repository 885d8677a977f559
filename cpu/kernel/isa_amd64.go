//go:build !noasm

package kernel

import "golang.org/x/sys/cpu"

// available lists the implementations that this machine can run, the fastest
// first.
var available = func() []*impl {
	var list []*impl
	x := &cpu.X86
	fma := x.HasAVX2 && x.HasFMA && x.HasBMI2
	if fma && x.HasAVX512F && x.HasAVX512DQ && x.HasAVX512VL && x.HasAVX512BW {
		list = append(list, &avx512)
	}
	if fma {
		list = append(list, &avx2)
	}
	return append(list, &generic)
}()

var avx512 = impl{
	name:       "avx512",
	tileRows:   14,
	tile:       tileAVX512,
	outer:      outerAVX512,
	packRows:   packing(pack32AVX512, pack16AVX512),
	maxTaps:    maxTapsAVX512,
	sumTaps:    sumTapsAVX512,
	filterTaps: filterTapsAVX512,
	maxWindows: maxWindowsAVX512,
	rows:       rowLoops{{{row3by1AVX512, row3by1edgeAVX512}, {row3by2AVX512, row3by2edgeAVX512}}, {{row5by1AVX512, row5by1edgeAVX512}, {row5by2AVX512, row5by2edgeAVX512}}},
	add:        binary(addStreamAVX512),
	mul:        binary(mulStreamAVX512),
	max:        binary(maxStreamAVX512),
	gate:       binary(gateStreamAVX512),
	clamp:      scalars(clampStreamAVX512),
	scale:      scalars(scaleStreamAVX512),
	exp:        unary(expStreamAVX512),
	functions:  functionsAVX512,
	norm: normLoops{moments: normMomentsAVX512, apply: normApplyAVX512, applyAdd: normApplyAddAVX512, sums: normSumsAVX512, sumsGated: normSumsGatedAVX512,
		sumsAdd: normSumsAddAVX512, gradient: normGradientAVX512, gradientGated: normGradientGatedAVX512},
	rowSum: reduction(sumRowAVX512),
	rowMax: reduction(maxRowAVX512),
	dots:   [3][3]func(*dots){{dots1x1AVX512, dots1x2AVX512, dots1x3AVX512}, {dots2x1AVX512, dots2x2AVX512, dots2x3AVX512}, {dots3x1AVX512, dots3x2AVX512, dots3x3AVX512}},
	patches: [2][5]func(*patch){{input2PatchAVX512, filter2PatchAVX512, output2PatchAVX512}, {input4PatchAVX512, filter4PatchAVX512, output4PatchAVX512,
		gradient4PatchAVX512, weight4PatchAVX512}},
	spreadLines: spreadLinesAVX512,
	joinLines:   joinLinesAVX512,
}

var avx2 = impl{
	name:       "avx2",
	tileRows:   6,
	tile:       tileAVX2,
	outer:      outerAVX2,
	packRows:   packing(pack32AVX2, pack16AVX2),
	maxTaps:    maxTapsAVX2,
	sumTaps:    sumTapsAVX2,
	filterTaps: filterTapsAVX2,
	maxWindows: maxWindowsAVX2,
	rows:       rowLoops{{{row3by1AVX2, row3by1edgeAVX2}, {row3by2AVX2, row3by2edgeAVX2}}, {{row5by1AVX2, row5by1edgeAVX2}, {row5by2AVX2, row5by2edgeAVX2}}},
	add:        binary(addStreamAVX2),
	mul:        binary(mulStreamAVX2),
	max:        binary(maxStreamAVX2),
	gate:       binary(gateStreamAVX2),
	clamp:      scalars(clampStreamAVX2),
	scale:      scalars(scaleStreamAVX2),
	exp:        unary(expStreamAVX2),
	functions:  functionsAVX2,
	norm: normLoops{moments: normMomentsAVX2, apply: normApplyAVX2, applyAdd: normApplyAddAVX2, sums: normSumsAVX2, sumsGated: normSumsGatedAVX2,
		sumsAdd: normSumsAddAVX2, gradient: normGradientAVX2, gradientGated: normGradientGatedAVX2},
	rowSum: reduction(sumRowAVX2),
	rowMax: reduction(maxRowAVX2),
	dots:   [3][3]func(*dots){{dots1x1AVX2, dots1x2AVX2, dots1x3AVX2}, {dots2x1AVX2, dots2x2AVX2, dots2x3AVX2}, {dots3x1AVX2, dots3x2AVX2, dots3x3AVX2}},
	patches: [2][5]func(*patch){{input2PatchAVX2, filter2PatchAVX2, output2PatchAVX2}, {input4PatchAVX2, filter4PatchAVX2, output4PatchAVX2,
		gradient4PatchAVX2, weight4PatchAVX2}},
	spreadLines: spreadLinesAVX2,
	joinLines:   joinLinesAVX2,
}

// The following give assembly, which takes pointers and a length, the form that
// impl wants. They rely on operands at least as long as dst, and check it.

func binary(f func(dst, a, b *float32, n int)) func(dst, a, b []float32) {
	return func(dst, a, b []float32) {
		if n := len(dst); n > 0 {
			f(&dst[0], &a[:n][0], &b[:n][0], n)
		}
	}
}

func unary(f func(dst, a *float32, n int)) func(dst, a []float32) {
	return func(dst, a []float32) {
		if n := len(dst); n > 0 {
			f(&dst[0], &a[:n][0], n)
		}
	}
}

func scalars(f func(dst, a *float32, n int, x, y float32)) func(dst, a []float32, x, y float32) {
	return func(dst, a []float32, x, y float32) {
		if n := len(dst); n > 0 {
			f(&dst[0], &a[:n][0], n, x, y)
		}
	}
}

func reduction(f func(a *float32, n int) float32) func(a []float32) float32 {
	return func(a []float32) float32 {
		if len(a) == 0 {
			return f(nil, 0)
		}
		return f(&a[0], len(a))
	}
}

// The register tiles by number of rows.
var tilesX32AVX512 = [...]func(*tile){nil, tile1x32AVX512, tile2x32AVX512, tile3x32AVX512, tile4x32AVX512, tile5x32AVX512, tile6x32AVX512, tile7x32AVX512, tile8x32AVX512, tile9x32AVX512, tile10x32AVX512, tile11x32AVX512, tile12x32AVX512, tile13x32AVX512, tile14x32AVX512}
var tilesX16AVX512 = [...]func(*tile){nil, tile1x16AVX512, tile2x16AVX512, tile3x16AVX512, tile4x16AVX512, tile5x16AVX512, tile6x16AVX512, tile7x16AVX512, tile8x16AVX512, tile9x16AVX512, tile10x16AVX512, tile11x16AVX512, tile12x16AVX512, tile13x16AVX512, tile14x16AVX512}
var tilesX32half0AVX2 = [...]func(*tile){nil, tile1x32half0AVX2, tile2x32half0AVX2, tile3x32half0AVX2, tile4x32half0AVX2, tile5x32half0AVX2, tile6x32half0AVX2}
var tilesX32half1AVX2 = [...]func(*tile){nil, tile1x32half1AVX2, tile2x32half1AVX2, tile3x32half1AVX2, tile4x32half1AVX2, tile5x32half1AVX2, tile6x32half1AVX2}
var tilesX16AVX2 = [...]func(*tile){nil, tile1x16half0AVX2, tile2x16half0AVX2, tile3x16half0AVX2, tile4x16half0AVX2, tile5x16half0AVX2, tile6x16half0AVX2}

func tileAVX512(t *tile) {
	if t.ldb == panelCols {
		tilesX32AVX512[t.rows](t)
	} else {
		tilesX16AVX512[t.rows](t)
	}
}

// tileAVX2 does a wide panel as two halves: twice 16 columns are what the 16
// registers hold.
func tileAVX2(t *tile) {
	if t.ldb == panelCols {
		tilesX32half0AVX2[t.rows](t)
		tilesX32half1AVX2[t.rows](t)
	} else {
		tilesX16AVX2[t.rows](t)
	}
}
