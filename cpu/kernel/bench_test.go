package kernel

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"
)

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
		b.Run(fmt.Sprintf("%dx%dx%d-%dx%d.%d-%d/%d", l.H, l.W, l.C, l.KH, l.KW, l.StrideH, l.K, max(1, l.Groups)), func(b *testing.B) {
			x := floats(r, l.N*l.H*l.W*l.C)
			f := PackFilter(l.Conv, floats(r, l.KH*l.KW*l.C/max(1, l.Groups)*l.K), nil)
			ep := Epilogue{Bias: floats(r, l.K), Act: ReLU}
			out := make([]float32, l.N*l.OutH()*l.OutW()*l.K)
			b.SetBytes(int64(4 * (l.N*l.H*l.W*l.C + l.KH*l.KW*l.C/max(1, l.Groups)*l.K + l.N*l.OutH()*l.OutW()*l.K)))
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
func BenchmarkMobileNet(b *testing.B)  { benchmarkConvs(b, mobileNetV2) }
func BenchmarkGoogLeNet(b *testing.B)  { benchmarkConvs(b, googLeNet) }
func BenchmarkInception(b *testing.B)  { benchmarkConvs(b, inceptionV3) }
