package report

import (
	"bytes"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
)

// A Sheet is a contact sheet: pictures as they are and as methods make them, a row a picture, a column a method.
type Sheet struct {
	Title   string // "Contact sheet" when empty
	Columns []string
	Rows    []SheetRow
	Failed  []Failure // pictures that could not be shown
	Made    []Row     // how it was made, in the order to be shown
}

// A SheetRow is what became of one picture, a cell a column.
type SheetRow struct {
	Name  string
	Cells []SheetCell
}

// A SheetCell is a picture as a JPEG file, shown at its own size, and what is to be read below it.
type SheetCell struct {
	JPEG    []byte
	Caption string
}

//go:embed sheet.html
var sheetSource string

var sheetTemplate = template.Must(template.New("sheet").Parse(sheetSource))

// WriteSheet writes the contact sheet as one self-contained HTML file, in UTF-8. It writes nothing before the whole page
// is made, and fails only if w does or a row has not as many cells as there are columns.
func WriteSheet(w io.Writer, s Sheet) error {
	type cell struct {
		Source  template.URL
		Caption string
		Alt     string
	}
	type row struct {
		Name  string
		Cells []cell
	}
	v := struct {
		Sheet
		Style template.CSS
		Shown []row
	}{s, template.CSS(styleSheet), nil}
	if v.Title == "" {
		v.Title = "Contact sheet"
	}
	for _, r := range s.Rows {
		if len(r.Cells) != len(s.Columns) {
			return fmt.Errorf("report: %s has %d pictures for %d columns", r.Name, len(r.Cells), len(s.Columns))
		}
		shown := row{Name: r.Name}
		for i, c := range r.Cells {
			one := cell{Caption: c.Caption, Alt: r.Name + ", " + s.Columns[i]}
			if len(c.JPEG) > 0 {
				one.Source = template.URL("data:image/jpeg;base64," + base64.StdEncoding.EncodeToString(c.JPEG))
			}
			shown.Cells = append(shown.Cells, one)
		}
		v.Shown = append(v.Shown, shown)
	}
	var b bytes.Buffer
	if err := sheetTemplate.Execute(&b, v); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	_, err := w.Write(b.Bytes())
	return err
}
