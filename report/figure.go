package report

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/gestalt-vision/gestalt/measure"
)

// A series is one observer in the figure, with its own colour and mark.
type series struct {
	member
	paint paint
	sign  int
}

// A cue says which rows the figure has: the paper's figure by shape category, or its counterpart by texture category.
type cue struct {
	name string // "shape" or "texture"
	rows func(*measure.Observer) map[string]measure.CategoryBias
}

var (
	shapeCue   = cue{"shape", func(o *measure.Observer) map[string]measure.CategoryBias { return o.PerShape }}
	textureCue = cue{"texture", func(o *measure.Observer) map[string]measure.CategoryBias { return o.PerTexture }}
)

// maxNetworks is how many networks one panel can hold and still be read; more are spread over several panels, each with
// the people for comparison.
const maxNetworks = 7

// A panel is one drawing of the figure: some series, the people behind them, and the rows.
type panel struct {
	letter string
	series []series
	people []member
	cue    cue
	rows   []string // categories, top to bottom
	ladder bool     // every observer on a row of its own, in place of the categories
	gutter float64  // room for names at the left
	plot   float64  // width of the plot
}

// panels lays a group out: one panel where it is readable, otherwise a ladder of all observers and panels of at most
// maxNetworks networks, never mixing two directories. Of several panels each gives at most limit pixels to names.
func (g *group) panels(which cue, limit float64) []panel {
	without := func(m member) bool { return m.ConflictTrials == 0 }
	pools := slices.DeleteFunc(g.with(pool), without)
	networks := slices.DeleteFunc(g.with(network), without)
	people := slices.DeleteFunc(g.with(person), without)
	if len(pools) == 0 && len(people)+len(networks) <= maxNetworks {
		networks, people = append(networks, people...), nil // a few people without a pool are shown as strongly as networks
	}
	if len(pools)+len(networks)+len(people) == 0 {
		return nil
	}
	rows := rowOrder(which, pools, networks, people)

	var parts [][]member
	for start := 0; start < len(networks); {
		end := start
		for end < len(networks) && networks[end].Experiment == networks[start].Experiment {
			end++
		}
		if len(networks) <= maxNetworks {
			end = len(networks)
		}
		n := end - start
		for k := (n + maxNetworks - 1) / maxNetworks; k > 0; k-- { // as even as possible
			size := (end - start + k - 1) / k
			parts = append(parts, networks[start:start+size])
			start += size
		}
	}
	if len(parts) == 0 {
		parts = [][]member{nil}
	}

	var out []panel
	if len(parts) > 1 {
		all := panel{ladder: true}
		for _, m := range slices.Concat(pools, networks, people) {
			s := series{member: m, paint: "slate", sign: 1}
			if m.role != network {
				s.paint, s.sign = "people", 0
			}
			all.series = append(all.series, s)
		}
		slices.SortStableFunc(all.series, func(a, b series) int { return cmp.Compare(rank(b.ShapeBias), rank(a.ShapeBias)) })
		out = append(out, all)
	}
	for _, part := range parts {
		p := panel{people: people, cue: which, rows: rows}
		for _, m := range pools {
			p.series = append(p.series, series{m, "people", 0})
		}
		for i, m := range part {
			s := series{m, networkPaints[i%len(networkPaints)], 1 + i%(len(markPaths)-1)}
			p.series = append(p.series, s)
		}
		out = append(out, p)
	}
	// All panels share their measures, so that they line up under each other. A single one may take more room.
	gutter, plot := 0.0, 470.0
	for i := range out {
		gutter = max(gutter, out[i].names())
	}
	if len(out) > 1 {
		plot, gutter = 258, min(gutter, limit)
	}
	for i := range out {
		p := &out[i]
		p.gutter, p.plot = min(gutter, 260)+12, plot
		if len(out) > 1 {
			p.letter = string(rune('a' + i%26))
		}
		if !p.ladder {
			slices.SortStableFunc(p.series, func(a, b series) int { // the lines of the overall values then never cross a name
				return cmp.Or(int(a.role)-int(b.role), cmp.Compare(rank(b.ShapeBias), rank(a.ShapeBias)))
			})
		}
	}
	return out
}

// rank orders undefined values last in a descending order.
func rank(v measure.Float) float64 {
	if !defined(v) {
		return math.Inf(-1)
	}
	return float64(v)
}

// rowOrder returns the categories by ascending shape bias of the pooled people, or by the mean over all observers where
// there are none; categories without any decision come last. For the published data it is the paper's order.
func rowOrder(which cue, pools, networks, people []member) []string {
	reference := pools
	if len(reference) == 0 {
		reference = slices.Concat(networks, people)
	} else {
		reference = reference[:1]
	}
	seen := map[string]bool{}
	for _, m := range slices.Concat(pools, networks, people) {
		for category, row := range which.rows(m.Observer) {
			if row.ConflictTrials > 0 {
				seen[category] = true
			}
		}
	}
	mean := map[string]float64{}
	var rows []string
	for category := range seen {
		sum, n := 0.0, 0
		for _, m := range reference {
			if row, ok := which.rows(m.Observer)[category]; ok && defined(row.ShapeBias) {
				sum += float64(row.ShapeBias)
				n++
			}
		}
		mean[category] = math.Inf(1)
		if n > 0 {
			mean[category] = sum / float64(n)
		}
		rows = append(rows, category)
	}
	slices.SortFunc(rows, func(a, b string) int {
		return cmp.Or(cmp.Compare(mean[a], mean[b]), cmp.Compare(a, b))
	})
	return rows
}

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
	return 21
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

// row draws one category: its name, the people as small grey marks, each series with its mark, and at the right how
// often each gave the shape or the texture as its answer.
func (p *panel) row(c *canvas, category string, x func(measure.Float) float64, left, aside, y float64) {
	c.line(left, y, left+p.plot, y, "stroke", paint("grid"))
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
	n := float64(len(p.series))
	step := 0.0 // with intervals the marks stand a little apart, or the whiskers would hide each other
	if p.intervals() {
		step = min(6, (p.rowHeight()-6)/n)
	}
	p.decisive(c, category, aside, y)
	for k := range p.series { // people last, on top: they are what the networks are compared with
		i := len(p.series) - 1 - k
		s := &p.series[i]
		row, ok := p.cue.rows(s.Observer)[category]
		if !ok || !defined(row.ShapeBias) {
			continue
		}
		at := y + step*(float64(i)-(n-1)/2)
		ci := rowInterval(row)
		if p.intervals() && definedInterval(ci) {
			c.line(x(ci[0]), at, x(ci[1]), at, "stroke", s.paint, "stroke-width", 1.2, "stroke-opacity", .75)
		}
		c.mark(s.sign, x(row.ShapeBias), at, 4.2, s.paint, fmt.Sprintf("%s, %s: %s%% %s, %d of %d", category, s.label,
			percent(row.ShapeBias), percentInterval(ci), row.Shape, row.Shape+row.Texture))
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

// decisive draws how often each series gave the shape or the texture as its answer: bars as in the paper where there
// is room for them, otherwise a mark each.
func (p *panel) decisive(c *canvas, category string, aside, y float64) {
	n := float64(len(p.series))
	bars := p.intervals()
	if !bars {
		c.line(aside, y, aside+asideWidth, y, "stroke", paint("grid"))
	}
	step := (p.rowHeight() - 6) / n
	for k := range p.series {
		i := len(p.series) - 1 - k
		s := &p.series[i]
		row, ok := p.cue.rows(s.Observer)[category]
		if !ok || row.ConflictTrials == 0 {
			continue
		}
		share := float64(row.Shape+row.Texture) / float64(row.ConflictTrials)
		if bars {
			c.rect(aside, y+step*(float64(i)-n/2), asideWidth*share, step-.8, "fill", s.paint, "fill-opacity", .8)
		} else {
			c.mark(s.sign, aside+asideWidth*share, y, 2.9, s.paint, "")
		}
	}
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

// FigureSVG writes the shape-bias figure of one experiment as an SVG file of its own, in the colours for white paper.
// An empty experiment means the first one with cue-conflict trials. With observers given, only those are drawn, in
// their order in the analysis ("humans" is the pool); otherwise all are. It is an error if nothing is left to draw.
func FigureSVG(w io.Writer, a measure.Analysis, experiment string, observers ...string) error {
	var chosen *group
	for _, g := range groups(&a) {
		if g.conflict && (experiment == "" || g.name == experiment || slices.Contains(g.experiments, experiment)) {
			chosen = g
			break
		}
	}
	if chosen == nil {
		return fmt.Errorf("report: no cue-conflict trials to draw in experiment %q", experiment)
	}
	if len(observers) > 0 {
		chosen.members = slices.DeleteFunc(chosen.members, func(m member) bool {
			return !slices.Contains(observers, m.Observer.Observer) && !slices.Contains(observers, m.label)
		})
	}
	panels := chosen.panels(shapeCue, 260)
	if len(panels) == 0 {
		return fmt.Errorf("report: none of the observers %q has cue-conflict trials in experiment %q", observers, chosen.name)
	}
	const margin, gap = 10.0, 26.0
	columns := min(len(panels), 2)
	var heights []float64 // of the rows of panels
	var describe []string
	for i := range panels {
		describe = append(describe, panels[i].describe())
	}
	width, _ := panels[0].size()
	height := 2*margin - gap
	for i := range panels {
		_, h := panels[i].size()
		if i%columns == 0 {
			heights = append(heights, 0)
		}
		heights[len(heights)-1] = max(heights[len(heights)-1], h)
	}
	for _, h := range heights {
		height += h + gap
	}
	svg, err := picture("figure", "Shape or texture: "+chosen.title, strings.Join(describe, " "),
		2*margin+width*float64(columns)+gap*float64(columns-1), height, false, func(c *canvas) {
			y := margin
			for i := range panels {
				x := margin + float64(i%columns)*(width+gap)
				c.begin("g", "transform", "translate("+number(x)+" "+number(y)+")")
				panels[i].draw(c)
				c.end()
				if i%columns == columns-1 {
					y += heights[i/columns] + gap
				}
			}
		})
	if err != nil {
		return err
	}
	return writeSVG(w, svg)
}
