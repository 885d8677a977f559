package report

import (
	"bytes"
	"encoding/xml"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var (
	coordinate = []string{"x", "y", "x1", "y1", "x2", "y2", "cx", "cy", "r", "width", "height", "font-size", "stroke-width", "fill-opacity", "stroke-opacity"}
	notFinite  = regexp.MustCompile(`NaN|Inf`)
	cited      = regexp.MustCompile(`^https://(arxiv\.org/abs|doi\.org)/[0-9a-z./]+$`)
)

// checkMarkup parses a page or a figure as XML (the page is written so that it is both) and checks that it is sound and
// needs nothing from elsewhere: balanced tags, unique ids, finite coordinates, no script, no address but those of the
// cited papers, every figure with title and description, every header cell with its scope.
func checkMarkup(t *testing.T, text []byte) {
	t.Helper()
	clean := bytes.ToValidUTF8(text, []byte("?"))
	clean = bytes.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' && r != '\r' {
			return '?' // HTML tolerates control characters in text, XML does not
		}
		return r
	}, clean)
	if bytes.HasPrefix(text, []byte("<?xml")) && !bytes.Equal(clean, text) {
		t.Error("the SVG file holds characters that XML forbids")
	}
	d := xml.NewDecoder(bytes.NewReader(clean))
	ids := map[string]bool{}
	var references []string
	var path []string
	for {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatalf("not well-formed: %v", err)
		}
		switch e := token.(type) {
		case xml.EndElement:
			path = path[:len(path)-1]
		case xml.CharData:
			if len(path) > 0 && path[len(path)-1] == "style" {
				for _, bad := range []string{"@import", "url(", "</", "expression"} {
					if strings.Contains(string(e), bad) {
						t.Errorf("the style sheet has %q", bad)
					}
				}
			}
		case xml.StartElement:
			name := e.Name.Local
			path = append(path, name)
			attrs := map[string]string{}
			for _, a := range e.Attr {
				attrs[a.Name.Local] = a.Value
			}
			checkElement(t, name, attrs)
			if id, ok := attrs["id"]; ok {
				if ids[id] {
					t.Errorf("id %q occurs twice", id)
				}
				ids[id] = true
			}
			references = append(references, strings.Fields(attrs["aria-labelledby"])...)
			if target, ok := strings.CutPrefix(attrs["href"], "#"); ok {
				references = append(references, target)
			}
		}
	}
	for _, r := range references {
		if !ids[r] {
			t.Errorf("nothing has the id %q that is referred to", r)
		}
	}
}

func checkElement(t *testing.T, name string, attrs map[string]string) {
	t.Helper()
	switch name {
	case "script", "link", "iframe", "object", "embed", "base", "image", "use", "foreignObject", "form":
		t.Errorf("the page has a %s element", name)
	case "svg":
		if attrs["aria-hidden"] != "true" && (attrs["role"] != "img" || attrs["aria-labelledby"] == "") {
			t.Error("a figure has neither title nor description")
		}
	case "th":
		if attrs["scope"] == "" {
			t.Error("a header cell has no scope")
		}
	case "img":
		if attrs["alt"] == "" {
			t.Error("a picture has no text in its place")
		}
	}
	for key, value := range attrs {
		switch {
		case strings.HasPrefix(key, "on"), key == "style", key == "srcset":
			t.Errorf("%s has the attribute %s", name, key)
		case key == "src" && !strings.HasPrefix(value, "data:image/jpeg;base64,"):
			t.Errorf("%s is loaded from %q", name, value)
		case key == "href" && !strings.HasPrefix(value, "#") && !cited.MatchString(value):
			t.Errorf("%s leads to %q", name, value)
		case slices.Contains(coordinate, key):
			if v, err := strconv.ParseFloat(value, 64); err != nil || math.IsInf(v, 0) || math.IsNaN(v) {
				t.Errorf("%s of %s is %q", key, name, value)
			}
			if (key == "width" || key == "height" || key == "r") && strings.HasPrefix(value, "-") {
				t.Errorf("%s of %s is negative: %s", key, name, value)
			}
		case key == "d" || key == "viewBox" || key == "transform":
			if notFinite.MatchString(value) {
				t.Errorf("%s of %s is %q", key, name, value)
			}
		case (key == "fill" || key == "stroke") && value == "":
			t.Errorf("%s has an empty %s", name, key)
		}
	}
}
