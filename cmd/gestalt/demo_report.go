package main

import (
	"bytes"
	"fmt"
	"io"
	"strconv"

	"github.com/gestalt-vision/gestalt/demo"
	"github.com/gestalt-vision/gestalt/pixel"
	"github.com/gestalt-vision/gestalt/report"
	"github.com/gestalt-vision/gestalt/synth"
)

// demoPage makes the report; what it returns writes it.
func demoPage(r *demo.Result, o demoOptions, c configuration) (func(io.Writer) error, error) {
	page := report.DemonstrationPage{Title: "Texture or shape? Four small networks", Sentence: demoSentence(r), Analysis: r.Analysis,
		Table: demoResults(r), Sets: demoSets(r), Spent: demoSpent(r), Charts: demoCharts(r), Made: demoRows(r, o, c)}
	for _, s := range r.Samples {
		strip := report.Strip{Title: demoSampleTitles[s.Set][0], Note: demoSampleTitles[s.Set][1]}
		for i, m := range s.Pictures {
			jpeg, err := demoJPEG(m)
			if err != nil {
				return nil, err
			}
			strip.Pictures = append(strip.Pictures, report.Thumbnail{Name: s.Set + ", " + s.Classes[i], Caption: s.Classes[i], JPEG: jpeg})
		}
		page.Samples = append(page.Samples, strip)
	}
	for _, row := range r.Rows {
		page.Answers.Networks = append(page.Answers.Networks, row.Name)
	}
	for _, p := range r.Conflicts {
		jpeg, err := demoJPEG(p.Picture)
		if err != nil {
			return nil, err
		}
		page.Answers.Pictures = append(page.Answers.Pictures, report.Answered{JPEG: jpeg, Name: p.Name, Shape: p.Shape, Texture: p.Texture, Answers: p.Answers})
	}
	return func(w io.Writer) error { return report.WriteDemonstration(w, page) }, nil
}

func demoJPEG(m *pixel.Image) ([]byte, error) {
	var b bytes.Buffer
	err := pixel.EncodeJPEG(&b, m, 88)
	return b.Bytes(), err
}

// demoSampleTitles are heading and explanation of the samples.
var demoSampleTitles = map[string][2]string{
	demo.IN:                   {"IN", "Shape and texture both tell the class, as with cats that come with fur. Pictures are shown here larger than the networks see them."},
	demo.SIN:                  {"SIN", "The same pictures, each painted in brush strokes and put through random convolutions of its own: the shape is left, the texture tells nothing."},
	string(synth.CueConflict): {"Cue conflict", "The shapes of these classes with the textures of others. No network has learned from them."},
}

func demoResults(r *demo.Result) report.Table {
	t := report.Table{Columns: []string{"Name", "Training", "Fine-tuning", "Top-1, %", "Top-5, %", "Shape bias, % [95%]"},
		Caption: fmt.Sprintf("Top-1 and top-5: accuracy on %d test pictures like those that the network was trained on last (IN, SIN, or both). Shape bias: on %[1]d cue conflicts, the share of shape decisions among the decisions for shape or texture.", r.Test)}
	for _, row := range r.Rows {
		t.Rows = append(t.Rows, []string{row.Name, row.Training, orDash(row.FineTuning), percent(row.Top1.Value), percent(row.Top5.Value),
			percent(row.Bias.ShapeBias) + " " + percents(row.Bias.ShapeBiasCI)})
	}
	return t
}

func demoSets(r *demo.Result) report.Table {
	t := report.Table{Columns: []string{"Network"},
		Caption: fmt.Sprintf("Top-1 accuracy in percent, with exact 95%% intervals, on %d pictures each; chance is 6.25. For cue conflicts the class of the shape counts as right.", r.Test)}
	for _, set := range r.Rows[0].Sets {
		t.Columns = append(t.Columns, demoSetNames[set.Set])
	}
	for _, row := range r.Rows {
		cells := []string{row.Name}
		for _, set := range row.Sets {
			cells = append(cells, percent(set.Top1.Value)+" "+percents(set.Top1.CI))
		}
		t.Rows = append(t.Rows, cells)
	}
	return t
}

func demoSpent(r *demo.Result) report.Table {
	t := report.Table{Columns: []string{"On", "Seconds"}, Caption: "Wall-clock time. Networks that are trained at once overlap."}
	for _, s := range r.Spent {
		t.Rows = append(t.Rows, []string{s.On, strconv.FormatFloat(s.Seconds, 'f', 1, 64)})
	}
	return t
}

// demoCharts are the learning curves, by pictures shown in thousands, so that rows with epochs of different lengths compare.
func demoCharts(r *demo.Result) []report.Chart {
	loss := report.Chart{Title: "Loss in training", X: "thousand pictures shown", Y: "cross entropy", Zero: true}
	accuracy := report.Chart{Title: "Accuracy on pictures not trained on", X: "thousand pictures shown", Y: "top-1 on validation pictures of the kind trained on", Percent: true}
	for i, row := range r.Rows {
		begin := 0
		if row.FineTuning != "" {
			begin = r.Rows[i-1].Shown
		}
		steps := row.Epochs[len(row.Epochs)-1].Step
		at := func(step int) float64 {
			return (float64(begin) + float64(row.Shown)*float64(step)/float64(steps)) / 1000
		}
		l, a := report.Line{Name: row.Name, Group: i}, report.Line{Name: row.Name, Group: i}
		for _, p := range row.Parts {
			l.Points = append(l.Points, [2]float64{at(p.Step), p.TrainLoss})
		}
		for _, e := range row.Epochs {
			a.Points = append(a.Points, [2]float64{at(e.Step), e.ValidationTop1})
		}
		loss.Lines, accuracy.Lines = append(loss.Lines, l), append(accuracy.Lines, a)
	}
	return []report.Chart{loss, accuracy}
}

// demoRows say how it was made.
func demoRows(r *demo.Result, o demoOptions, c configuration) []report.Row {
	first := r.Rows[0].Recipe
	rows := []report.Row{
		{Key: "gestalt", Value: currentVersion().String()},
		{Key: "Engine", Value: c.String()},
		{Key: "Seed", Value: strconv.FormatUint(o.seed, 10)},
		{Key: "Minutes", Value: strconv.FormatFloat(o.minutes, 'g', -1, 64)},
		{Key: "Network", Value: fmt.Sprintf("%s, pictures of %d pixels", first.Network, first.Size)},
		{Key: "Training pictures of IN and of SIN", Value: strconv.Itoa(r.Training)},
		{Key: "Test pictures of each kind", Value: strconv.Itoa(r.Test)},
	}
	for _, row := range r.Rows {
		text := fmt.Sprintf("%d epochs, %d pictures shown, batches of %d, rate %.4g (%s)", row.Recipe.Epochs, row.Shown, row.Recipe.Batch,
			row.Recipe.Schedule.Rate, row.Recipe.Schedule.Name)
		rows = append(rows, report.Row{Key: "Training of " + row.Name, Value: text})
	}
	return append(rows, report.Row{Key: "Bootstrap rounds", Value: strconv.Itoa(r.Analysis.Settings.Rounds)})
}
