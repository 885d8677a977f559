package report

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/gestalt-vision/gestalt/measure"
)

// A finding is a sentence of the head, cut into plain and strong parts.
type finding []phrase

type phrase struct {
	Text   string
	Strong bool
}

// A keyFigure is one of the large numbers of the head.
type keyFigure struct {
	Label, Value, Note string
}

// findings says in words what the analysis shows: one sentence per cue-conflict experiment, or about accuracy where
// there is none.
func findings(all []*group) []finding {
	var out []finding
	conflicts := slices.DeleteFunc(slices.Clone(all), func(g *group) bool { return !g.conflict })
	for _, g := range conflicts {
		f := g.shapeFinding()
		if f != nil && len(conflicts) > 1 {
			f = append(finding{{Text: g.title + ": "}}, f...)
		}
		if f != nil {
			out = append(out, f)
		}
	}
	if out == nil && len(all) > 0 {
		if f := all[0].accuracyFinding(); f != nil {
			out = append(out, f)
		}
	}
	return out
}

// maxNamed is how many networks a sentence names one by one.
const maxNamed = 3

// shapeFinding is "resnet50 decides by shape in 22.1% [19.2, 25.1] of its 734 shape-or-texture decisions; people ...".
func (g *group) shapeFinding() finding {
	decided := func(members []member) []member {
		return slices.DeleteFunc(members, func(m member) bool { return !defined(m.ShapeBias) })
	}
	networks, people := decided(g.focused()), decided(g.with(pool))
	var f finding
	add := func(m member, name, verb, its, what string) {
		if f != nil {
			f = append(f, phrase{Text: "; "})
		}
		f = append(f, phrase{Text: name + verb + " "}, phrase{Text: percent(m.ShapeBias) + "%", Strong: true},
			phrase{Text: fmt.Sprintf("%s of %s %s%s", spaced(m.ShapeBiasCI), its, count(m.Shape+m.Texture), what)})
	}
	const decisions = " shape-or-texture decisions"
	switch {
	case len(networks) > maxNamed:
		slices.SortStableFunc(networks, func(a, b member) int { return cmp.Compare(a.ShapeBias, b.ShapeBias) })
		low, high := networks[0], networks[len(networks)-1]
		f = append(f, phrase{Text: fmt.Sprintf("%d networks decide by shape in ", len(networks))},
			phrase{Text: percent(low.ShapeBias) + "%", Strong: true},
			phrase{Text: fmt.Sprintf("%s (%s) to ", spaced(low.ShapeBiasCI), low.label)},
			phrase{Text: percent(high.ShapeBias) + "%", Strong: true},
			phrase{Text: fmt.Sprintf("%s (%s) of their shape-or-texture decisions", spaced(high.ShapeBiasCI), high.label)})
	default:
		for i, m := range networks {
			if i == 0 {
				add(m, m.label, " decides by shape in", "its", decisions)
			} else {
				add(m, m.label, " in", "its", "")
			}
		}
	}
	for _, m := range people {
		switch {
		case f == nil:
			add(m, "People", " decide by shape in", "their", decisions)
		default:
			add(m, "people", " in", "their", "")
		}
	}
	if f == nil {
		for _, m := range decided(g.with(person)) {
			if len(f) > 0 {
				break
			}
			add(m, m.label, " decides by shape in", "their", decisions)
		}
	}
	if f == nil {
		return nil
	}
	return append(f, phrase{Text: "."})
}

// accuracyFinding is the sentence where no picture has a cue conflict.
func (g *group) accuracyFinding() finding {
	var f finding
	for _, m := range slices.Concat(g.focused(), g.with(pool)) {
		if !defined(m.Accuracy) || len(f) > 3*2*maxNamed {
			continue
		}
		switch {
		case f == nil:
			f = append(f, phrase{Text: fmt.Sprintf("%s: %s gives the right category in ", g.title, m.label)})
		default:
			f = append(f, phrase{Text: "; " + m.label + " in "})
		}
		f = append(f, phrase{Text: percent(m.Accuracy) + "%", Strong: true},
			phrase{Text: fmt.Sprintf("%s of %s", spaced(m.AccuracyCI), plural(m.Trials, "trial"))})
	}
	if f == nil {
		return nil
	}
	return append(f, phrase{Text: "."})
}

func spaced(ci measure.Interval) string {
	if !definedInterval(ci) {
		return ""
	}
	return " " + percentInterval(ci)
}

// keyFigures are the few numbers that a reader looks for first.
func keyFigures(all []*group) []keyFigure {
	if len(all) == 0 {
		return nil
	}
	var out []keyFigure
	if g := all[0]; g.conflict {
		for _, m := range g.with(pool) {
			out = append(out, keyFigure{"shape bias, people", percent(m.ShapeBias) + "%", percentInterval(m.ShapeBiasCI)})
		}
		networks := g.focused()
		if len(networks) <= maxNamed {
			for _, m := range networks {
				out = append(out, keyFigure{"shape bias, " + m.label, percent(m.ShapeBias) + "%", percentInterval(m.ShapeBiasCI)})
			}
		} else {
			var bias []measure.Float
			for _, m := range networks {
				if defined(m.ShapeBias) {
					bias = append(bias, m.ShapeBias)
				}
			}
			if len(bias) > 0 {
				slices.Sort(bias)
				out = append(out, keyFigure{fmt.Sprintf("shape bias, median of %d networks", len(bias)), percent(median(bias)) + "%",
					fmt.Sprintf("%s to %s", percent(bias[0]), percent(bias[len(bias)-1]))})
			}
		}
	}
	networks, people, trials, withPeople := map[string]bool{}, 0, 0, 0
	for _, g := range all {
		persons := g.with(person)
		people += len(persons)
		if len(persons) > 0 {
			withPeople++
		}
		for _, m := range g.members {
			if m.role == network {
				networks[g.identity(m)] = true
			}
			if m.role != pool {
				trials += m.Trials
			}
		}
	}
	if n := len(networks); n > 0 {
		out = append(out, keyFigure{noun(n, "network", "networks"), count(n), ""})
	}
	if people > 0 {
		note := ""
		if withPeople > 1 { // subject-01 is another person in each experiment
			note = fmt.Sprintf("in %d experiments", withPeople)
		}
		out = append(out, keyFigure{noun(people, "person", "people"), count(people), note})
	}
	if trials > 0 {
		out = append(out, keyFigure{noun(trials, "trial", "trials"), count(trials), ""})
	}
	return out
}

// median of sorted values.
func median(sorted []measure.Float) measure.Float {
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

func noun(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
