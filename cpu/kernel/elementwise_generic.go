package kernel

import "math"

// generic is the portable implementation of everything.
var generic = impl{
	name:       "generic",
	tileRows:   14,
	tile:       tileGeneric,
	outer:      outerGeneric,
	packRows:   packRowsGeneric,
	maxWindows: maxWindowsGeneric,
	maxTaps:    maxTapsGeneric,
	sumTaps:    sumTapsGeneric,
	filterTaps: filterTapsGeneric,
	rows:       rowsGeneric,
	add:        addGeneric,
	mul:        mulGeneric,
	max:        maxGeneric,
	gate:       gateGeneric,
	clamp:      clampGeneric,
	scale:      scaleGeneric,
	exp:        expGeneric,
	functions:  genericFunctions,
	norm:       normGeneric,
	rowSum:     rowSumGeneric,
	rowMax:     rowMaxGeneric,
	dots:       dotsGenerics,
	patches:    patchesGeneric,

	spreadLines: spreadLinesGeneric,
	joinLines:   joinLinesGeneric,
}

func addGeneric(dst, a, b []float32) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = a[i] + b[i]
	}
}

func mulGeneric(dst, a, b []float32) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = a[i] * b[i]
	}
}

func maxGeneric(dst, a, b []float32) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = max(a[i], b[i])
	}
}

func clampGeneric(dst, a []float32, lo, hi float32) {
	a = a[:len(dst)]
	for i := range dst {
		dst[i] = clamp(a[i], lo, hi)
	}
}

func scaleGeneric(dst, a []float32, s, offset float32) {
	a = a[:len(dst)]
	for i := range dst {
		dst[i] = a[i]*s + offset
	}
}

func expGeneric(dst, a []float32) {
	a = a[:len(dst)]
	for i := range dst {
		dst[i] = float32(math.Exp(float64(a[i])))
	}
}

// rowSumGeneric adds as the vector loops do: 32 sums side by side, which are
// then folded in halves.
func rowSumGeneric(a []float32) float32 {
	var sums [32]float32
	for ; len(a) >= len(sums); a = a[len(sums):] {
		for j, v := range a[:len(sums)] {
			sums[j] += v
		}
	}
	for j, v := range a {
		sums[j] += v
	}
	for half := len(sums) / 2; half > 0; half /= 2 {
		for j := range half {
			sums[j] += sums[j+half]
		}
	}
	return sums[0]
}

func rowMaxGeneric(a []float32) float32 {
	m := float32(math.Inf(-1))
	for _, v := range a {
		m = max(m, v)
	}
	return m
}
