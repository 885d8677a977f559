package kernel

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"
)

// resNet18 lists the convolutions of ResNet-18 at 224 x 224.
var resNet18 = []namedConv{
	square(1, 224, 3, 7, 2, 3, 64),
	square(4, 56, 64, 3, 1, 1, 64),
	square(1, 56, 64, 3, 2, 1, 128), square(3, 28, 128, 3, 1, 1, 128), square(1, 56, 64, 1, 2, 0, 128),
	square(1, 28, 128, 3, 2, 1, 256), square(3, 14, 256, 3, 1, 1, 256), square(1, 28, 128, 1, 2, 0, 256),
	square(1, 14, 256, 3, 2, 1, 512), square(3, 7, 512, 3, 1, 1, 512), square(1, 14, 256, 1, 2, 0, 512),
}

// benchmarkGradients reports for each layer what benchmarkConvs does.
func benchmarkGradients(b *testing.B, convs []namedConv, prepare func(l Conv, x, dy, w []float32) func(p Parallel)) {
	const batch = 8
	r := rand.New(rand.NewPCG(1, 1))
	top := peak() * float64(runtime.GOMAXPROCS(0))
	p := pool(b)
	sum := 0.0
	for _, l := range convs {
		l.N = batch
		b.Run(fmt.Sprintf("%dx%dx%d-%dx%d.%d-%d", l.H, l.W, l.C, l.KH, l.KW, l.StrideH, l.K), func(b *testing.B) {
			run := prepare(l.Conv, floats(r, l.N*l.H*l.W*l.C), floats(r, l.N*l.OutH()*l.OutW()*l.K), floats(r, l.KH*l.KW*l.C*l.K))
			b.SetBytes(int64(4 * (l.N*l.H*l.W*l.C + l.KH*l.KW*l.C/max(1, l.Groups)*l.K + l.N*l.OutH()*l.OutW()*l.K)))
			best := time.Hour
			for b.Loop() {
				start := time.Now()
				run(p)
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

func filterGradientOf(l Conv, x, dy, w []float32) func(p Parallel) {
	return func(p Parallel) { l.FilterGradient(p, x, l.C, dy, l.K, w) }
}

func inputGradientOf(l Conv, x, dy, w []float32) func(p Parallel) {
	f := PackInputFilter(Serial, l, w)
	return func(p Parallel) { l.InputGradient(p, dy, l.K, f, x, l.C) }
}

func BenchmarkInputGradientResNet18(b *testing.B) {
	benchmarkGradients(b, resNet18[1:], inputGradientOf)
}

func BenchmarkInputGradientResNet50(b *testing.B) {
	benchmarkGradients(b, resNet50[1:], inputGradientOf)
}

func BenchmarkFilterGradientResNet18(b *testing.B) {
	benchmarkGradients(b, resNet18, filterGradientOf)
}

func BenchmarkFilterGradientResNet50(b *testing.B) {
	benchmarkGradients(b, resNet50, filterGradientOf)
}
