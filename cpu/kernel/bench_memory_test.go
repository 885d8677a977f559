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
	b.SetBytes(int64(bytes))
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
		{N: 8, H: 28, W: 28, C: 256, KH: 3, KW: 3, PadTop: 1, PadBottom: 1, PadLeft: 1, PadRight: 1},
		{N: 8, H: 112, W: 112, C: 128, KH: 2, KW: 2, StrideH: 2, StrideW: 2},
	} {
		x, out := floats(r, l.N*l.H*l.W*l.C), make([]float32, l.N*l.OutH()*l.OutW()*l.C)
		name := fmt.Sprintf("-%dx%dx%d-%dx%d.%d", l.H, l.W, l.C, l.KH, l.KW, max(1, l.StrideH))
		ops := len(out) * l.KH * l.KW
		b.Run("max"+name, func(b *testing.B) {
			fastest(b, 4*(len(x)+len(out)), ops, func() { l.Max(p, x, l.C, out, l.C) })
		})
		b.Run("mean"+name, func(b *testing.B) {
			fastest(b, 4*(len(x)+len(out)), ops, func() { l.Average(p, x, l.C, false, out, l.C) })
		})
		b.Run("max-gradient"+name, func(b *testing.B) {
			dx := make([]float32, len(x))
			fastest(b, 4*(2*len(x)+len(out)), 0, func() { l.MaxGradient(p, x, out, dx) })
		})
	}
}

// BenchmarkGemm multiplies square matrices, and a few rows by the matrix of a linear layer.
func BenchmarkGemm(b *testing.B) {
	p := pool(b)
	r := rand.New(rand.NewPCG(1, 1))
	for _, s := range [][3]int{{512, 512, 512}, {1024, 1024, 1024}, {8, 4096, 4096}, {8, 2048, 1000}} {
		m, k, n := s[0], s[1], s[2]
		x, w, out := floats(r, m*k), floats(r, k*n), make([]float32, m*n)
		packed := PackB(k, n, w, n, false)
		bytes := 4 * (m*k + k*n + m*n)
		b.Run(fmt.Sprintf("%dx%dx%d", m, k, n), func(b *testing.B) {
			fastest(b, bytes, 2*m*k*n, func() { Gemm(p, m, x, k, packed, Epilogue{}, out, n) })
		})
	}
}

// BenchmarkPack lays weights out: a matrix, a filter as it is and one for Winograd.
func BenchmarkPack(b *testing.B) {
	p := pool(b)
	r := rand.New(rand.NewPCG(1, 1))
	w := floats(r, 9*512*512)
	b.Run("matrix-1024x2048", func(b *testing.B) {
		fastest(b, 8*1024*2048, 0, func() { PackB(1024, 2048, w, 2048, false) })
	})
	for _, l := range []namedConv{square(1, 14, 1024, 1, 1, 0, 512), square(1, 28, 512, 3, 2, 1, 512), square(1, 28, 512, 3, 1, 1, 512)} {
		var f *Filter
		size := l.KH * l.KW * l.C * l.K
		b.Run(fmt.Sprintf("filter-%d-%dx%d.%d-%d", l.C, l.KH, l.KW, l.StrideH, l.K), func(b *testing.B) {
			fastest(b, 4*(size+l.PackedFloats()), 0, func() { f = l.RepackFilter(p, f, w[:size], nil) })
		})
	}
}

func BenchmarkDepthwise(b *testing.B) {
	p := pool(b)
	r := rand.New(rand.NewPCG(1, 1))
	for _, l := range []namedConv{square(1, 112, 32, 3, 1, 1, 32), square(1, 112, 96, 3, 2, 1, 96), square(1, 56, 144, 3, 1, 1, 144),
		square(1, 28, 192, 3, 1, 1, 192), square(1, 28, 192, 3, 2, 1, 192), square(1, 14, 384, 3, 1, 1, 384), square(1, 14, 480, 5, 1, 2, 480),
		square(1, 7, 960, 3, 1, 1, 960)} {
		l.N, l.Groups = 8, l.C
		x, out := floats(r, l.N*l.H*l.W*l.C), make([]float32, l.N*l.OutH()*l.OutW()*l.C)
		f := PackFilter(l.Conv, floats(r, l.KH*l.KW*l.C), nil)
		b.Run(fmt.Sprintf("%dx%dx%d-%dx%d.%d", l.H, l.W, l.C, l.KH, l.KW, l.StrideH), func(b *testing.B) {
			fastest(b, 4*(len(x)+len(out)), l.FLOPs(), func() { l.Run(p, x, l.C, f, Epilogue{Act: Clamp, Hi: 6}, out, l.C) })
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
		{"sub", 12 * n, func() { Sub(dst, x, y) }},
		{"mul", 12 * n, func() { Mul(dst, x, y) }},
		{"div", 12 * n, func() { Div(dst, x, y) }},
		{"max", 12 * n, func() { Max(dst, x, y) }},
		{"min", 12 * n, func() { Min(dst, x, y) }},
		{"less", 12 * n, func() { Less(dst, x, y) }},
		{"equal", 12 * n, func() { Equal(dst, x, y) }},
		{"choose", 16 * n, func() { Choose(dst, x, x, y) }},
		{"gate", 12 * n, func() { Gate(dst, x, y) }},
		{"scale", 8 * n, func() { Scale(dst, x, 2, 1) }},
		{"relu", 8 * n, func() { Limit(dst, x, 0, float32(math.Inf(1))) }},
		{"sum", 4 * n, func() { sink += Sum(x) }},
		{"largest", 4 * n, func() { sink += Largest(x) }},
	} {
		b.Run(c.name, func(b *testing.B) { fastest(b, c.bytes, n, c.run) })
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

// BenchmarkNorm runs the passes of batch normalisation in training over a layer of
// ResNet-50 at batch 8.
func BenchmarkNorm(b *testing.B) {
	p := pool(b)
	r := rand.New(rand.NewPCG(1, 1))
	for _, n := range []Norm{{Rows: 8 * 56 * 56, C: 256}, {Rows: 8 * 14 * 14, C: 1024}} {
		size := n.Rows * n.C
		n.Mean, n.Scale, n.Offset = floats(r, n.C), floats(r, n.C), floats(r, n.C)
		k, both := floats(r, n.C), make([]float32, 2*n.C)
		sum, sumX := both[:n.C], both[n.C:]
		x, y, out := floats(r, size), floats(r, size), make([]float32, size)
		for _, c := range []struct {
			name    string
			tensors int
			run     func()
		}{
			{"moments", 1, func() { Moments(p, 1, n.Rows, n.C, x, both) }},
			{"apply", 2, func() { n.Apply(p, x, nil, ReLU, out) }},
			{"apply-add", 3, func() { n.Apply(p, x, y, ReLU, out) }},
			{"sums", 2, func() { n.GradientSums(p, x, y, false, sum, sumX) }},
			{"sums-gated", 2, func() { n.GradientSums(p, x, y, true, sum, sumX) }},
			{"sums-add", 4, func() { n.GatedSums(p, x, y, out, out, sum, sumX) }},
			{"gradient", 3, func() { n.Gradient(p, x, y, false, k, k, k, out) }},
			{"gradient-gated", 3, func() { n.Gradient(p, x, y, true, k, k, k, out) }},
		} {
			b.Run(fmt.Sprintf("%s-%dx%d", c.name, n.Rows, n.C), func(b *testing.B) { fastest(b, 4*c.tensors*size, 0, c.run) })
		}
	}
}
