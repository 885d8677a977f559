package style

import (
	"context"
	"testing"

	"github.com/gestalt-vision/gestalt/nets"
)

// BenchmarkGhiasi repaints 8 pictures of 224 pixels; bench/ghiasi.sh compares it with PyTorch.
func BenchmarkGhiasi(b *testing.B) {
	const n, side = 8, 224
	g := openGhiasi(b, 1)
	contents := Batch{n, side, side, nets.MadeUp("contents", n*side*side*3, 0, 1)}
	var styles []Style
	for seed := range uint64(n) {
		s, err := g.Draw(seed)
		if err != nil {
			b.Fatal(err)
		}
		styles = append(styles, s)
	}
	repaint := func() {
		if _, err := g.Stylize(context.Background(), contents, styles); err != nil {
			b.Fatal(err)
		}
	}
	repaint() // compiles
	for b.Loop() {
		repaint()
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/1e3/float64(b.N*n), "ms/picture")
}
