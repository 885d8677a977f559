package demo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/google/go-cmp/cmp"

	"github.com/gestalt-vision/gestalt/engine"
	"github.com/gestalt-vision/gestalt/synth"
	"github.com/gestalt-vision/gestalt/train"
)

// small are options for a demonstration that takes a second or two.
func small(t *testing.T, workers, together int) Options {
	t.Helper()
	r := train.DefaultRecipe()
	r.Network, r.Size, r.Resize, r.Epochs, r.Batch = "resnet10_slim", 32, 32, 2, 48
	r.Schedule.Name, r.Schedule.Warmup = train.Cosine, 1
	r.Train = []train.SourceRecipe{{Synth: &train.SynthRecipe{Kind: IN, Split: "train", Count: 480, Seed: 1}}}
	r.Validation = []train.SourceRecipe{{Synth: &train.SynthRecipe{Kind: IN, Split: "val", Count: 240, Seed: 1}}}
	return Options{Recipe: r, Share: 0.1, Seed: 3, Dir: t.TempDir(), Workers: workers, Together: together,
		Open: func(threads int) (compute.Backend, error) { return engine.Open(fmt.Sprintf("cpu:threads=%d", threads)) }}
}

// What comes out is the same for any number of workers, and whole.
func TestRun(t *testing.T) {
	var last Status
	o := small(t, 3, 3)
	o.Tell = func(s Status) { last = s }
	a, err := Run(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	b, err := Run(context.Background(), small(t, 1, 1))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(a.Trials, b.Trials, cmp.Comparer(func(x, y float64) bool { return x == y || x != x && y != y })); diff != "" {
		t.Errorf("the answers depend on the number of workers: %s", diff)
	}
	if a.Test != minPictures || len(a.Trials) != 4*minPictures {
		t.Errorf("%d trials of 4 networks on %d pictures", len(a.Trials), a.Test)
	}
	if last.Done == 0 || last.Done != last.Total {
		t.Errorf("the last status is %+v", last)
	}
	for i, row := range a.Rows {
		if want := []string{"IN", "SIN", "SIN+IN", "Shape-ResNet"}[i]; row.Name != want {
			t.Errorf("row %d is %s, want %s", i+1, row.Name, want)
		}
		if diff := cmp.Diff(row.Sets, b.Rows[i].Sets); diff != "" {
			t.Errorf("%s: accuracies depend on the number of workers: %s", row.Name, diff)
		}
		if row.Bias.ConflictTrials != minPictures || row.Bias.ShapeBias != b.Rows[i].Bias.ShapeBias || row.Bias.ShapeBiasCI != b.Rows[i].Bias.ShapeBiasCI {
			t.Errorf("%s: shape bias %v %v of %d trials, and %v %v", row.Name, row.Bias.ShapeBias, row.Bias.ShapeBiasCI, row.Bias.ConflictTrials,
				b.Rows[i].Bias.ShapeBias, b.Rows[i].Bias.ShapeBiasCI)
		}
		pictures := minPictures
		if row.FineTuning == "" && row.Training == "SIN+IN" {
			pictures *= 2
		}
		if row.Top1.N != pictures || row.Top5.K < row.Top1.K || len(row.Sets) != len(testSets) || len(row.Epochs) == 0 {
			t.Errorf("%s: top-1 %+v, top-5 %+v, %d sets, %d epochs", row.Name, row.Top1, row.Top5, len(row.Sets), len(row.Epochs))
		}
		if _, err := os.Stat(row.Weights); err != nil {
			t.Error(err)
		}
		mine, err := os.ReadFile(row.Weights)
		if err != nil {
			t.Fatal(err)
		}
		other, err := os.ReadFile(b.Rows[i].Weights)
		if err != nil {
			t.Fatal(err)
		}
		if string(mine) != string(other) {
			t.Errorf("%s: the weights depend on the number of workers", row.Name)
		}
	}
	if len(a.Samples) != 3 || len(a.Samples[0].Pictures) != samplesEach || len(a.Conflicts) != samplesEach || len(a.Conflicts[0].Answers) != 4 {
		t.Errorf("%d samples, %d conflicts", len(a.Samples), len(a.Conflicts))
	}
	for _, c := range a.Conflicts {
		if c.Shape == c.Texture || !strings.HasPrefix(c.Name, c.Shape) {
			t.Errorf("%s: shape %s, texture %s", c.Name, c.Shape, c.Texture)
		}
	}
}

// The last row goes on from the weights of the one before.
func TestRecipes(t *testing.T) {
	o := small(t, 1, 1)
	o.Share = 1
	n, err := o.check()
	if err != nil {
		t.Fatal(err)
	}
	if n.training != 480 || n.validation != 240 || n.test != testPictures {
		t.Errorf("sizes %+v", n)
	}
	both := rows[0]
	if r := both.then.recipe(&o, n); r.Schedule.Rate != o.Recipe.Schedule.Rate*both.then.rate || r.Epochs != 1 || r.Train[0].Synth.Seed != o.Seed {
		t.Errorf("fine-tuning: %+v", r)
	}
	if o.Recipe.Train[0].Synth.Seed == o.Seed {
		t.Error("the caller's recipe has been changed")
	}
}

// An interruption ends all trainings, and so does an engine that can't be opened.
func TestInterrupted(t *testing.T) {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	o := small(t, 2, 2)
	o.Tell = func(Status) { stop() }
	if _, err := Run(ctx, o); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
	o = small(t, 2, 2)
	open, opened, broken := o.Open, 0, errors.New("no engine")
	o.Open = func(threads int) (compute.Backend, error) {
		if opened++; opened > 1 { // the first one paints
			return nil, broken
		}
		return open(threads)
	}
	o.Together = 1
	if _, err := Run(context.Background(), o); !errors.Is(err, broken) {
		t.Errorf("no engine: %v", err)
	}
	o = small(t, 2, 2)
	if err := os.MkdirAll(filepath.Join(o.Dir, "networks", "sin"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(o.Dir, "networks", "sin", "recipe.yaml"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := Run(context.Background(), o); err == nil || !strings.Contains(err.Error(), "the network trained on SIN") || errors.Is(err, context.Canceled) {
		t.Errorf("a training that is there already: %v", err)
	}
}

func TestCheck(t *testing.T) {
	for says, spoil := range map[string]func(*Options){
		"recipe: network": func(o *Options) { o.Recipe.Network = "resnet" },
		"one synth set":   func(o *Options) { o.Recipe.Train = []train.SourceRecipe{{Folder: "pictures"}} },
		"epochs":          func(o *Options) { o.Share = 0 },
		"an engine":       func(o *Options) { o.Open = nil },
		"workers":         func(o *Options) { o.Workers = -1 },
	} {
		o := small(t, 1, 1)
		spoil(&o)
		if _, err := Run(context.Background(), o); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("want an error with %q, not %v", says, err)
		}
	}
}

// The first answer is the largest logit, and of equal ones the first; the rank counts what comes before the right class.
func TestJudge(t *testing.T) {
	for _, c := range []struct {
		logits             []float32
		right, first, rank int
	}{
		{[]float32{1, 3, 2}, 1, 1, 0},
		{[]float32{1, 3, 2}, 0, 1, 2},
		{[]float32{2, 2, 2}, 2, 0, 2},
		{[]float32{2, 2, 2}, 0, 0, 0},
	} {
		if first, rank := judge(c.logits, c.right); first != c.first || rank != c.rank {
			t.Errorf("%v: first %d, rank %d of %d", c.logits, first, rank, c.right)
		}
	}
	if a := (answers{rank: []int{0, 4, 5, 2}}); a.within(1) != 1 || a.within(5) != 3 {
		t.Errorf("%d and %d", a.within(1), a.within(5))
	}
}

// Names of cue conflicts tell both classes, as measure reads them.
func TestNames(t *testing.T) {
	o := small(t, 1, 1)
	g, err := draw(context.Background(), o.set(synth.CueConflict, "test", 20), 1)
	if err != nil {
		t.Fatal(err)
	}
	if got := g.name(8); got != "fish8-flower8.png" {
		t.Errorf("picture 8 is called %s", got)
	}
	if _, err := draw(context.Background(), o.set(synth.IN, "test", 0), 1); err == nil {
		t.Error("no pictures: no error")
	}
}
