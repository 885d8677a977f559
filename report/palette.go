package report

import (
	_ "embed"
	"strings"
)

//go:embed style.css
var styleSheet string

// lightTheme holds the values of the CSS variables in the first :root block of style.css, for figures that leave the
// page. Programs that put SVG into papers know no CSS variables.
var lightTheme = readTheme(styleSheet)

// readTheme collects the --name: value pairs of the first block of a style sheet.
func readTheme(css string) map[string]string {
	theme := map[string]string{}
	block, _, _ := strings.Cut(css, "}")
	_, block, _ = strings.Cut(block, "{")
	for _, declaration := range strings.Split(block, ";") {
		name, value, ok := strings.Cut(strings.TrimSpace(declaration), ":")
		if ok && strings.HasPrefix(name, "--") {
			theme[strings.TrimPrefix(name, "--")] = strings.TrimSpace(value)
		}
	}
	return theme
}

// css returns the colour as a CSS value.
func (p paint) css(themed bool) string {
	if themed {
		return "var(--" + string(p) + ")"
	}
	return lightTheme[string(p)]
}

// networkPaints are given to networks in this order; people are always vermilion (paint "people"), as in the paper.
var networkPaints = []paint{"blue", "green", "purple", "orange", "sky", "slate", "olive"}

// mark draws the sign number i of the series at (x, y); size is about its half width. The signs are told apart by
// shape alone, and have about equal areas.
func (c *canvas) mark(i int, x, y, size float64, fill paint, title string) {
	path := markPaths[i%len(markPaths)]
	var d strings.Builder
	for k, p := range path {
		if k == 0 {
			d.WriteString("M")
		} else {
			d.WriteString("L")
		}
		d.WriteString(number(x+p[0]*size) + " " + number(y+p[1]*size))
	}
	d.WriteString("Z")
	attrs := []any{"fill", fill, "stroke", paint("ground"), "stroke-width", 1.0}
	name := "path"
	if path == nil {
		name = "circle"
		attrs = append([]any{"cx", x, "cy", y, "r", size}, attrs...)
	} else {
		attrs = append([]any{"d", d.String()}, attrs...)
	}
	if title == "" {
		c.add(name, attrs...)
		return
	}
	c.begin(name, attrs...)
	c.leaf("title", title)
	c.end()
}

// markPaths are the outlines of the signs around the origin, for a circle of radius 1; nil is the circle itself,
// which is reserved for people.
var markPaths = [][][2]float64{
	nil,
	{{-.89, -.89}, {.89, -.89}, {.89, .89}, {-.89, .89}}, // square
	{{0, -1.3}, {1.3, 0}, {0, 1.3}, {-1.3, 0}},           // diamond
	{{0, -1.25}, {1.25, .95}, {-1.25, .95}},              // triangle
	{{0, 1.25}, {1.25, -.95}, {-1.25, -.95}},             // triangle, point down
	{{-.45, -1.2}, {.45, -1.2}, {.45, -.45}, {1.2, -.45}, {1.2, .45}, {.45, .45}, {.45, 1.2}, {-.45, 1.2}, {-.45, .45}, {-1.2, .45}, {-1.2, -.45}, {-.45, -.45}}, // plus
	{{-1.2, -.7}, {1.2, -.7}, {1.2, .7}, {-1.2, .7}}, // bar
	{{0, -1.3}, {.38, -.4}, {1.25, -.4}, {.55, .15}, {.8, 1.1}, {0, .5}, {-.8, 1.1}, {-.55, .15}, {-1.25, -.4}, {-.38, -.4}}, // star
}
