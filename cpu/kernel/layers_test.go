package kernel

// namedConv is a layer of a network: how often it occurs and what it is.
type namedConv struct {
	times int
	Conv
}

func square(times, size, c, window, stride, pad, k int) namedConv {
	return namedConv{times, Conv{H: size, W: size, C: c, KH: window, KW: window, K: k, StrideH: stride, StrideW: stride,
		PadTop: pad, PadBottom: pad, PadLeft: pad, PadRight: pad}}
}

// depthwise is the layer of that name with a window padded by half its size.
func depthwise(times, size, c, window, stride int) namedConv {
	l := square(times, size, c, window, stride, window/2, c)
	l.Groups = c
	return l
}

// oblong is a layer with a window that is padded by half its size.
func oblong(times, size, c, kh, kw, k int) namedConv {
	return namedConv{times, Conv{H: size, W: size, C: c, KH: kh, KW: kw, K: k,
		PadTop: kh / 2, PadBottom: kh / 2, PadLeft: kw / 2, PadRight: kw / 2}}
}

// squeezeNet lists the convolutions of SqueezeNet 1.1 at 224 x 224.
var squeezeNet = []namedConv{
	square(1, 224, 3, 3, 2, 0, 64),
	square(1, 55, 64, 1, 1, 0, 16), square(2, 55, 16, 1, 1, 0, 64), square(2, 55, 16, 3, 1, 1, 64), square(1, 55, 128, 1, 1, 0, 16),
	square(1, 27, 128, 1, 1, 0, 32), square(2, 27, 32, 1, 1, 0, 128), square(2, 27, 32, 3, 1, 1, 128), square(1, 27, 256, 1, 1, 0, 32),
	square(1, 13, 256, 1, 1, 0, 48), square(2, 13, 48, 1, 1, 0, 192), square(2, 13, 48, 3, 1, 1, 192), square(1, 13, 384, 1, 1, 0, 48),
	square(1, 13, 384, 1, 1, 0, 64), square(2, 13, 64, 1, 1, 0, 256), square(2, 13, 64, 3, 1, 1, 256), square(1, 13, 512, 1, 1, 0, 64),
	square(1, 13, 512, 1, 1, 0, 1000),
}

// resNet50 lists the convolutions of torchvision's ResNet-50 at 224 x 224.
var resNet50 = []namedConv{
	square(1, 224, 3, 7, 2, 3, 64),
	square(1, 56, 64, 1, 1, 0, 64), square(3, 56, 64, 3, 1, 1, 64), square(4, 56, 64, 1, 1, 0, 256), square(2, 56, 256, 1, 1, 0, 64),
	square(1, 56, 256, 1, 1, 0, 128), square(1, 56, 128, 3, 2, 1, 128), square(4, 28, 128, 1, 1, 0, 512), square(1, 56, 256, 1, 2, 0, 512),
	square(3, 28, 512, 1, 1, 0, 128), square(3, 28, 128, 3, 1, 1, 128),
	square(1, 28, 512, 1, 1, 0, 256), square(1, 28, 256, 3, 2, 1, 256), square(6, 14, 256, 1, 1, 0, 1024), square(1, 28, 512, 1, 2, 0, 1024),
	square(5, 14, 1024, 1, 1, 0, 256), square(5, 14, 256, 3, 1, 1, 256),
	square(1, 14, 1024, 1, 1, 0, 512), square(1, 14, 512, 3, 2, 1, 512), square(3, 7, 512, 1, 1, 0, 2048), square(1, 14, 1024, 1, 2, 0, 2048),
	square(2, 7, 2048, 1, 1, 0, 512), square(2, 7, 512, 3, 1, 1, 512),
}

// vgg16 lists the convolutions of VGG-16 at 224 x 224.
var vgg16 = []namedConv{
	square(1, 224, 3, 3, 1, 1, 64), square(1, 224, 64, 3, 1, 1, 64),
	square(1, 112, 64, 3, 1, 1, 128), square(1, 112, 128, 3, 1, 1, 128),
	square(1, 56, 128, 3, 1, 1, 256), square(2, 56, 256, 3, 1, 1, 256),
	square(1, 28, 256, 3, 1, 1, 512), square(2, 28, 512, 3, 1, 1, 512), square(3, 14, 512, 3, 1, 1, 512),
}

// mobileNetV2 lists the convolutions of torchvision's mobilenet_v2 at 224 x 224.
var mobileNetV2 = []namedConv{
	square(1, 224, 3, 3, 2, 1, 32),
	depthwise(1, 112, 32, 3, 1),
	square(1, 112, 32, 1, 1, 0, 16),
	square(1, 112, 16, 1, 1, 0, 96),
	depthwise(1, 112, 96, 3, 2),
	square(1, 56, 96, 1, 1, 0, 24),
	square(2, 56, 24, 1, 1, 0, 144),
	depthwise(1, 56, 144, 3, 1),
	square(1, 56, 144, 1, 1, 0, 24),
	depthwise(1, 56, 144, 3, 2),
	square(1, 28, 144, 1, 1, 0, 32),
	square(3, 28, 32, 1, 1, 0, 192),
	depthwise(2, 28, 192, 3, 1),
	square(2, 28, 192, 1, 1, 0, 32),
	depthwise(1, 28, 192, 3, 2),
	square(1, 14, 192, 1, 1, 0, 64),
	square(4, 14, 64, 1, 1, 0, 384),
	depthwise(4, 14, 384, 3, 1),
	square(3, 14, 384, 1, 1, 0, 64),
	square(1, 14, 384, 1, 1, 0, 96),
	square(3, 14, 96, 1, 1, 0, 576),
	depthwise(2, 14, 576, 3, 1),
	square(2, 14, 576, 1, 1, 0, 96),
	depthwise(1, 14, 576, 3, 2),
	square(1, 7, 576, 1, 1, 0, 160),
	square(3, 7, 160, 1, 1, 0, 960),
	depthwise(3, 7, 960, 3, 1),
	square(2, 7, 960, 1, 1, 0, 160),
	square(1, 7, 960, 1, 1, 0, 320),
	square(1, 7, 320, 1, 1, 0, 1280),
}

// googLeNet lists the convolutions of torchvision's googlenet at 224 x 224.
var googLeNet = []namedConv{
	square(1, 224, 3, 7, 2, 3, 64),
	square(1, 56, 64, 1, 1, 0, 64),
	square(1, 56, 64, 3, 1, 1, 192),
	square(1, 28, 192, 1, 1, 0, 64),
	square(1, 28, 192, 1, 1, 0, 96),
	square(1, 28, 96, 3, 1, 1, 128),
	square(1, 28, 192, 1, 1, 0, 16),
	square(1, 28, 16, 3, 1, 1, 32),
	square(1, 28, 192, 1, 1, 0, 32),
	square(2, 28, 256, 1, 1, 0, 128),
	square(1, 28, 128, 3, 1, 1, 192),
	square(1, 28, 256, 1, 1, 0, 32),
	square(1, 28, 32, 3, 1, 1, 96),
	square(1, 28, 256, 1, 1, 0, 64),
	square(1, 14, 480, 1, 1, 0, 192),
	square(1, 14, 480, 1, 1, 0, 96),
	square(1, 14, 96, 3, 1, 1, 208),
	square(1, 14, 480, 1, 1, 0, 16),
	square(1, 14, 16, 3, 1, 1, 48),
	square(1, 14, 480, 1, 1, 0, 64),
	square(1, 14, 512, 1, 1, 0, 160),
	square(2, 14, 512, 1, 1, 0, 112),
	square(1, 14, 112, 3, 1, 1, 224),
	square(2, 14, 512, 1, 1, 0, 24),
	square(2, 14, 24, 3, 1, 1, 64),
	square(3, 14, 512, 1, 1, 0, 64),
	square(2, 14, 512, 1, 1, 0, 128),
	square(1, 14, 128, 3, 1, 1, 256),
	square(1, 14, 512, 1, 1, 0, 144),
	square(1, 14, 144, 3, 1, 1, 288),
	square(1, 14, 512, 1, 1, 0, 32),
	square(1, 14, 32, 3, 1, 1, 64),
	square(1, 14, 528, 1, 1, 0, 256),
	square(1, 14, 528, 1, 1, 0, 160),
	square(1, 14, 160, 3, 1, 1, 320),
	square(1, 14, 528, 1, 1, 0, 32),
	square(1, 14, 32, 3, 1, 1, 128),
	square(1, 14, 528, 1, 1, 0, 128),
	square(1, 7, 832, 1, 1, 0, 256),
	square(1, 7, 832, 1, 1, 0, 160),
	square(1, 7, 160, 3, 1, 1, 320),
	square(1, 7, 832, 1, 1, 0, 32),
	square(1, 7, 32, 3, 1, 1, 128),
	square(2, 7, 832, 1, 1, 0, 128),
	square(1, 7, 832, 1, 1, 0, 384),
	square(1, 7, 832, 1, 1, 0, 192),
	square(1, 7, 192, 3, 1, 1, 384),
	square(1, 7, 832, 1, 1, 0, 48),
	square(1, 7, 48, 3, 1, 1, 128),
}

// inceptionV3 lists the convolutions of torchvision's inception_v3 at 299 x 299.
var inceptionV3 = []namedConv{
	square(1, 299, 3, 3, 2, 0, 32),
	square(1, 149, 32, 3, 1, 0, 32),
	square(1, 147, 32, 3, 1, 1, 64),
	square(1, 73, 64, 1, 1, 0, 80),
	square(1, 73, 80, 3, 1, 0, 192),
	square(2, 35, 192, 1, 1, 0, 64),
	square(1, 35, 192, 1, 1, 0, 48),
	square(3, 35, 48, 5, 1, 2, 64),
	square(4, 35, 64, 3, 1, 1, 96),
	square(3, 35, 96, 3, 1, 1, 96),
	square(1, 35, 192, 1, 1, 0, 32),
	square(3, 35, 256, 1, 1, 0, 64),
	square(1, 35, 256, 1, 1, 0, 48),
	square(4, 35, 288, 1, 1, 0, 64),
	square(1, 35, 288, 1, 1, 0, 48),
	square(1, 35, 288, 3, 2, 0, 384),
	square(1, 35, 96, 3, 2, 0, 96),
	square(12, 17, 768, 1, 1, 0, 192),
	square(2, 17, 768, 1, 1, 0, 128),
	oblong(2, 17, 128, 1, 7, 128),
	oblong(1, 17, 128, 7, 1, 192),
	oblong(2, 17, 128, 7, 1, 128),
	oblong(1, 17, 128, 1, 7, 192),
	square(4, 17, 768, 1, 1, 0, 160),
	oblong(4, 17, 160, 1, 7, 160),
	oblong(2, 17, 160, 7, 1, 192),
	oblong(4, 17, 160, 7, 1, 160),
	oblong(2, 17, 160, 1, 7, 192),
	oblong(4, 17, 192, 1, 7, 192),
	oblong(4, 17, 192, 7, 1, 192),
	square(1, 17, 192, 3, 2, 0, 320),
	square(1, 17, 192, 3, 2, 0, 192),
	square(1, 8, 1280, 1, 1, 0, 320),
	square(1, 8, 1280, 1, 1, 0, 384),
	oblong(4, 8, 384, 1, 3, 384),
	oblong(4, 8, 384, 3, 1, 384),
	square(1, 8, 1280, 1, 1, 0, 448),
	square(2, 8, 448, 3, 1, 1, 384),
	square(1, 8, 1280, 1, 1, 0, 192),
	square(1, 8, 2048, 1, 1, 0, 320),
	square(1, 8, 2048, 1, 1, 0, 384),
	square(1, 8, 2048, 1, 1, 0, 448),
	square(1, 8, 2048, 1, 1, 0, 192),
}
