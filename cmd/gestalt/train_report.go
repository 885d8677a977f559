package main

import (
	"fmt"
	"io"
	"math"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/gestalt-vision/gestalt/dataset"
	"github.com/gestalt-vision/gestalt/internal/atomicfile"
	"github.com/gestalt-vision/gestalt/measure"
	"github.com/gestalt-vision/gestalt/report"
	"github.com/gestalt-vision/gestalt/train"
)

// noneSkipped: what lies beside pictures is not counted where they are only looked at by classes.
var noneSkipped dataset.Skipped

func newTrainSummary(out string, job train.Job, r train.Result) trainSummary {
	s := trainSummary{Out: out, Network: job.Recipe.Network, Result: r}
	if len(r.Epochs) > 0 {
		last := r.Epochs[len(r.Epochs)-1]
		share := func(v float64) measure.Proportion {
			return measure.NewProportion(int(math.Round(v*float64(last.Validated))), last.Validated)
		}
		s.Top1, s.Top5 = share(last.ValidationTop1), share(last.ValidationTop5)
	}
	return s
}

// sentence says what came out.
func (s trainSummary) sentence() string {
	text := fmt.Sprintf("After %d epochs of %d pictures, %s recognises %s%% of %d validation pictures %s",
		len(s.Epochs), s.Pictures, s.Network, percent(s.Top1.Value), s.Top1.N, percents(s.Top1.CI))
	if s.Classes > 5 {
		text += fmt.Sprintf(", %s%% among the first five answers", percent(s.Top5.Value))
	}
	return text + fmt.Sprintf("; the best epoch was %d with %s%%.", s.Best.Epoch, percent(measure.Float(s.Best.ValidationTop1)))
}

func (s trainSummary) text() string {
	return fmt.Sprintf("%s\n(In brackets: exact 95%% interval.)\nResults: %s (open report.html)\n", s.sentence(), s.Out)
}

// writeTrainReport draws the learning curves.
func writeTrainReport(dir string, s trainSummary, job train.Job) error {
	parts, err := train.Parts(dir)
	if err != nil {
		return err
	}
	loss := report.Chart{Title: "Loss", X: "epoch", Y: "cross entropy", Zero: true, Lines: []report.Line{{Name: "training"}, {Name: "validation", Group: 1}}}
	accuracy := report.Chart{Title: "Accuracy", X: "epoch", Y: "accuracy", Percent: true,
		Lines: []report.Line{{Name: "training"}, {Name: "validation", Group: 1}, {Name: "validation, top 5", Group: 1, Dashed: true}}}
	rate := report.Chart{Title: "Learning rate", X: "epoch", Y: "learning rate", Zero: true, Lines: []report.Line{{Name: "rate", Group: 2}}}
	add := func(c *report.Chart, line int, x, y float64) {
		c.Lines[line].Points = append(c.Lines[line].Points, [2]float64{x, y})
	}
	if len(s.Epochs) > 0 {
		steps := float64(s.Epochs[0].Step)
		for _, p := range parts {
			at := float64(p.Step) / steps
			add(&loss, 0, at, p.TrainLoss)
			add(&accuracy, 0, at, p.TrainTop1)
			add(&rate, 0, at, p.Rate)
		}
	}
	page := report.TrainingPage{Title: "Training of " + s.Network, Sentence: s.sentence(),
		Columns: []string{"Epoch", "Steps", "Learning rate", "Training loss", "Training top-1, %", "Validation loss", "Validation top-1, %", "Validation top-5, %"}}
	for _, e := range s.Epochs {
		at := float64(e.Epoch)
		add(&loss, 1, at, e.ValidationLoss)
		add(&accuracy, 1, at, e.ValidationTop1)
		add(&accuracy, 2, at, e.ValidationTop5)
		number := func(v float64) string { return strconv.FormatFloat(v, 'g', 4, 64) }
		share := func(v float64) string { return percent(measure.Float(v)) }
		page.Rows = append(page.Rows, []string{strconv.Itoa(e.Epoch), strconv.Itoa(e.Step), number(e.Rate), number(e.TrainLoss), share(e.TrainTop1),
			number(e.ValidationLoss), share(e.ValidationTop1), share(e.ValidationTop5)})
	}
	if s.Classes <= 5 { // where the first five answers are all of them
		accuracy.Lines = accuracy.Lines[:2]
	}
	page.Charts = []report.Chart{loss, accuracy, rate}
	for _, b := range s.Broken {
		page.Failed = append(page.Failed, report.Failure{Name: b.Picture, Reason: b.Reason})
	}
	if page.Made, err = trainRows(s, job); err != nil {
		return err
	}
	return atomicfile.Write(filepath.Join(dir, "report.html"), func(w io.Writer) error { return report.WriteTraining(w, page) })
}

// trainRows say how the network was made.
func trainRows(s trainSummary, job train.Job) ([]report.Row, error) {
	last, err := withHash(s.Last)
	if err != nil {
		return nil, err
	}
	best, err := withHash(s.BestFile)
	if err != nil {
		return nil, err
	}
	rows := []report.Row{
		{Key: "gestalt", Value: job.Version},
		{Key: "Engine", Value: job.Engine},
		{Key: "Network", Value: fmt.Sprintf("%s for %d classes, %d learned numbers", s.Network, s.Classes, s.Parameters)},
		{Key: "Training pictures", Value: job.Train.Identity()},
		{Key: "Validation pictures", Value: job.Validation.Identity()},
		{Key: "Weights", Value: last},
		{Key: "Best weights", Value: best},
	}
	text, err := job.Recipe.YAML()
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(strings.TrimRight(line, "\n"), ": "); ok && !strings.HasPrefix(line, " ") && value != `""` {
			rows = append(rows, report.Row{Key: key, Value: value})
		}
	}
	return rows, nil
}
