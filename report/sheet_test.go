package report

import (
	"bytes"
	"strings"
	"testing"
)

func TestSheet(t *testing.T) {
	var b bytes.Buffer
	s := Sheet{Columns: []string{"picture", "randconv <1>"}, Failed: []Failure{{"half.jpg", "it ends"}}, Made: []Row{{"Seed", "7"}},
		Rows: []SheetRow{{"cat & dog.jpg", []SheetCell{{JPEG: []byte{0xff, 0xd8}}, {Caption: "random 5"}}}}}
	if err := WriteSheet(&b, s); err != nil {
		t.Fatal(err)
	}
	checkMarkup(t, b.Bytes())
	for _, want := range []string{"Contact sheet", "randconv &lt;1&gt;", "cat &amp; dog.jpg, picture", "data:image/jpeg;base64,/9g=", "random 5", "1 picture could not be shown", "half.jpg", "Seed"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	b.Reset()
	if err := WriteSheet(&b, Sheet{}); err != nil || !strings.Contains(b.String(), "No picture is shown") {
		t.Errorf("an empty sheet: %v", err)
	}
	checkMarkup(t, b.Bytes())
	s.Rows[0].Cells = s.Rows[0].Cells[:1]
	if err := WriteSheet(&b, s); err == nil || !strings.Contains(err.Error(), "1 pictures for 2 columns") {
		t.Errorf("a row with a cell too few: %v", err)
	}
}
