package report

import (
	"bytes"
	"encoding/csv"
	"math"
	"slices"
	"strconv"
	"testing"

	"github.com/gestalt-vision/gestalt/measure"
)

func TestNumbers(t *testing.T) {
	inf := measure.Float(math.Inf(1))
	for _, c := range []struct{ got, want string }{
		{percent(.2207), "22.1"},
		{percent(0), "0.0"},
		{percent(1), "100.0"},
		{percent(nan), "–"},
		{percent(inf), "–"},
		{decimals(-.25, 2), "−0.25"},
		{decimals(-.0001, 2), "0.00"},
		{percentInterval(measure.Interval{.192, .251}), "[19.2, 25.1]"},
		{percentInterval(measure.Interval{0, 0}), "[0.0, 0.0]"},
		{percentInterval(measure.Interval{nan, .5}), "–"},
		{interval(measure.Interval{-.1, .2}, 1), "[−0.1, 0.2]"},
		{count(0), "0"}, {count(999), "999"}, {count(1000), "1,000"}, {count(12800), "12,800"}, {count(1234567), "1,234,567"},
		{probability(.0004), "< 0.001"}, {probability(.05), "0.050"}, {probability(1), "1.000"}, {probability(nan), "–"},
		{bare(.426), ".43"}, {bare(-.05), "−.05"}, {bare(1), "1"}, {bare(-1), "−1"}, {bare(0), "0"}, {bare(nan), "–"}, {bare(.999), "1.00"},
		{number(-.001), "0"}, {number(1.005), "1"}, {number(12.3456), "12.35"},
		{plural(1, "trial"), "1 trial"}, {plural(1280, "trial"), "1,280 trials"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

func TestShorten(t *testing.T) {
	const long = "squeezenet1-1-train-60-epochs-lr0.001"
	for _, width := range []float64{0, 5, 20, 60, 120, 200, 1000} {
		short := shorten(long, 11, width)
		if short != "…" && textWidth(short, 11) > width {
			t.Errorf("%q is wider than %g", short, width)
		}
		if width == 1000 && short != long {
			t.Errorf("%q was shortened without need", short)
		}
		if width == 120 && (short[:3] != "squ" || short[len(short)-3:] != "001") {
			t.Errorf("%q has lost its ends", short)
		}
	}
}

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		values []measure.Float
		want   measure.Float
	}{{[]measure.Float{3}, 3}, {[]measure.Float{1, 3}, 2}, {[]measure.Float{1, 2, 9}, 2}, {[]measure.Float{1, 2, 4, 9}, 3}} {
		if got := median(c.values); got != c.want {
			t.Errorf("median of %v is %v, want %v", c.values, got, c.want)
		}
	}
}

func TestGoldenCSV(t *testing.T) {
	var b bytes.Buffer
	a := smallAnalysis()
	if err := WriteCSV(&b, a); err != nil {
		t.Fatal(err)
	}
	golden(t, "small.csv", b.Bytes())
	rows, err := csv.NewReader(&b).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 1+len(a.Observers) {
		t.Fatalf("%d rows for %d observers", len(rows)-1, len(a.Observers))
	}
	at := func(row int, column string) string {
		i := slices.Index(rows[0], column)
		if i < 0 {
			t.Fatalf("no column %s in %q", column, rows[0])
		}
		return rows[row][i]
	}
	for i, o := range a.Observers {
		for column, want := range map[string]measure.Float{"shape_bias": o.ShapeBias, "shape_bias_ci95_lo": o.ShapeBiasCI[0],
			"shape_bias_exact95_hi": o.ShapeBiasExact[1], "accuracy": o.Accuracy, "median_response_time_ms": o.MedianResponseTimeMS} {
			text := at(i+1, column)
			if !defined(want) {
				if text != "" {
					t.Errorf("%s of %s is %q, want nothing", column, o.Observer, text)
				}
				continue
			}
			if got, err := strconv.ParseFloat(text, 64); err != nil || got != float64(want) {
				t.Errorf("%s of %s is %q, want %v", column, o.Observer, text, want)
			}
		}
		if at(i+1, "observer") != o.Observer || at(i+1, "human") != strconv.FormatBool(o.Human) || at(i+1, "trials") != strconv.Itoa(o.Trials) {
			t.Errorf("row %d is %q", i, rows[i+1])
		}
	}
}
