package observe

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/gestalt-vision/gestalt/dataset"
	"github.com/gestalt-vision/gestalt/internal/sharedtest"
	"github.com/gestalt-vision/gestalt/measure"
)

// TestClassifyEqualsPyTorch compares the classes of photographs with those of the same weights in PyTorch
// (testdata/make_classifications.py). Where two classes are nearly level, PyTorch's other order of summation may turn them
// round; accuracies must be within 0.2 points. `gestalt eval` and bench/eval.sh compare all 1,000 for every network.
func TestClassifyEqualsPyTorch(t *testing.T) {
	if testing.Short() {
		t.Skip("shows hundreds of photographs")
	}
	file, err := os.Open("testdata/classifications.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		network, weights string
		every            int // so many pictures are one on
	}{{"squeezenet1_1", "squeezenet1_1", 1}, {"shufflenet_v2_x1_0", "shufflenet_v2_x1_0", 4}, {"mobilenet_v2_tf", "mobilenet_v2", 4}} {
		t.Run(c.network, func(t *testing.T) {
			o := optionsOf[Classification](t, c.network, c.weights, sharedtest.Path(t, "data/imagenet-sample-256.tar"), filepath.Join(t.TempDir(), "j"))
			for i := 0; i < o.Pictures.Len(); i += c.every {
				o.Only = append(o.Only, i)
			}
			compareWithPyTorch(t, o, rows, slices.Index(rows[0], c.weights))
		})
	}
}

// compareWithPyTorch shows o.Only; the classes of PyTorch stand in a column of rows, below its name.
func compareWithPyTorch(t *testing.T, o Options[Classification], rows [][]string, column int) {
	truths, err := o.Pictures.Truths(nil)
	if err != nil {
		t.Fatal(err)
	}
	got, failed, err := Classify(context.Background(), o, truths)
	if err != nil || len(failed) > 0 || len(got) != len(o.Only) || len(rows) != 1001 {
		t.Fatal(err, failed, len(got), len(rows))
	}
	var top1, top5, first, all int
	pictures := make([]measure.Ranked, len(got))
	for i, g := range got {
		pictures[i] = g.Ranked
		row := rows[1+g.Index]
		if path.Base(g.Picture) != row[0] || g.Class != g.Index || g.Index != o.Only[i] {
			t.Fatalf("picture %d is %s of class %d, want %s", g.Index, g.Picture, g.Class, row[0])
		}
		var want [measure.TopClasses]int
		if _, err := fmt.Sscan(row[column], &want[0], &want[1], &want[2], &want[3], &want[4]); err != nil {
			t.Fatal(err)
		}
		for k, class := range want {
			if class == g.Class {
				top5++
				if k == 0 {
					top1++
				}
			}
		}
		if want[0] == g.Top[0] {
			first++
		}
		if slices.Equal(want[:], g.Top) {
			all++
		}
	}
	e := measure.Evaluate(pictures, nil)
	n := len(got)
	t.Logf("top-1 %d, top-5 %d of %d; PyTorch %d, %d; the first class is the same for %d, all five for %d", e.Top1.K, e.Top5.K, n, top1, top5, first, all)
	if off := max(e.Top1.K-top1, top1-e.Top1.K, e.Top5.K-top5, top5-e.Top5.K); off > n/500 || n-first > n/500 || n-all > n/100 {
		t.Error("the classes are not PyTorch's")
	}
}

// classes names the folders of the edge stimuli by WordNet ids, so that they have classes.
func classes(t *testing.T, n int) (Options[Classification], []dataset.Truth) {
	t.Helper()
	o := options[Classification](t, few(t, n), filepath.Join(t.TempDir(), "j"))
	truths := make([]dataset.Truth, o.Pictures.Len())
	for i := range truths {
		truths[i].Class = 100 * i
	}
	return o, truths
}

func TestClassifyWithoutTruth(t *testing.T) {
	o, truths := classes(t, 6)
	truths[2] = dataset.Truth{Class: -1, Err: errors.New("nobody knows")}
	strict, failed, err := Classify(context.Background(), o, truths)
	if err != nil {
		t.Fatal(err)
	}
	if len(strict) != 5 || len(failed) != 2 || failed[0].Reason != "nobody knows" && failed[1].Reason != "nobody knows" {
		t.Errorf("%d answers, failed %v; want 5, and 2 failed", len(strict), failed)
	}
	truths[2].Err = nil
	// Now the unknown one too; what was answered comes from the journal.
	before := len(o.Journal.seen)
	lenient, failed, err := Classify(context.Background(), o, truths)
	if err != nil || len(lenient) != 6 || len(failed) != 1 {
		t.Fatalf("%d answers, failed %v, %v; want 6, and 1 failed", len(lenient), failed, err)
	}
	if len(o.Journal.seen) != before+1 {
		t.Errorf("%d new answers, want 1", len(o.Journal.seen)-before)
	}
	for _, c := range lenient {
		if (c.Rank == 0) != (c.Index == 2) || !c.Valid() {
			t.Errorf("%+v", c)
		}
	}

	// Another truth is another question, for that picture only; and without a journal all is the same.
	truths[0].Class = 5
	before = len(o.Journal.seen)
	changed, _, err := Classify(context.Background(), o, truths)
	if err != nil || len(o.Journal.seen) != before+1 || changed[0].Class != 5 || !slices.Equal(changed[0].Top, lenient[0].Top) {
		t.Errorf("%v: %d new answers for one changed class", err, len(o.Journal.seen)-before)
	}
	o.Journal = nil
	if again, _, err := Classify(context.Background(), o, truths); err != nil || !reflect.DeepEqual(again, changed) {
		t.Errorf("without a journal the answers are others: %v", err)
	}
	o.Only = []int{1, 4}
	if some, _, err := Classify(context.Background(), o, truths); err != nil || len(some) != 2 || some[0].Index != 1 || some[1].Index != 4 {
		t.Errorf("two of them: %+v, %v", some, err)
	}
}

func TestClassificationsAreReadBack(t *testing.T) {
	file := filepath.Join(t.TempDir(), "j")
	for line, ok := range map[string]bool{
		`{"key":"a","answer":{"top":[1,2,3,4,5],"probabilities":[0.5,0.1,0,0,0],"rank":1,"probability":0.5,"category":"cat"}}`: true,
		`{"key":"a","answer":{"top":[1,2,3,4,5],"probabilities":[0.5,0.1,0,0,0],"rank":1,"probability":0.4,"category":"cat"}}`: false,
		`{"key":"a","answer":{"top":[1,2,3,4,5],"probabilities":[0.5,0.1,0,0,0],"rank":9,"probability":0,"category":"rat"}}`:   false,
		`{"key":"a","answer":{"response":"cat"}}`: false,
	} {
		if err := os.WriteFile(file, []byte(line+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		j, err := OpenJournal[Classification](file)
		if (err == nil) != ok {
			t.Errorf("%s: %v", line, err)
		}
		if err == nil {
			j.Close()
		}
	}
}
