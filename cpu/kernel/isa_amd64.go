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

var avx512 = func() impl {
	im := generic
	im.name, im.tileRows, im.tile = "avx512", 14, tileAVX512
	return im
}()

var avx2 = func() impl {
	im := generic
	im.name, im.tileRows, im.tile = "avx2", 6, tileAVX2
	return im
}()

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
