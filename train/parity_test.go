package train

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gomlx/compute"

	"github.com/gestalt-vision/gestalt/nets"
	"github.com/gestalt-vision/gestalt/weights"
)

// fixture reads a file of testdata, made by make_fixtures.py.
func fixture[T any](t testing.TB, name string) (v T) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return v
}

// reference is a training that PyTorch did.
type reference struct {
	Optimiser      string
	Momentum       float64
	WeightDecay    float64 `json:"weight_decay"`
	Nesterov       bool
	LabelSmoothing float64 `json:"label_smoothing"`
	Rate           float64
	Noise          string // that the pictures are made up of
	Float32        []float32
	Float64        []float32
	Right          []int
	After          map[string][]float32
}

func (r reference) learning() Learning {
	return Learning{Optimiser: r.Optimiser, Momentum: r.Momentum, WeightDecay: r.WeightDecay, Nesterov: r.Nesterov, LabelSmoothing: r.LabelSmoothing}
}

func (r reference) schedule() Schedule {
	return Schedule{Kind: Cosine, Base: r.Rate, Steps: len(r.Float32), WarmUp: 5, WarmUpFactor: 0.1}
}

// patterned is the batch of a step, as make_fixtures.py has it.
func patterned(noise string, step int) Batch {
	const n, side, classes, batches = 16, 32, 10, 8
	k := step % batches
	b := Batch{N: n, H: side, W: side}
	values := nets.MadeUp(fmt.Sprintf("%s %d", noise, k), n*side*side*3, 0, 160)
	for i := range n {
		label := (7*i + k) % classes
		b.Labels = append(b.Labels, int32(label))
		for j, v := range nets.MadeUp(fmt.Sprintf("pattern %d", label), side*side*3, 0, 96) {
			b.Pixels = append(b.Pixels, byte(values[i*side*side*3+j]+v))
		}
	}
	return b
}

// madeUp is a file with made-up parameters for a network.
func madeUp(t testing.TB, a nets.Architecture) *weights.File {
	t.Helper()
	params, err := a.Parameters()
	if err != nil {
		t.Fatal(err)
	}
	var tensors []weights.Tensor
	for _, p := range params {
		values := p.MadeUp()
		if strings.Contains(p.Name, "bn") && strings.HasSuffix(p.Name, ".bias") || strings.HasSuffix(p.Name, "downsample.1.bias") {
			for i := range values {
				values[i]++ // as make_fixtures.py raises them
			}
		}
		tensors = append(tensors, float32s(p.Name, values, p.Shape))
	}
	path := filepath.Join(t.TempDir(), "made-up.safetensors")
	if err := weights.Write(path, tensors, a.Metadata()); err != nil {
		t.Fatal(err)
	}
	f, err := weights.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// follow trains as PyTorch did and gives how far the losses are from its, at most.
func follow(t *testing.T, b compute.Backend, r reference, learning Learning) (l *Learner, worst float64) {
	l = learner(t, b, "resnet10_slim", learning, Start{Weights: madeUp(t, lookup(t, "resnet10_slim"))})
	for step, want := range r.Float32 {
		p, err := l.Step(context.Background(), patterned(r.Noise, step), r.schedule().Rate(step), 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []float32{want, r.Float64[step]} {
			if d := math.Abs(float64(p.Loss - want)); !(d <= worst) {
				worst = d
			}
		}
		if p.Right != r.Right[step] {
			t.Errorf("step %d: %d right, PyTorch %d", step, p.Right, r.Right[step])
		}
	}
	return l, worst
}

// 50 steps from the same parameters on the same batches have PyTorch's losses, and lead to its parameters and running
// statistics.
func TestFollowsPyTorch(t *testing.T) {
	for name, r := range fixture[map[string]reference](t, "losses.json") {
		l, worst := follow(t, open(t, "cpu"), r, r.learning())
		if t.Logf("%s: losses off by %.1e", name, worst); !(worst <= 1e-3) {
			t.Errorf("%s: losses are off by %g", name, worst)
		}
		s, err := l.State()
		if err != nil {
			t.Fatal(err)
		}
		for parameter, want := range r.After {
			values, largest, off := s.parameter(parameter), 0.0, 0.0
			for i, w := range want {
				largest = max(largest, math.Abs(float64(w)))
				off = max(off, math.Abs(float64(values[i*len(values)/len(want)]-w)))
			}
			if t.Logf("%s: %s off by %.1e", name, parameter, off/largest); !(off <= 1e-3*largest) {
				t.Errorf("%s: %s is off by %g of its largest element", name, parameter, off/largest)
			}
		}
	}
}

// Rates are those of PyTorch's schedulers.
func TestSchedules(t *testing.T) {
	ours := map[string]Schedule{
		"constant":      {Base: 0.4},
		"warmed cosine": {Kind: Cosine, Base: 0.4, Steps: 50, WarmUp: 5, WarmUpFactor: 0.1},
		"cosine":        {Kind: Cosine, Base: 0.4, Steps: 50, Last: 0.003},
		"milestones":    {Kind: StepWise, Base: 0.4, Milestones: []int{10, 11, 40}, Gamma: 0.1},
		"every":         {Kind: StepWise, Base: 0.4, Every: 20, Gamma: 0.3},
	}
	for name, want := range fixture[map[string][]float64](t, "schedules.json") {
		s, ok := ours[name]
		if !ok {
			t.Errorf("no schedule %s", name)
			continue
		}
		if err := s.Check(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for step, rate := range want {
			if got := s.Rate(step); math.Abs(got-rate) > 1e-12 {
				t.Errorf("%s: step %d has the rate %g, PyTorch %g", name, step, got, rate)
			}
		}
	}
}

func TestScheduleRefuses(t *testing.T) {
	for want, s := range map[string]Schedule{
		`no schedule "sine"`: {Kind: "sine", Base: 1},
		"learning rate of 0": {},
		"rate of NaN":        {Base: math.NaN()},
		"needs milestones":   {Kind: StepWise, Base: 1, Gamma: 0.1},
		"gamma":              {Kind: StepWise, Base: 1, Every: 3},
		"not in order":       {Kind: StepWise, Base: 1, Gamma: 0.1, Milestones: []int{3, 2}},
		"nothing is left":    {Kind: Cosine, Base: 1, Steps: 5, WarmUp: 5},
		"falls from":         {Kind: Cosine, Base: 1, Steps: 5, Last: 2},
		"a warm-up of":       {Base: 1, WarmUp: 3, WarmUpFactor: 2},
	} {
		if err := s.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: error %v, want one with %q", s, err, want)
		}
	}
}
