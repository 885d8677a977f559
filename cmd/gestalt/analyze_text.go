package main

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gestalt-vision/gestalt/dataset"
	"github.com/gestalt-vision/gestalt/measure"
)

// printAnalysis writes an analysis as text, long lists of pairs in short.
func printAnalysis(w io.Writer, a measure.Analysis) error {
	_, err := io.WriteString(w, analysisText(a, false))
	return err
}

// analysisText prints an analysis as aligned tables, one section per family of experiments.
func analysisText(a measure.Analysis, everyPair bool) string {
	var b strings.Builder
	sections := familySections(a)
	for i, s := range sections {
		if i > 0 {
			b.WriteString("\n\n")
		}
		s.write(&b, everyPair)
	}
	writeRanks(&b, a.Ranks)
	fmt.Fprintf(&b, "\nFigures in percent. [stimuli]: 95%% interval of a bootstrap over stimuli")
	if a.Settings.Rounds > 0 {
		fmt.Fprintf(&b, ", %d rounds, seed %d", a.Settings.Rounds, a.Settings.Seed)
	} else {
		b.WriteString(" (switched off)")
	}
	b.WriteString("; [exact]: Clopper-Pearson.\n")
	return b.String()
}

// section is a family: an experiment under all its names.
type section struct {
	family    string
	names     []string // of the experiments, that of the people first
	conflict  bool
	observers []measure.Observer // as they are printed
	pairs     []measure.Pair
}

func familySections(a measure.Analysis) []*section {
	var list []*section
	byName := map[string]*section{}
	for _, o := range a.Observers {
		name := measure.Family(o.Experiment)
		s := byName[name]
		if s == nil {
			s = &section{family: name}
			byName[name] = s
			list = append(list, s)
		}
		s.conflict = s.conflict || o.ConflictTrials > 0
		s.observers = append(s.observers, o)
		switch {
		case slices.Contains(s.names, o.Experiment):
		case o.Human:
			s.names = slices.Insert(s.names, 0, o.Experiment)
		default:
			s.names = append(s.names, o.Experiment)
		}
	}
	for _, p := range a.Pairs {
		s := byName[measure.Family(p.Experiment)]
		s.pairs = append(s.pairs, p)
	}
	for _, s := range list {
		slices.SortStableFunc(s.observers, s.compare)
	}
	// what the program is for comes first
	slices.SortStableFunc(list, func(x, y *section) int {
		return cmp.Or(boolOrder(y.conflict, x.conflict), strings.Compare(x.family, y.family))
	})
	return list
}

// compare sorts the pool before people before networks, and these from most to least shape (or most to least accurate).
func (s *section) compare(x, y measure.Observer) int {
	kind := func(o measure.Observer) int {
		switch {
		case o.Pooled > 0:
			return 0
		case o.Human:
			return 1
		}
		return 2
	}
	if d := kind(x) - kind(y); d != 0 || kind(x) < 2 {
		return cmp.Or(d, strings.Compare(x.Observer, y.Observer))
	}
	value := func(o measure.Observer) float64 {
		v := float64(o.Accuracy)
		if s.conflict {
			v = float64(o.ShapeBias)
		}
		return v
	}
	return cmp.Or(cmp.Compare(value(y), value(x)), strings.Compare(x.Observer, y.Observer)) // NaN last
}

func boolOrder(x, y bool) int {
	switch {
	case x == y:
		return 0
	case y:
		return -1
	}
	return 1
}

// label marks the observers of the second and later directories, where the same name is another observer.
func (s *section) label(experiment, observer string) string {
	if i := slices.Index(s.names, experiment); i > 0 {
		return observer + " " + strings.Repeat("*", i)
	}
	return observer
}

func (s *section) write(b *strings.Builder, everyPair bool) {
	title := s.names[0]
	b.WriteString(title + "\n" + strings.Repeat("=", utf8.RuneCountInString(title)) + "\n")
	for i, name := range s.names[1:] {
		fmt.Fprintf(b, "%s from %s\n", strings.Repeat("*", i+1), name)
	}
	b.WriteString("\n")
	if s.conflict {
		s.writeConflict(b)
		b.WriteString("\n")
	}
	s.writeAccuracy(b)
	if s.conflict {
		s.writeCategories(b, "shape", func(o measure.Observer) map[string]measure.CategoryBias { return o.PerShape })
		s.writeCategories(b, "texture", func(o measure.Observer) map[string]measure.CategoryBias { return o.PerTexture })
	}
	s.writePairs(b, everyPair)
}

func (s *section) writeConflict(b *strings.Builder) {
	t := newTextTable("#", "<observer", "conflict", "shape", "texture", "other", "na", "bias", "<[stimuli]", "<[exact]",
		"S/C", "X/C", "O/C")
	for i, o := range s.observers {
		t.add(strconv.Itoa(i+1), s.label(o.Experiment, o.Observer), count(o.ConflictTrials), count(o.Shape), count(o.Texture),
			count(o.Other), count(o.NAConflict), percent(o.ShapeBias), percents(o.ShapeBiasCI), percents(o.ShapeBiasExact),
			percent(o.FractionShape), percent(o.FractionTexture), percent(o.FractionOther))
	}
	b.WriteString("Trials in which shape and texture differ (C); bias = shape/(shape+texture)\n")
	t.write(b)
}

func (s *section) writeAccuracy(b *strings.Builder) {
	t := newTextTable("#", "<observer", "trials", "correct", "na", "accuracy", "<[stimuli]", "<[exact]", "entropy", "median rt")
	for i, o := range s.observers {
		rt := "-"
		if v := float64(o.MedianResponseTimeMS); !math.IsNaN(v) {
			rt = fmt.Sprintf("%.0f ms", v)
		}
		t.add(strconv.Itoa(i+1), s.label(o.Experiment, o.Observer), count(o.Trials), count(o.Correct), count(o.NA),
			percent(o.Accuracy), percents(o.AccuracyCI), percents(o.AccuracyExact), fmt.Sprintf("%.2f", float64(o.ResponseEntropy)), rt)
	}
	b.WriteString("All trials; entropy of the responses in bits\n")
	t.write(b)
}

// writeCategories prints the numbers of the paper's figure: a row per category in ascending order of the shape bias
// of people, a column per observer, named by its number in the table above. Single people are left out.
func (s *section) writeCategories(b *strings.Builder, cue string, rows func(measure.Observer) map[string]measure.CategoryBias) {
	head := []string{"<" + cue}
	var shown []measure.Observer
	for i, o := range s.observers {
		if (!o.Human || o.Pooled > 0) && o.ConflictTrials > 0 {
			head = append(head, strconv.Itoa(i+1))
			shown = append(shown, o)
		}
	}
	order := slices.Clone(dataset.Categories[:])
	if shown[0].Pooled > 0 {
		human := rows(shown[0])
		slices.SortStableFunc(order, func(x, y string) int {
			return cmp.Compare(human[x].ShapeBias, human[y].ShapeBias)
		})
	}
	t := newTextTable(head...)
	for _, category := range order {
		if !slices.ContainsFunc(shown, func(o measure.Observer) bool { return rows(o)[category].ConflictTrials > 0 }) {
			continue
		}
		line := []string{category}
		for _, o := range shown {
			line = append(line, wholePercent(rows(o)[category].ShapeBias))
		}
		t.add(line...)
	}
	fmt.Fprintf(b, "\nShape bias by %s category; columns are observers by number\n", cue)
	t.write(b)
}

// fewPairs is how many pairs of networks are listed without being asked for.
const fewPairs = 30

func (s *section) writePairs(b *strings.Builder, every bool) {
	var pool, people, mixed, networks []measure.Pair
	human := func(name string) bool { return strings.HasPrefix(name, "subject-") }
	for _, p := range s.pairs {
		switch {
		case p.A == measure.Humans:
			pool = append(pool, p)
		case human(p.A) && human(p.B):
			people = append(people, p)
		case human(p.A) || human(p.B):
			mixed = append(mixed, p)
		default:
			networks = append(networks, p)
		}
	}
	s.listPairs(b, "Pooled humans and networks; consistencies are means over the people", pool)
	if every || len(networks) <= fewPairs {
		s.listPairs(b, "Networks", networks)
	} else {
		s.summarizePairs(b, "Networks with networks", networks)
	}
	if every {
		s.listPairs(b, "People", people)
		s.listPairs(b, "People and networks", mixed)
	} else {
		s.summarizePairs(b, "People with people", people)
	}
}

func (s *section) listPairs(b *strings.Builder, title string, pairs []measure.Pair) {
	if len(pairs) == 0 {
		return
	}
	head := []string{"<a", "<b", "stimuli", "observed", "expected", "kappa", "<[stimuli]", "(pa-pb)^2"}
	conditions := slices.ContainsFunc(pairs, func(p measure.Pair) bool { return p.Conditions > 1 })
	if conditions {
		head = append(head, "kappa within")
		title += "; kappa within = mean over the conditions"
	}
	if s.conflict {
		head = append(head, "bias a-b", "<[stimuli]", "p")
	}
	t := newTextTable(head...)
	for _, p := range pairs {
		line := []string{
			s.label(p.Experiment, p.A), s.label(cmp.Or(p.ExperimentB, p.Experiment), p.B), count(p.Stimuli),
			decimal(p.ObservedConsistency), decimal(p.ExpectedConsistency), decimal(p.ErrorConsistency),
			decimals(p.ErrorConsistencyCI), decimal(p.AccuracyDifference),
		}
		if conditions {
			line = append(line, decimal(p.ErrorConsistencyWithin))
		}
		if s.conflict {
			line = append(line, signed(p.ShapeBiasDifference), signedBoth(p.ShapeBiasDifferenceCI), pValue(p.ShapeBiasP))
		}
		t.add(line...)
	}
	fmt.Fprintf(b, "\n%s; kappa = error consistency\n", title)
	t.write(b)
}

// summarizePairs says in one line what a long list would.
func (s *section) summarizePairs(b *strings.Builder, title string, pairs []measure.Pair) {
	if len(pairs) == 0 {
		return
	}
	var sum float64
	for _, p := range pairs {
		sum += float64(p.ErrorConsistency)
	}
	kappa := func(x, y measure.Pair) int { return cmp.Compare(x.ErrorConsistency, y.ErrorConsistency) }
	lo, hi := slices.MinFunc(pairs, kappa), slices.MaxFunc(pairs, kappa)
	names := func(p measure.Pair) string {
		return s.label(p.Experiment, p.A) + ", " + s.label(cmp.Or(p.ExperimentB, p.Experiment), p.B)
	}
	fmt.Fprintf(b, "\n%s: error consistency %.3f on average of %d pairs, from %.3f (%s) to %.3f (%s); --pairs lists them\n",
		title, sum/float64(len(pairs)), len(pairs),
		float64(lo.ErrorConsistency), names(lo), float64(hi.ErrorConsistency), names(hi))
}

func writeRanks(b *strings.Builder, ranks []measure.Rank) {
	if len(ranks) == 0 {
		return
	}
	t := newTextTable("<observer", "<cue conflict", "<edges", "categories", "spearman")
	for _, r := range ranks {
		t.add(r.Observer, r.Conflict, r.Edges, count(r.Categories), signedPlain(r.Spearman))
	}
	b.WriteString("\n\nRank correlation over categories: shape bias in cue conflict and accuracy on edges\n")
	t.write(b)
}

// textTable aligns columns: numbers to the right, those whose heading begins with "<" to the left.
type textTable struct {
	left  []bool
	lines [][]string
}

func newTextTable(head ...string) *textTable {
	t := &textTable{}
	for i, h := range head {
		name, left := strings.CutPrefix(h, "<")
		t.left = append(t.left, left)
		head[i] = name
	}
	t.lines = [][]string{head}
	return t
}

func (t *textTable) add(cells ...string) { t.lines = append(t.lines, cells) }

func (t *textTable) write(b *strings.Builder) {
	widths := make([]int, len(t.left))
	for _, line := range t.lines {
		for i, c := range line {
			widths[i] = max(widths[i], utf8.RuneCountInString(c))
		}
	}
	for _, line := range t.lines {
		var row strings.Builder
		for i, c := range line {
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(c))
			if i > 0 {
				row.WriteString("  ")
			}
			if t.left[i] {
				row.WriteString(c + pad)
			} else {
				row.WriteString(pad + c)
			}
		}
		b.WriteString(strings.TrimRight(row.String(), " ") + "\n")
	}
}

func count(n int) string { return strconv.Itoa(n) }

// number formats a figure, a dash where it is undefined.
func number(format string, v float64) string {
	if math.IsNaN(v) {
		return "-"
	}
	return fmt.Sprintf(format, v)
}

func both(format string, factor float64, iv measure.Interval) string {
	if math.IsNaN(float64(iv[0])) || math.IsNaN(float64(iv[1])) {
		return "-"
	}
	return fmt.Sprintf("["+format+", "+format+"]", factor*float64(iv[0]), factor*float64(iv[1]))
}

func percent(v measure.Float) string        { return number("%.1f", 100*float64(v)) }
func wholePercent(v measure.Float) string   { return number("%.0f", 100*float64(v)) }
func percents(iv measure.Interval) string   { return both("%.1f", 100, iv) }
func decimal(v measure.Float) string        { return number("%.3f", float64(v)) }
func decimals(iv measure.Interval) string   { return both("%.3f", 1, iv) }
func signed(v measure.Float) string         { return number("%+.1f", 100*float64(v)) }
func signedBoth(iv measure.Interval) string { return both("%+.1f", 100, iv) }
func signedPlain(v measure.Float) string    { return number("%+.3f", float64(v)) }
func pValue(v measure.Float) string         { return number("%.4f", float64(v)) }
