package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/gestalt-vision/gestalt/measure"
)

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
