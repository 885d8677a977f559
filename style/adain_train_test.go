package style

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"

	"github.com/gestalt-vision/gestalt/engine"
	"github.com/gestalt-vision/gestalt/nets"
	"github.com/gestalt-vision/gestalt/weights"
)

// Steps of the training, each from a state that testdata made up: the losses, the gradients and how the parameters move are
// PyTorch's. (From step to step Adam can't be followed: its first one is as long for a gradient of next to nothing as for
// any other, and rounding decides its sign.)
func TestAdaINTrainingParity(t *testing.T) {
	b, files := cpuEngine(t), madeUpFiles(t)
	e, err := AdaINEncoder{}.resolve(b)
	if err != nil {
		t.Fatal(err)
	}
	encoder, err := weights.Open(files.Encoder)
	if err != nil {
		t.Fatal(err)
	}
	defer encoder.Close()
	params, err := decoderParams(b, e)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range readAdaINFixture(t).Training {
		from := madeUpCheckpoint(t, params, want.Step)
		trainer, err := newDecoderTrainer(b, e, encoder, from, 2, 16, 10, want.VariationWeight)
		if err != nil {
			t.Fatal(err)
		}
		defer trainer.close()
		before, err := trainer.read()
		if err != nil {
			t.Fatal(err)
		}
		pictures := Batch{4, 16, 16, slices.Concat(drawnPictures(fmt.Sprint("content ", want.Step), 2, 16, 16).Pixels,
			drawnPictures(fmt.Sprint("painting ", want.Step), 2, 16, 16).Pixels)}
		loss, err := trainer.step(want.Step, pictures, 1e-4/(1+rateDecay*float64(want.Step)))
		if err != nil {
			t.Fatal(err)
		}
		for what, pair := range map[string][2]float32{"content": {loss.Content, want.Content}, "style": {loss.Style, want.Style}} {
			if off := math.Abs(float64(pair[0]/pair[1]) - 1); !(off < 1e-4) {
				t.Errorf("step %d: %s loss is %g, want %g", want.Step, what, pair[0], pair[1])
			}
		}
		after, err := trainer.read()
		if err != nil {
			t.Fatal(err)
		}
		for i, p := range params {
			gradient := want.Gradients[p.Name]
			if gradient == nil {
				continue
			}
			moved, got := after[i], after[len(params)+i]
			for j := range got {
				moved[j] -= before[i][j]
				got[j] = (got[j] - 0.9*before[len(params)+i][j]) / 0.1 // what Adam adds to the running mean
			}
			if off := farthest(shown(t, got, p.Shape, len(gradient)), gradient); !(off < 1e-3) {
				t.Errorf("step %d: the gradient of %s differs by %.1e", want.Step, p.Name, off)
			}
			if want.Step == 0 {
				continue
			}
			if off := farthest(shown(t, moved, p.Shape, len(gradient)), want.Moves[p.Name]); !(off < 1e-3) {
				t.Errorf("step %d: %s moves differently by %.1e", want.Step, p.Name, off)
			}
		}
	}
}

// madeUpCheckpoint is the state after so many steps that testdata/make_adain.py makes up; before the first, Adam has no
// running means.
func madeUpCheckpoint(t *testing.T, params []nets.Param, step int) *checkpoint {
	t.Helper()
	const typical = 30 // size of a running mean
	from, err := openCheckpoint(filepath.Join(t.TempDir(), "checkpoint"), "", func() ([]nets.Param, [][]float32, error) {
		state := untrained(params, 0)
		for i, p := range params {
			bound := 0.1
			if len(p.Shape) > 1 {
				bound = math.Sqrt(6 / float64(p.Len()/p.Shape[0]))
			}
			state[i] = draw(fmt.Sprintf("decoder at %d.%s", step, p.Name), p.Len(), -bound, bound)
			if step > 0 {
				name := func(kind string) string { return fmt.Sprintf("%s %s at %d", p.Name, kind, step) }
				state[len(params)+i] = draw(name("mean"), p.Len(), -typical, typical)
				state[2*len(params)+i] = draw(name("square"), p.Len(), typical*typical/2, typical*typical)
			}
		}
		return params, state, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { from.file.Close() })
	return from
}

// shown are some elements of a parameter in PyTorch's order, with its channels last as the fixture has them.
func shown(t *testing.T, values []float32, shape []int, n int) []float32 {
	t.Helper()
	if len(shape) == 4 {
		o, i, h, w := shape[0], shape[1], shape[2], shape[3]
		last := make([]float32, 0, len(values))
		for a := range o {
			for at := range h * w {
				for c := range i {
					last = append(last, values[(a*i+c)*h*w+at])
				}
			}
		}
		values = last
	}
	return some(values, n)
}

// small is a training that takes little time: SqueezeNet's first layers with made-up weights.
func small(t *testing.T, out string) AdaINTraining {
	t.Helper()
	dir := t.TempDir()
	contents, styles := filepath.Join(dir, "contents"), filepath.Join(dir, "styles")
	for _, d := range []string{contents, styles} {
		os.Mkdir(d, 0o777)
		for i := range 5 {
			paint(t, d, fmt.Sprintf("p%d.png", i), byte(30*i))
		}
	}
	o := AdaINTraining{
		Encoder:  AdaINEncoder{Network: "squeezenet1_1", Features: []string{"features.1", "features.3"}},
		Contents: openSet(t, contents), Styles: openSet(t, styles), Out: out,
		Steps: 12, Batch: 2, Size: 16, Rate: 1e-3, StyleWeight: 10, SaveEvery: 5, Workers: 2,
	}
	o.EncoderFile = madeUpNetwork(t, o.Encoder)
	return o
}

// madeUpNetwork writes made-up weights of a network as far as its features need.
func madeUpNetwork(t *testing.T, network AdaINEncoder) string {
	t.Helper()
	b := cpuEngine(t)
	e, err := network.resolve(b)
	if err != nil {
		t.Fatal(err)
	}
	var params []nets.Param
	err = engine.Catch(func() {
		g := graph.NewGraph(b, "encoder")
		defer g.Finalize()
		net, scope := nets.Begin(g, nets.Inference)
		e.build(scope, graph.Parameter(g, "pictures", shapes.Make(dtypes.Float32, 1, 64, 64, 3)))
		params = net.Params
	})
	if err != nil {
		t.Fatal(err)
	}
	var tensors []weights.Tensor
	for _, p := range params {
		bound := math.Sqrt(6 / float64(p.Len()/p.Shape[0]))
		tensors = append(tensors, float32s(p.Name, draw(p.Name, p.Len(), -bound, bound), p.Shape...))
	}
	path := filepath.Join(t.TempDir(), network.Network+".safetensors")
	if err := weights.Write(path, tensors, nil); err != nil {
		t.Fatal(err)
	}
	return path
}

// A training that is interrupted again and again, by ctx and by being killed (a checkpoint of an earlier step), ends with
// the bytes of one that is not.
func TestAdaINTrainingResumes(t *testing.T) {
	dir, b := t.TempDir(), cpuEngine(t)
	o := small(t, filepath.Join(dir, "whole.safetensors"))
	whole, err := TrainAdaIN(context.Background(), b, o)
	if err != nil {
		t.Fatal(err)
	}
	if whole.Steps != 12 || len(whole.Losses) != 12 || whole.Resumed != 0 {
		t.Fatalf("%d steps, %d losses, resumed at %d", whole.Steps, len(whole.Losses), whole.Resumed)
	}
	if first, last := whole.Mean(0, 3), whole.Mean(9, 12); !(last.Style < 0.9*first.Style) {
		t.Errorf("the loss went from %v to %v", first, last)
	}

	o.Out, o.Workers = filepath.Join(dir, "parts.safetensors"), 1
	ctx, cancel := context.WithCancel(context.Background())
	o.Progress = func(p AdaINProgress) {
		if p.Step == 3 {
			cancel()
		}
	}
	if _, err := TrainAdaIN(ctx, b, o); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v, want that it was cancelled", err)
	}
	if _, err := os.Stat(o.Out); err == nil {
		t.Error("an interrupted training left a decoder")
	}
	// A kill after step 8 leaves the state of step 5.
	var killed []byte
	o.Progress = func(p AdaINProgress) {
		if p.Step == 8 {
			killed, _ = os.ReadFile(AdaINCheckpoint(o.Out))
		}
	}
	resumed, err := TrainAdaIN(context.Background(), b, o)
	if err != nil {
		t.Fatal(err)
	}
	if resumed.Resumed != 3 {
		t.Errorf("it went on at step %d, want 3", resumed.Resumed)
	}
	os.Remove(o.Out)
	os.WriteFile(AdaINCheckpoint(o.Out), killed, 0o666)
	o.Progress = nil
	if resumed, err = TrainAdaIN(context.Background(), b, o); err != nil {
		t.Fatal(err)
	}
	if resumed.Resumed != 5 || !slices.Equal(resumed.Losses, whole.Losses) {
		t.Errorf("it went on at step %d; losses %v, want %v", resumed.Resumed, resumed.Losses, whole.Losses)
	}
	got, _ := os.ReadFile(o.Out)
	want, _ := os.ReadFile(filepath.Join(dir, "whole.safetensors"))
	if len(got) == 0 || !bytes.Equal(got, want) {
		t.Error("the decoder is not that of a training without interruption")
	}

	// What was trained repaints pictures, with its own encoder only.
	a, err := OpenAdaIN(b, AdaINFiles{o.EncoderFile, o.Out}, AdaINOptions{Alpha: 1, StyleSide: 16, Encoder: o.Encoder})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	s, err := a.Encode(disc(20))
	if err != nil {
		t.Fatal(err)
	}
	if out, err := a.Stylize(context.Background(), NewBatch(1, 18, 25), []Style{s}); err != nil || out.H != 18 || out.W != 25 {
		t.Errorf("%d x %d, %v", out.W, out.H, err)
	}
	_, err = OpenAdaIN(b, AdaINFiles{madeUpFiles(t).Encoder, o.Out}, AdaINOptions{})
	if err == nil || !strings.Contains(err.Error(), "was trained with the encoder squeezenet1_1:features.1,features.3") {
		t.Errorf("another encoder: %v", err)
	}
	_, err = OpenAdaIN(b, AdaINFiles{o.Out, o.Out}, AdaINOptions{Encoder: o.Encoder})
	if err == nil || !strings.Contains(err.Error(), "SHA-256") {
		t.Errorf("another file of the encoder: %v", err)
	}
}

// An encoder's features, scaled, have a root mean square of 1 on the photographs that the scales were taken from; fold
// multiplies the input channels of a kernel by those of the deepest level.
func TestAdaINScales(t *testing.T) {
	b := cpuEngine(t)
	o := small(t, filepath.Join(t.TempDir(), "decoder.safetensors"))
	e, err := o.Encoder.resolve(b)
	if err != nil {
		t.Fatal(err)
	}
	file, err := weights.Open(o.EncoderFile)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	photographs := drawnPictures("photographs", 2, 16, 16)
	pictures := func(int) (Batch, error) { return photographs, nil }
	factors, err := e.inverseScales(b, file, 2, pictures)
	if err != nil {
		t.Fatal(err)
	}
	again, err := e.scaled(factors).inverseScales(b, file, 1, pictures)
	if err != nil {
		t.Fatal(err)
	}
	for i, level := range again {
		ones := 0
		for c, f := range level {
			if math.Abs(float64(f)-1) < 1e-3 {
				ones++
			} else if f < 1 { // one that hardly speaks stays below
				t.Errorf("level %d, channel %d: root mean square is %g after scaling", i, c, 1/f)
			}
		}
		if ones < len(level)/2 {
			t.Errorf("level %d: %d of %d channels have the root mean square 1", i, ones, len(level))
		}
	}
	kernel := []float32{1, 2, 3, 4, 5, 6, 7, 8}
	fold(kernel, []int{2, 2, 1, 2}, [][]float32{{9}, {10, 100}})
	if want := []float32{10, 20, 300, 400, 50, 60, 700, 800}; !slices.Equal(kernel, want) {
		t.Errorf("folded to %v, want %v", kernel, want)
	}
	if none, err := (&encoder{name: vggNormalisedName}).inverseScales(b, file, 1, pictures); none != nil || err != nil {
		t.Errorf("the published encoder is scaled by %v, %v", none, err)
	}
}

// Broken pictures are listed and replaced by others; settings that changed, or losses that are not finite, end training.
func TestAdaINTrainingRefuses(t *testing.T) {
	b := cpuEngine(t)
	o := small(t, filepath.Join(t.TempDir(), "decoder.safetensors"))
	dir := o.Styles.Path()
	os.WriteFile(filepath.Join(dir, "broken.png"), []byte("no picture"), 0o666)
	o.Styles, o.Steps = openSet(t, dir), 6
	trained, err := TrainAdaIN(context.Background(), b, o)
	if err != nil {
		t.Fatal(err)
	}
	if len(trained.Broken) != 1 || trained.Broken[0].Picture != "broken.png" {
		t.Errorf("broken pictures are %v", trained.Broken)
	}
	refused := func(says string, change func(o *AdaINTraining)) {
		t.Helper()
		changed := o
		change(&changed)
		if _, err := TrainAdaIN(context.Background(), b, changed); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("got %v, want an error that says %q", err, says)
		}
	}
	refused("other settings", func(o *AdaINTraining) { o.Seed = 1 })
	refused("more than 3", func(o *AdaINTraining) { o.Steps = 3 })
	refused("multiple of 4", func(o *AdaINTraining) { o.Size = 18 })
	refused("must be 1 or more", func(o *AdaINTraining) { o.Batch = 0 })
	refused("rate", func(o *AdaINTraining) { o.Rate = math.NaN() })
	refused("variation -1", func(o *AdaINTraining) { o.VariationWeight = -1 })
	before, _ := os.ReadFile(AdaINCheckpoint(o.Out))
	refused("no picture", func(o *AdaINTraining) {
		dir := t.TempDir()
		os.WriteFile(filepath.Join(dir, "broken.png"), nil, 0o666)
		o.Contents, o.Out = openSet(t, dir), filepath.Join(dir, "decoder.safetensors")
	})
	out := filepath.Join(t.TempDir(), "wild.safetensors")
	refused("not finite", func(o *AdaINTraining) { o.Rate, o.Out, o.SaveEvery = 1e30, out, 100 })
	if c, err := openCheckpointOf(t, out); err != nil || len(c.losses) != 0 {
		t.Errorf("after a loss that is not finite the checkpoint has %d steps, %v", len(c.losses), err)
	}
	if after, _ := os.ReadFile(AdaINCheckpoint(o.Out)); !bytes.Equal(before, after) {
		t.Error("a refused training changed the checkpoint")
	}
}

// openCheckpointOf reads the checkpoint of a training, whatever its settings.
func openCheckpointOf(t *testing.T, out string) (*checkpoint, error) {
	t.Helper()
	f, err := weights.Open(AdaINCheckpoint(out))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	c := &checkpoint{file: f}
	return c, c.read(f.Metadata()[checkpointSettings])
}
