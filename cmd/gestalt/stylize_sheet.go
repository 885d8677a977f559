package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gestalt-vision/gestalt/dataset"
	"github.com/gestalt-vision/gestalt/internal/atomicfile"
	"github.com/gestalt-vision/gestalt/pixel"
	"github.com/gestalt-vision/gestalt/report"
	"github.com/gestalt-vision/gestalt/stylize"
)

const (
	sheetPictures = 10 // without --limit
	sheetQuality  = 90 // of the pictures on the page
)

// sheetColumn is what one method makes of the pictures.
type sheetColumn struct {
	name    string
	samples []stylize.Sample // the same pictures in the same order in each column
}

// writeSheet writes the contact sheet: a row a picture, a column a method, and one of the styles where they are those of
// pictures, which are the same for all methods.
func writeSheet(cmd *cobra.Command, o stylizeOptions, job stylize.Job, c configuration, methods []styleMethod) error {
	job.Recipe.Limit = cmp.Or(o.recipe.Limit, sheetPictures)
	sheet := report.Sheet{Title: "Contact sheet: " + filepath.Base(job.Pictures.Path()), Made: []report.Row{
		{Key: "gestalt", Value: job.Version}, {Key: "Engine", Value: job.Engine}, {Key: "Seed", Value: fmt.Sprint(job.Recipe.Seed)}}}
	var columns []sheetColumn
	for _, method := range methods {
		samples, err := o.samples(cmd, job, c, method, &sheet)
		if err != nil {
			return err
		}
		columns = append(columns, sheetColumn{method.name, samples})
	}
	var styles func(string) ([]byte, error)
	if o.style.styles != "" && !strings.HasSuffix(o.style.styles, weightsSuffix) {
		set, err := dataset.Open(o.style.styles)
		if err != nil {
			return err
		}
		defer set.Close()
		styles = stylePictures(set, cmp.Or(o.recipe.Size, defaultSize))
	}
	if err := fillSheet(&sheet, columns, styles); err != nil {
		return err
	}
	if err := atomicfile.Write(o.sheet, func(w io.Writer) error { return report.WriteSheet(w, sheet) }); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(cmd.OutOrStdout(), "Contact sheet: %s\n", o.sheet); err != nil {
		return err
	}
	if n := len(sheet.Failed); n > o.allowErrors {
		return fmt.Errorf("%d pictures failed; the page names them", n)
	}
	return nil
}

// samples are what a method makes of the pictures.
func (o stylizeOptions) samples(cmd *cobra.Command, job stylize.Job, c configuration, method styleMethod, sheet *report.Sheet) ([]stylize.Sample, error) {
	opened, err := o.open(cmd, method, c)
	if err != nil {
		return nil, err
	}
	if len(sheet.Failed) == 0 { // the same for every method
		for _, b := range opened.broken {
			sheet.Failed = append(sheet.Failed, report.Failure{Name: b.Picture, Reason: b.Reason})
		}
	}
	sheet.Made = append(sheet.Made, report.Row{Key: method.name, Value: opened.stylizer.Identity()},
		report.Row{Key: "its styles", Value: opened.from})
	var samples []stylize.Sample
	if job, err = o.into(job, opened); err == nil {
		samples, err = job.Samples(cmd.Context())
	}
	return samples, errors.Join(err, opened.close())
}

// stylePictures makes small square pictures of styles by their names.
func stylePictures(set *dataset.Set, side int) func(name string) ([]byte, error) {
	index := make(map[string]int, set.Len())
	for i := range set.Len() {
		index[set.Item(i).Key] = i
	}
	return func(name string) ([]byte, error) {
		data, err := set.Read(index[name])
		if err != nil {
			return nil, err
		}
		m, _, err := pixel.Decode(data)
		if err != nil {
			return nil, err
		}
		return sheetPicture(pixel.ResizeShortCrop(m.RGB(), side, side, side, pixel.Bicubic))
	}
}

func sheetPicture(m *pixel.Image) ([]byte, error) {
	var b bytes.Buffer
	err := pixel.EncodeJPEG(&b, m, sheetQuality)
	return b.Bytes(), err
}

// fillSheet puts the columns side by side.
func fillSheet(sheet *report.Sheet, columns []sheetColumn, styles func(string) ([]byte, error)) error {
	sheet.Columns = []string{"picture"}
	if styles != nil {
		sheet.Columns = append(sheet.Columns, "style")
	}
	for _, c := range columns {
		sheet.Columns = append(sheet.Columns, c.name)
	}
	for i, s := range columns[0].samples {
		if s.Error != "" {
			sheet.Failed = append(sheet.Failed, report.Failure{Name: s.Picture, Reason: s.Error})
			continue
		}
		row := report.SheetRow{Name: s.Picture}
		add := func(jpeg []byte, err error, caption string) error {
			row.Cells = append(row.Cells, report.SheetCell{JPEG: jpeg, Caption: caption})
			return err
		}
		picture, err := sheetPicture(s.Content)
		err = add(picture, err, "")
		if styles != nil && err == nil {
			picture, err = styles(s.Style)
			err = add(picture, err, s.Style)
		}
		for _, c := range columns {
			if err != nil {
				return err
			}
			caption := ""
			if styles == nil {
				caption = c.samples[i].Style
			}
			picture, err = sheetPicture(c.samples[i].Stylised)
			err = add(picture, err, caption)
		}
		if err != nil {
			return err
		}
		sheet.Rows = append(sheet.Rows, row)
	}
	return nil
}
