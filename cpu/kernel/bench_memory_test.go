package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"
)

// fastest reports the rate of the fastest of many runs, in bytes read and
// written and, where ops isn't 0, in operations.
func fastest(b *testing.B, bytes, ops int, run func()) {
	best := time.Hour
	for b.Loop() {
		start := time.Now()
		run()
		best = min(best, time.Since(start))
	}
	b.ReportMetric(float64(bytes)/best.Seconds()/1e9, "GB/s")
	if ops > 0 {
		b.ReportMetric(float64(ops)/best.Seconds()/1e9, "GFLOP/s")
	}
	b.ReportMetric(best.Seconds()*1e6, "µs-best")
}

func BenchmarkPool(b *testing.B) {
	p := pool(b)
	r := rand.New(rand.NewPCG(1, 1))
	for _, l := range []Pool{
		{N: 8, H: 111, W: 111, C: 64, KH: 3, KW: 3, StrideH: 2, StrideW: 2},
		{N: 8, H: 55, W: 55, C: 128, KH: 3, KW: 3, StrideH: 2, StrideW: 2},
		{N: 8, H: 27, W: 27, C: 256, KH: 3, KW: 3, StrideH: 2, StrideW: 2},
		{N: 8, H: 112, W: 112, C: 64, KH: 3, KW: 3, StrideH: 2, StrideW: 2, PadTop: 1, PadBottom: 1, PadLeft: 1, PadRight: 1},
	} {
		x, out := floats(r, l.N*l.H*l.W*l.C), make([]float32, l.N*l.OutH()*l.OutW()*l.C)
		b.Run(fmt.Sprintf("max-%dx%dx%d", l.H, l.W, l.C), func(b *testing.B) {
			fastest(b, 4*(len(x)+len(out)), 0, func() { l.Max(p, x, l.C, out, l.C) })
		})
	}
}

func BenchmarkDepthwise(b *testing.B) {
	p := pool(b)
	r := rand.New(rand.NewPCG(1, 1))
	for _, l := range []namedConv{square(1, 112, 32, 3, 1, 1, 32), square(1, 28, 192, 3, 1, 1, 192), square(1, 14, 384, 3, 1, 1, 384)} {
		l.N, l.Groups = 8, l.C
		x, out := floats(r, l.N*l.H*l.W*l.C), make([]float32, l.N*l.OutH()*l.OutW()*l.C)
		f := PackFilter(l.Conv, floats(r, 9*l.C), nil)
		b.Run(fmt.Sprintf("%dx%dx%d", l.H, l.W, l.C), func(b *testing.B) {
			fastest(b, 4*(len(x)+len(out)), l.FLOPs(), func() { l.Run(p, x, l.C, f, Epilogue{Act: ReLU}, out, l.C) })
		})
	}
}

// BenchmarkElementwise works on slices that fit the level-2 cache.
func BenchmarkElementwise(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	const n = 1 << 14
	x, y, dst := floats(r, n), floats(r, n), make([]float32, n)
	var sink float32
	for _, c := range []struct {
		name  string
		bytes int
		run   func()
	}{
		{"add", 12 * n, func() { Add(dst, x, y) }},
		{"max", 12 * n, func() { Max(dst, x, y) }},
		{"relu", 8 * n, func() { Limit(dst, x, 0, float32(math.Inf(1))) }},
		{"exp", 8 * n, func() { Exp(dst, x) }},
		{"sum", 4 * n, func() { sink += Sum(x) }},
		{"largest", 4 * n, func() { sink += Largest(x) }},
	} {
		b.Run(c.name, func(b *testing.B) { fastest(b, c.bytes, 0, c.run) })
	}
	runtime.KeepAlive(sink)
}

// BenchmarkISA runs one layer with each instruction set.
func BenchmarkISA(b *testing.B) {
	defer Use(ISA())
	for _, isa := range ISAs() {
		Use(isa)
		b.Run(isa, func(b *testing.B) {
			benchmarkConvs(b, []namedConv{square(1, 27, 32, 3, 1, 1, 128), square(1, 13, 512, 1, 1, 0, 64)})
		})
	}
}
