package report

import (
	"bytes"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestTraining(t *testing.T) {
	page := TrainingPage{Title: "resnet18 <IN>", Sentence: "It learned.", Columns: []string{"Epoch", "Loss"}, Rows: [][]string{{"1", "2.3"}, {"2", "1.9"}},
		Failed: []Failure{{"half.jpg", "it ends"}}, Made: []Row{{"Seed", "7"}},
		Charts: []Chart{
			{Title: "Loss", X: "epoch", Y: "cross entropy", Lines: []Line{
				{Name: "training", Points: [][2]float64{{0.5, 2.4}, {1, math.NaN()}, {1.5, 2}, {2, 1.9}}},
				{Name: "validation", Points: [][2]float64{{1, 2.3}, {2, 1.95}}, Dashed: true},
			}},
			{Title: "Accuracy", X: "epoch", Y: "top-1", Percent: true, Lines: []Line{{Name: "one point", Points: [][2]float64{{1, 0.4}}}, {Name: "none"}}},
			{Title: "Nothing"},
		}}
	var b bytes.Buffer
	if err := WriteTraining(&b, page); err != nil {
		t.Fatal(err)
	}
	checkMarkup(t, b.Bytes())
	for _, want := range []string{"resnet18 &lt;IN&gt;", "It learned.", "training: 2.4 at 0.5, 1.9 at 2.", "one point: 40.0% at 1", "stroke-dasharray", "1 picture could not be used", "half.jpg", "Seed", "2.3"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	// The value that is no number leaves a gap: the line of training begins twice.
	lines := regexp.MustCompile(`<path d="(M[^"]*)"`).FindSubmatch(b.Bytes())
	if lines == nil || bytes.Count(lines[1], []byte("M")) != 2 || bytes.Count(lines[1], []byte("L")) != 1 {
		t.Errorf("the first line is %s", lines)
	}
	if bytes.Contains(b.Bytes(), []byte(">-0")) {
		t.Error("an axis begins at a zero with a sign")
	}
	page.Rows = append(page.Rows, []string{"3"})
	if err := WriteTraining(&b, page); err == nil || !strings.Contains(err.Error(), "row 3") {
		t.Errorf("a row with a cell too few: %v", err)
	}
	b.Reset()
	if err := WriteTraining(&b, TrainingPage{}); err != nil {
		t.Fatal(err)
	}
	checkMarkup(t, b.Bytes())
}

func TestTicks(t *testing.T) {
	for _, c := range []struct {
		low, high float64
		want      []float64
	}{
		{0, 1, []float64{0, 0.2, 0.4, 0.6, 0.8, 1}},
		{1, 20, []float64{5, 10, 15, 20}},
		{0.31, 2.4, []float64{0.5, 1, 1.5, 2}},
		{1, 1.0001, []float64{1, 1.00002, 1.00004, 1.00006, 1.00008, 1.0001}},
	} {
		if got := ticks(c.low, c.high, 5); !slices.Equal(got, c.want) {
			t.Errorf("from %g to %g: %v, want %v", c.low, c.high, got, c.want)
		}
	}
}
