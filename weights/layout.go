package weights

import "fmt"

// OIHWToHWIO reorders a convolution kernel from the files' layout [out, in, height, width] to the graphs'
// [height, width, in, out]. For a grouped convolution, in is the number of input channels per group.
func OIHWToHWIO(src []float32, o, i, h, w int) []float32 {
	check(src, o, i, h, w)
	dst := make([]float32, len(src))
	hw, in := h*w, i*h*w
	// In blocks of 16 output channels: each store then fills one cache line, and the loads are 16 sequential streams.
	const block = 16
	for o0 := 0; o0 < o; o0 += block {
		o1 := min(o0+block, o)
		for c := range i {
			for k := range hw {
				row := dst[(k*i+c)*o:][:o]
				at := c*hw + k
				for j := o0; j < o1; j++ {
					row[j] = src[j*in+at]
				}
			}
		}
	}
	return dst
}

// HWIOToOIHW is the inverse of [OIHWToHWIO]; the sizes are named as in the kernel, in the order of its own layout.
func HWIOToOIHW(src []float32, h, w, i, o int) []float32 {
	check(src, o, i, h, w)
	dst := make([]float32, len(src))
	hw, in := h*w, i*h*w
	const block = 16
	for o0 := 0; o0 < o; o0 += block {
		o1 := min(o0+block, o)
		for c := range i {
			for k := range hw {
				row := src[(k*i+c)*o:][:o]
				at := c*hw + k
				for j := o0; j < o1; j++ {
					dst[j*in+at] = row[j]
				}
			}
		}
	}
	return dst
}

// OutInToInOut transposes a linear layer's weight from the files' [out, in] to the graphs' [in, out].
func OutInToInOut(src []float32, out, in int) []float32 { return OIHWToHWIO(src, out, in, 1, 1) }

// InOutToOutIn is the inverse of [OutInToInOut].
func InOutToOutIn(src []float32, in, out int) []float32 { return HWIOToOIHW(src, 1, 1, in, out) }

// check panics on a slice that does not fit its shape: that is a mistake in the program, not in a file.
func check(src []float32, o, i, h, w int) {
	if len(src) != o*i*h*w {
		panic(fmt.Sprintf("weights: %d values for a kernel of %d out, %d in, %d x %d", len(src), o, i, h, w))
	}
}
