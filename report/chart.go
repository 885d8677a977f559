package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
)

// A Chart shows how something goes on over epochs or steps: lines over a common axis, each named at its right end.
type Chart struct {
	Title   string
	X       string // what the axis counts, such as "epoch"
	Y       string // what the lines show
	Percent bool   // values are shares, shown as percentages from 0 to 100
	Zero    bool   // the axis begins at 0 even where no value is near
	Lines   []Line
}

// A Line is one of a chart's. Values that are no finite numbers leave a gap.
type Line struct {
	Name   string
	Points [][2]float64 // x and y, x ascending
	Group  int          // lines of one group have one colour: what belongs to one network
	Dashed bool
}

// Where a chart has what, in its units.
const (
	chartWidth, chartHeight = 560.0, 320.0
	chartLeft, chartRight   = 52.0, 128.0 // room for the numbers, for the names
	chartTop, chartBottom   = 26.0, 42.0
	chartFont               = 12.0
)

// drawing draws the chart.
func (c Chart) drawing(id string) (drawing, error) {
	svg, err := picture(id, c.Title, c.describe(), chartWidth, chartHeight, true, c.draw)
	return drawing(svg), err
}

// describe says in words where each line begins and ends.
func (c Chart) describe() string {
	text := c.Y + " by " + c.X + "."
	for _, l := range c.Lines {
		if p := l.finite(); len(p) > 0 {
			first, last := p[0], p[len(p)-1]
			text += fmt.Sprintf(" %s: %s at %g, %s at %g.", l.Name, c.value(first[1]), first[0], c.value(last[1]), last[0])
		}
	}
	return text
}

func (l Line) finite() [][2]float64 {
	return slices.DeleteFunc(slices.Clone(l.Points), func(p [2]float64) bool { return !isFinite(p[0]) || !isFinite(p[1]) })
}

func isFinite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

func (c Chart) value(v float64) string {
	if c.Percent {
		return strconv.FormatFloat(100*v, 'f', 1, 64) + "%"
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}

// bounds are the ends of both axes, which are never the same.
func (c Chart) bounds() (x, y [2]float64) {
	x, y = [2]float64{math.Inf(1), math.Inf(-1)}, [2]float64{math.Inf(1), math.Inf(-1)}
	for _, l := range c.Lines {
		for _, p := range l.finite() {
			x[0], x[1] = min(x[0], p[0]), max(x[1], p[0])
			y[0], y[1] = min(y[0], p[1]), max(y[1], p[1])
		}
	}
	switch {
	case c.Percent:
		y = [2]float64{0, 1}
	case c.Zero:
		y[0] = 0
	}
	for _, b := range []*[2]float64{&x, &y} {
		if b[0] > b[1] {
			*b = [2]float64{0, 1}
		} else if b[0] == b[1] {
			b[0], b[1] = b[0]-0.5, b[1]+0.5
		}
	}
	return x, y
}

func (c Chart) draw(to *canvas) {
	x, y := c.bounds()
	steps := ticks(y[0], y[1], 5)
	if !c.Percent && len(steps) > 1 { // the axis ends at a number
		step := steps[1] - steps[0]
		y[0], y[1] = math.Floor(y[0]/step+1e-9)*step, math.Ceil(y[1]/step-1e-9)*step
		steps = ticks(y[0], y[1], 5)
	}
	right, bottom := chartWidth-chartRight, chartHeight-chartBottom
	atX := func(v float64) float64 { return chartLeft + (v-x[0])/(x[1]-x[0])*(right-chartLeft) }
	atY := func(v float64) float64 { return bottom - (v-y[0])/(y[1]-y[0])*(bottom-chartTop) }

	to.text(0, 12, c.Y, "font-size", chartFont, "fill", paint("muted"))
	for _, v := range steps {
		to.line(chartLeft, atY(v), right, atY(v), "stroke", paint("grid"))
		label := strconv.FormatFloat(v, 'g', 4, 64)
		if c.Percent {
			label = strconv.FormatFloat(100*v, 'f', 0, 64) + "%"
		}
		to.text(chartLeft-8, atY(v)+4, label, "font-size", chartFont, "fill", paint("muted"), "text-anchor", "end")
	}
	to.line(chartLeft, bottom, right, bottom, "stroke", paint("rule"))
	for _, v := range ticks(x[0], x[1], 6) {
		to.line(atX(v), bottom, atX(v), bottom+5, "stroke", paint("rule"))
		to.text(atX(v), bottom+19, strconv.FormatFloat(v, 'g', 6, 64), "font-size", chartFont, "fill", paint("muted"), "text-anchor", "middle")
	}
	to.text((chartLeft+right)/2, chartHeight-4, c.X, "font-size", chartFont, "fill", paint("muted"), "text-anchor", "middle")
	c.drawLines(to, atX, atY)
}

func (c Chart) drawLines(to *canvas, atX, atY func(float64) float64) {
	type label struct {
		y, from float64
		text    string
		colour  paint
	}
	var labels []label
	for _, l := range c.Lines {
		colour := networkPaints[l.Group%len(networkPaints)]
		path, pen := "", "M"
		var last *[2]float64
		for _, p := range l.Points {
			if !isFinite(p[0]) || !isFinite(p[1]) {
				pen = "M"
				continue
			}
			path += pen + number(atX(p[0])) + " " + number(atY(p[1]))
			pen, last = "L", &p
		}
		if last == nil {
			continue
		}
		attrs := []any{"d", path, "fill", "none", "stroke", colour, "stroke-width", 1.75, "stroke-linejoin", "round"}
		if l.Dashed {
			attrs = append(attrs, "stroke-dasharray", "5 4")
		}
		to.add("path", attrs...)
		if len(l.finite()) == 1 {
			to.add("circle", "cx", atX(last[0]), "cy", atY(last[1]), "r", 2.5, "fill", colour)
		}
		labels = append(labels, label{atY(last[1]), atY(last[1]), l.Name, colour})
	}
	// Names that would lie on each other move apart, from the top, and then up again from the bottom.
	const apart = 15.0
	slices.SortStableFunc(labels, func(a, b label) int { return cmp.Compare(a.from, b.from) })
	for i := 1; i < len(labels); i++ {
		labels[i].y = max(labels[i].y, labels[i-1].y+apart)
	}
	lowest := chartHeight - chartBottom
	for i := len(labels) - 1; i >= 0; i-- {
		labels[i].y = min(labels[i].y, lowest)
		lowest = labels[i].y - apart
	}
	right := chartWidth - chartRight
	for _, l := range labels {
		if math.Abs(l.y-l.from) > 3 {
			to.line(right+2, l.from, right+9, l.y, "stroke", l.colour, "stroke-opacity", 0.6)
		}
		to.text(right+11, l.y+4, shorten(l.text, chartFont, chartRight-12), "font-size", chartFont, "fill", l.colour)
	}
}

// ticks are round numbers from low to high, about so many.
func ticks(low, high float64, about int) (all []float64) {
	raw := (high - low) / float64(about)
	step := math.Pow(10, math.Floor(math.Log10(raw)))
	for _, factor := range []float64{1, 2, 5, 10} {
		if step*factor >= raw {
			step *= factor
			break
		}
	}
	for i := math.Ceil(low/step - 1e-9); i*step <= high+step*1e-9; i++ {
		all = append(all, math.Round(i*step*1e9)/1e9+0) // a sum of zeros has no sign
	}
	return all
}
