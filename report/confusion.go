package report

import (
	"fmt"
	"html/template"
	"math"
	"slices"
	"strings"
)

// A confusionView holds the confusion matrices of one experiment: large ones with numbers for networks and the pooled
// people, small ones for each person.
type confusionView struct {
	Large, Small []matrixView
	Open         bool // few enough to be shown at once
	Conflict     bool
}

type matrixView struct {
	Label string
	SVG   template.HTML
}

// noAnswer is the response of a person who did not answer in time.
const noAnswer = "na"

func (g *group) confusion(id string) (confusionView, error) {
	var v confusionView
	known := map[string]bool{}
	answered := map[string]bool{}
	for _, m := range g.members {
		for presented, responses := range m.Confusion {
			known[presented] = true
			for response, n := range responses {
				if n > 0 {
					answered[response] = true
				}
			}
		}
	}
	if len(known) == 0 {
		return v, nil
	}
	columns := keys(known)
	for c := range known {
		answered[c] = true
	}
	na := answered[noAnswer]
	delete(answered, noAnswer)
	rows := keys(answered)
	if na {
		rows = append(rows, noAnswer)
	}
	large := len(g.with(pool, network)) > 0
	for i, m := range g.members {
		if len(m.Confusion) == 0 {
			continue
		}
		with := m.role != person || !large
		svg, err := confusionMatrix(fmt.Sprintf("%s-c%d", id, i+1), m, columns, rows, with)
		if err != nil {
			return v, err
		}
		view := matrixView{m.label, template.HTML(svg)}
		if with {
			v.Large = append(v.Large, view)
		} else {
			v.Small = append(v.Small, view)
		}
	}
	v.Open = len(v.Large) <= 3
	v.Conflict = g.conflict
	return v, nil
}

func keys(set map[string]bool) []string {
	var out []string
	for k := range set {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// shades is how many steps the heat map has. Cells of one step are one path, which keeps a page with a hundred matrices
// small. The step grows with the power 3/4 of the share, or else the spread of a network's errors would not be seen.
const shades = 12

// confusionMatrix draws responses (rows) to presented categories (columns); each column sums to 100%. Zero cells are
// left empty.
func confusionMatrix(id string, m member, columns, rows []string, numbers bool) (string, error) {
	cell, left, top, size := 19.5, 58.0, 58.0, 10.0
	if !numbers {
		cell, left, top = 8, 1, 1
	}
	w := left + cell*float64(len(columns)) + 2
	h := top + cell*float64(len(rows)) + 2
	var paths [shades + 1]strings.Builder
	type entry struct {
		x, y  float64
		value string
	}
	var entries []entry
	for i, presented := range columns {
		total := 0
		for _, n := range m.Confusion[presented] {
			total += n
		}
		if total == 0 {
			continue
		}
		for j, response := range rows {
			n := m.Confusion[presented][response]
			if n <= 0 {
				continue
			}
			share := float64(n) / float64(total)
			x, y := left+cell*float64(i), top+cell*float64(j)
			shade := max(1, int(math.Round(shades*math.Pow(share, .75))))
			fmt.Fprintf(&paths[shade], "M%s %sh%sv%sh-%sz", number(x+.5), number(y+.5), number(cell-1), number(cell-1), number(cell-1))
			if p := math.Round(100 * share); p >= 1 {
				entries = append(entries, entry{x + cell/2, y + cell/2 + 3, number(p)})
			}
		}
	}
	return picture(id, "Confusion matrix of "+m.label, "Columns: category shown. Rows: category answered. Percent of each column.",
		w, h, true, func(c *canvas) {
			c.add("path", "d", fmt.Sprintf("M%s %sh%sv%sh-%sz", number(left-.5), number(top-.5), number(w-left-1), number(h-top-1), number(w-left-1)),
				"fill", "none", "stroke", paint("rule"))
			if i := slices.Index(rows, noAnswer); i >= 0 {
				y := top + cell*float64(i)
				c.line(left, y, w-2, y, "stroke", paint("rule"))
			}
			c.begin("g", "fill", paint("heat"))
			for shade := range paths {
				if paths[shade].Len() > 0 {
					c.add("path", "d", paths[shade].String(), "fill-opacity", .04+.7*float64(shade)/shades)
				}
			}
			c.end()
			if !numbers {
				return
			}
			c.begin("g", "font-size", size)
			for i, name := range columns {
				x := left + cell*(float64(i)+.5) + 3.4
				c.text(x, top-6, shorten(name, size, top-8), "transform", "rotate(-90 "+number(x)+" "+number(top-6)+")")
			}
			c.end()
			c.begin("g", "font-size", size, "text-anchor", "end")
			for j, name := range rows {
				c.text(left-6, top+cell*(float64(j)+.5)+3.4, shorten(name, size, left-8))
			}
			c.end()
			c.begin("g", "font-size", 8.5, "text-anchor", "middle")
			for _, e := range entries {
				c.text(e.x, e.y, e.value)
			}
			c.end()
		})
}
