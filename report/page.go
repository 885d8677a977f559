package report

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strconv"

	"github.com/gestalt-vision/gestalt/measure"
)

// A Page is what the report shows. Every part is optional: a section appears where there is data for it.
type Page struct {
	Title      string // "Shape or texture?" when empty
	Analysis   measure.Analysis
	Thumbnails []Thumbnail
	// Focus is the experiment whose networks the head speaks of, where others are only there for comparison; with "" it
	// speaks of all.
	Focus  string
	Failed []Failure // pictures that could not be evaluated; shown at the top, never hidden
	Made   []Row     // how it was made: settings, hashes, version, engine, in the order to be shown
}

// A Thumbnail is one of the most shape-like or texture-like pictures of an observer.
type Thumbnail struct {
	Observer string
	Kind     string  // "shape" or "texture"
	Name     string  // of the picture
	Caption  string  // what the observer saw in it, say "bear by shape, bottle by texture; answered bear"
	Score    float64 // how clearly the picture is of its kind; shown with two decimals, NaN is not shown
	JPEG     []byte  // the small picture as a JPEG file; a blank square stands for it when empty
}

// A Failure is a picture that could not be evaluated, and why.
type Failure struct {
	Name   string
	Reason string
}

// A Row is one line of "How it was made".
type Row struct {
	Key   string
	Value string
}

//go:embed page.html
var pageSource string

var pageTemplate = template.Must(template.New("page").Parse(pageSource))

// Write writes the report as one self-contained HTML file, in UTF-8. It writes nothing before the whole page is made,
// and fails only if w does.
func Write(w io.Writer, p Page) error {
	v, err := newView(&p)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := pageTemplate.Execute(&b, v); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	_, err = w.Write(b.Bytes())
	return err
}

// A view is the page as the template wants it: words already chosen, figures already drawn.
type view struct {
	Title    string
	Style    template.CSS
	Findings []finding
	Keys     []keyFigure
	Failed   []Failure
	Groups   []groupView
	Accuracy drawing
	Thumbs   []thumbView
	Ranks    []rankView
	Made     []Row
	Conflict bool // which definitions are needed
	People   bool
	Pairs    bool
}

// A drawing is a finished svg element; it is empty where there is nothing to draw.
type drawing = template.HTML

// A groupView is the section of one experiment.
type groupView struct {
	ID, Title   string
	Source      []string // names of the directories
	Conflict    bool
	Panels      []drawing
	ByTexture   []drawing
	HasPeople   bool
	Intervals   bool // the figure's rows have intervals
	Table       tableView
	Consistency consistencyView
	Confusion   confusionView
}

type thumbView struct {
	Observer string
	Strips   []stripView
}

type stripView struct {
	Title    string
	Pictures []pictureView
}

type pictureView struct {
	Name, Caption, Score string
	Source               template.URL
}

type rankView struct {
	measure.Rank
	Value string
}

func newView(p *Page) (*view, error) {
	all := groups(&p.Analysis)
	for _, g := range all {
		g.focus = p.Focus
	}
	v := &view{Title: p.Title, Style: template.CSS(styleSheet), Failed: p.Failed, Findings: findings(all),
		Keys: keyFigures(all), Thumbs: thumbViews(p.Thumbnails), Pairs: len(p.Analysis.Pairs) > 0}
	if v.Title == "" {
		v.Title = "Shape or texture?"
	}
	for i, g := range all {
		gv, err := g.view("e" + strconv.Itoa(i+1))
		if err != nil {
			return nil, err
		}
		v.Groups = append(v.Groups, gv)
		v.Conflict = v.Conflict || g.conflict
		v.People = v.People || len(g.with(pool, person)) > 0
	}
	var err error
	if v.Accuracy, err = accuracyFigure(all); err != nil {
		return nil, err
	}
	for _, r := range p.Analysis.Ranks {
		v.Ranks = append(v.Ranks, rankView{r, decimals(r.Spearman, 2)})
	}
	v.Made = append(v.Made, p.Made...)
	if s := p.Analysis.Settings; s.Rounds > 0 {
		v.Made = append(v.Made, Row{"Bootstrap rounds and permutations", count(s.Rounds)},
			Row{"Seed of the resampling", strconv.FormatUint(s.Seed, 10)})
	}
	return v, nil
}

func (g *group) view(id string) (groupView, error) {
	gv := groupView{ID: id, Title: g.title, Source: g.experiments, Conflict: g.conflict, Table: g.table(id),
		HasPeople: len(g.with(person)) > 0}
	var err error
	draw := func(which cue) (out []drawing) {
		for i, p := range g.panels(which, 168) {
			if which.name == textureCue.name && p.ladder {
				continue // the overall values are the same in both versions
			}
			gv.Intervals = gv.Intervals || p.intervals()
			w, h := p.size()
			svg, e := picture(fmt.Sprintf("%s-%s%d", id, which.name, i+1), "Shape bias by "+which.name+" category, "+g.title,
				p.describe(), w, h, true, func(c *canvas) { p.draw(c) })
			if err == nil {
				err = e
			}
			out = append(out, drawing(svg))
		}
		return out
	}
	gv.Panels, gv.ByTexture = draw(shapeCue), draw(textureCue)
	if err != nil {
		return gv, err
	}
	if gv.Consistency, err = g.consistency(id); err != nil {
		return gv, err
	}
	gv.Confusion, err = g.confusion(id)
	return gv, err
}
