package report

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strconv"
)

// A TrainingPage is what the report on the training of a network shows.
type TrainingPage struct {
	Title    string // "Training" when empty
	Sentence string // what came out, in words
	Charts   []Chart
	Columns  []string   // of the table of epochs
	Rows     [][]string // a row an epoch, the first cell its number
	Failed   []Failure  // pictures that could not be used; shown at the top, never hidden
	Made     []Row      // how it was made, in the order to be shown
}

//go:embed training.html
var trainingSource string

var trainingTemplate = template.Must(template.New("training").Parse(trainingSource))

// WriteTraining writes the report on a training as one self-contained HTML file, in UTF-8. It writes nothing before the
// whole page is made, and fails only if w does or a row has not as many cells as there are columns.
func WriteTraining(w io.Writer, p TrainingPage) error {
	v := struct {
		TrainingPage
		Style    template.CSS
		Drawings []drawing
	}{p, template.CSS(styleSheet), nil}
	if v.Title == "" {
		v.Title = "Training"
	}
	for i, c := range p.Charts {
		d, err := c.drawing("chart" + strconv.Itoa(i+1))
		if err != nil {
			return err
		}
		v.Drawings = append(v.Drawings, d)
	}
	for i, row := range p.Rows {
		if len(row) != len(p.Columns) {
			return fmt.Errorf("report: row %d of the epochs has %d cells for %d columns", i+1, len(row), len(p.Columns))
		}
	}
	var b bytes.Buffer
	if err := trainingTemplate.Execute(&b, v); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	_, err := w.Write(b.Bytes())
	return err
}
