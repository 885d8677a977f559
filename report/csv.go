package report

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"

	"github.com/gestalt-vision/gestalt/dataset"
	"github.com/gestalt-vision/gestalt/measure"
)

// WriteCSV writes one row per observer with every number and interval of the analysis. The columns are the names of
// the JSON fields; an interval has two columns, with _lo and _hi; undefined values are empty. What is given per
// category is not in the table.
func WriteCSV(w io.Writer, a measure.Analysis) error {
	out := csv.NewWriter(w)
	// The columns come from the type itself, so that a figure added to the analysis cannot be forgotten here.
	t := reflect.TypeFor[measure.Observer]()
	var header []string
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		switch f := t.Field(i).Type; {
		case name == "" || name == "-" || f.Kind() == reflect.Map || f.Kind() == reflect.Slice:
		case f == reflect.TypeFor[measure.Interval]():
			header = append(header, name+"_lo", name+"_hi")
		default:
			header = append(header, name)
		}
	}
	if err := out.Write(header); err != nil {
		return err
	}
	for i := range a.Observers {
		var row []string
		v := reflect.ValueOf(a.Observers[i])
		for k := range t.NumField() {
			name, _, _ := strings.Cut(t.Field(k).Tag.Get("json"), ",")
			if name == "" || name == "-" {
				continue
			}
			switch x := v.Field(k).Interface().(type) {
			case string:
				row = append(row, x)
			case bool:
				row = append(row, strconv.FormatBool(x))
			case int:
				row = append(row, strconv.Itoa(x))
			case measure.Float:
				row = append(row, cell(x))
			case measure.Interval:
				row = append(row, cell(x[0]), cell(x[1]))
			default:
				if kind := v.Field(k).Kind(); kind != reflect.Map && kind != reflect.Slice {
					return fmt.Errorf("report: column %s has type %T", name, x)
				}
			}
		}
		if err := out.Write(row); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// cell writes a number with all its digits, an undefined one as nothing.
func cell(v measure.Float) string {
	if !defined(v) {
		return ""
	}
	return strconv.FormatFloat(float64(v), 'g', -1, 64)
}

// WriteRankedCSV writes one row per picture: its key, WordNet id and class index, the rank and probability of that class,
// and the most probable classes with their probabilities. names are those of the network's classes, nil for the 1,000 of
// ImageNet; the name stands for the WordNet id then.
func WriteRankedCSV(w io.Writer, pictures []measure.Ranked, names []string) error {
	out := csv.NewWriter(w)
	header, top := []string{"picture", "wnid", "class", "rank", "probability"}, measure.TopClasses
	if names != nil {
		header[1], top = "name", min(top, len(names))
	}
	for i := range top {
		header = append(header, fmt.Sprintf("class_%d", i+1), fmt.Sprintf("probability_%d", i+1))
	}
	if err := out.Write(header); err != nil {
		return err
	}
	short := func(p float32) string { return strconv.FormatFloat(float64(p), 'g', -1, 32) }
	for _, p := range pictures {
		wnid, name := dataset.ClassAmong(names, p.Class)
		row := []string{p.Picture, cmp.Or(wnid, name), strconv.Itoa(p.Class), strconv.Itoa(p.Rank), short(p.Probability)}
		for i, class := range p.Top {
			row = append(row, strconv.Itoa(class), short(p.Probabilities[i]))
		}
		if err := out.Write(row); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}
