package measure

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gestalt-vision/gestalt/internal/sharedtest"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// rawData reads and analyses the published data once for all tests.
var rawData = sync.OnceValues(func() ([]Experiment, Analysis) {
	exps, err := ReadPaths(rawDataPath)
	if err != nil {
		panic(err)
	}
	return exps, Analyze(exps, Settings{Seed: 1})
})

var rawDataPath string

func published(t testing.TB) ([]Experiment, Analysis) {
	rawDataPath = sharedtest.Path(t, "geirhos/raw-data.tar.gz")
	return rawData()
}

func find(t testing.TB, a Analysis, experiment, observer string) Observer {
	t.Helper()
	for _, o := range a.Observers {
		if o.Experiment == experiment && o.Observer == observer {
			return o
		}
	}
	t.Fatalf("no observer %s in %s", observer, experiment)
	return Observer{}
}

// fields is an observer as JSON has it, under the names of expected.json.
func fields(t testing.TB, o Observer) map[string]any {
	t.Helper()
	raw, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal(raw, &m); err != nil {
		t.Fatal(err)
	}
	m["accuracy_all_trials"] = m["accuracy"]
	m["correct"] = m["correct_all_trials"]
	m["observers"] = m["pooled_observers"]
	for _, table := range []string{"per_shape_category", "per_texture_category"} {
		for _, row := range m[table].(map[string]any) {
			r := row.(map[string]any)
			r["shape_decisions"], r["texture_decisions"] = r["shape"], r["texture"]
		}
	}
	return m
}

// compareJSON holds every value of want against the same place in got and returns how many there were.
func compareJSON(t *testing.T, where string, want, got any) (n int) {
	t.Helper()
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			t.Errorf("%s: missing", where)
			return 0
		}
		for k, v := range w {
			if k != "files" {
				n += compareJSON(t, where+"."+k, v, g[k])
			}
		}
		return n
	case float64:
		if g, ok := got.(float64); !ok || math.Abs(g-w) > 1e-9 {
			t.Errorf("%s = %v, want %v", where, got, w)
		}
	default:
		if got != want {
			t.Errorf("%s = %v, want %v", where, got, want)
		}
	}
	return 1
}

func TestExpected(t *testing.T) {
	_, a := published(t)
	_, files := naiveTable(t)
	raw, err := os.ReadFile(sharedtest.Path(t, "reference/expected.json"))
	if err != nil {
		t.Fatal(err)
	}
	var sections map[string]json.RawMessage
	if err := json.Unmarshal(raw, &sections); err != nil {
		t.Fatal(err)
	}
	want := map[string]map[string]map[string]any{}
	for _, name := range []string{"cue_conflict", "accuracy"} {
		var s map[string]map[string]any
		if err := json.Unmarshal(sections[name], &s); err != nil {
			t.Fatal(err)
		}
		want[name] = s
	}
	values := 0
	for section, dirs := range want {
		for dir, content := range dirs {
			observers := content["observers"].(map[string]any)
			if pool, ok := content["pooled_humans"]; ok {
				observers[Humans] = pool
			}
			for name, expected := range observers {
				where := section + "." + dir + "." + name
				values += compareJSON(t, where, expected, fields(t, find(t, a, dir, name)))
				if list, ok := expected.(map[string]any)["files"].([]any); ok && name != Humans {
					var names []string
					for _, f := range list {
						names = append(names, f.(string))
					}
					if got := files[naiveKey{dir, name}]; !slices.Equal(got, names) {
						t.Errorf("%s: files %v, want %v", where, got, names)
					}
				}
			}
		}
	}
	if values != 1604 {
		t.Errorf("compared %d values of expected.json, it has 1604", values)
	}
}

// TestEveryPublishedObserver compares with the plain versions, for all observers and all pairs.
func TestEveryPublishedObserver(t *testing.T) {
	_, a := published(t)
	rows, _ := naiveTable(t)
	if len(a.Observers) != len(rows) || len(rows) != 93 {
		t.Errorf("%d observers, the files have %d, want 93 (87 and 6 pools)", len(a.Observers), len(rows))
	}
	near := cmp.Comparer(func(x, y Float) bool {
		return math.IsNaN(float64(x)) && math.IsNaN(float64(y)) || math.Abs(float64(x-y)) < 1e-12
	})
	nearTime := cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".MedianResponseTimeMS" },
		cmp.Comparer(func(x, y Float) bool {
			return math.IsNaN(float64(x)) && math.IsNaN(float64(y)) || math.Abs(float64(x-y)) < 1e-9
		}))
	other := cmp.FilterPath(func(p cmp.Path) bool {
		name := p.Last().String()
		return strings.HasSuffix(name, "CI") || strings.HasSuffix(name, "Exact") || strings.HasSuffix(name, "ObserverAccuracy")
	}, cmp.Ignore())
	notTime := cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() != ".MedianResponseTimeMS" }, near)
	for _, o := range a.Observers {
		k := naiveKey{o.Experiment, o.Observer}
		want := naiveObserver(k, rows[k])
		if diff := cmp.Diff(want, o, notTime, nearTime, other, cmpopts.IgnoreFields(Observer{}, "Pooled")); diff != "" {
			t.Errorf("%v (-plain +got):\n%s", k, diff)
		}
	}
	pairs := 0
	for _, p := range a.Pairs {
		other := p.ExperimentB
		if other == "" {
			other = p.Experiment
		}
		if p.A == Humans {
			comparePool(t, p, other, rows)
			continue
		}
		pairs++
		want := naivePair(rows[naiveKey{p.Experiment, p.A}], rows[naiveKey{other, p.B}])
		if diff := cmp.Diff(want, Pair{
			Stimuli: p.Stimuli, ObservedConsistency: p.ObservedConsistency, ExpectedConsistency: p.ExpectedConsistency,
			ErrorConsistency: p.ErrorConsistency, AccuracyDifference: p.AccuracyDifference,
		}, near); diff != "" {
			t.Errorf("%s %s, %s %s (-plain +got):\n%s", p.Experiment, p.A, other, p.B, diff)
		}
		if p.Conditions != 1 || p.ErrorConsistencyWithin != p.ErrorConsistency {
			t.Errorf("%s %s, %s %s: %d conditions", p.Experiment, p.A, other, p.B, p.Conditions)
		}
		bias := find(t, a, p.Experiment, p.A).ShapeBias - find(t, a, other, p.B).ShapeBias
		if !cmp.Equal(bias, p.ShapeBiasDifference, near) {
			t.Errorf("%s %s, %s %s: difference of shape bias %v, want %v", p.Experiment, p.A, other, p.B, p.ShapeBiasDifference, bias)
		}
	}
	// n(n-1)/2 of the n observers of each of the six experiments and its sibling
	if want := 26*25/2 + 2*(15*14/2) + 11*10/2 + 2*(10*9/2); pairs != want {
		t.Errorf("%d pairs, want %d", pairs, want)
	}
}

func comparePool(t *testing.T, p Pair, other string, rows map[naiveKey][]naiveRow) {
	t.Helper()
	var sum Pair
	n := 0.0
	for k, r := range rows {
		if k.experiment == p.Experiment && strings.HasPrefix(k.observer, "subject-") {
			q := naivePair(r, rows[naiveKey{other, p.B}])
			sum.ErrorConsistency += q.ErrorConsistency
			sum.ObservedConsistency += q.ObservedConsistency
			n++
		}
	}
	if d := float64(sum.ErrorConsistency)/n - float64(p.ErrorConsistency); math.Abs(d) > 1e-12 {
		t.Errorf("%s humans, %s %s: mean error consistency off by %g", p.Experiment, other, p.B, d)
	}
	if d := float64(sum.ObservedConsistency)/n - float64(p.ObservedConsistency); math.Abs(d) > 1e-12 {
		t.Errorf("%s humans, %s %s: mean observed consistency off by %g", p.Experiment, other, p.B, d)
	}
}

// TestPrinted holds the figures printed in the paper and in the authors' repositories (percent, rounded as printed).
func TestPrinted(t *testing.T) {
	_, a := published(t)
	const plain, later = "style-transfer-512-nomask-experiment", "style-transfer-512-nomask-experiment-trained-CNNs"
	for _, row := range []struct {
		experiment, observer string
		percent, tolerance   float64
	}{
		{plain, Humans, 95.9, 0.05}, {plain, "alexnet", 42.9, 0.05}, {plain, "googlenet", 31.2, 0.05},
		{plain, "vgg", 17.2, 0.05}, {later, "resnet50", 22.1, 0.05}, {later, "alexnet", 25.3, 0.05},
		{later, "vgg16", 9.2, 0.05}, {later, "resnet50-train-60-epochs", 81, 0.5},
	} {
		o := find(t, a, row.experiment, row.observer)
		if got := 100 * float64(o.ShapeBias); math.Abs(got-row.percent) > row.tolerance {
			t.Errorf("shape bias of %s in %s is %.2f%%, printed %v%%", row.observer, row.experiment, got, row.percent)
		}
	}
	o := find(t, a, plain, Humans)
	order := slices.Clone(categories[:])
	slices.SortFunc(order, func(x, y string) int {
		return int(math.Copysign(1, float64(o.PerShape[x].ShapeBias-o.PerShape[y].ShapeBias)))
	})
	// the icons of the published figure, from top to bottom
	const want = "boat knife airplane bear dog keyboard cat elephant oven bird car truck bottle chair clock bicycle"
	if got := strings.Join(order, " "); got != want {
		t.Errorf("categories by human shape bias:\n%s, want\n%s", got, want)
	}
	if got := find(t, a, later, "resnet50"); got.Shape+got.Texture != 734 {
		t.Errorf("ResNet-50 made %d shape and texture decisions, want 734", got.Shape+got.Texture)
	}
}
