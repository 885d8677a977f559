package train

import (
	"math"
	"testing"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/gestalt-vision/gestalt/engine"
	"github.com/gestalt-vision/gestalt/nets"
)

// Heads beside the last count with their recipes' weights, and labels are smoothed for them too.
func TestTotalLoss(t *testing.T) {
	b, labels := open(t, "cpu"), []int32{2, 0}
	logits := [][][]float32{{{1, 2, 4}, {3, -1, 0}}, {{0, 1, 0}, {2, 2, 2}}, {{5, 0, 0}, {0, 0, 1}}}
	const smoothing = 0.2
	expected := func(rows [][]float32) (mean float64) {
		for i, row := range rows {
			sum := 0.0
			for _, v := range row {
				sum += math.Exp(float64(v))
			}
			for class, v := range row {
				q := smoothing / 3
				if class == int(labels[i]) {
					q += 1 - smoothing
				}
				mean -= q * (float64(v) - math.Log(sum)) / float64(len(rows))
			}
		}
		return mean
	}
	for _, c := range []struct {
		heads []string
		want  float64
	}{
		{nil, expected(logits[0])},
		{[]string{"aux1", "aux2"}, expected(logits[0]) + 0.3*expected(logits[1]) + 0.3*expected(logits[2])}, // GoogLeNet
		{[]string{"AuxLogits"}, expected(logits[0]) + 0.4*expected(logits[1])},                              // Inception v3
	} {
		var loss float32
		var right int32
		err := engine.Catch(func() {
			g := graph.NewGraph(b, t.Name())
			defer g.Finalize()
			net := &nets.Net{Logits: graph.Const(g, logits[0]), Auxiliary: map[string]*graph.Node{}}
			for i, name := range c.heads {
				net.Auxiliary[name] = graph.Const(g, logits[1+i])
			}
			given := graph.Const(g, labels)
			if err := g.Compile(totalLoss(net, given, smoothing), rightAnswers(net.Logits, given)); err != nil {
				panic(err)
			}
			out := g.Run()
			loss, right = tensors.ToScalar[float32](out[0]), tensors.ToScalar[int32](out[1])
		})
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(float64(loss)-c.want) > 1e-6 || right != 2 {
			t.Errorf("heads %v: loss %g, want %g; %d right, want 2", c.heads, loss, c.want, right)
		}
	}
}
