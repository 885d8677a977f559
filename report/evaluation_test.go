package report

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/gestalt-vision/gestalt/dataset"
	"github.com/gestalt-vision/gestalt/measure"
)

func renderEvaluation(t *testing.T, p EvaluationPage) string {
	t.Helper()
	var b bytes.Buffer
	if err := WriteEvaluation(&b, p); err != nil {
		t.Fatal(err)
	}
	checkMarkup(t, b.Bytes())
	return b.String()
}

// answers makes n pictures of each of some classes; the network's rank is a function of picture and class.
func answers(classes, n int, rank func(class, i int) int) (pictures []measure.Ranked) {
	for class := range classes {
		wnid, _ := dataset.Class(class)
		for i := range n {
			p := measure.Ranked{Picture: wnid + "/" + string(rune('a'+i)) + ".JPEG", Class: class}
			p.Rank = rank(class, i)
			p.Top, p.Probabilities = make([]int, measure.TopClasses), make([]float32, measure.TopClasses)
			for k := range p.Top {
				p.Top[k], p.Probabilities[k] = (class+k+p.Rank+999)%1000, 0.5/float32(k+1)
			}
			p.Probability = p.Probabilities[min(p.Rank, 5)-1]
			pictures = append(pictures, p)
		}
	}
	return pictures
}

func evaluationPage() EvaluationPage {
	a := answers(6, 4, func(class, i int) int { return 1 + class*i/3 })
	b := answers(6, 4, func(class, i int) int { return 1 + (5-class)*i })
	return EvaluationPage{
		Title: "ImageNet accuracy: <val>",
		Networks: []EvaluatedNetwork{
			{"net-a", measure.Evaluate(a, nil), []Thumbnail{{Name: "x.JPEG", Caption: "tench with 97.0%; it is <hen>, rank 3", Score: math.NaN(), JPEG: []byte{0xff, 0xd8}}, {Name: "y.JPEG"}}},
			{"net-b", measure.Evaluate(b, nil), nil},
		},
		Pairs:  []measure.PairedEvaluation{measure.CompareEvaluations("net-a", a, "net-b", b, nil)},
		Failed: []Failure{{"n01440764/broken.JPEG", "it is no picture"}},
		Made:   []Row{{"gestalt", "0.1.0"}},
	}
}

func TestGoldenEvaluation(t *testing.T) {
	golden(t, "evaluation.html", []byte(renderEvaluation(t, evaluationPage())))
}

func TestEvaluationSays(t *testing.T) {
	page := renderEvaluation(t, evaluationPage())
	for _, want := range []string{
		"ImageNet accuracy: &lt;val&gt;", "net-a names the right class first for <b>50.0%</b> [29.1, 70.9] of 24 pictures",
		"1 picture could not be evaluated.", "it is &lt;hen&gt;, rank 3", `src="data:image/jpeg;base64,/9g="`, "McNemar",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

// Each of these has something missing, and must still make a sound page.
func TestPartialEvaluations(t *testing.T) {
	if page := renderEvaluation(t, EvaluationPage{}); !strings.Contains(page, "No network was evaluated.") || strings.Contains(page, "<svg") {
		t.Error("page of nothing")
	}
	page := renderEvaluation(t, EvaluationPage{Networks: []EvaluatedNetwork{{Name: "blind", Evaluation: measure.Evaluate(nil, nil)}}})
	if strings.Contains(page, "NaN") || !strings.Contains(page, "blind") {
		t.Error("page of a network that saw nothing")
	}
	one := answers(1, 1, func(int, int) int { return 1 })
	many := EvaluationPage{}
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		many.Networks = append(many.Networks, EvaluatedNetwork{Name: name, Evaluation: measure.Evaluate(one, nil)})
	}
	if page := renderEvaluation(t, many); !strings.Contains(page, "The top-1 accuracy of 5 networks goes from ") {
		t.Error("five networks have no sentence")
	}
	// Networks that were shown other classes share a table all the same.
	many.Networks[1].Evaluation = measure.Evaluate(answers(3, 2, func(_, i int) int { return i + 1 })[2:], nil)
	if page := renderEvaluation(t, many); strings.Count(page, "<code>n0") != 3 {
		t.Error("the table of classes does not have three")
	}
}

func TestWriteRankedCSV(t *testing.T) {
	pictures := answers(1, 2, func(_, i int) int { return 1 + 6*i })
	pictures[1].Picture = `a,"b".jpg`
	var b strings.Builder
	if err := WriteRankedCSV(&b, pictures, nil); err != nil {
		t.Fatal(err)
	}
	const want = `picture,wnid,class,rank,probability,class_1,probability_1,class_2,probability_2,class_3,probability_3,class_4,probability_4,class_5,probability_5
n01440764/a.JPEG,n01440764,0,1,0.5,0,0.5,1,0.25,2,0.16666667,3,0.125,4,0.1
"a,""b"".jpg",n01440764,0,7,0.1,6,0.5,7,0.25,8,0.16666667,9,0.125,10,0.1
`
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}
