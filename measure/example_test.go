package measure_test

import (
	"fmt"
	"strings"

	"github.com/gestalt-vision/gestalt/measure"
)

func Example() {
	const table = `subj,session,trial,rt,object_response,category,condition,imagename
subject-01,1,1,0.61,cat,cat,0,cat7-elephant1.png
subject-01,1,2,0.75,elephant,cat,0,cat7-elephant2.png
subject-01,1,3,0.82,dog,cat,0,cat7-elephant3.png
subject-01,1,4,NaN,na,cat,0,cat8-elephant1.png
subject-01,1,5,0.54,cat,cat,0,cat1-cat3.png
subject-01,1,6,0.58,dog,dog,0,dog2-bird1.png
`
	trials, err := measure.ReadTrials(strings.NewReader(table), "example.csv")
	if err != nil {
		fmt.Println(err)
		return
	}
	a := measure.Analyze([]measure.Experiment{{Name: "example", Trials: trials}}, measure.Settings{})
	o := a.Observers[0]
	fmt.Printf("%d trials, %d with a conflict: %d by shape, %d by texture, %d other (%d na)\n",
		o.Trials, o.ConflictTrials, o.Shape, o.Texture, o.Other, o.NA)
	fmt.Printf("shape bias %.3f, exact 95%% interval %.3f to %.3f\n", o.ShapeBias, o.ShapeBiasExact[0], o.ShapeBiasExact[1])
	fmt.Printf("shape fraction %.1f, texture fraction %.1f\n", o.FractionShape, o.FractionTexture)
	fmt.Printf("accuracy %.1f, median response time %.0f ms\n", o.Accuracy, o.MedianResponseTimeMS)
	// Output:
	// 6 trials, 5 with a conflict: 2 by shape, 1 by texture, 2 other (1 na)
	// shape bias 0.667, exact 95% interval 0.094 to 0.992
	// shape fraction 0.4, texture fraction 0.2
	// accuracy 0.5, median response time 610 ms
}

func ExampleCueConflict() {
	shape, texture, ok := measure.CueConflict("0002_s5n_s01_0_bird_00_bird2-clock3.png")
	fmt.Println(shape, texture, ok)
	// Output: bird clock true
}
