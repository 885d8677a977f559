package report

import (
	"fmt"
	"html/template"
	"math"
	"strings"

	"github.com/gestalt-vision/gestalt/measure"
)

// A consistencyView is the section on pairs of observers.
type consistencyView struct {
	Matrix   template.HTML
	Pairs    []pairView
	Conflict bool
}

type pairView struct {
	A, B, Stimuli, Kappa, KappaCI, Observed, Expected, Accuracy, Difference, DifferenceCI, P string
}

func (g *group) consistency(id string) (consistencyView, error) {
	v := consistencyView{Conflict: g.conflict}
	if len(g.pairs) == 0 {
		return v, nil
	}
	// The matrix has the order people, then networks; only observers that were compared are in it.
	var order []int
	used := make([]bool, len(g.members))
	pairs := map[[2]int]*measure.Pair{}
	for _, p := range g.pairs {
		a, b := g.pairMembers(p)
		if a < 0 || b < 0 || a == b {
			continue
		}
		used[a], used[b] = true, true
		pairs[[2]int{a, b}], pairs[[2]int{b, a}] = p, p
		v.Pairs = append(v.Pairs, pairView{
			A: g.members[a].label, B: g.members[b].label, Stimuli: count(p.Stimuli),
			Kappa: decimals(p.ErrorConsistency, 3), KappaCI: interval(p.ErrorConsistencyCI, 3),
			Observed: decimals(p.ObservedConsistency, 3), Expected: decimals(p.ExpectedConsistency, 3),
			Accuracy:   decimals(p.AccuracyDifference, 4),
			Difference: decimals(100*p.ShapeBiasDifference, 1), DifferenceCI: percentInterval(p.ShapeBiasDifferenceCI),
			P: probability(p.ShapeBiasP),
		})
	}
	for _, r := range []role{pool, person, network} {
		for i, m := range g.members {
			if used[i] && m.role == r {
				order = append(order, i)
			}
		}
	}
	if len(order) < 2 {
		return v, nil
	}
	labels := make([]string, len(order))
	gutter, tail := 40.0, 0.0
	const size = 10.5
	for i, k := range order {
		labels[i] = g.members[k].label
		w := min(textWidth(labels[i], size), 190)
		gutter = max(gutter, w)
		tail = max(tail, w)
	}
	gutter += 12
	cell := 38.0
	if len(order) > 10 {
		cell = 28
	}
	n := float64(len(order))
	legend := 215.0 // the scale stands in the empty corner; a small matrix has to be wide enough for it
	width := max(gutter+cell*n+tail+10, gutter+cell*2+tail+legend)
	svg, err := picture(id+"-kappa", "Error consistency, "+g.title,
		"Cohen's kappa of every pair of observers, 0 where they err together as often as independent observers would; the numbers stand in the table of pairs.",
		width, cell*n+8, true, func(c *canvas) {
			c.begin("g", "font-size", size)
			for i, label := range labels {
				y := cell * (float64(i) + .5)
				short := shorten(label, size, 190)
				c.text(gutter-8, y+3.7, short, "text-anchor", "end")
				c.text(gutter+cell*float64(i)+6, y+3.7, short, "fill", paint("muted"))
			}
			c.end()
			c.begin("g", "text-anchor", "middle", "font-size", min(cell*.36, 11))
			for i := range order {
				for j := range i {
					p := pairs[[2]int{order[i], order[j]}]
					if p == nil {
						continue
					}
					x, y := gutter+cell*float64(j), cell*float64(i)
					k := p.ErrorConsistency
					c.begin("g")
					c.leaf("title", fmt.Sprintf("%s, %s: κ %s %s; observed %s, expected %s, %s", labels[i], labels[j],
						decimals(k, 3), interval(p.ErrorConsistencyCI, 3), decimals(p.ObservedConsistency, 3),
						decimals(p.ExpectedConsistency, 3), plural(p.Stimuli, "picture")))
					fill, opacity := diverging(k)
					c.rect(x+.5, y+.5, cell-1, cell-1, "fill", fill, "fill-opacity", opacity)
					c.text(x+cell/2, y+cell/2+cell*.12, bare(k))
					c.end()
				}
			}
			c.end()
			// The scale.
			c.begin("g", "text-anchor", "middle", "font-size", smallSize)
			const step = 22.0
			x0 := width - 9*step - 6
			c.text(x0, 12, "Error consistency κ", "text-anchor", "start", "fill", paint("muted"))
			for s := range 9 {
				v := measure.Float(s-4) / 4
				fill, opacity := diverging(v)
				c.rect(x0+step*float64(s), 18, step-1, 12, "fill", fill, "fill-opacity", opacity)
				if s%2 == 0 {
					c.text(x0+step*(float64(s)+.5), 42, strings.Replace(number(float64(v)), "-", "−", 1), "fill", paint("muted"))
				}
			}
			c.end()
		})
	v.Matrix = template.HTML(svg)
	return v, err
}

// pairMembers finds the two observers of a pair among the members.
func (g *group) pairMembers(p *measure.Pair) (a, b int) {
	other := p.ExperimentB
	if other == "" {
		other = p.Experiment
	}
	return g.find(p.Experiment, p.A), g.find(other, p.B)
}

// diverging is the colour of a kappa: stronger away from 0, blue above and vermilion below. It never gets so strong
// that the number in the cell could not be read.
func diverging(k measure.Float) (paint, float64) {
	if !defined(k) {
		return "grid", .5
	}
	v := max(-1, min(1, float64(k)))
	if v < 0 {
		return "negative", .05 - .65*v
	}
	return "positive", .05 + .65*v
}

// bare is a number between -1 and 1 as tables of correlations have it, without the zero before the point.
func bare(v measure.Float) string {
	if math.Abs(float64(v)) == 1 {
		return decimals(v, 0)
	}
	if v == 0 {
		return "0"
	}
	return strings.Replace(decimals(v, 2), "0.", ".", 1)
}
