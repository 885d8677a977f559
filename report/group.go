package report

import (
	"slices"
	"strings"

	"github.com/gestalt-vision/gestalt/measure"
)

// A group is one section of the page: the experiments whose observers saw the same stimuli. The published data keep
// most networks in a directory X-trained-CNNs beside the directory X of the people; experiments that a pair of
// observers connects belong together too.
type group struct {
	name        string // the family of its first experiment
	title       string
	experiments []string
	members     []member // pools first, then networks, then people
	pairs       []*measure.Pair
	conflict    bool    // there are cue-conflict trials
	focus       string  // Page.Focus
	chance      float64 // accuracy of who guesses among the categories
}

// A member is an observer with its place in the report.
type member struct {
	*measure.Observer
	label string // the name, made unique in the group
	role  role
}

type role int

const (
	pool role = iota
	network
	person
)

const trainedSuffix = "-trained-CNNs"

// published gives the families of Geirhos et al. (2019) their names in the paper, in the order of its figures.
var published = []struct{ name, title string }{
	{"cue-conflict", "Cue conflict"},
	{"content-guessing", "Cue conflict, asked for the shape"},
	{"texture-guessing", "Cue conflict, asked for the texture"},
	{"texture-filled-rotated", "Texture-filled silhouettes"},
	{"original", "Original"},
	{"greyscale", "Greyscale"},
	{"silhouette", "Silhouettes"},
	{"edge", "Edges"},
	{"texture", "Texture"},
}

func publishedRank(name string) int {
	for i, p := range published {
		if p.name == name {
			return i
		}
	}
	return len(published)
}

// groups sorts the observers of an analysis into sections: cue conflict first, then in the order of the paper, then as
// the analysis has them.
func groups(a *measure.Analysis) []*group {
	// A small union-find over experiment names; the representative is the name that came first.
	parent := map[string]string{}
	var names []string
	var root func(string) string
	root = func(s string) string {
		p, ok := parent[s]
		if !ok {
			parent[s] = s
			names = append(names, s)
			return s
		}
		if p == s {
			return s
		}
		parent[s] = root(p)
		return parent[s]
	}
	base := func(experiment string) string { return root(measure.Family(experiment)) }
	for i := range a.Observers {
		base(a.Observers[i].Experiment)
	}
	for i := range a.Pairs {
		if p := &a.Pairs[i]; p.ExperimentB != "" {
			x, y := base(p.Experiment), base(p.ExperimentB)
			if slices.Index(names, x) > slices.Index(names, y) {
				x, y = y, x
			}
			parent[y] = x
		}
	}

	byName := map[string]*group{}
	var all []*group
	for i := range a.Observers {
		o := &a.Observers[i]
		name := base(o.Experiment)
		g := byName[name]
		if g == nil {
			g = &group{name: name, title: name, chance: 1 / float64(len(a.Settings.Categories.Names()))}
			if r := publishedRank(name); r < len(published) {
				g.title = published[r].title
			}
			byName[name] = g
			all = append(all, g)
		}
		if !slices.Contains(g.experiments, o.Experiment) {
			g.experiments = append(g.experiments, o.Experiment)
		}
		g.members = append(g.members, member{Observer: o, role: roleOf(o)})
		g.conflict = g.conflict || o.ConflictTrials > 0
	}
	for i := range a.Pairs {
		if g := byName[base(a.Pairs[i].Experiment)]; g != nil {
			g.pairs = append(g.pairs, &a.Pairs[i])
		}
	}
	for _, g := range all {
		slices.SortStableFunc(g.members, func(a, b member) int { return int(a.role) - int(b.role) })
		g.setLabels()
	}
	slices.SortStableFunc(all, func(a, b *group) int {
		if a.conflict != b.conflict {
			if a.conflict {
				return -1
			}
			return 1
		}
		return publishedRank(a.name) - publishedRank(b.name)
	})
	return all
}

func roleOf(o *measure.Observer) role {
	switch {
	case !o.Human:
		return network
	case o.Pooled > 0 || o.Observer == "humans":
		return pool
	default:
		return person
	}
}

// setLabels names the members; where a name occurs twice, as alexnet does in the published data, the part of the
// directory's name that differs is added.
func (g *group) setLabels() {
	seen := map[string]int{}
	for _, m := range g.members {
		seen[m.Observer.Observer]++
	}
	for i := range g.members {
		m := &g.members[i]
		m.label = m.Observer.Observer
		if suffix := g.suffix(m.Experiment); seen[m.label] > 1 && suffix != "" {
			m.label += " (" + suffix + ")"
		}
	}
}

// suffix is what tells an experiment from the group's first one.
func (g *group) suffix(experiment string) string {
	switch {
	case strings.HasSuffix(experiment, trainedSuffix):
		return trainedSuffix[1:]
	case experiment == g.experiments[0]:
		return ""
	}
	return experiment
}

// with returns the members of some roles, in order.
func (g *group) with(roles ...role) []member {
	var out []member
	for _, m := range g.members {
		if slices.Contains(roles, m.role) {
			out = append(out, m)
		}
	}
	return out
}

// focused returns the networks that the head speaks of.
func (g *group) focused() []member {
	networks := g.with(network)
	own := slices.DeleteFunc(slices.Clone(networks), func(m member) bool { return m.Experiment != g.focus })
	if len(own) > 0 {
		return own
	}
	return networks
}

// find returns the position of an observer among the members, or -1.
func (g *group) find(experiment, observer string) int {
	return slices.IndexFunc(g.members, func(m member) bool {
		return m.Experiment == experiment && m.Observer.Observer == observer
	})
}
