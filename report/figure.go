package report

import (
	"fmt"
	"strings"

	"github.com/gestalt-vision/gestalt/measure"
)

// Sizes of a panel, in pixels of the page at its natural width.
const (
	asideWidth  = 104.0 // overall values as text, and below them the share of decisive answers
	asideGap    = 14.0
	stripHeight = 17.0 // a row of the strip of overall values
	labelSize   = 11.0
	smallSize   = 10.0
)

// rowHeight gives the rows of few observers room for their intervals.
func (p *panel) rowHeight() float64 {
	if p.intervals() {
		return 27
	}
	return 22
}

// intervals says whether each mark gets the interval of its row.
func (p *panel) intervals() bool { return len(p.series) <= 4 }

// names is the width of the longest name of a series.
func (p *panel) names() float64 {
	w := 70.0
	for i := range p.series {
		s := &p.series[i]
		size := labelSize
		if s.role == pool {
			size *= 1.1 // set in bold
		}
		w = max(w, textWidth(s.title(), size))
	}
	return w
}

// size is the natural width and height of a panel.
func (p *panel) size() (w, h float64) {
	h = p.head() + stripHeight*float64(len(p.series)) + 38
	if !p.ladder {
		h += 12 + p.rowHeight()*float64(len(p.rows))
	}
	return p.gutter + p.plot + asideGap + asideWidth + 2, h
}

// head is the height of what stands above the plot; a narrow plot has the title of its upper axis on a line of its own.
func (p *panel) head() float64 {
	if p.plot < 360 {
		return 57
	}
	return 42
}

// title is how a series is called in the figure.
func (s *series) title() string {
	if s.role == pool && s.Pooled > 0 {
		return fmt.Sprintf("%s (%d, pooled)", s.label, s.Pooled)
	}
	return s.label
}

// draw draws the panel with its upper left corner at (0, 0).
func (p *panel) draw(c *canvas) {
	left, right := p.gutter, p.gutter+p.plot
	x := func(v measure.Float) float64 { return left + p.plot*float64(v) }
	top := p.head()
	strip := top + stripHeight*float64(len(p.series))
	rowsTop, bottom := strip+12, strip
	if !p.ladder {
		bottom = rowsTop + p.rowHeight()*float64(len(p.rows))
	}
	p.axes(c, left, right, top, bottom)
	if !p.ladder {
		c.begin("g", "stroke", paint("grid"))
		for i := range p.rows {
			y := rowsTop + p.rowHeight()*(float64(i)+.5)
			c.line(left, y, right, y)
		}
		c.end()
	}
	if p.letter != "" {
		c.text(0, 13, p.letter, "font-size", 15.0, "font-weight", "700")
	}

	// Bands and lines of the overall values lie under all marks; many bands have to be fainter.
	opacity := .13
	if !p.intervals() {
		opacity = .08
	}
	for i, s := range p.series {
		if p.ladder || !defined(s.ShapeBias) {
			continue
		}
		y := top + stripHeight*(float64(i)+.5)
		if ci := s.ShapeBiasCI; definedInterval(ci) {
			c.rect(x(ci[0]), y, x(ci[1])-x(ci[0]), bottom-y, "fill", s.paint, "fill-opacity", opacity)
		}
		c.line(x(s.ShapeBias), y, x(s.ShapeBias), bottom, "stroke", s.paint, "stroke-width", 1.2)
	}
	p.strip(c, x, top, right)
	if p.ladder {
		return
	}
	c.line(0, strip+6, right+asideGap+asideWidth, strip+6, "stroke", paint("rule"))
	aside := right + asideGap
	c.text(aside, bottom+14, "0", "font-size", smallSize, "fill", paint("muted"))
	c.text(aside+asideWidth, bottom+14, "1", "font-size", smallSize, "fill", paint("muted"), "text-anchor", "end")
	c.text(aside+asideWidth/2, bottom+29, "Shape or texture / all", "font-size", smallSize, "fill", paint("muted"), "text-anchor", "middle")
	for i, category := range p.rows {
		p.row(c, category, x, left, aside, rowsTop+p.rowHeight()*(float64(i)+.5))
	}
}

// axes draws the grid and both scales: shape decisions from left to right below, texture decisions from right to left above.
func (p *panel) axes(c *canvas, left, right, top, bottom float64) {
	c.begin("g", "stroke", paint("grid"), "stroke-width", 1.0)
	for i := 0; i <= 5; i++ {
		at := left + (right-left)*float64(i)/5
		c.line(at, top-4, at, bottom)
	}
	c.end()
	c.begin("g", "font-size", smallSize, "fill", paint("muted"), "text-anchor", "middle")
	for i := 0; i <= 5; i++ {
		at := left + (right-left)*float64(i)/5
		c.text(at, bottom+14, number(float64(i)/5))
		c.text(at, top-9, number(1-float64(i)/5))
	}
	c.end()
	c.begin("g", "font-size", labelSize)
	c.text(left, top-28, "◂ texture", "font-weight", "600")
	c.text(right, top-28, "shape ▸", "font-weight", "600", "text-anchor", "end")
	c.text((left+right)/2, 14, "Fraction of texture decisions", "text-anchor", "middle")
	c.text((left+right)/2, bottom+29, "Fraction of shape decisions", "text-anchor", "middle")
	c.end()
}

// strip draws the overall values, one observer a row, named where they stand: legend and result in one.
func (p *panel) strip(c *canvas, x func(measure.Float) float64, top, right float64) {
	left := x(0)
	aside := right + asideGap + asideWidth
	c.text(aside, top-9, "% shape [95%]", "font-size", smallSize, "fill", paint("muted"), "text-anchor", "end")
	for i := range p.series {
		s := &p.series[i]
		y := top + stripHeight*(float64(i)+.5)
		weight := "400"
		if s.role == pool {
			weight = "600"
		}
		name := s.title()
		c.begin("text", "x", left-10, "y", y+3.8, "font-size", labelSize, "font-weight", weight, "text-anchor", "end",
			"fill", strongInk(p.ladder && s.role == person))
		if cut := shorten(name, labelSize, left-12); cut != name {
			c.leaf("title", name)
			c.leaf("tspan", cut)
		} else {
			c.leaf("tspan", name)
		}
		c.end()
		if s.role == pool && !p.ladder {
			for _, m := range p.people {
				if defined(m.ShapeBias) {
					c.add("circle", "cx", x(m.ShapeBias), "cy", y, "r", 2.0, "fill", paint("person"), "fill-opacity", .6)
				}
			}
		}
		c.text(aside, y+3.8, strings.TrimSuffix(percent(s.ShapeBias)+" "+percentInterval(s.ShapeBiasCI), " "+undefined),
			"font-size", smallSize, "text-anchor", "end", "class", "n", "fill", strongInk(p.ladder && s.role == person))
		if !defined(s.ShapeBias) {
			continue
		}
		colour, size := s.paint, 4.4
		if p.ladder && s.role == person {
			colour, size = "person", 2.6
		}
		if ci := s.ShapeBiasCI; definedInterval(ci) {
			c.line(x(ci[0]), y, x(ci[1]), y, "stroke", colour, "stroke-width", 1.6)
		}
		c.mark(s.sign, x(s.ShapeBias), y, size, colour, fmt.Sprintf("%s: %s%% %s, %d of %d", name, percent(s.ShapeBias),
			percentInterval(s.ShapeBiasCI), s.Shape, s.Shape+s.Texture))
	}
}

func strongInk(weak bool) paint {
	if weak {
		return "muted"
	}
	return "ink"
}

// describe says in words what a panel shows, for readers who do not see it.
func (p *panel) describe() string {
	var parts []string
	for i := range p.series {
		s := &p.series[i]
		parts = append(parts, fmt.Sprintf("%s %s%% %s", s.title(), percent(s.ShapeBias), percentInterval(s.ShapeBiasCI)))
	}
	return "Shape decisions among shape and texture decisions, with 95% intervals: " + strings.Join(parts, "; ") + "."
}
