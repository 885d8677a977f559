package report

import (
	"bytes"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strconv"

	"github.com/gestalt-vision/gestalt/measure"
)

// A DemonstrationPage is what the report on the demonstration shows.
type DemonstrationPage struct {
	Title    string
	Sentence string // what came out, in words
	Table    Table
	Samples  []Strip
	Analysis measure.Analysis // of the answers to cue conflicts
	Charts   []Chart
	Answers  Answers
	Sets     Table // accuracies on all sets of pictures
	Spent    Table // seconds
	Made     []Row // how it was made, in the order to be shown
}

// A Table is words in rows and columns; the first cell of a row is its name.
type Table struct {
	Columns []string
	Rows    [][]string
	Caption string
}

// A Strip is pictures side by side.
type Strip struct {
	Title, Note string
	Pictures    []Thumbnail // with Name, Caption and JPEG
}

// Answers are what networks answer to pictures whose shape and texture belong to different classes.
type Answers struct {
	Networks []string
	Pictures []Answered
}

// An Answered is a picture with the answer of each network.
type Answered struct {
	JPEG           []byte
	Name           string
	Shape, Texture string
	Answers        []string
}

//go:embed demonstration.html
var demonstrationSource string

var demonstrationTemplate = template.Must(template.New("demonstration").Parse(demonstrationSource))

// A demonstrationView is the page as its template wants it.
type demonstrationView struct {
	DemonstrationPage
	Style   template.CSS
	Strips  []stripView
	Notes   []string // of the strips
	Panels  []drawing
	Curves  []drawing
	Replies []replyView
}

type replyView struct {
	Answered
	Source template.URL
	Cells  []replyCell
}

// A replyCell is an answer: to the shape, to the texture, or to neither.
type replyCell struct{ Answer, To string }

// WriteDemonstration writes the report on the demonstration as one self-contained HTML file, in UTF-8. It writes nothing
// before the whole page is made, and fails only if w does or a row of a table has not as many cells as there are columns.
func WriteDemonstration(w io.Writer, p DemonstrationPage) error {
	v := demonstrationView{DemonstrationPage: p, Style: template.CSS(styleSheet)}
	for _, t := range []Table{p.Table, p.Sets, p.Spent} {
		for i, row := range t.Rows {
			if len(row) != len(t.Columns) {
				return fmt.Errorf("report: row %d of a table has %d cells for %d columns", i+1, len(row), len(t.Columns))
			}
		}
	}
	for _, s := range p.Samples {
		strip := stripView{Title: s.Title}
		for _, t := range s.Pictures {
			strip.Pictures = append(strip.Pictures, newPictureView(t))
		}
		v.Strips, v.Notes = append(v.Strips, strip), append(v.Notes, s.Note)
	}
	for _, a := range p.Answers.Pictures {
		reply := replyView{Answered: a}
		if len(a.JPEG) > 0 {
			reply.Source = template.URL("data:image/jpeg;base64," + base64.StdEncoding.EncodeToString(a.JPEG))
		}
		for _, answer := range a.Answers {
			to := ""
			switch answer {
			case a.Shape:
				to = "shape"
			case a.Texture:
				to = "texture"
			}
			reply.Cells = append(reply.Cells, replyCell{answer, to})
		}
		v.Replies = append(v.Replies, reply)
	}
	var err error
	if v.Panels, err = shapeFigure(p.Analysis); err != nil {
		return err
	}
	for i, c := range p.Charts {
		d, err := c.drawing("chart" + strconv.Itoa(i+1))
		if err != nil {
			return err
		}
		v.Curves = append(v.Curves, d)
	}
	var b bytes.Buffer
	if err := demonstrationTemplate.Execute(&b, v); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	_, err = w.Write(b.Bytes())
	return err
}

// shapeFigure draws the paper's figure of the first experiment with cue conflicts.
func shapeFigure(a measure.Analysis) ([]drawing, error) {
	all := groups(&a)
	i := slices.IndexFunc(all, func(g *group) bool { return g.conflict })
	if i < 0 {
		return nil, nil
	}
	view, err := all[i].view("e1")
	return view.Panels, err
}
