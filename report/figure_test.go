package report

import (
	"bytes"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gestalt-vision/gestalt/measure"
)

func TestGoldenFigure(t *testing.T) {
	var b bytes.Buffer
	if err := FigureSVG(&b, smallAnalysis(), ""); err != nil {
		t.Fatal(err)
	}
	checkMarkup(t, b.Bytes())
	if strings.Contains(b.String(), "var(") {
		t.Error("the file has CSS variables, which programs for papers do not know")
	}
	golden(t, "small.svg", b.Bytes())
}

func TestFigureOfSomeObservers(t *testing.T) {
	var b bytes.Buffer
	if err := FigureSVG(&b, smallAnalysis(), conflictDirectory, "humans", "alexnet (trained-CNNs)"); err != nil {
		t.Fatal(err)
	}
	checkMarkup(t, b.Bytes())
	if !strings.Contains(b.String(), ">humans (2, pooled)<") || strings.Contains(b.String(), "silent") || strings.Contains(b.String(), ">alexnet<") {
		t.Error("the figure shows other observers than asked for")
	}
	for name, err := range map[string]error{
		"edges":   FigureSVG(&b, smallAnalysis(), edgeDirectory),
		"unknown": FigureSVG(&b, smallAnalysis(), "unknown"),
		"nobody":  FigureSVG(&b, smallAnalysis(), "", "nobody"),
		"empty":   FigureSVG(&b, measure.Analysis{}, ""),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// Rows ascend by the shape bias of the pool; without people by the mean of the observers; rows that nobody decided
// are last.
func TestRowOrder(t *testing.T) {
	a := smallAnalysis()
	order := func() []string { return groups(&a)[0].panels(shapeCue, 168)[0].rows }
	if got, want := order(), []string{"bear", "cat", "truck"}; !slices.Equal(got, want) {
		t.Errorf("with people: %q, want %q", got, want)
	}
	a.Observers = []measure.Observer{
		observer("x", "one", false, 0, map[string]counts{"cat": {9, 9, 0}, "bear": {9, 4, 4}, "dog": {9, 0, 0}, "car": {0, 0, 0}}),
		observer("x", "two", false, 0, map[string]counts{"cat": {9, 1, 3}, "bear": {9, 6, 2}, "dog": {9, 0, 0}})}
	if got, want := order(), []string{"bear", "cat", "dog"}; !slices.Equal(got, want) { // 62.5%, 62.5%: then by name; car has no trial
		t.Errorf("without people: %q, want %q", got, want)
	}
	a.Observers[1].PerShape["cat"] = measure.CategoryBias{ConflictTrials: 9, Shape: 1, Texture: 9, ShapeBias: .1}
	if got, want := order(), []string{"cat", "bear", "dog"}; !slices.Equal(got, want) {
		t.Errorf("without people: %q, want %q", got, want)
	}
}

// However many networks there are, each is in exactly one panel, beside the people, with a sign and colour of its own.
func TestPanels(t *testing.T) {
	for n := range 40 {
		a := crowd(n)
		seen := map[string]int{}
		panels := groups(&a)[0].panels(shapeCue, 168)
		for _, p := range panels {
			if p.ladder {
				if len(p.series) != n+11 {
					t.Errorf("%d networks: the ladder has %d rows", n, len(p.series))
				}
				continue
			}
			if p.series[0].role != pool || len(p.people) != 10 {
				t.Errorf("%d networks: a panel lacks the people", n)
			}
			looks := map[string]bool{}
			for _, s := range p.series {
				looks[string(s.paint)], looks[strconv.Itoa(s.sign)] = true, true
				if s.role == network {
					seen[s.label]++
				}
			}
			if len(looks) != 2*len(p.series) || len(p.series) > 1+maxNetworks {
				t.Errorf("%d networks: %d observers share %d colours and signs", n, len(p.series), len(looks))
			}
		}
		for name, times := range seen {
			if times != 1 {
				t.Errorf("%d networks: %s is drawn %d times", n, name, times)
			}
		}
		if len(seen) != n {
			t.Errorf("%d networks: %d are drawn", n, len(seen))
		}
		if (len(panels) > 1) != (n > maxNetworks) {
			t.Errorf("%d networks: %d panels", n, len(panels))
		}
		render(t, Page{Analysis: a})
	}
}

// The mark of an overall value stands where the axis says: at 0.3 of the way from 0 to 1 for a bias of 30%.
func TestMarkStandsAtItsValue(t *testing.T) {
	a := smallAnalysis()
	p := groups(&a)[0].panels(shapeCue, 168)[0]
	c := &canvas{}
	p.draw(c)
	x := number(p.gutter + p.plot*.3)
	if !strings.Contains(c.b.String(), `<line x1="`+x+`"`) {
		t.Errorf("no line at x = %s for the shape bias of 30%%", x)
	}
	pooled := number(p.gutter + p.plot*97/106)
	if !strings.Contains(c.b.String(), `<circle cx="`+pooled+`"`) {
		t.Errorf("no circle at x = %s for the pooled people", pooled)
	}
}

// Marks at one place are moved apart, in order and not out of the row; a mark alone stays in the middle.
func TestSpread(t *testing.T) {
	marks := []placed{{x: 50}, {x: 52}, {x: 10}, {x: 50}, {x: 57}, {x: 90}}
	spread(marks, 100, 8, 5)
	var got []float64
	for _, m := range marks {
		got = append(got, m.y)
	}
	want := []float64{95, 100 + 5./3, 100, 100 - 5./3, 105, 100}
	for i := range want {
		if math.Abs(got[i]-want[i]) > 1e-9 {
			t.Fatalf("heights %v, want %v", got, want)
		}
	}
}

func TestCoordinateThatIsNotFiniteIsAnError(t *testing.T) {
	_, err := picture("x", "", "", 10, 10, true, func(c *canvas) { c.line(0, math.NaN(), 1, math.Inf(1)) })
	if err == nil {
		t.Error("no error for a coordinate that is not a number")
	}
}

// Text has a contrast of at least 4.5 to 1 with its ground and marks have 3 to 1 (WCAG 2.1, 1.4.3 and 1.4.11), in both
// themes.
func TestContrast(t *testing.T) {
	_, rest, ok := strings.Cut(styleSheet, "prefers-color-scheme: dark")
	if !ok {
		t.Fatal("no dark theme")
	}
	_, rest, _ = strings.Cut(rest, "{")
	for name, theme := range map[string]map[string]string{"light": lightTheme, "dark": readTheme(rest)} {
		if len(theme) != len(lightTheme) {
			t.Errorf("%s has %d colours, light has %d", name, len(theme), len(lightTheme))
		}
		ground := luminance(t, theme["ground"])
		check := func(key string, least float64) {
			l := luminance(t, theme[key])
			if ratio := (max(l, ground) + .05) / (min(l, ground) + .05); ratio < least {
				t.Errorf("%s: %s on the ground has a contrast of %.2f, want %.1f", name, key, ratio, least)
			}
		}
		for _, key := range []string{"ink", "muted", "warn", "link"} {
			check(key, 4.5)
		}
		for _, p := range append([]paint{"people", "person"}, networkPaints...) {
			check(string(p), 3)
		}
	}
}

func luminance(t *testing.T, colour string) float64 {
	t.Helper()
	v, err := strconv.ParseUint(strings.TrimPrefix(colour, "#"), 16, 32)
	if err != nil || len(colour) != 7 {
		t.Fatalf("colour %q", colour)
	}
	var l float64
	for i, weight := range []float64{.0722, .7152, .2126} {
		s := float64(v>>(8*i)&255) / 255
		if s <= .04045 {
			s /= 12.92
		} else {
			s = math.Pow((s+.055)/1.055, 2.4)
		}
		l += weight * s
	}
	return l
}

// Every colour that a figure uses is defined.
func TestColoursAreDefined(t *testing.T) {
	for _, m := range regexp.MustCompile(`var\(--([a-z]+)\)`).FindAllStringSubmatch(render(t, smallPage()), -1) {
		if lightTheme[m[1]] == "" {
			t.Errorf("colour %s is not defined", m[1])
		}
	}
}
