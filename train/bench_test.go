package train

import (
	"context"
	"fmt"
	"testing"
)

// BenchmarkStep is training steps on one batch: of the networks for small pictures, at their size. bench/train.sh compares them with
// PyTorch.
func BenchmarkStep(b *testing.B) {
	for _, c := range []struct {
		network     string
		batch, side int
	}{
		{"resnet10_slim", 64, 64}, {"resnet10_slim", 64, 32}, {"resnet18_small_pooled", 64, 64}, {"resnet18_small", 64, 64}, {"resnet18", 64, 64},
	} {
		b.Run(fmt.Sprintf("%s/%d", c.network, c.side), func(b *testing.B) {
			l := learner(b, open(b, "cpu"), c.network, Learning{Momentum: 0.9, WeightDecay: 1e-4}, Start{Seed: 1})
			batch := noise(0, c.batch, c.side, 10)
			step := func() {
				if _, err := l.Step(context.Background(), batch, 0.01, 0); err != nil {
					b.Fatal(err)
				}
			}
			step() // compiles
			b.ResetTimer()
			for b.Loop() {
				step()
			}
			b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N*c.batch), "ms/picture")
		})
	}
}
