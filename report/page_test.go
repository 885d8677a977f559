package report

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gestalt-vision/gestalt/internal/sharedtest"
	"github.com/gestalt-vision/gestalt/measure"
)

var update = flag.Bool("update", false, "rewrite the golden files in testdata")

// render writes a page and checks what holds for every page.
func render(t *testing.T, p Page) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, p); err != nil {
		t.Fatal(err)
	}
	checkMarkup(t, b.Bytes())
	return b.String()
}

// golden compares with a file of testdata, or rewrites it.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs from what is written now; look at both and run go test -update if the change is meant (-want +got):\n%s",
			path, cmp.Diff(strings.Split(string(want), "\n"), strings.Split(string(got), "\n")))
	}
}

func TestGoldenPage(t *testing.T) {
	golden(t, "small.html", []byte(render(t, smallPage())))
}

// Categories of any names, and of any number, become rows of the figure and of the tables.
func TestPageOfOtherCategories(t *testing.T) {
	own := measure.Vocabulary{"arrow", "bolt", "fish"}
	var trials []measure.Trial
	for i, shape := range own {
		for k := range 4 {
			texture := own[(i+1+k%2)%3]
			answer := []string{shape, texture, shape, own[(i+2-k%2)%3]}[k]
			trials = append(trials, measure.Trial{
				Subj: "slim", Session: "1", Trial: 4*i + k, RT: math.NaN(), Response: answer, Category: shape, Condition: "0",
				Image: fmt.Sprintf("%s%d-%s%d.png", shape, k, texture, k),
			})
		}
	}
	a := measure.Analyze([]measure.Experiment{{Name: "cue-conflict", Trials: trials}}, measure.Settings{Rounds: 50, Categories: own})
	page := render(t, Page{Analysis: a, Focus: "cue-conflict"})
	for _, want := range []string{"<tspan>arrow</tspan>", "<tspan>bolt</tspan>", "<tspan>fish</tspan>", "slim decides by shape in"} {
		if !strings.Contains(page, want) {
			t.Errorf("page lacks %q", want)
		}
	}
	if rows := groups(&a)[0].panels(shapeCue, 168)[0].rows; len(rows) != 3 || groups(&a)[0].chance != 1./3 {
		t.Errorf("rows %q, chance %g", rows, groups(&a)[0].chance)
	}
	for _, other := range []string{"airplane", "elephant"} {
		if strings.Contains(page, other) {
			t.Errorf("page has the category %s", other)
		}
	}
}

func TestEmptyAnalysis(t *testing.T) {
	page := render(t, Page{})
	for _, want := range []string{"<h1>Shape or texture?</h1>", "No trials were analysed."} {
		if !strings.Contains(page, want) {
			t.Errorf("page lacks %q", want)
		}
	}
	for _, not := range []string{"<svg", "<table", "NaN", "Accuracy"} {
		if strings.Contains(page, not) {
			t.Errorf("page of nothing has %q", not)
		}
	}
}

// Each of these has one thing missing or undefined, and must still make a sound page.
func TestPartialAnalyses(t *testing.T) {
	undecided := measure.Analysis{Observers: []measure.Observer{observer("x", "silent", false, 0, map[string]counts{"cat": {5, 0, 0}})}}
	onePerson := measure.Analysis{Observers: []measure.Observer{observer("x", "subject-01", true, 0, map[string]counts{"cat": {5, 3, 1}})}}
	poolOnly := measure.Analysis{Observers: []measure.Observer{observer("x", "humans", true, 1, map[string]counts{"cat": {5, 3, 1}})}}
	bare := measure.Analysis{Observers: []measure.Observer{{Experiment: "x", Observer: "bare", ShapeBias: nan, Accuracy: nan}}}
	strayPair := measure.Analysis{Observers: poolOnly.Observers, Pairs: []measure.Pair{{Experiment: "x", A: "humans", B: "nobody"}, {Experiment: "y", A: "a", B: "b"}}}
	noIntervals := smallAnalysis()
	for i := range noIntervals.Observers {
		noIntervals.Observers[i].ShapeBiasCI = measure.Interval{nan, nan}
		noIntervals.Observers[i].AccuracyCI = measure.Interval{nan, nan}
	}
	for name, c := range map[string]struct {
		analysis measure.Analysis
		contains []string
	}{
		"undecided":    {undecided, []string{`<td class="main">–</td>`}},
		"one person":   {onePerson, []string{"subject-01 decides by shape in <b>75.0%</b>"}},
		"pool only":    {poolOnly, []string{"People decide by shape in <b>75.0%</b>"}},
		"bare":         {bare, []string{"bare"}},
		"stray pair":   {strayPair, []string{"humans (1, pooled)"}},
		"no intervals": {noIntervals, []string{"alexnet decides by shape in <b>30.0%</b> of its 40"}},
	} {
		t.Run(name, func(t *testing.T) {
			page := render(t, Page{Analysis: c.analysis})
			for _, want := range c.contains {
				if !strings.Contains(page, want) {
					t.Errorf("page lacks %q", want)
				}
			}
			if i := strings.Index(page, "NaN"); i >= 0 {
				t.Errorf("page shows NaN: %s", page[max(0, i-80):i+20])
			}
			if err := WriteCSV(&bytes.Buffer{}, c.analysis); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestFindingSentence(t *testing.T) {
	page := render(t, smallPage())
	const want = `alexnet decides by shape in <b>30.0%</b> [15.8, 44.2] of its 40 shape-or-texture decisions; ` +
		`alexnet (trained-CNNs) in <b>68.2%</b> [54.4, 81.9] of its 44; people in <b>91.5%</b> [86.2, 96.8] of their 106.`
	if !strings.Contains(page, want) {
		i := strings.Index(page, `class="finding"`)
		t.Errorf("the sentence is %s", page[i:i+500])
	}
}

func TestFindingSentenceOfTheFocus(t *testing.T) {
	p := smallPage()
	p.Focus = conflictDirectory + trainedSuffix
	const want = `<p class="finding">alexnet (trained-CNNs) decides by shape in <b>68.2%</b> [54.4, 81.9] of its 44 ` +
		`shape-or-texture decisions; people in <b>91.5%</b> [86.2, 96.8] of their 106.`
	if page := render(t, p); !strings.Contains(page, want) {
		i := strings.Index(page, `class="finding"`)
		t.Errorf("the sentence is %s", page[i:i+500])
	}
}

// Names come from files that anybody may have written.
func TestHostileNames(t *testing.T) {
	const evil = `</title></style><script>alert(1)</script><img src="https://evil.example/x" onerror="alert(2)">'"&amp;`
	const control = "bell\x07 and \xff no UTF-8 \x00"
	for _, name := range []string{evil, control, `" onload="alert(3)`, "--></svg>", "]]>", "{{.Title}}", "javascript:alert(4)"} {
		rows := map[string]counts{name: {20, 4, 9}, "bear": {20, 1, 14}}
		a := measure.Analysis{Observers: []measure.Observer{
			observer(name, name, false, 0, rows), observer(name, name+"2", false, 0, rows), observer(name, "humans", true, 1, rows)}}
		a.Observers[0].Confusion[name][name] = 3
		a.Pairs = []measure.Pair{{Experiment: name, A: name, B: name + "2", ErrorConsistency: .5}}
		a.Ranks = []measure.Rank{{Observer: name, Conflict: name, Edges: name}}
		page := render(t, Page{Title: name, Analysis: a, Failed: []Failure{{name, name}}, Made: []Row{{name, name}},
			Thumbnails: []Thumbnail{{Observer: name, Kind: "shape", Name: name, Caption: name, JPEG: []byte(name)}}})
		if strings.Contains(page, "<script") || strings.Contains(page, "<img src=\"https") {
			t.Errorf("name %q became markup", name)
		}
		var svg bytes.Buffer
		if err := FigureSVG(&svg, a, ""); err != nil {
			t.Fatal(err)
		}
		checkMarkup(t, svg.Bytes())
	}
}

func TestSameBytes(t *testing.T) {
	first := render(t, smallPage())
	for range 5 { // maps are walked in another order each time
		if again := render(t, smallPage()); again != first {
			t.Fatal("the same page gave other bytes")
		}
	}
}

func TestFailedPicturesStandAtTheTop(t *testing.T) {
	page := render(t, smallPage())
	failed, first := strings.Index(page, "could not be evaluated"), strings.Index(page, "<section")
	if failed < 0 || failed > first {
		t.Errorf("failed pictures at %d, first section at %d", failed, first)
	}
}

type brokenWriter struct{}

var errBroken = errors.New("disk full")

func (brokenWriter) Write([]byte) (int, error) { return 0, errBroken }

func TestWriterErrorsComeBack(t *testing.T) {
	p := smallPage()
	for name, err := range map[string]error{
		"Write": Write(brokenWriter{}, p), "WriteCSV": WriteCSV(brokenWriter{}, p.Analysis), "FigureSVG": FigureSVG(brokenWriter{}, p.Analysis, ""),
	} {
		if !errors.Is(err, errBroken) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The published data: every observer is on the page, the page stays small, and the rows have the order of the paper.
func TestPublishedData(t *testing.T) {
	exps, err := measure.ReadPaths(sharedtest.Path(t, "geirhos/raw-data.tar.gz"))
	if err != nil {
		t.Fatal(err)
	}
	a := measure.Analyze(exps, measure.Settings{Rounds: 40, Seed: 1})
	page := render(t, Page{Analysis: a})
	if len(page) > 3<<20 {
		t.Errorf("the page has %d bytes", len(page))
	}
	for _, o := range a.Observers {
		if !strings.Contains(page, o.Observer) {
			t.Errorf("%s is missing", o.Observer)
		}
	}
	var titles []string
	for _, g := range groups(&a) {
		titles = append(titles, g.title)
	}
	if want := []string{"Cue conflict", "Original", "Greyscale", "Silhouettes", "Edges", "Texture"}; !slices.Equal(titles, want) {
		t.Errorf("sections %q, want %q", titles, want)
	}
	want := strings.Fields("boat knife airplane bear dog keyboard cat elephant oven bird car truck bottle chair clock bicycle")
	for _, p := range groups(&a)[0].panels(shapeCue, 168) {
		if !p.ladder && !slices.Equal(p.rows, want) {
			t.Errorf("rows %q, want the paper's order %q", p.rows, want)
		}
	}
}
