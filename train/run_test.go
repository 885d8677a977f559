package train

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gestalt-vision/gestalt/nets"
	"github.com/gestalt-vision/gestalt/pixel"
	"github.com/gestalt-vision/gestalt/weights"
)

// tinyJob trains a slim network on drawn pictures for two epochs of five steps.
func tinyJob(t *testing.T, out string) Job {
	t.Helper()
	r := readRecipe(t, tiny)
	training, validation, close, err := r.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { close() })
	return Job{Recipe: r, Train: training, Validation: validation, Out: out, Workers: 2, Engine: "cpu", Version: "test"}
}

// leftBy is every file of a training but its times.
func leftBy(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == timesFile {
			return err
		}
		data, err := os.ReadFile(path)
		files[d.Name()] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func sameFiles(t *testing.T, what string, got, want map[string]string) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d files, want %d", what, len(got), len(want))
	}
	for name := range want {
		if got[name] != want[name] {
			t.Errorf("%s: %s differs", what, name)
		}
	}
}

func TestRun(t *testing.T) {
	b, dir := open(t, "cpu"), t.TempDir()
	j := tinyJob(t, filepath.Join(dir, "whole"))
	var told []Status
	j.Tell = func(s Status) { told = append(told, s) }
	r, err := Run(context.Background(), b, j)
	if err != nil {
		t.Fatal(err)
	}
	want := leftBy(t, j.Out)
	if len(want) != 7 || len(r.Epochs) != 2 || r.Classes != 16 || r.Pictures != 80 || r.Parameters < 100_000 || len(r.Broken) != 0 {
		t.Fatalf("%d files, %+v", len(want), r)
	}
	for i, e := range r.Epochs {
		if e.Epoch != i+1 || e.Step != 5*(i+1) || e.Validated != 40 || !(e.TrainLoss > 0.1) || !(e.ValidationLoss > 0.1) ||
			e.ValidationTop1 < 0 || e.ValidationTop5 < e.ValidationTop1 || e.ValidationTop5 > 1 {
			t.Errorf("%+v", e)
		}
	}
	if r.Best != r.Epochs[0] && r.Best != r.Epochs[1] || !(r.Epochs[1].TrainLoss < r.Epochs[0].TrainLoss) {
		t.Errorf("the best is %+v of %+v", r.Best, r.Epochs)
	}
	if got := want[csvFile]; strings.Count(got, "\n") != 3 || !strings.HasPrefix(got, csvHead) {
		t.Error(got)
	}
	if n := strings.Count(want[jsonlFile], "\n"); n != 12 { // a line a step, as there are few, and one an epoch
		t.Errorf("%d lines of metrics:\n%s", n, want[jsonlFile])
	}
	first, last := told[0], told[len(told)-1]
	if first.Phase != Training || first.Epoch != 1 || first.Step != 1 || first.Steps != 5 || first.Pictures != 16 || first.Left != 144 ||
		last.Phase != Validated || last.Epoch != 2 || last.Left != 0 || last.Result != r.Epochs[1] {
		t.Errorf("told first %+v, last %+v", first, last)
	}

	// What lies on the disk is a network that others can load, and that is as good as it was measured.
	m, err := nets.Load(b, "resnet10_slim", r.Last)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	a, err := Test(context.Background(), m, j.Validation, 7, 3, nil)
	if e := r.Epochs[1]; err != nil || float64(a.Top1)/40 != e.ValidationTop1 || math.Abs(a.Loss-e.ValidationLoss) > 1e-5*e.ValidationLoss {
		t.Errorf("%v: tested again %+v, want %+v", err, a, e)
	}

	// Neither the number of workers nor interruptions change a byte.
	t.Run("interrupted", func(t *testing.T) {
		cut := tinyJob(t, filepath.Join(dir, "cut"))
		cut.Resume, cut.Workers, cut.SaveSteps = true, 1, 2
		for _, stop := range []int{1, 3, 5, 6, 9} {
			ctx, cancel := context.WithCancel(context.Background())
			cut.Tell = func(s Status) {
				if 5*(s.Epoch-1)+s.Step == stop && s.Phase == Training {
					cancel()
				}
			}
			if _, err := Run(ctx, b, cut); !errors.Is(err, context.Canceled) {
				t.Fatalf("interrupted in step %d: %v", stop, err)
			}
			cancel()
		}
		ctx, cancel := context.WithCancel(context.Background())
		cut.Tell = func(s Status) {
			if s.Phase == Validating {
				cancel()
			}
		}
		if _, err := Run(ctx, b, cut); !errors.Is(err, context.Canceled) {
			t.Fatalf("interrupted in validation: %v", err)
		}
		cancel()
		cut.Tell = nil
		if _, err := Run(context.Background(), b, cut); err != nil {
			t.Fatal(err)
		}
		sameFiles(t, "interrupted", leftBy(t, cut.Out), want)
	})

	t.Run("again", func(t *testing.T) {
		again := j
		again.Tell = func(s Status) { t.Errorf("a whole training goes on: %+v", s) }
		if _, err := Run(context.Background(), b, again); err == nil || !strings.Contains(err.Error(), "holds a training already; --resume") {
			t.Errorf("without --resume: %v", err)
		}
		again.Resume = true
		if r2, err := Run(context.Background(), b, again); err != nil || fmt.Sprint(r2) != fmt.Sprint(r) {
			t.Errorf("with --resume: %v, %+v", err, r2)
		}
		sameFiles(t, "resumed whole", leftBy(t, j.Out), want)
	})

	t.Run("refused", func(t *testing.T) {
		for _, c := range []struct {
			want   string
			change func(*Job)
		}{
			{"schedule.rate was 0.02 and is 0.3", func(j *Job) { j.Recipe.Schedule.Rate = 0.3 }},
			{`train was "synth seed=1`, func(j *Job) { j.Train = j.Validation }},
			{"other classes", func(j *Job) { j.Validation = &labelled{} }},
			{"pictures of 1 class", func(j *Job) { j.Train = &labelled{names: []string{"grey"}, n: 4} }},
			{"no folder", func(j *Job) { j.Out = "" }},
			{"epochs: 0", func(j *Job) { j.Recipe.Epochs = 0 }},
			{"to start from", func(j *Job) { j.Recipe.Init = "resnet50" }},
			{"nothing repaints", func(j *Job) { j.Recipe.Augment.Style.Rate = 0.5 }},
		} {
			other := j
			other.Resume = true
			c.change(&other)
			if _, err := Run(context.Background(), b, other); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		}
		os.Truncate(filepath.Join(j.Out, csvFile), 10)
		other := j
		other.Resume = true
		if _, err := Run(context.Background(), b, other); err == nil || !strings.Contains(err.Error(), "it was changed since") {
			t.Errorf("with metrics cut short: %v", err)
		}
	})
}

// labelled are grey pictures; some are broken.
type labelled struct {
	names  []string
	n      int
	broken map[int]bool
}

func (l *labelled) Len() int          { return l.n }
func (l *labelled) Classes() []string { return l.names }
func (l *labelled) Class(i int) int   { return i % len(l.names) }
func (l *labelled) Key(i int) string  { return fmt.Sprintf("grey%d.png", i) }
func (l *labelled) Identity() string  { return fmt.Sprintf("%d grey pictures", l.n) }
func (l *labelled) Picture(i int) (*pixel.Image, error) {
	if l.broken[i] {
		return nil, errors.New("it ends in the middle")
	}
	m := pixel.New(32, 32, 3)
	for k := range m.Pix {
		m.Pix[k] = byte(40 + 150*l.Class(i) + (k*7919+i*31)%13)
	}
	return m, nil
}

// One broken picture stops neither training nor validation, and is told of.
func TestRunBroken(t *testing.T) {
	j := tinyJob(t, t.TempDir())
	j.Recipe.Epochs = 1
	j.Train = &labelled{[]string{"dark", "bright"}, 48, map[int]bool{5: true}}
	j.Validation = &labelled{[]string{"dark", "bright"}, 20, map[int]bool{0: true, 19: true}}
	r, err := Run(context.Background(), open(t, "cpu"), j)
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(r.Broken); len(r.Broken) != 3 || !strings.Contains(got, "grey5.png") || !strings.Contains(got, "grey19.png") || r.Epochs[0].Validated != 18 {
		t.Errorf("%s, %+v", got, r.Epochs)
	}
	j.Out = t.TempDir()
	j.Validation = &labelled{[]string{"dark", "bright"}, 2, map[int]bool{0: true, 1: true}}
	if _, err := Run(context.Background(), open(t, "cpu"), j); err == nil || !strings.Contains(err.Error(), "none of 2 validation pictures can be shown: grey0.png: it ends") {
		t.Errorf("all broken: %v", err)
	}
}

func TestRunDiverges(t *testing.T) {
	j := tinyJob(t, t.TempDir())
	j.Recipe.Schedule = ScheduleRecipe{Name: Constant, Rate: 1e-3, Every: 1, Factor: 1}
	j.SaveSteps = 1
	b := open(t, "cpu")
	ctx, cancel := context.WithCancel(context.Background())
	j.Tell = func(s Status) { cancel() }
	if _, err := Run(ctx, b, j); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	good, err := os.ReadFile(filepath.Join(j.Out, checkpointFile))
	if err != nil {
		t.Fatal(err)
	}
	// The same training with a rate that no network survives: the recipe in the folder is made to fit.
	j.Recipe.Schedule.Rate = 1000
	text, _ := j.Recipe.YAML()
	if err := os.WriteFile(filepath.Join(j.Out, recipeFile), text, 0o644); err != nil {
		t.Fatal(err)
	}
	j.Tell, j.Resume, j.SaveSteps = nil, true, 0
	_, err = Run(context.Background(), b, j)
	var d *Diverged
	if !errors.As(err, &d) || d.SavedStep != 1 || d.Step < 2 || d.Epoch != 1 {
		t.Fatalf("%v", err)
	}
	for _, want := range []string{"training diverges", "lower schedule.rate", "of step 1, is " + filepath.Join(j.Out, checkpointFile)} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
	if after, _ := os.ReadFile(filepath.Join(j.Out, checkpointFile)); string(after) != string(good) {
		t.Error("the last good checkpoint was overwritten")
	}
	// A checkpoint of what are no numbers is never written, even where each loss was one.
	nan := State{Network: []weights.Tensor{float32s("a", []float32{1, float32(math.NaN())}, []int{2})}}
	inf := State{Network: []weights.Tensor{float32s("a", []float32{float32(math.Inf(-1))}, []int{1})}}
	fine := State{Network: []weights.Tensor{float32s("a", []float32{math.MaxFloat32, -0, 1e-40}, []int{3})}}
	if nan.finite() || inf.finite() || !fine.finite() {
		t.Error("what is a number?")
	}
}

// Fine-tuning starts from the weights of another training.
func TestRunInit(t *testing.T) {
	b := open(t, "cpu")
	first := tinyJob(t, t.TempDir())
	first.Recipe.Epochs, first.SaveEvery = 1, time.Nanosecond
	r, err := Run(context.Background(), b, first)
	if err != nil {
		t.Fatal(err)
	}
	second := tinyJob(t, t.TempDir())
	second.Note = func(note string) { t.Errorf("a note: %s", note) }
	second.Recipe.Epochs, second.Recipe.Init, second.Recipe.Schedule.Rate, second.Recipe.Optimiser.WeightDecay = 1, r.Last, 1e-12, 0
	if second.Init, err = weights.Open(r.Last); err != nil {
		t.Fatal(err)
	}
	defer second.Init.Close()
	again, err := Run(context.Background(), b, second)
	if err != nil {
		t.Fatal(err)
	}
	// With next to no learning rate only the running statistics move.
	if !(again.Epochs[0].TrainLoss < r.Epochs[0].TrainLoss) {
		t.Errorf("from scratch %+v, from its weights %+v", r.Epochs[0], again.Epochs[0])
	}

	// Weights for other classes: all but the last layer, which is said.
	other := tinyJob(t, t.TempDir())
	other.Recipe.Epochs, other.Recipe.Init, other.Init = 1, "thousand", madeUp(t, lookup(t, "resnet10_slim").WithClasses(1000))
	var notes []string
	other.Note = func(note string) { notes = append(notes, note) }
	if _, err := Run(context.Background(), b, other); err != nil {
		t.Fatal(err)
	}
	if want := "thousand is of a network for other classes: fc.weight, fc.bias begin anew"; len(notes) != 1 || notes[0] != want {
		t.Errorf("notes %q, want %q", notes, want)
	}
}

// TestAccuracy counts by hand.
func TestAccuracy(t *testing.T) {
	var a Accuracy
	a.add([]float32{0, 2, 1, -1, -2, -3}, 1) // first
	a.add([]float32{0, 2, 2, -1, -2, -3}, 2) // second: of equal ones the earlier is first
	a.add([]float32{5, 4, 3, 2, 1, 0}, 5)    // sixth
	a.add([]float32{1000, 0, 0, 0, 0, 0}, 0)
	if a.Pictures != 4 || a.Top1 != 2 || a.Top5 != 3 || !(a.Loss > 0 && a.Loss < 10) {
		t.Errorf("%+v", a)
	}
	var even Accuracy
	even.add(make([]float32, 8), 3)
	if math.Abs(even.Loss-math.Log(8)) > 1e-12 {
		t.Errorf("loss %g of eight equal answers", even.Loss)
	}
}
