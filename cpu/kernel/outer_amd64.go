//go:build !noasm

package kernel

// The tiles of outer products by number of rows.
var outersX32AVX512 = [...]func(*outer){nil, outer1x32AVX512, outer2x32AVX512, outer3x32AVX512, outer4x32AVX512, outer5x32AVX512, outer6x32AVX512, outer7x32AVX512, outer8x32AVX512, outer9x32AVX512, outer10x32AVX512, outer11x32AVX512, outer12x32AVX512, outer13x32AVX512, outer14x32AVX512}
var outersX16AVX512 = [...]func(*outer){nil, outer1x16AVX512, outer2x16AVX512, outer3x16AVX512, outer4x16AVX512, outer5x16AVX512, outer6x16AVX512, outer7x16AVX512, outer8x16AVX512, outer9x16AVX512, outer10x16AVX512, outer11x16AVX512, outer12x16AVX512, outer13x16AVX512, outer14x16AVX512}
var outersX32half0AVX2 = [...]func(*outer){nil, outer1x32half0AVX2, outer2x32half0AVX2, outer3x32half0AVX2, outer4x32half0AVX2, outer5x32half0AVX2, outer6x32half0AVX2}
var outersX32half1AVX2 = [...]func(*outer){nil, outer1x32half1AVX2, outer2x32half1AVX2, outer3x32half1AVX2, outer4x32half1AVX2, outer5x32half1AVX2, outer6x32half1AVX2}
var outersX16AVX2 = [...]func(*outer){nil, outer1x16half0AVX2, outer2x16half0AVX2, outer3x16half0AVX2, outer4x16half0AVX2, outer5x16half0AVX2, outer6x16half0AVX2}

func outerAVX512(o *outer) {
	if o.width == panelCols {
		outersX32AVX512[o.rows](o)
	} else {
		outersX16AVX512[o.rows](o)
	}
}

// outerAVX2 does a wide panel as two halves, as tileAVX2 does.
func outerAVX2(o *outer) {
	if o.width == panelCols {
		outersX32half0AVX2[o.rows](o)
		outersX32half1AVX2[o.rows](o)
	} else {
		outersX16AVX2[o.rows](o)
	}
}

// packing gives the assembly for rows of 32 and of 16 floats the form that impl wants.
func packing(pack32, pack16 func(dst, src *float32, pitch, rows int)) func(dst, src []float32, pitch, rows, width int) {
	return func(dst, src []float32, pitch, rows, width int) {
		if rows == 0 {
			return
		}
		_, _ = dst[rows*width-1], src[(rows-1)*pitch+width-1]
		if width == panelCols {
			pack32(&dst[0], &src[0], pitch, rows)
		} else {
			pack16(&dst[0], &src[0], pitch, rows)
		}
	}
}
