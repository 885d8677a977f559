package weights

import (
	"fmt"
	"runtime"
	"sync"
)

// OIHWToHWIO reorders a convolution kernel from the files' layout [out, in, height, width] to the graphs'
// [height, width, in, out]. For a grouped convolution, in is the number of input channels per group.
func OIHWToHWIO(src []float32, o, i, h, w int) []float32 {
	check(src, o, i, h, w)
	dst, hw := make([]float32, len(src)), h*w
	inTiles(o, i*hw, func(tile *[tile][tile]float32, o0, o1, at0, at1 int) {
		for j := o0; j < o1; j++ {
			copy(tile[j-o0][:at1-at0], src[j*i*hw+at0:])
		}
		for at := at0; at < at1; at++ {
			row := dst[(at%hw*i+at/hw)*o:][o0:o1]
			for j := range row {
				row[j] = tile[j][at-at0]
			}
		}
	})
	return dst
}

// HWIOToOIHW is the inverse of [OIHWToHWIO]; the sizes are named as in the kernel, in the order of its own layout.
func HWIOToOIHW(src []float32, h, w, i, o int) []float32 {
	check(src, o, i, h, w)
	dst, hw := make([]float32, len(src)), h*w
	inTiles(o, i*hw, func(tile *[tile][tile]float32, o0, o1, at0, at1 int) {
		for at := at0; at < at1; at++ {
			for j, v := range src[(at%hw*i+at/hw)*o:][o0:o1] {
				tile[j][at-at0] = v
			}
		}
		for j := o0; j < o1; j++ {
			copy(dst[j*i*hw+at0:], tile[j-o0][:at1-at0])
		}
	})
	return dst
}

// tile is the width and height of what inTiles moves at once: a buffer of it fits the second cache, a line of it is a
// quarter of a page.
const tile = 256

// inTiles calls move for tiles [o0:o1, at0:at1] that cover the matrix [out, in·height·width], several at once on several
// processors. Both layouts are read and written in runs along their last axis, with a buffer between: without it each
// element of one of the two lies on another page of memory than the one before, and finding the pages takes longer than
// all else.
func inTiles(o, n int, move func(buffer *[tile][tile]float32, o0, o1, at0, at1 int)) {
	strips := (o + tile - 1) / tile
	workers := min(runtime.GOMAXPROCS(0), strips, 1+o*n>>18) // below a quarter of a million elements each it is not worth it
	var group sync.WaitGroup
	for worker := range workers {
		group.Go(func() {
			var buffer [tile][tile]float32
			for o0 := worker * tile; o0 < o; o0 += workers * tile {
				for at0 := 0; at0 < n; at0 += tile {
					move(&buffer, o0, min(o0+tile, o), at0, min(at0+tile, n))
				}
			}
		})
	}
	group.Wait()
}

// check panics on a slice that does not fit its shape: that is a mistake in the program, not in a file.
func check(src []float32, o, i, h, w int) {
	if len(src) != o*i*h*w {
		panic(fmt.Sprintf("weights: %d values for a kernel of %d out, %d in, %d x %d", len(src), o, i, h, w))
	}
}
