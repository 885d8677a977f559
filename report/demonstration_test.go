package report

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/gestalt-vision/gestalt/measure"
)

func TestDemonstration(t *testing.T) {
	classes := measure.Vocabulary{"arrow", "bolt", "fish"}
	var trials []measure.Trial
	for _, network := range []struct{ name, answer string }{{"IN", "bolt"}, {"SIN", "arrow"}} {
		for i := range 3 {
			trials = append(trials, measure.Trial{Subj: network.name, Session: "1", Trial: i + 1, RT: math.NaN(), Response: network.answer, Category: "arrow",
				Condition: "0", Image: "arrow" + string(rune('0'+i)) + "-bolt0.png"})
		}
	}
	page := DemonstrationPage{Title: "Texture <or> shape?", Sentence: "Shape.",
		Table:    Table{Columns: []string{"Name", "Top-1"}, Rows: [][]string{{"IN", "91.0"}, {"SIN", "86.1"}}, Caption: "In percent."},
		Samples:  []Strip{{Title: "IN & SIN", Note: "Both.", Pictures: []Thumbnail{{Name: "in, arrow", Caption: "an arrow", JPEG: []byte{0xff, 0xd8}}}}},
		Analysis: measure.Analyze([]measure.Experiment{{Name: "cue-conflict", Trials: trials}}, measure.Settings{Categories: classes, Rounds: 20}),
		Charts:   []Chart{{Title: "Loss", X: "pictures", Y: "loss", Lines: []Line{{Name: "IN", Points: [][2]float64{{0, 2}, {1, 1}}}}}},
		Answers: Answers{Networks: []string{"IN", "SIN", "third"}, Pictures: []Answered{
			{JPEG: []byte{0xff, 0xd8}, Name: "arrow0-bolt0.png", Shape: "arrow", Texture: "bolt", Answers: []string{"bolt", "arrow", "fish"}}}},
		Spent: Table{Columns: []string{"On", "Seconds"}, Rows: [][]string{{"drawing", "1.5"}}},
		Made:  []Row{{"Seed", "7"}},
	}
	var b bytes.Buffer
	if err := WriteDemonstration(&b, page); err != nil {
		t.Fatal(err)
	}
	checkMarkup(t, b.Bytes())
	for _, want := range []string{"Texture &lt;or&gt; shape?", "IN &amp; SIN", "an arrow", "In percent.", "91.0", `<td class="texture">bolt</td><td class="shape">arrow</td><td>fish</td>`,
		"Fraction of shape decisions", "SIN 100.0%", "Learning curves", "drawing", "Seed"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	page.Spent.Rows = append(page.Spent.Rows, []string{"3"})
	if err := WriteDemonstration(&b, page); err == nil || !strings.Contains(err.Error(), "row 2") {
		t.Errorf("a row with a cell too few: %v", err)
	}
	b.Reset()
	if err := WriteDemonstration(&b, DemonstrationPage{}); err != nil {
		t.Fatal(err)
	}
	checkMarkup(t, b.Bytes())
}
