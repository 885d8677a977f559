package observe

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/gestalt-vision/gestalt/dataset"
	"github.com/gestalt-vision/gestalt/engine"
	"github.com/gestalt-vision/gestalt/internal/sharedtest"
	"github.com/gestalt-vision/gestalt/measure"
	"github.com/gestalt-vision/gestalt/nets"
)

// options opens SqueezeNet 1.1 with its published weights and a set of published stimuli.
func options[A Answer](t *testing.T, stimuli, journal string) Options[A] {
	t.Helper()
	return optionsOf[A](t, "squeezenet1_1", "squeezenet1_1", stimuli, journal)
}

// optionsOf opens a network with weights of the shared data, and pictures.
func optionsOf[A Answer](t *testing.T, network, weights, stimuli, journal string) Options[A] {
	t.Helper()
	b, err := engine.Open("cpu")
	if err != nil {
		t.Fatal(err)
	}
	model, err := nets.Load(b, network, sharedtest.Path(t, "weights/"+weights+".safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { model.Close() })
	set, err := dataset.Open(stimuli)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { set.Close() })
	return Options[A]{Model: model, Engine: "cpu", Pictures: set, Journal: open[A](t, journal), Batch: 8, Workers: 2}
}

// TestEqualsPyTorch compares each answer with that of the same network run in PyTorch (testdata/make_decisions.py).
func TestEqualsPyTorch(t *testing.T) {
	file, err := os.Open("testdata/decisions.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	want := map[string]map[string]string{} // stimuli, picture
	for lines := bufio.NewScanner(file); lines.Scan(); {
		f := strings.Split(lines.Text(), ",")
		if want[f[0]] == nil {
			want[f[0]] = map[string]string{}
		}
		want[f[0]][f[1]] = f[2]
	}
	for stimuli, n := range map[string]int{"cue-conflict-half": 640, "edges": 160, "filled-silhouettes": 160} {
		t.Run(stimuli, func(t *testing.T) {
			o := options[Decision](t, sharedtest.Path(t, "geirhos/"+stimuli+".tar"), filepath.Join(t.TempDir(), "j"))
			result, err := Run(context.Background(), o, measure.Mean, nil)
			if err != nil || len(result.Failed) > 0 {
				t.Fatal(err, result.Failed)
			}
			if len(result.Observations) != n {
				t.Fatalf("%d observations, want %d", len(result.Observations), n)
			}
			differ := 0
			for _, got := range result.Observations {
				if w := want[stimuli][path.Base(got.Key)]; got.Response != w {
					differ++
					t.Logf("%s: %s, PyTorch says %s", got.Key, got.Response, w)
				}
			}
			t.Logf("%d of %d decisions differ from PyTorch's", differ, n)
			if float64(differ) > 0.005*float64(n) {
				t.Errorf("%d of %d decisions differ from PyTorch's, more than 0.5%%", differ, n)
			}
		})
	}
}

// few makes a folder of n pictures of the edge stimuli and one broken file.
func few(t *testing.T, n int) string {
	t.Helper()
	set, err := dataset.Open(sharedtest.Path(t, "geirhos/edges.tar"))
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	dir := t.TempDir()
	for i := range n {
		data, err := set.Read(i)
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(dir, set.Item(i).Class, path.Base(set.Item(i).Key))
		os.MkdirAll(filepath.Dir(file), 0o777)
		if err := os.WriteFile(file, data, 0o644); err != nil {
			t.Fatal(err)
		}
		if i == n/2 {
			os.WriteFile(filepath.Join(filepath.Dir(file), "broken.png"), data[:len(data)/2], 0o644)
		}
	}
	return dir
}

func TestResume(t *testing.T) {
	stimuli, dir := few(t, 30), t.TempDir()
	whole := options[Decision](t, stimuli, filepath.Join(dir, "whole"))
	want, err := Run(context.Background(), whole, measure.Mean, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(want.Observations) != 30 || len(want.Failed) != 1 || !strings.HasSuffix(want.Failed[0].Picture, "broken.png") {
		t.Fatalf("%d observations, failed %v; want 30 and broken.png", len(want.Observations), want.Failed)
	}

	// Another number of workers and another batch size, interrupted after every batch.
	cut := options[Decision](t, stimuli, filepath.Join(dir, "cut"))
	cut.Workers, cut.Batch = 1, 5
	for range 6 {
		ctx, cancel := context.WithCancel(context.Background())
		seen := len(cut.Journal.seen)
		cut.Progress = func(int) {
			if len(cut.Journal.seen) > seen {
				cancel()
			}
		}
		Run(ctx, cut, measure.Mean, nil)
		cancel()
	}
	cut.Progress = nil
	got, err := Run(context.Background(), cut, measure.Mean, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Error("an interrupted run ends with other observations")
	}
	a, _ := os.ReadFile(filepath.Join(dir, "whole"))
	b, _ := os.ReadFile(filepath.Join(dir, "cut"))
	if !bytes.Equal(a, b) {
		t.Error("an interrupted run leaves another journal")
	}
}

func TestJournalKeyHoldsWhatTheDecisionDependsOn(t *testing.T) {
	stimuli := few(t, 4)
	o := options[Decision](t, stimuli, filepath.Join(t.TempDir(), "j"))
	how := measure.Mean
	run := func(change string) {
		t.Helper()
		before := len(o.Journal.seen)
		if _, err := Run(context.Background(), o, how, nil); err != nil {
			t.Fatal(err)
		}
		if len(o.Journal.seen) != before+4 {
			t.Errorf("after another %s, %d new decisions; want 4", change, len(o.Journal.seen)-before)
		}
	}
	run("start")
	how = measure.Max
	run("aggregation")
	o.Engine = "go"
	run("engine")
	o.Model.WeightsSHA256 = fmt.Sprintf("%064d", 0)
	run("file of weights")
	o.Model.Preprocess.Std[0] *= 2
	run("preprocessing")
}
