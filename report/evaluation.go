package report

import (
	"bytes"
	"cmp"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strconv"

	"github.com/gestalt-vision/gestalt/measure"
)

// An EvaluationPage is what the report on accuracies shows, over ImageNet classes or over others that all networks share.
type EvaluationPage struct {
	Title    string // "ImageNet accuracy" when empty
	Networks []EvaluatedNetwork
	Pairs    []measure.PairedEvaluation
	Failed   []Failure // pictures that could not be evaluated; shown at the top, never hidden
	Made     []Row     // how it was made, in the order to be shown
}

// An EvaluatedNetwork is one network with its accuracies.
type EvaluatedNetwork struct {
	Name       string
	Evaluation measure.Evaluation
	Mistakes   []Thumbnail // wrong answers to look at, the surest first; Observer and Kind don't matter
}

//go:embed evaluation.html
var evaluationSource string

var evaluationTemplate = template.Must(template.New("evaluation").Parse(evaluationSource))

// WriteEvaluation writes the report on accuracies as one self-contained HTML file, in UTF-8. It writes nothing before
// the whole page is made, and fails only if w does.
func WriteEvaluation(w io.Writer, p EvaluationPage) error {
	v, err := newEvaluationView(p)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := evaluationTemplate.Execute(&b, v); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	_, err = w.Write(b.Bytes())
	return err
}

// An evaluationView is the page as its template wants it.
type evaluationView struct {
	Title    string
	Style    template.CSS
	Findings []finding
	Keys     []keyFigure
	Failed   []Failure
	Networks []evaluatedView
	Pairs    []pairedView
	Classes  []classView // all of them, with a column a network
	WordNet  bool        // they are those of ImageNet
	Made     []Row
}

type evaluatedView struct {
	ID, Name   string
	Top1, Top5 proportionView
	Mean       string // over the classes
	Histogram  drawing
	Best       []classView
	Worst      []classView
	Mistakes   []pictureView
}

type proportionView struct {
	Percent, CI, Correct, Pictures string
	Plot                           template.HTML
}

type pairedView struct {
	A, B, Pictures string
	Top1, Top5     differenceView
}

type differenceView struct{ OnlyA, OnlyB, Difference, CI, P string }

// A classView is a class with what one network, or each in turn, makes of it.
type classView struct {
	class                int
	WNID, Name, Pictures string
	Accuracies           []proportionView // top-1 and top-5 of each network
}

func newEvaluationView(p EvaluationPage) (*evaluationView, error) {
	v := &evaluationView{Title: p.Title, Style: template.CSS(styleSheet), Failed: p.Failed, Made: p.Made,
		Findings: evaluationFindings(p.Networks), Keys: evaluationKeys(p.Networks)}
	if v.Title == "" {
		v.Title = "ImageNet accuracy"
	}
	for i, n := range p.Networks {
		e, id := n.Evaluation, "n"+strconv.Itoa(i+1)
		colour := networkPaints[i%len(networkPaints)]
		histogram, err := classHistogram(id+"-classes", n, colour)
		if err != nil {
			return nil, err
		}
		nv := evaluatedView{ID: id, Name: n.Name, Top1: newProportionView(e.Top1, colour), Top5: newProportionView(e.Top5, colour),
			Mean: percent(e.MeanPerClassTop1), Histogram: histogram}
		nv.Worst, nv.Best = extremeClasses(e.PerClass, colour)
		for _, m := range n.Mistakes {
			nv.Mistakes = append(nv.Mistakes, newPictureView(m))
		}
		v.Networks = append(v.Networks, nv)
	}
	for _, pair := range p.Pairs {
		v.Pairs = append(v.Pairs, pairedView{pair.A, pair.B, count(pair.Pictures), newDifferenceView(pair.Top1), newDifferenceView(pair.Top5)})
	}
	v.Classes = allClasses(p.Networks)
	v.WordNet = slices.ContainsFunc(v.Classes, func(c classView) bool { return c.WNID != "" })
	return v, nil
}

func newProportionView(p measure.Proportion, colour paint) proportionView {
	return proportionView{percent(p.Value), percentInterval(p.CI), count(p.K), count(p.N), intervalPlot(p.Value, p.CI, 0, colour)}
}

func newDifferenceView(d measure.PairedDifference) differenceView {
	return differenceView{count(d.OnlyA), count(d.OnlyB), percent(d.Difference), percentInterval(d.CI), probability(d.P)}
}

// evaluationFindings is a sentence for each network, or one for many.
func evaluationFindings(networks []EvaluatedNetwork) (all []finding) {
	seen := slices.DeleteFunc(slices.Clone(networks), func(n EvaluatedNetwork) bool { return n.Evaluation.Top1.N == 0 })
	strong := func(p measure.Proportion) phrase { return phrase{Text: percent(p.Value) + "%", Strong: true} }
	if len(seen) > maxNamed {
		slices.SortStableFunc(seen, func(a, b EvaluatedNetwork) int {
			return cmp.Compare(a.Evaluation.Top1.Value, b.Evaluation.Top1.Value)
		})
		low, high := seen[0], seen[len(seen)-1]
		return []finding{{
			{Text: fmt.Sprintf("The top-1 accuracy of %d networks goes from ", len(seen))}, strong(low.Evaluation.Top1),
			{Text: fmt.Sprintf("%s (%s) to ", spaced(low.Evaluation.Top1.CI), low.Name)}, strong(high.Evaluation.Top1),
			{Text: fmt.Sprintf("%s (%s).", spaced(high.Evaluation.Top1.CI), high.Name)},
		}}
	}
	for _, n := range seen {
		e := n.Evaluation
		f := finding{
			{Text: n.Name + " names the right class first for "}, strong(e.Top1),
			{Text: fmt.Sprintf("%s of %s", spaced(e.Top1.CI), plural(e.Top1.N, "picture"))},
		}
		if defined(e.Top5.Value) {
			f[2].Text += ", and among its first five for "
			f = append(f, strong(e.Top5), phrase{Text: spaced(e.Top5.CI)})
		}
		f[len(f)-1].Text += "."
		all = append(all, f)
	}
	return all
}

func evaluationKeys(networks []EvaluatedNetwork) (keys []keyFigure) {
	if len(networks) == 0 {
		return nil
	}
	if len(networks) <= maxNamed {
		for _, n := range networks {
			keys = append(keys, keyFigure{"top-1, " + n.Name, percent(n.Evaluation.Top1.Value) + "%", percentInterval(n.Evaluation.Top1.CI)})
		}
	} else {
		keys = append(keys, keyFigure{"networks", count(len(networks)), ""})
	}
	pictures, classes := 0, 0
	for _, n := range networks {
		pictures, classes = max(pictures, n.Evaluation.Top1.N), max(classes, len(n.Evaluation.PerClass))
	}
	return append(keys, keyFigure{noun(pictures, "picture", "pictures"), count(pictures), ""},
		keyFigure{noun(classes, "class", "classes"), count(classes), ""})
}

// extremeClasses are the classes that a network recognises least and most often, those with more right answers among
// the first five first where the first answers are equally good. No class is in both.
func extremeClasses(classes []measure.ClassAccuracy, colour paint) (worst, best []classView) {
	const most = 12
	sorted := slices.Clone(classes)
	slices.SortStableFunc(sorted, func(a, b measure.ClassAccuracy) int {
		return cmp.Or(cmp.Compare(a.Top1.Value, b.Top1.Value), cmp.Compare(a.Top5.Value, b.Top5.Value))
	})
	view := func(c measure.ClassAccuracy) classView {
		return classView{c.Class, c.WNID, c.Name, count(c.Top1.N), []proportionView{newProportionView(c.Top1, colour), newProportionView(c.Top5, colour)}}
	}
	n := min(most, len(sorted)/2)
	for i := range n {
		worst = append(worst, view(sorted[i]))
		best = append(best, view(sorted[len(sorted)-1-i]))
	}
	return worst, best
}

// allClasses puts the networks' accuracies side by side. Networks are shown the same pictures, but a class can be
// missing from one that failed on all of its pictures.
func allClasses(networks []EvaluatedNetwork) (all []classView) {
	at := map[int]int{}
	for k, n := range networks {
		for _, c := range n.Evaluation.PerClass {
			i, ok := at[c.Class]
			if !ok {
				i = len(all)
				at[c.Class] = i
				row := classView{class: c.Class, WNID: c.WNID, Name: c.Name, Pictures: count(c.Top1.N)}
				for range 2 * len(networks) {
					row.Accuracies = append(row.Accuracies, proportionView{Percent: undefined})
				}
				all = append(all, row)
			}
			all[i].Accuracies[2*k].Percent, all[i].Accuracies[2*k+1].Percent = percent(c.Top1.Value), percent(c.Top5.Value)
		}
	}
	slices.SortFunc(all, func(a, b classView) int { return a.class - b.class })
	return all
}

// classHistogram draws how many classes have which accuracy, in steps of 10 points; the last step holds 100% too.
func classHistogram(id string, n EvaluatedNetwork, colour paint) (drawing, error) {
	const steps = 10
	var bins [steps]int
	for _, c := range n.Evaluation.PerClass {
		bins[min(c.Top1.K*steps/c.Top1.N, steps-1)]++
	}
	tallest := slices.Max(bins[:])
	if tallest == 0 {
		return "", nil
	}
	const w, h, left, top, bottom, bar = 380.0, 150.0, 8.0, 18.0, 34.0, 36.0
	desc := "Classes by top-1 accuracy:"
	for i, k := range bins {
		desc += fmt.Sprintf(" %d from %d%%;", k, 100*i/steps)
	}
	svg, err := picture(id, "Number of classes by accuracy, "+n.Name, desc, w, h, true, func(c *canvas) {
		ground := h - bottom
		for i, k := range bins {
			x, height := left+float64(i)*bar, (ground-top)*float64(k)/float64(tallest)
			c.rect(x+2, ground-height, bar-4, height, "fill", colour)
			if k > 0 {
				c.text(x+bar/2, ground-height-4, count(k), "text-anchor", "middle", "font-size", 11.0)
			}
		}
		c.line(left, ground, left+steps*bar, ground, "stroke", paint("rule"))
		for i := 0; i <= steps; i += 2 {
			c.text(left+float64(i)*bar, ground+14, fmt.Sprint(100*i/steps), "text-anchor", "middle", "font-size", 11.0, "fill", paint("muted"))
		}
		c.text(left+steps*bar/2, h-4, "top-1 accuracy of a class, %", "text-anchor", "middle", "font-size", 11.0, "fill", paint("muted"))
	})
	return drawing(svg), err
}
