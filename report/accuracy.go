package report

import (
	"fmt"
	"html/template"
	"slices"
	"strings"
)

// identity is what an observer is called across experiments: alexnet of the directories X is another network than
// alexnet of the directories X-trained-CNNs.
func (g *group) identity(m member) string {
	trained := strings.HasSuffix(m.Experiment, trainedSuffix)
	return fmt.Sprintf("%d/%t/%s", m.role, trained, m.Observer.Observer)
}

// An accuracyRow is one observer over all experiments.
type accuracyRow struct {
	label string
	role  role
	paint paint
	cells []*member // one per experiment, nil where it took no part
}

// accuracyRows lists pools and networks in order of first appearance; single people are rows only where there is no
// pool, since a person's number means another person in every experiment.
func accuracyRows(all []*group) []accuracyRow {
	var rows []accuracyRow
	index := map[string]int{}
	pooled := false
	for _, g := range all {
		pooled = pooled || len(g.with(pool)) > 0
	}
	roles := []role{pool, network}
	if !pooled {
		roles = append(roles, person)
	}
	for _, r := range roles {
		for k, g := range all {
			for _, m := range g.with(r) {
				if m.Trials == 0 || !defined(m.Accuracy) {
					continue
				}
				key := g.identity(m)
				if r == person {
					key += "/" + g.name
				}
				i, ok := index[key]
				if !ok {
					i = len(rows)
					index[key] = i
					rows = append(rows, accuracyRow{m.label, r, "people", make([]*member, len(all))})
				}
				rows[i].cells[k] = &m
			}
		}
	}
	networks := slices.DeleteFunc(slices.Clone(rows), func(r accuracyRow) bool { return r.role != network })
	n := 0
	for i := range rows {
		if rows[i].role != network {
			continue
		}
		rows[i].paint = "slate" // too many to have a colour each
		if len(networks) <= maxNetworks {
			rows[i].paint = networkPaints[n]
		}
		n++
	}
	return rows
}

// accuracyFigure draws one column of bars per experiment and one row per observer, so that any number of observers
// stays readable; it is the paper's Figure 2 turned by a right angle.
func accuracyFigure(all []*group) (template.HTML, error) {
	rows := accuracyRows(all)
	if len(rows) == 0 {
		return "", nil
	}
	columns := make([]*group, 0, len(all))
	var used []int
	for k, g := range all {
		if slices.ContainsFunc(rows, func(r accuracyRow) bool { return r.cells[k] != nil }) {
			columns = append(columns, g)
			used = append(used, k)
		}
	}
	const rowHeight, top, numberWidth, gap = 19.0, 40.0, 38.0, 14.0
	gutter := 60.0
	for _, r := range rows {
		gutter = max(gutter, textWidth(r.label, labelSize)*1.05)
	}
	gutter = min(gutter, 200) + 12
	columnWidth := min(max((1120-gutter)/float64(len(columns)), 130), 320)
	bar := columnWidth - numberWidth - gap
	width := gutter + columnWidth*float64(len(columns))
	bottom := top + rowHeight*float64(len(rows))
	svg, err := picture("accuracy", "Accuracy", "Share of trials answered with the right category, with 95% intervals; the same numbers stand in the tables.",
		width, bottom+24, true, func(c *canvas) {
			for i, r := range rows {
				y := top + rowHeight*(float64(i)+.5)
				weight := "400"
				if r.role == pool {
					weight = "600"
				}
				c.begin("text", "x", gutter-10, "y", y+3.8, "font-size", labelSize, "text-anchor", "end", "font-weight", weight)
				name := shorten(r.label, labelSize, gutter-12)
				if name != r.label {
					c.leaf("title", r.label)
				}
				c.leaf("tspan", name)
				c.end()
			}
			for k, g := range columns {
				left := gutter + columnWidth*float64(k)
				x := func(v float64) float64 { return left + bar*v }
				c.text(left, 14, shorten(g.title, 12, columnWidth-6), "font-size", 12.0, "font-weight", "600")
				note := "% right"
				if g.conflict {
					note = "% right by shape"
				}
				c.text(left, 28, note, "font-size", smallSize, "fill", paint("muted"))
				c.begin("g", "stroke", paint("grid"))
				for t := 0; t <= 4; t++ {
					c.line(x(float64(t)/4), top, x(float64(t)/4), bottom)
				}
				c.end()
				c.begin("g", "font-size", smallSize, "fill", paint("muted"), "text-anchor", "middle")
				for t := 0; t <= 2; t++ {
					c.text(x(float64(t)/2), bottom+14, fmt.Sprint(50*t))
				}
				c.end()
				for i, r := range rows {
					y := top + rowHeight*(float64(i)+.5)
					m := r.cells[used[k]]
					if m == nil {
						c.text(left+2, y+3.6, undefined, "font-size", smallSize, "fill", paint("muted"))
						continue
					}
					c.begin("g")
					c.leaf("title", fmt.Sprintf("%s, %s: %s%% %s, %d of %d", g.title, r.label, percent(m.Accuracy),
						percentInterval(m.AccuracyCI), m.Correct, m.Trials))
					c.rect(left, y-5.5, bar*float64(m.Accuracy), 11, "fill", paint("ground")) // hides the grid
					c.rect(left, y-5.5, bar*float64(m.Accuracy), 11, "fill", r.paint, "fill-opacity", .5)
					if r.role == pool {
						for _, p := range g.with(person) {
							if p.Experiment == m.Experiment && defined(p.Accuracy) {
								c.line(x(float64(p.Accuracy)), y-7.5, x(float64(p.Accuracy)), y-3.5, "stroke", paint("person"))
							}
						}
					}
					if ci := m.AccuracyCI; definedInterval(ci) {
						lo, hi := x(float64(ci[0])), x(float64(ci[1]))
						c.add("path", "d", fmt.Sprintf("M%s %sH%sM%s %sv5M%s %sv5", number(lo), number(y), number(hi),
							number(lo), number(y-2.5), number(hi), number(y-2.5)), "stroke", paint("ink"), "stroke-width", 1.1, "fill", "none")
					}
					c.text(left+bar+numberWidth, y+3.6, percent(m.Accuracy), "font-size", smallSize, "text-anchor", "end")
					c.end()
				}
			}
		})
	return template.HTML(svg), err
}
