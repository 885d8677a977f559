package measure

import (
	"archive/tar"
	"compress/gzip"
	"encoding/csv"
	"io"
	"math"
	"os"
	"path"
	"sort"
	"strconv"
	"strings"
	"testing"

	"github.com/gestalt-vision/gestalt/internal/sharedtest"
)

// The plain versions of the measures, written from the definitions and from the rows of the CSV files, with nothing of
// the package but its result types. They know only the published files: prefixed names, one trial per stimulus.

type naiveRow map[string]string

func (r naiveRow) stimulus() string { return strings.Join(strings.Split(r["imagename"], "_")[6:], "_") }

func (r naiveRow) cues() (shape, texture string) {
	letters := strings.Map(func(c rune) rune {
		if c >= '0' && c <= '9' {
			return -1
		}
		return c
	}, strings.TrimSuffix(r.stimulus(), ".png"))
	shape, texture, ok := strings.Cut(letters, "-")
	if !ok {
		return "", ""
	}
	return shape, texture
}

func (r naiveRow) correct() bool { return r["object_response"] == r["category"] }

type naiveKey struct{ experiment, observer string }

// naiveTable reads raw-data.tar.gz: rows by directory and subj, and the files that they came from.
func naiveTable(t testing.TB) (rows map[naiveKey][]naiveRow, files map[naiveKey][]string) {
	f, err := os.Open(sharedtest.Path(t, "geirhos/raw-data.tar.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	rows, files = map[naiveKey][]naiveRow{}, map[naiveKey][]string{}
	for tr := tar.NewReader(z); ; {
		h, err := tr.Next()
		if err == io.EOF {
			return rows, files
		}
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(h.Name, ".csv") {
			continue
		}
		lines, err := csv.NewReader(tr).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		var k naiveKey
		for _, line := range lines[1:] {
			r := naiveRow{}
			for i, name := range lines[0] {
				r[strings.TrimSpace(name)] = strings.TrimSpace(line[i])
			}
			k = naiveKey{path.Base(path.Dir(h.Name)), r["subj"]}
			rows[k] = append(rows[k], r)
			if strings.HasPrefix(k.observer, "subject-") {
				pool := naiveKey{k.experiment, "humans"}
				rows[pool] = append(rows[pool], r)
			}
		}
		files[k] = append(files[k], path.Base(h.Name))
	}
}

// naiveObserver computes the point estimates that need only the trials of one observer.
func naiveObserver(k naiveKey, rows []naiveRow) Observer {
	o := Observer{Experiment: k.experiment, Observer: k.observer, Trials: len(rows)}
	o.Human = k.observer == "humans" || strings.HasPrefix(k.observer, "subject-")
	o.PerShape, o.PerTexture = map[string]CategoryBias{}, map[string]CategoryBias{}
	o.PerCategory, o.Confusion = map[string]CategoryAccuracy{}, map[string]map[string]int{}
	var times []float64
	people := map[string]map[string]int{} // answers of each
	trials := map[string]int{}
	for _, r := range rows {
		answer := r["object_response"]
		if people[r["subj"]] == nil {
			people[r["subj"]] = map[string]int{}
		}
		people[r["subj"]][answer]++
		trials[r["subj"]]++
		acc := o.PerCategory[r["category"]]
		acc.Trials++
		if o.Confusion[r["category"]] == nil {
			o.Confusion[r["category"]] = map[string]int{}
		}
		o.Confusion[r["category"]][answer]++
		if r.correct() {
			o.Correct++
			acc.Correct++
		}
		o.PerCategory[r["category"]] = acc
		if answer == "na" {
			o.NA++
		} else if rt, err := strconv.ParseFloat(r["rt"], 64); err == nil && o.Human {
			times = append(times, rt*1000)
		}
		shape, texture := r.cues()
		if shape == "" {
			continue
		}
		if shape == texture {
			o.NoConflictTrials++
			if r.correct() {
				o.NoConflictCorrect++
			}
			continue
		}
		o.ConflictTrials++
		s, x := o.PerShape[shape], o.PerTexture[texture]
		s.ConflictTrials++
		x.ConflictTrials++
		switch answer {
		case shape:
			o.Shape++
			s.Shape++
			x.Shape++
		case texture:
			o.Texture++
			s.Texture++
			x.Texture++
		case "na":
			o.NAConflict++
			fallthrough
		default:
			o.Other++
		}
		o.PerShape[shape], o.PerTexture[texture] = s, x
	}
	o.ShapeBias = Float(float64(o.Shape) / float64(o.Shape+o.Texture))
	o.FractionShape = Float(float64(o.Shape) / float64(o.ConflictTrials))
	o.FractionTexture = Float(float64(o.Texture) / float64(o.ConflictTrials))
	o.FractionOther = Float(float64(o.Other) / float64(o.ConflictTrials))
	o.FractionShapeAll, o.FractionTextureAll = Float(math.NaN()), Float(math.NaN())
	if o.ConflictTrials > 0 {
		o.FractionShapeAll = Float(float64(o.Shape) / float64(o.Trials))
		o.FractionTextureAll = Float(float64(o.Texture) / float64(o.Trials))
	}
	o.Accuracy = Float(float64(o.Correct) / float64(o.Trials))
	for c, a := range o.PerCategory {
		a.Accuracy = Float(float64(a.Correct) / float64(a.Trials))
		o.PerCategory[c] = a
	}
	var meanShape, meanTexture, sum, defined float64
	for c, b := range o.PerShape {
		b.ShapeBias = Float(float64(b.Shape) / float64(b.Shape+b.Texture))
		o.PerShape[c] = b
		meanShape += float64(b.Shape) / float64(b.ConflictTrials) / 16
		meanTexture += float64(b.Texture) / float64(b.ConflictTrials) / 16
		if b.Shape+b.Texture > 0 {
			sum += float64(b.ShapeBias)
			defined++
		}
	}
	for c, b := range o.PerTexture {
		b.ShapeBias = Float(float64(b.Shape) / float64(b.Shape+b.Texture))
		o.PerTexture[c] = b
	}
	o.ShapeBiasFromCategoryMeans = Float(meanShape / (meanShape + meanTexture))
	o.MeanOfPerCategoryShapeBias = Float(sum / defined)
	o.MedianResponseTimeMS = Float(math.NaN())
	if n := len(times); n > 0 {
		sort.Float64s(times)
		o.MedianResponseTimeMS = Float((times[n/2] + times[(n-1)/2]) / 2)
	}
	for p, answers := range people {
		var h float64
		for a, n := range answers {
			if a != "na" {
				q := float64(n) / float64(trials[p])
				h -= q * math.Log2(q)
			}
		}
		o.ResponseEntropy += Float(h / float64(len(people)))
	}
	return o
}

// naivePair computes the consistency of two observers.
func naivePair(a, b []naiveRow) (p Pair) {
	right := map[string]bool{}
	for _, r := range a {
		right[r.stimulus()] = r.correct()
	}
	var n, same, ca, cb float64
	for _, r := range b {
		other, both := right[r.stimulus()]
		if !both {
			continue
		}
		n++
		if other == r.correct() {
			same++
		}
		if other {
			ca++
		}
		if r.correct() {
			cb++
		}
	}
	pa, pb := ca/n, cb/n
	observed, expected := same/n, pa*pb+(1-pa)*(1-pb)
	p.Stimuli = int(n)
	p.ObservedConsistency, p.ExpectedConsistency = Float(observed), Float(expected)
	p.ErrorConsistency = Float((observed - expected) / (1 - expected))
	if observed == 1 {
		p.ErrorConsistency = 1
	}
	p.AccuracyDifference = Float((pa - pb) * (pa - pb))
	return p
}
