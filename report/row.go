package report

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/gestalt-vision/gestalt/measure"
)

// A placed mark is a series in one row of the figure.
type placed struct {
	*series
	row  measure.CategoryBias
	x, y float64
}

// row draws one category: its name, the people as small grey marks, each series with its mark, and at the right how
// often each gave the shape or the texture as its answer.
func (p *panel) row(c *canvas, category string, x func(measure.Float) float64, left, aside, y float64) {
	name := shorten(category, labelSize, left-12)
	c.begin("text", "x", left-10, "y", y+3.8, "font-size", labelSize, "text-anchor", "end")
	if name != category {
		c.leaf("title", category)
	}
	c.leaf("tspan", name)
	c.end()
	for _, m := range p.people {
		if row, ok := p.cue.rows(m.Observer)[category]; ok && defined(row.ShapeBias) {
			c.add("circle", "cx", x(row.ShapeBias), "cy", y, "r", 1.9, "fill", paint("person"), "fill-opacity", .55)
		}
	}
	if p.intervals() {
		p.bars(c, category, aside, y)
	} else {
		p.shares(c, category, aside, y)
	}

	n := float64(len(p.series))
	step := min(6, (p.rowHeight()-6)/n)
	var marks []placed
	for i := range p.series {
		s := &p.series[i]
		if row, ok := p.cue.rows(s.Observer)[category]; ok && defined(row.ShapeBias) {
			marks = append(marks, placed{s, row, x(row.ShapeBias), y + step*(float64(i)-(n-1)/2)})
		}
	}
	if !p.intervals() { // whiskers need a track each, marks alone can share the middle
		spread(marks, y, 8, p.rowHeight()/2-5.5)
	}
	for _, m := range slices.Backward(marks) { // people last, on top: they are what the networks are compared with
		ci := rowInterval(m.row)
		if p.intervals() && definedInterval(ci) {
			c.line(x(ci[0]), m.y, x(ci[1]), m.y, "stroke", m.paint, "stroke-width", 1.2, "stroke-opacity", .75)
		}
		c.mark(m.sign, m.x, m.y, 4.2, m.paint, fmt.Sprintf("%s, %s: %s%% %s, %d of %d", category, m.label,
			percent(m.row.ShapeBias), percentInterval(ci), m.row.Shape, m.row.Shape+m.row.Texture))
	}
}

// spread moves marks that would hide each other up and down, at most by reach: a run of marks each nearer than near
// to the next is spaced evenly, in its order.
func spread(marks []placed, y, near, reach float64) {
	order := make([]int, len(marks))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(marks[a].x, marks[b].x) })
	for start := 0; start < len(order); {
		end := start + 1
		for end < len(order) && marks[order[end]].x-marks[order[end-1]].x < near {
			end++
		}
		run := order[start:end]
		half := min(reach, 2.6*float64(len(run)-1))
		for i, k := range run {
			marks[k].y = y
			if len(run) > 1 {
				marks[k].y += half * (2*float64(i)/float64(len(run)-1) - 1)
			}
		}
		start = end
	}
}

// rowInterval is the bootstrap interval of a row. Where all decisions of the row are alike, every resampling is too and
// the bootstrap has nothing to say; the exact interval stands in for it.
func rowInterval(row measure.CategoryBias) measure.Interval {
	if row.Shape == 0 || row.Texture == 0 {
		return row.ShapeBiasExact
	}
	return row.ShapeBiasCI
}

// decisive is the share of trials that were answered with the category of the shape or of the texture.
func decisive(row measure.CategoryBias) float64 {
	return float64(row.Shape+row.Texture) / float64(row.ConflictTrials)
}

// bars draws the decisive answers of each series as a bar, as in the paper.
func (p *panel) bars(c *canvas, category string, aside, y float64) {
	n := float64(len(p.series))
	step := (p.rowHeight() - 6) / n
	for i := range p.series {
		s := &p.series[i]
		if row, ok := p.cue.rows(s.Observer)[category]; ok && row.ConflictTrials > 0 {
			c.rect(aside, y+step*(float64(i)-n/2), asideWidth*decisive(row), step-.8, "fill", s.paint, "fill-opacity", .8)
		}
	}
}

// shares draws them as marks, where bars would be too thin to be told apart.
func (p *panel) shares(c *canvas, category string, aside, y float64) {
	c.line(aside, y, aside+asideWidth, y, "stroke", paint("grid"))
	var marks []placed
	for i := range p.series {
		s := &p.series[i]
		if row, ok := p.cue.rows(s.Observer)[category]; ok && row.ConflictTrials > 0 {
			marks = append(marks, placed{s, row, aside + asideWidth*decisive(row), y})
		}
	}
	spread(marks, y, 5, p.rowHeight()/2-7)
	for _, m := range slices.Backward(marks) {
		c.mark(m.sign, m.x, m.y, 2.9, m.paint, "")
	}
}
