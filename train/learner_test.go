package train

import (
	"bytes"
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute"

	"github.com/gestalt-vision/gestalt/engine"
	"github.com/gestalt-vision/gestalt/nets"
	"github.com/gestalt-vision/gestalt/weights"
)

func open(t testing.TB, name string) compute.Backend {
	t.Helper()
	b, err := engine.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Finalize)
	return b
}

func lookup(t testing.TB, name string) nets.Architecture {
	t.Helper()
	a, err := nets.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	return a.WithClasses(10)
}

func learner(t testing.TB, b compute.Backend, network string, l Learning, from Start) *Learner {
	t.Helper()
	made, err := NewLearner(b, lookup(t, network), l, from)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := made.Close(); err != nil {
			t.Error(err)
		}
	})
	return made
}

// noise is a batch of made-up pictures of so many classes, another at each step.
func noise(step, n, side, classes int) Batch {
	b := Batch{N: n, H: side, W: side, Labels: make([]int32, n)}
	name := "noise " + string(rune('0'+step))
	for _, v := range nets.MadeUp(name, n*side*side*3, 0, 256) {
		b.Pixels = append(b.Pixels, byte(v))
	}
	for i := range b.Labels {
		b.Labels[i] = int32((step*n + i*7) % classes)
	}
	return b
}

func take(t testing.TB, l *Learner, from, to int) (losses []float32) {
	t.Helper()
	for i := from; i < to; i++ {
		p, err := l.Step(context.Background(), noise(i, 4, 32, 10), 0.05/float64(1+i), uint64(i))
		if err != nil {
			t.Fatal(err)
		}
		losses = append(losses, p.Loss)
	}
	return losses
}

func encoded(t testing.TB, l *Learner) []byte {
	t.Helper()
	s, err := l.State()
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := weights.Encode(&b, slices.Concat(s.Network, s.Running), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Training that was saved, and goes on from the file on an engine with another number of threads, comes to the same bytes as
// one that was not.
func TestResume(t *testing.T) {
	for _, c := range []struct {
		network  string
		learning Learning
	}{
		{"resnet10_slim", Learning{Optimiser: SGD, Momentum: 0.9, WeightDecay: 1e-4, Nesterov: true}},
		{"squeezenet1_1", Learning{Optimiser: AdamW, WeightDecay: 0.01, LabelSmoothing: 0.1}}, // with dropout
		{"squeezenet1_1", Learning{Optimiser: SGD}},                                           // keeps nothing
	} {
		through := learner(t, open(t, "cpu:threads=2"), c.network, c.learning, Start{Seed: 7})
		losses := take(t, through, 0, 4)

		interrupted := learner(t, open(t, "cpu:threads=1"), c.network, c.learning, Start{Seed: 7})
		again := take(t, interrupted, 0, 2)
		s, err := interrupted.State()
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "checkpoint.safetensors")
		if err := s.Write(path, map[string]string{"epoch": "2"}); err != nil {
			t.Fatal(err)
		}
		f, err := weights.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		read, err := ReadState(f)
		if err != nil {
			t.Fatal(err)
		}
		if f.Metadata()["epoch"] != "2" {
			t.Error("the metadata are lost")
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		resumed := learner(t, open(t, "cpu:threads=3"), c.network, c.learning, Start{State: &read})
		if again = append(again, take(t, resumed, 2, 4)...); !slices.Equal(losses, again) {
			t.Errorf("%s, %s: losses %v, interrupted %v", c.network, c.learning.Optimiser, losses, again)
		}
		if !bytes.Equal(encoded(t, through), encoded(t, resumed)) {
			t.Errorf("%s, %s: the interrupted training came to other parameters", c.network, c.learning.Optimiser)
		}
		if resumed.Steps() != 4 {
			t.Errorf("%d steps done, not 4", resumed.Steps())
		}
	}
}

// What is refused is said, and leaves the Learner as it was.
func TestRefuses(t *testing.T) {
	b, a := open(t, "cpu"), lookup(t, "squeezenet1_1")
	for want, l := range map[string]Learning{
		`no optimiser "adam"`: {Optimiser: "adam"},
		"a momentum of 1":     {Momentum: 1},
		"Nesterov":            {Nesterov: true},
		"a weight decay of":   {WeightDecay: -1},
		"labels smoothed":     {LabelSmoothing: 1},
		"divided by":          {Std: [3]float32{1, 1, 0}},
		"betas of":            {Optimiser: AdamW, Beta1: 1},
		"2 devices":           {Devices: 2},
	} {
		if _, err := NewLearner(b, a, l, Start{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: error %v, want one with %q", l, err, want)
		}
	}
	l := learner(t, b, "squeezenet1_1", Learning{Momentum: 0.9}, Start{Seed: 1})
	before := encoded(t, l)
	s, err := l.State()
	if err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(b *Batch){
		"0 pictures":        func(b *Batch) { b.N = 0 },
		"bytes and 4 label": func(b *Batch) { b.Pixels = b.Pixels[1:] },
		"3 labels":          func(b *Batch) { b.Labels = b.Labels[1:] },
		"label 10":          func(b *Batch) { b.Labels[2] = 10 },
		"label -1":          func(b *Batch) { b.Labels[0] = -1 },
	} {
		batch := noise(0, 4, 32, 10)
		change(&batch)
		if _, err := l.Step(context.Background(), batch, 0.1, 0); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := l.Step(ctx, noise(0, 4, 32, 10), 0.1, 0); err != context.Canceled {
		t.Errorf("a step that was not to begin: error %v", err)
	}
	if !bytes.Equal(before, encoded(t, l)) {
		t.Error("a refused batch changed the network")
	}

	for want, change := range map[string]func(s *State){
		"a training by adamw":        func(s *State) { s.Optimiser = AdamW },
		"does not hold classifier.1": func(s *State) { s.Network = s.Network[:len(s.Network)-1] },
		"holds it twice":             func(s *State) { s.Network = append(s.Network, s.Network[0]) },
		"should be F32":              func(s *State) { s.Network[0].Shape = []int{3} },
		".momentum":                  func(s *State) { s.Running = s.Running[1:] },
	} {
		wrong := s
		wrong.Network, wrong.Running = slices.Clone(s.Network), slices.Clone(s.Running)
		change(&wrong)
		if _, err := NewLearner(b, a, Learning{Momentum: 0.9}, Start{State: &wrong}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Step(context.Background(), noise(0, 4, 32, 10), 0.1, 0); err == nil || !strings.Contains(err.Error(), "closed") {
		t.Errorf("a step of a closed Learner: error %v", err)
	}
}

// A network whose file tells other classes apart keeps all layers but the last, which is what it would be drawn as anew.
func TestOtherClasses(t *testing.T) {
	b := open(t, "cpu")
	for _, c := range []struct {
		network string
		drawn   []string
	}{
		{"resnet10_slim", []string{"fc.weight", "fc.bias"}},
		{"googlenet", []string{"fc.weight", "fc.bias", "aux1.fc2.weight", "aux1.fc2.bias", "aux2.fc2.weight", "aux2.fc2.bias"}},
	} {
		thousand, err := nets.Lookup(c.network)
		if err != nil {
			t.Fatal(err)
		}
		f := madeUp(t, thousand)
		l := learner(t, b, c.network, Learning{}, Start{Seed: 5, Weights: f})
		anew := learner(t, b, c.network, Learning{}, Start{Seed: 5})
		if !slices.Equal(l.Drawn(), c.drawn) || anew.Drawn() != nil {
			t.Errorf("%s: drawn %v, anew %v", c.network, l.Drawn(), anew.Drawn())
		}
		got, err := l.State()
		if err != nil {
			t.Fatal(err)
		}
		fresh, err := anew.State()
		if err != nil {
			t.Fatal(err)
		}
		for _, tensor := range got.Network {
			want, from := fresh.parameter(tensor.Name), "drawn anew"
			if !slices.Contains(c.drawn, tensor.Name) {
				if want, _, err = f.Float32(tensor.Name); err != nil {
					t.Fatal(err)
				}
				from = "in the file"
			}
			if !slices.Equal(got.parameter(tensor.Name), want) {
				t.Errorf("%s: %s is not as it is %s", c.network, tensor.Name, from)
			}
		}
	}

	// As many classes, but not the same.
	a := lookup(t, "resnet10_slim")
	letters := strings.Split("abcdefghij", "")
	f := madeUp(t, a.WithClassNames(letters))
	for names, drawn := range map[string]int{"abcdefghij": 0, "bacdefghij": 2, "": 0} {
		network := a
		if names != "" {
			network = a.WithClassNames(strings.Split(names, ""))
		}
		l, err := NewLearner(b, network, Learning{}, Start{Weights: f})
		if err != nil {
			t.Fatal(err)
		}
		if len(l.Drawn()) != drawn {
			t.Errorf("the classes %q, where the file has abcdefghij: drawn %v", names, l.Drawn())
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}

	other := madeUp(t, lookup(t, "squeezenet1_1").WithClasses(1000))
	if _, err := NewLearner(b, a, Learning{}, Start{Weights: other}); err == nil || !strings.Contains(err.Error(), "squeezenet1_1") {
		t.Errorf("the weights of another network: error %v", err)
	}
}
