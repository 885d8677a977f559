package train

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const tiny = `about: tiny
network: resnet10_slim
size: 32
epochs: 2
batch: 16
train: [{synth: {kind: in, split: train, count: 80, seed: 1}}]
validation: [{synth: {kind: in, split: val, count: 40, seed: 1}}]
schedule: {name: cosine, rate: 0.02, warmup: 0.5}
`

func readRecipe(t *testing.T, text string) Recipe {
	t.Helper()
	r, err := ReadRecipe([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestReadRecipe(t *testing.T) {
	r := readRecipe(t, tiny)
	if err := r.Check(); err != nil {
		t.Fatal(err)
	}
	want := DefaultRecipe()
	want.About, want.Network, want.Size, want.Epochs, want.Batch = "tiny", "resnet10_slim", 32, 2, 16
	want.Train = []SourceRecipe{{Synth: &SynthRecipe{"in", "train", 80, 1}}}
	want.Validation = []SourceRecipe{{Synth: &SynthRecipe{"in", "val", 40, 1}}}
	want.Schedule = ScheduleRecipe{Name: "cosine", Rate: 0.02, Warmup: 0.5, Every: 30, Factor: 0.1}
	if d := cmp.Diff(want, r); d != "" {
		t.Error(d)
	}
	text, err := r.YAML()
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(r, readRecipe(t, string(text))); d != "" {
		t.Errorf("written and read again: %s", d)
	}
}

func TestReadRecipeRefuses(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"epochs: 3\nschedul: {rate: 1}\n", `line 2: there is no key "schedul"; did you mean "schedule"?`},
		{"schedule:\n  rat: 1\n", `line 2: there is no key "rat" in schedule; did you mean "rate"?`},
		{"train: [{synth: {knd: in}}]\n", `in train.synth; did you mean "kind"?`},
		{"zzzzzz: 1\n", `there is no key "zzzzzz" (there are about, network`},
		{"epochs: many\n", "line 1: cannot unmarshal !!str `many` into int"},
		{"epochs: 3\nepochs: 4\n", "line 2: epochs is there twice"},
		{"epochs: [\n", "line"},
		{"- epochs\n", "a recipe is a list of keys with values"},
		{"", "EOF"},
		{"optimiser: &a {name: sgd}\nschedule: *a\n", "line 2: a recipe has no aliases"},
		{strings.Repeat("#", maxRecipe+1), "at most"},
	} {
		if _, err := ReadRecipe([]byte(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.40q: %v, want %q", c.text, err, c.want)
		}
	}
}

func TestCheckRecipe(t *testing.T) {
	for _, c := range []struct{ key, value, want string }{
		{"epochs", "0", "epochs: 0 must be between 1 and"},
		{"batch", "1", "batch: 1 must be between 2 and"},
		{"schedule.rate", ".nan", "schedule.rate: NaN must be"},
		{"schedule.warmup", "3", "schedule.warmup: 3 must be between 0 and 2"},
		{"network", "resnet10_slom", `network: there is no network "resnet10_slom"; did you mean "resnet10_slim"?`},
		{"optimiser.name", "sdg", `optimiser.name: there is no "sdg"; did you mean "sgd"?`},
		{"schedule.name", "cosin", `did you mean "cosine"?`},
		{"augment.crop", "crop", "there are resized, padded, centre"},
		{"augment.crop_area", "[0.5, 0.2]", "augment: "},
		{"augment.hue", "0.6", "augment: "},
		{"augment.style", "{rate: 0.5, size: 8}", "augment.style: "},
		{"normalise.std", "[0, 1, 1]", "std above 0"},
		{"size", "8", "size: 8 must be between 16"},
		{"resize", "16", "resize: 16 must be between 32"},
		{"train", "[]", "say where the pictures are"},
		{"train", "[{}]", "either a folder or synth"},
		{"validation", "[{synth: {kind: in, split: val, count: 0}}]", "there must be 1 or more"},
	} {
		r := readRecipe(t, tiny)
		if err := r.Set(c.key, c.value); err != nil {
			t.Errorf("%s: %v", c.key, err)
			continue
		}
		if err := r.Check(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %s: %v, want %q", c.key, c.value, err, c.want)
		}
	}
}

func TestSetRecipe(t *testing.T) {
	r := readRecipe(t, tiny)
	for _, c := range []struct{ key, value, want string }{
		{"schedule.rat", "1", `schedule.rat: there is no key "rat" in schedule; did you mean "rate"?`},
		{"epochs", "x", "epochs: cannot unmarshal"},
		{"epochs", "", "a value is missing"},
		{"epochs", "[", "epochs: "},
	} {
		if err := r.Set(c.key, c.value); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s=%s: %v, want %q", c.key, c.value, err, c.want)
		}
	}
	if err := r.Set("schedule.rate", "0.25"); err != nil || r.Schedule.Rate != 0.25 || r.Schedule.Name != "cosine" {
		t.Errorf("%v, %+v", err, r.Schedule)
	}
}

func TestRecipeVariables(t *testing.T) {
	r := readRecipe(t, "init: ${b}/last.safetensors\ntrain: [{folder: $in/train}, {folder: $sin/train}]\nvalidation: [{folder: $in/val}]\n")
	if got := r.Variables(); !slices.Equal(got, []string{"in", "sin", "b"}) {
		t.Fatalf("variables %v", got)
	}
	if _, err := r.With(map[string]string{"in": "pictures"}); err == nil || err.Error() != "the recipe leaves open where $sin and $b is" {
		t.Errorf("two are missing: %v", err)
	}
	filled, err := r.With(map[string]string{"in": "a $in b", "sin": "s", "b": "results/b"})
	if err != nil || filled.Train[0].Folder != "a $in b/train" || filled.Train[1].Folder != "s/train" || filled.Validation[0].Folder != "a $in b/val" ||
		filled.Init != "results/b/last.safetensors" || r.Train[0].Folder != "$in/train" {
		t.Errorf("%v, %+v from %+v", err, filled, r)
	}
}

func TestRecipeDifferences(t *testing.T) {
	a := readRecipe(t, tiny)
	b := a
	b.About, b.Schedule.Rate, b.Seed, b.Train = "other words", 0.5, 2, []SourceRecipe{{Folder: "x"}, {Folder: "y"}}
	want := []string{"seed was 1 and is 2", "train was synth in train 80 (seed 1) and is x + y", "schedule.rate was 0.02 and is 0.5"}
	if got := a.Differences(b); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got := a.Differences(a); len(got) > 0 {
		t.Errorf("a recipe differs from itself: %q", got)
	}
}

// The recipes that come with the program are read, and the paper's are those of its authors' table.
func TestBuiltInRecipes(t *testing.T) {
	files, err := filepath.Glob("../recipes/*.yaml")
	if err != nil || len(files) < 4 {
		t.Fatalf("%v, %d recipes", err, len(files))
	}
	for _, file := range files {
		r, err := OpenRecipe(file)
		if err != nil {
			t.Error(err)
			continue
		}
		filled := map[string]string{}
		for _, name := range r.Variables() {
			filled[name] = "folder"
		}
		if r, err = r.With(filled); err == nil {
			err = r.Check()
		}
		if err != nil || r.About == "" {
			t.Errorf("%s: %v, about %q", file, err, r.About)
		}
	}
	for name, want := range map[string]struct {
		epochs, every int
		rate          float64
	}{"geirhos-a": {60, 20, 0.1}, "geirhos-b": {45, 15, 0.1}, "geirhos-c": {60, 30, 0.01}, "imagenet": {90, 30, 0.1}} {
		r, err := OpenRecipe("../recipes/" + name + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		s := r.schedule(10)
		if r.Network != "resnet50" || r.Batch != 256 || r.Epochs != want.epochs || s.Every != 10*want.every || s.Gamma != 0.1 || s.Base != want.rate ||
			r.Optimiser != (OptimiserRecipe{Name: SGD, Momentum: 0.9, WeightDecay: 1e-4}) || r.Size != 224 || r.Resized() != 256 || r.Augment.Flip != 0.5 {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

// docs/training.md has a line for every key, with its default.
func TestRecipeIsDocumented(t *testing.T) {
	page, err := os.ReadFile("../docs/training.md")
	if err != nil {
		t.Fatal(err)
	}
	text, err := DefaultRecipe().YAML()
	if err != nil {
		t.Fatal(err)
	}
	var above []string
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\n")
		depth := (len(line) - len(strings.TrimLeft(line, " "))) / 2
		key, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		above = append(above[:depth], key)
		if value == "" { // a key of keys
			continue
		}
		if row := "| `" + strings.Join(above, ".") + "` | `" + strings.TrimSpace(value) + "` |"; !strings.Contains(string(page), row) {
			t.Errorf("docs/training.md has no line %s", row)
		}
	}
}

func FuzzReadRecipe(f *testing.F) {
	f.Add([]byte(tiny))
	files, _ := filepath.Glob("../recipes/*.yaml")
	for _, file := range files {
		if data, err := os.ReadFile(file); err == nil {
			f.Add(data)
		}
	}
	f.Add([]byte("optimiser: &a {name: sgd}\nschedule: *a\n<<: *a\n"))
	f.Add([]byte("train: {0: [1, [2]]}\naugment: {crop_area: [1]}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := ReadRecipe(data)
		if err != nil {
			return
		}
		r.Check()
		text, err := r.YAML()
		if err != nil {
			t.Fatal(err)
		}
		again, err := ReadRecipe(text)
		if err != nil {
			t.Fatalf("what was written can't be read: %v\n%s", err, text)
		}
		if d := r.Differences(again); len(d) > 0 && r.Check() == nil {
			t.Fatalf("%q", d)
		}
	})
}
