package main

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/gestalt-vision/gestalt/dataset"
	"github.com/gestalt-vision/gestalt/measure"
	"github.com/gestalt-vision/gestalt/observe"
	"github.com/gestalt-vision/gestalt/report"
)

// evalSummary is summary.json, and what --json prints.
type evalSummary struct {
	Networks []evaluatedNetwork         `json:"networks"`
	Pairs    []measure.PairedEvaluation `json:"pairs"`
	Made     dataSettings               `json:"made_with"`
	Failed   []observe.Failure          `json:"failed_pictures"`
	Skipped  dataset.Skipped            `json:"skipped_files"` // what lay beside the pictures
}

type evaluatedNetwork struct {
	Observer string `json:"observer"`
	measure.Evaluation
}

// rows are the settings as the report shows them.
func (s dataSettings) rows() []report.Row {
	shown := fmt.Sprintf("%s, %d pictures", s.Data, s.Pictures)
	if s.Limit > 0 && s.Limit < s.Pictures {
		shown += fmt.Sprintf(", of which %d, spread evenly, were shown", s.Limit)
	}
	rows := []report.Row{
		{Key: "gestalt", Value: s.Version},
		{Key: "Engine", Value: s.Engine},
		{Key: "Data", Value: shown},
		{Key: "SHA-256 of the pictures", Value: s.SHA256},
		{Key: "SHA-256 of their classes", Value: s.Classes},
	}
	if s.Labels != "" {
		rows = append(rows, report.Row{Key: "Labels", Value: s.Labels})
	}
	return append(rows, modelRows(s.Models)...)
}

func writeEval(dir string, summary evalSummary, page report.EvaluationPage, ranked [][]measure.Ranked, classes []string) error {
	files := []resultFile{
		{settingsFile, func(w io.Writer) error { return writeJSON(w, summary.Made) }},
		{"summary.json", func(w io.Writer) error { return writeJSON(w, summary) }},
		{"report.html", func(w io.Writer) error { return report.WriteEvaluation(w, page) }},
	}
	for i, n := range summary.Networks {
		files = append(files, resultFile{filepath.Join("predictions", n.Observer+".csv"),
			func(w io.Writer) error { return report.WriteRankedCSV(w, ranked[i], classes) }})
	}
	return writeResults(dir, files)
}

// evalText prints the accuracies as aligned tables.
func evalText(s evalSummary) string {
	var b strings.Builder
	networks := newTextTable("<network", "top-1", "[exact]", "top-5", "[exact]", "mean of classes", "pictures", "classes")
	for _, n := range s.Networks {
		networks.add(n.Observer, percent(n.Top1.Value), percents(n.Top1.CI), percent(n.Top5.Value), percents(n.Top5.CI),
			percent(n.MeanPerClassTop1), count(n.Top1.N), count(len(n.PerClass)))
	}
	networks.write(&b)
	if len(s.Pairs) > 0 {
		b.WriteString("\n")
		pairs := newTextTable("<A", "<B", "top-1 A-B", "[score]", "p", "only A", "only B", "top-5 A-B", "[score]", "p", "pictures")
		for _, p := range s.Pairs {
			pairs.add(p.A, p.B, signed(p.Top1.Difference), signedBoth(p.Top1.CI), pValue(p.Top1.P), count(p.Top1.OnlyA), count(p.Top1.OnlyB),
				signed(p.Top5.Difference), signedBoth(p.Top5.CI), pValue(p.Top5.P), count(p.Pictures))
		}
		pairs.write(&b)
	}
	b.WriteString("\nFigures in percent. 95% intervals: [exact] Clopper-Pearson")
	if len(s.Pairs) > 0 {
		b.WriteString(", [score] Tango's for paired proportions; p: McNemar's exact test, two-sided")
	}
	b.WriteString(".\n")
	return b.String()
}
