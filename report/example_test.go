package report_test

import (
	"bytes"
	"fmt"
	"log"
	"strings"

	"github.com/gestalt-vision/gestalt/measure"
	"github.com/gestalt-vision/gestalt/report"
)

// Trials become an analysis, and the analysis a page.
func Example() {
	trials, err := measure.ReadTrials(strings.NewReader(`subj,session,trial,rt,object_response,category,condition,imagename
resnet50,1,1,NaN,elephant,cat,0,cat7-elephant1.png
resnet50,1,2,NaN,cat,cat,0,cat8-elephant2.png
resnet50,1,3,NaN,bird,dog,0,dog2-bird1.png
`), "example.csv")
	if err != nil {
		log.Fatal(err)
	}
	analysis := measure.Analyze([]measure.Experiment{{Name: "cue-conflict", Trials: trials}}, measure.Settings{Seed: 1})
	var page bytes.Buffer
	err = report.Write(&page, report.Page{Title: "An example", Analysis: analysis, Made: []report.Row{{Key: "Data", Value: "example.csv"}}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(strings.Contains(page.String(), "resnet50 decides by shape in <b>33.3%</b>"))
	// Output: true
}
