package report

import (
	"fmt"
	"math"
	"strconv"

	"github.com/gestalt-vision/gestalt/measure"
)

// undefined is shown where a value does not exist.
const undefined = "–"

func defined(v measure.Float) bool { return !math.IsNaN(float64(v)) && !math.IsInf(float64(v), 0) }

func definedInterval(ci measure.Interval) bool {
	return defined(ci[0]) && defined(ci[1])
}

// percent shows a fraction as a percentage with one decimal and no sign.
func percent(v measure.Float) string { return decimals(100*v, 1) }

// decimals shows a number with a true minus sign.
func decimals(v measure.Float, digits int) string {
	if !defined(v) {
		return undefined
	}
	s := strconv.FormatFloat(math.Abs(float64(v)), 'f', digits, 64)
	if v < 0 && s != strconv.FormatFloat(0, 'f', digits, 64) {
		return "−" + s
	}
	return s
}

// percentInterval shows an interval of fractions in percent: "[19.2, 25.1]".
func percentInterval(ci measure.Interval) string {
	if !definedInterval(ci) {
		return undefined
	}
	return "[" + percent(ci[0]) + ", " + percent(ci[1]) + "]"
}

func interval(ci measure.Interval, digits int) string {
	if !definedInterval(ci) {
		return undefined
	}
	return "[" + decimals(ci[0], digits) + ", " + decimals(ci[1], digits) + "]"
}

// count shows a number with thousands kept apart.
func count(n int) string {
	s := strconv.Itoa(n)
	if n < 0 {
		return s
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// probability shows a p-value. A permutation test of n rounds can't give less than 1/(n+1), so small ones are shown
// as a bound.
func probability(p measure.Float) string {
	switch {
	case !defined(p):
		return undefined
	case p < 0.001:
		return "< 0.001"
	default:
		return strconv.FormatFloat(float64(p), 'f', 3, 64)
	}
}

// plural is "1 picture", "2 pictures".
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%s %ss", count(n), noun)
}
