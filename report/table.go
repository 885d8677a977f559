package report

import (
	"fmt"
	"html/template"
	"math"

	"github.com/gestalt-vision/gestalt/measure"
)

// A tableView is the table of observers of one experiment.
type tableView struct {
	Conflict bool
	Times    bool // some observer has response times
	NA       bool // some observer gave no answer at times
	Bodies   [][]tableRow
}

type tableRow struct {
	Class, Name, Note                          string
	Bias, BiasCI, BiasExact                    string
	Plot                                       template.HTML
	Shape, Texture, Other, NA, Trials, Correct string
	FractionShape, FractionTexture             string
	Accuracy, AccuracyCI, AccuracyExact, Time  string
}

func (g *group) table(id string) tableView {
	t := tableView{Conflict: g.conflict}
	for _, m := range g.members {
		t.Times = t.Times || m.MedianResponseTimeMS > 0
		t.NA = t.NA || m.NA > 0
	}
	for _, r := range []role{pool, network, person} {
		var body []tableRow
		for _, m := range g.with(r) {
			body = append(body, newTableRow(m, g.conflict, g.chance))
		}
		if body != nil {
			t.Bodies = append(t.Bodies, body)
		}
	}
	return t
}

func newTableRow(m member, conflict bool, chance float64) tableRow {
	row := tableRow{
		Name:            m.label,
		Class:           [...]string{pool: "pool", network: "network", person: "person"}[m.role],
		Bias:            percent(m.ShapeBias),
		BiasCI:          percentInterval(m.ShapeBiasCI),
		BiasExact:       percentInterval(m.ShapeBiasExact),
		Shape:           count(m.Shape),
		Texture:         count(m.Texture),
		Other:           count(m.Other),
		NA:              count(m.NA),
		Trials:          count(m.Trials),
		Correct:         count(m.Correct),
		FractionShape:   percent(m.FractionShape),
		FractionTexture: percent(m.FractionTexture),
		Accuracy:        percent(m.Accuracy),
		AccuracyCI:      percentInterval(m.AccuracyCI),
		AccuracyExact:   percentInterval(m.AccuracyExact),
		Time:            undefined,
	}
	if m.role == pool && m.Pooled > 0 {
		row.Note = fmt.Sprintf("%d pooled", m.Pooled)
	}
	if m.MedianResponseTimeMS > 0 {
		row.Time = count(int(math.Round(float64(m.MedianResponseTimeMS))))
	}
	paints := [...]paint{pool: "people", network: "blue", person: "person"}
	if conflict {
		row.Plot = intervalPlot(m.ShapeBias, m.ShapeBiasCI, .5, paints[m.role])
	} else {
		row.Plot = intervalPlot(m.Accuracy, m.AccuracyCI, chance, paints[m.role])
	}
	return row
}

// intervalPlot is the little drawing in a row: the value and its interval on a scale from 0 to 1, with a tick at the
// value that stands for "neither" (shape as often as texture, or chance).
func intervalPlot(v measure.Float, ci measure.Interval, reference float64, colour paint) template.HTML {
	const w, h, pad = 84.0, 14.0, 5.0
	if !defined(v) {
		return ""
	}
	x := func(v float64) float64 { return pad + (w-2*pad)*v }
	c := &canvas{themed: true}
	c.begin("svg", "viewBox", "0 0 84 14", "width", w, "height", h, "aria-hidden", "true")
	c.line(x(0), h/2, x(1), h/2, "stroke", paint("rule"))
	c.line(x(reference), 3.0, x(reference), h-3, "stroke", paint("rule"))
	if definedInterval(ci) { // thick and pale, as most intervals are hardly longer than the dot is wide
		c.line(x(float64(ci[0])), h/2, x(float64(ci[1])), h/2, "stroke", colour, "stroke-width", 7.0, "stroke-opacity", .4)
	}
	c.add("circle", "cx", x(float64(v)), "cy", h/2, "r", 1.9, "fill", colour)
	c.end()
	return template.HTML(c.b.String())
}
