package report

import (
	"cmp"
	"math"
	"slices"

	"github.com/gestalt-vision/gestalt/measure"
)

// A series is one observer in the figure, with its own colour and mark.
type series struct {
	member
	paint paint
	sign  int
}

// A cue says which rows the figure has: the paper's figure by shape category, or its counterpart by texture category.
type cue struct {
	name string // "shape" or "texture"
	rows func(*measure.Observer) map[string]measure.CategoryBias
}

var (
	shapeCue   = cue{"shape", func(o *measure.Observer) map[string]measure.CategoryBias { return o.PerShape }}
	textureCue = cue{"texture", func(o *measure.Observer) map[string]measure.CategoryBias { return o.PerTexture }}
)

// maxNetworks is how many networks one panel can hold and still be read; more are spread over several panels, each with
// the people for comparison.
const maxNetworks = 7

// A panel is one drawing of the figure: some series, the people behind them, and the rows.
type panel struct {
	letter string
	series []series
	people []member
	cue    cue
	rows   []string // categories, top to bottom
	ladder bool     // every observer on a row of its own, in place of the categories
	gutter float64  // room for names at the left
	plot   float64  // width of the plot
}

// panels lays a group out: one panel where it is readable, otherwise a ladder of all observers and panels of at most
// maxNetworks networks, never mixing two directories. Of several panels each gives at most limit pixels to names.
func (g *group) panels(which cue, limit float64) []panel {
	without := func(m member) bool { return m.ConflictTrials == 0 }
	pools := slices.DeleteFunc(g.with(pool), without)
	networks := slices.DeleteFunc(g.with(network), without)
	people := slices.DeleteFunc(g.with(person), without)
	if len(pools) == 0 && len(people)+len(networks) <= maxNetworks {
		networks, people = append(networks, people...), nil // a few people without a pool are shown as strongly as networks
	}
	if len(pools)+len(networks)+len(people) == 0 {
		return nil
	}
	rows := rowOrder(which, pools, networks, people)

	var parts [][]member
	for start := 0; start < len(networks); {
		end := start
		for end < len(networks) && networks[end].Experiment == networks[start].Experiment {
			end++
		}
		if len(networks) <= maxNetworks {
			end = len(networks)
		}
		n := end - start
		for k := (n + maxNetworks - 1) / maxNetworks; k > 0; k-- { // as even as possible
			size := (end - start + k - 1) / k
			parts = append(parts, networks[start:start+size])
			start += size
		}
	}
	if len(parts) == 0 {
		parts = [][]member{nil}
	}

	var out []panel
	if len(parts) > 1 {
		all := panel{ladder: true}
		for _, m := range slices.Concat(pools, networks, people) {
			s := series{member: m, paint: "slate", sign: 1}
			if m.role != network {
				s.paint, s.sign = "people", 0
			}
			all.series = append(all.series, s)
		}
		slices.SortStableFunc(all.series, func(a, b series) int { return cmp.Compare(rank(b.ShapeBias), rank(a.ShapeBias)) })
		out = append(out, all)
	}
	for _, part := range parts {
		p := panel{people: people, cue: which, rows: rows}
		for _, m := range pools {
			p.series = append(p.series, series{m, "people", 0})
		}
		for i, m := range part {
			s := series{m, networkPaints[i%len(networkPaints)], 1 + i%(len(markPaths)-1)}
			p.series = append(p.series, s)
		}
		out = append(out, p)
	}
	// All panels share their measures, so that they line up under each other. A single one may take more room.
	gutter, plot := 0.0, 470.0
	for i := range out {
		gutter = max(gutter, out[i].names())
	}
	if len(out) > 1 {
		plot, gutter = 258, min(gutter, limit)
	}
	for i := range out {
		p := &out[i]
		p.gutter, p.plot = min(gutter, 260)+12, plot
		if len(out) > 1 {
			p.letter = string(rune('a' + i%26))
		}
		if !p.ladder {
			slices.SortStableFunc(p.series, func(a, b series) int { // the lines of the overall values then never cross a name
				return cmp.Or(int(a.role)-int(b.role), cmp.Compare(rank(b.ShapeBias), rank(a.ShapeBias)))
			})
		}
	}
	return out
}

// rank orders undefined values last in a descending order.
func rank(v measure.Float) float64 {
	if !defined(v) {
		return math.Inf(-1)
	}
	return float64(v)
}

// rowOrder returns the categories by ascending shape bias of the pooled people, or by the mean over all observers where
// there are none; categories without any decision come last. For the published data it is the paper's order.
func rowOrder(which cue, pools, networks, people []member) []string {
	reference := pools
	if len(reference) == 0 {
		reference = slices.Concat(networks, people)
	} else {
		reference = reference[:1]
	}
	seen := map[string]bool{}
	for _, m := range slices.Concat(pools, networks, people) {
		for category, row := range which.rows(m.Observer) {
			if row.ConflictTrials > 0 {
				seen[category] = true
			}
		}
	}
	mean := map[string]float64{}
	var rows []string
	for category := range seen {
		sum, n := 0.0, 0
		for _, m := range reference {
			if row, ok := which.rows(m.Observer)[category]; ok && defined(row.ShapeBias) {
				sum += float64(row.ShapeBias)
				n++
			}
		}
		mean[category] = math.Inf(1)
		if n > 0 {
			mean[category] = sum / float64(n)
		}
		rows = append(rows, category)
	}
	slices.SortFunc(rows, func(a, b string) int {
		return cmp.Or(cmp.Compare(mean[a], mean[b]), cmp.Compare(a, b))
	})
	return rows
}
