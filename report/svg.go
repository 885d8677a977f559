package report

import (
	"fmt"
	"html"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A canvas collects SVG elements. Text and attribute values are escaped here and nowhere else, so what it holds is
// safe to put into a page. A coordinate that is not finite is a mistake of the caller; it is remembered in err, because
// a browser would drop the whole element in silence.
type canvas struct {
	b      strings.Builder
	themed bool // colours as CSS variables of the page; otherwise the light theme's values, for a file of its own
	open   []string
	err    error
}

// paint names a colour of the theme, see palette.go.
type paint string

// attr writes one attribute. Numbers are rounded to hundredths of a pixel, which no eye or printer resolves.
func (c *canvas) attr(key string, value any) {
	var s string
	switch v := value.(type) {
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			if c.err == nil {
				c.err = fmt.Errorf("report: attribute %s of a figure is %v", key, v)
			}
			v = 0
		}
		s = number(v)
	case int:
		s = strconv.Itoa(v)
	case paint:
		s = v.css(c.themed)
	case string:
		s = escape(v)
	default:
		panic(fmt.Sprintf("report: attribute %s has type %T", key, value))
	}
	c.b.WriteString(" " + key + `="` + s + `"`)
}

// number formats a coordinate with at most two decimals and no negative zero.
func number(v float64) string {
	s := strconv.FormatFloat(math.Round(v*100)/100, 'f', -1, 64)
	if s == "-0" {
		return "0"
	}
	return s
}

// escape makes any string, the name of a file for example, fit for XML: what is no UTF-8 and the control characters that
// XML forbids become U+FFFD.
func escape(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' && r != '\n' || r == 0xFFFE || r == 0xFFFF {
			return utf8.RuneError
		}
		return r
	}, s)
	return html.EscapeString(s)
}

// tag writes a start tag; attributes come as key, value, key, value.
func (c *canvas) tag(name, end string, attrs []any) {
	c.b.WriteString("<" + name)
	for i := 0; i+1 < len(attrs); i += 2 {
		c.attr(attrs[i].(string), attrs[i+1])
	}
	c.b.WriteString(end)
}

// begin opens an element that end closes.
func (c *canvas) begin(name string, attrs ...any) {
	c.tag(name, ">", attrs)
	c.open = append(c.open, name)
}

func (c *canvas) end() {
	last := len(c.open) - 1
	c.b.WriteString("</" + c.open[last] + ">")
	c.open = c.open[:last]
}

// add writes an element without content.
func (c *canvas) add(name string, attrs ...any) { c.tag(name, "/>", attrs) }

// leaf writes an element whose content is text.
func (c *canvas) leaf(name, text string, attrs ...any) {
	c.tag(name, ">", attrs)
	c.b.WriteString(escape(text) + "</" + name + ">")
}

// text writes a line of text with its baseline at y.
func (c *canvas) text(x, y float64, s string, attrs ...any) {
	c.leaf("text", s, append([]any{"x", x, "y", y}, attrs...)...)
}

func (c *canvas) line(x1, y1, x2, y2 float64, attrs ...any) {
	c.add("line", append([]any{"x1", x1, "y1", y1, "x2", x2, "y2", y2}, attrs...)...)
}

func (c *canvas) rect(x, y, w, h float64, attrs ...any) {
	c.add("rect", append([]any{"x", x, "y", y, "width", w, "height", h}, attrs...)...)
}

// picture wraps a drawing into an svg element of w by h units with a title and a description for those who do not see
// it. The id must be unique in the page.
func picture(id, title, desc string, w, h float64, themed bool, draw func(*canvas)) (string, error) {
	c := &canvas{themed: themed}
	attrs := []any{"xmlns", "http://www.w3.org/2000/svg", "viewBox", "0 0 " + number(w) + " " + number(h),
		"width", w, "height", h, "role", "img", "aria-labelledby", id + "-t " + id + "-d", "fill", paint("ink")}
	if !themed {
		attrs = append(attrs, "font-family", "Helvetica Neue, Helvetica, Arial, sans-serif")
	}
	c.begin("svg", attrs...)
	c.leaf("title", title, "id", id+"-t")
	c.leaf("desc", desc, "id", id+"-d")
	if !themed {
		c.rect(0, 0, w, h, "fill", paint("ground"))
	}
	draw(c)
	c.end()
	if len(c.open) != 0 {
		return "", fmt.Errorf("report: figure %s leaves <%s> open", id, c.open[0])
	}
	return c.b.String(), c.err
}

// writeSVG writes a picture as a file of its own.
func writeSVG(w io.Writer, svg string) error {
	_, err := io.WriteString(w, `<?xml version="1.0" encoding="UTF-8"?>`+"\n"+svg+"\n")
	return err
}

// textWidth estimates how wide a line of text is at a font size, in the same unit. No font is at hand when the page is
// written, and which one the reader has is unknown, so this leans to the wide side of the usual sans-serif fonts.
func textWidth(s string, size float64) float64 {
	var em float64
	for _, r := range s {
		switch {
		case r >= 0x1100: // CJK and other full-width scripts
			em += 1
		case strings.ContainsRune("iljtfr.,:;|'!()[]- ", r):
			em += 0.38
		case strings.ContainsRune("mwMW%", r):
			em += 0.92
		case r >= 'A' && r <= 'Z':
			em += 0.7
		default:
			em += 0.62
		}
	}
	return em * size
}

// shorten cuts a label to a width, with an ellipsis in the middle: the ends of the names of networks tell them apart.
func shorten(s string, size, width float64) string {
	if textWidth(s, size) <= width {
		return s
	}
	runes := []rune(s)
	for keep := len(runes) - 1; keep > 1; keep-- {
		head := (keep + 1) / 2
		short := string(runes[:head]) + "…" + string(runes[len(runes)-(keep-head):])
		if textWidth(short, size) <= width {
			return short
		}
	}
	return "…"
}
