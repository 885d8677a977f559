package kernel

import "fmt"

// Conv is the geometry of a two-dimensional convolution (cross-correlation, as
// networks mean it). Zero strides, dilations and groups count as 1.
type Conv struct {
	N, H, W, C                           int // input: pictures, height, width, channels
	KH, KW, K                            int // filter height and width, output channels
	StrideH, StrideW                     int
	PadTop, PadBottom, PadLeft, PadRight int    // rows and columns around the input
	Border                               Border // what is in them
	DilationH, DilationW                 int    // distance of filter taps
	Groups                               int    // input and output channels fall into so many independent groups
}

// OutH is the height of the output.
func (c Conv) OutH() int {
	c = c.normal()
	return outSize(c.H+c.PadTop+c.PadBottom, c.KH, c.StrideH, c.DilationH)
}

// OutW is the width of the output.
func (c Conv) OutW() int {
	c = c.normal()
	return outSize(c.W+c.PadLeft+c.PadRight, c.KW, c.StrideW, c.DilationW)
}

// FLOPs counts the multiplications and additions of the whole convolution, as
// is usual with those by padding included.
func (c Conv) FLOPs() int {
	c = c.normal()
	return 2 * c.N * c.OutH() * c.OutW() * c.KH * c.KW * (c.C / c.Groups) * c.K
}

// outSize is the number of positions of a window along one axis of the padded
// length.
func outSize(length, window, stride, dilation int) int {
	if rest := length - (window-1)*dilation - 1; rest >= 0 {
		return rest/stride + 1
	}
	return 0
}

// normal replaces zero strides, dilations and groups by 1.
func (c Conv) normal() Conv {
	for _, v := range []*int{&c.StrideH, &c.StrideW, &c.DilationH, &c.DilationW, &c.Groups} {
		if *v == 0 {
			*v = 1
		}
	}
	return c
}

// check panics if the geometry makes no sense.
func (c Conv) check() {
	if c.N < 0 || c.H < 0 || c.W < 0 || c.C <= 0 || c.KH <= 0 || c.KW <= 0 || c.K <= 0 ||
		c.StrideH <= 0 || c.StrideW <= 0 || c.DilationH <= 0 || c.DilationW <= 0 ||
		c.PadTop < 0 || c.PadBottom < 0 || c.PadLeft < 0 || c.PadRight < 0 ||
		c.Groups <= 0 || c.C%c.Groups != 0 || c.K%c.Groups != 0 {
		panic(fmt.Sprintf("kernel: impossible convolution %+v", c))
	}
}

// depthwise reports whether each channel is convolved by itself.
func (c Conv) depthwise() bool { return c.Groups > 1 && c.Groups == c.C && c.K == c.C }

// pointwise reports whether each output pixel depends on the input pixel of the
// same number alone, so that the convolution is a matrix product over all
// pixels.
func (c Conv) pointwise() bool {
	return c.KH == 1 && c.KW == 1 && c.StrideH == 1 && c.StrideW == 1 &&
		c.PadTop == 0 && c.PadBottom == 0 && c.PadLeft == 0 && c.PadRight == 0
}

// Run convolves x with f into out. x has N*H*W pixels of C channels, pixel i at
// x[i*xPitch:]; out has N*OutH*OutW pixels of K channels, pixel i at
// out[i*outPitch:]; elements of out between the channels and the pitch are left
// alone. out must not overlap x. f must have been packed for the same KH, KW, C,
// K, Groups, strides and dilations; the other numbers may differ. Run panics if anything doesn't
// fit.
func (c Conv) Run(p Parallel, x []float32, xPitch int, f *Filter, ep Epilogue, out []float32, outPitch int) {
	c = c.normal()
	c.check()
	c.checkBorder()
	f.check(c)
	checkPixels("input", x, xPitch, c.N*c.H*c.W, c.C)
	outPixels := c.N * c.OutH() * c.OutW()
	checkPixels("output", out, outPitch, outPixels, c.K)
	ep.check(outPixels, c.K)
	if outPixels == 0 {
		return
	}
	switch {
	case f.tall:
		c.runTall(p, x, xPitch, f, ep, out, outPitch)
	case f.tile != 0:
		c.runWinograd(p, x, xPitch, f, ep, out, outPitch)
	case c.depthwise():
		c.runDepthwise(p, x, xPitch, f, ep, out, outPitch)
	case c.pointwise():
		cg, kg := c.C/c.Groups, c.K/c.Groups
		for g := range c.Groups {
			gemm(p, outPixels, x[g*cg:], xPitch, &f.groups[g], ep.channels(g*kg, kg), out[g*kg:], outPitch)
		}
	default:
		c.runRows(p, x, xPitch, f, ep, out, outPitch)
	}
}

// channels is the epilogue of the output channels k0, …, k0+n-1.
func (e Epilogue) channels(k0, n int) Epilogue {
	if e.Bias != nil {
		e.Bias = e.Bias[k0 : k0+n]
	}
	if e.Add != nil {
		e.Add = e.Add[k0:]
	}
	return e
}
