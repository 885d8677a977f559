package kernel

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"
)

// namedConv is a layer of a network: how often it occurs and what it is.
type namedConv struct {
	times int
	Conv
}

func square(times, size, c, window, stride, pad, k int) namedConv {
	return namedConv{times, Conv{H: size, W: size, C: c, KH: window, KW: window, K: k, StrideH: stride, StrideW: stride,
		PadTop: pad, PadBottom: pad, PadLeft: pad, PadRight: pad}}
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

// peak is the rate of multiply-adds of one core, in GFLOP/s: tiles whose
// operands stay in the level-1 cache.
func peak() float64 {
	const k, windows, rounds = 160, 200, 40
	t := new(tile)
	im := current.Load()
	t.a, t.c = make([]float32, im.tileRows*k), make([]float32, im.tileRows*panelCols)
	t.bias, t.segs, t.klen, t.lda, t.ldc = new([panelCols]float32), []int{0}, k, k, panelCols
	t.setCols(make([]float32, k*panelCols), panelCols, panelCols)
	best := 0.0
	for range windows {
		start := time.Now()
		for range rounds {
			t.strip(im, im.tileRows)
		}
		best = max(best, float64(rounds*2*im.tileRows*k*panelCols)/time.Since(start).Seconds()/1e9)
	}
	return best
}

func BenchmarkPeak(b *testing.B) {
	for b.Loop() {
		b.ReportMetric(peak(), "GFLOP/s")
	}
}

// pool is a Parallel of as many goroutines as Go uses cores, without the cost of
// starting them.
func pool(b *testing.B) Parallel {
	n := runtime.GOMAXPROCS(0)
	if n == 1 {
		return Serial
	}
	return newCrew(b, n)
}

// benchmarkConvs reports, for each layer at batch 8, the rate of the fastest run
// (the others tell more about what else the machine does), its share of the
// multiply-add peak of the cores in use, and the time per picture that all
// layers of this shape take in the network.
func benchmarkConvs(b *testing.B, convs []namedConv) {
	const batch = 8
	r := rand.New(rand.NewPCG(1, 1))
	top := peak() * float64(runtime.GOMAXPROCS(0))
	p := pool(b)
	sum := 0.0
	for _, l := range convs {
		l.N = batch
		b.Run(fmt.Sprintf("%dx%dx%d-%dx%d.%d-%d", l.H, l.W, l.C, l.KH, l.KW, l.StrideH, l.K), func(b *testing.B) {
			x := floats(r, l.N*l.H*l.W*l.C)
			f := PackFilter(l.Conv, floats(r, l.KH*l.KW*l.C*l.K), nil)
			ep := Epilogue{Bias: floats(r, l.K), Act: ReLU}
			out := make([]float32, l.N*l.OutH()*l.OutW()*l.K)
			best := time.Hour
			for b.Loop() {
				start := time.Now()
				l.Run(p, x, l.C, f, ep, out, l.K)
				best = min(best, time.Since(start))
			}
			rate := float64(l.FLOPs()) / best.Seconds() / 1e9
			b.ReportMetric(rate, "GFLOP/s")
			b.ReportMetric(rate/top, "of-peak")
			ms := float64(l.times) * best.Seconds() * 1e3 / batch
			sum += ms
			b.ReportMetric(ms, "ms/picture")
		})
	}
	b.Run("all", func(b *testing.B) {
		for b.Loop() {
		}
		b.ReportMetric(sum, "ms/picture")
	})
}

func BenchmarkSqueezeNet(b *testing.B) { benchmarkConvs(b, squeezeNet) }
func BenchmarkResNet18(b *testing.B)   { benchmarkConvs(b, resNet18) }
func BenchmarkVGG16(b *testing.B)      { benchmarkConvs(b, vgg16) }
func BenchmarkResNet50(b *testing.B)   { benchmarkConvs(b, resNet50) }
