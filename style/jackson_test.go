package style

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gestalt-vision/gestalt/internal/sharedtest"
	"github.com/gestalt-vision/gestalt/nets"
	"github.com/gestalt-vision/gestalt/weights"
)

// jacksonFixture is testdata/jackson.json.
type jacksonFixture struct {
	Names                          map[string][]int
	Transformer, Predictor, Compat []float32
}

func readJackson(t *testing.T) (f jacksonFixture) {
	t.Helper()
	data, err := os.ReadFile("testdata/jackson.json")
	if err == nil {
		err = json.Unmarshal(data, &f)
	}
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// writeTensors writes a file of weights.
func writeTensors(t *testing.T, name string, values map[string][]float32, shapes map[string][]int) string {
	t.Helper()
	var tensors []weights.Tensor
	for name, v := range values {
		var data []byte
		for _, x := range v {
			data = binary.LittleEndian.AppendUint32(data, math.Float32bits(x))
		}
		tensors = append(tensors, weights.Tensor{Name: name, DType: weights.F32, Shape: shapes[name], Data: data})
	}
	path := filepath.Join(t.TempDir(), name)
	if err := weights.Write(path, tensors, nil); err != nil {
		t.Fatal(err)
	}
	return path
}

// jacksonFiles are files with the names of the published ones and made-up parameters.
func (f jacksonFixture) files(t *testing.T) GhiasiFiles {
	transformer, predictor := map[string][]float32{}, map[string][]float32{}
	for name, shape := range f.Names {
		dst := predictor
		if strings.HasPrefix(name, "layers.") {
			dst = transformer
		}
		if strings.HasSuffix(name, ".num_batches_tracked") {
			continue // a counter, which old files lack
		}
		dst[name] = nets.Param{Name: name, Shape: shape}.MadeUp()
	}
	mean, covariance, photo := make([]float32, ghiasiNumbers), make([]float32, ghiasiNumbers*ghiasiNumbers), make([]float32, ghiasiNumbers)
	for i := range ghiasiNumbers {
		mean[i], photo[i], covariance[i*ghiasiNumbers+i] = float32(i)/100, -float32(i)/100, 4
	}
	return GhiasiFiles{
		Transformer: writeTensors(t, "transformer.safetensors", transformer, f.Names),
		Predictor:   writeTensors(t, "predictor.safetensors", predictor, f.Names),
		Embeddings: writeTensors(t, "embeddings.safetensors",
			map[string][]float32{"pbn_embedding_mean": mean, "pbn_embedding_covariance": covariance, "imagenet_embedding_mean": photo},
			map[string][]int{"pbn_embedding_mean": {100}, "pbn_embedding_covariance": {100, 100}, "imagenet_embedding_mean": {1, 100}}),
	}
}

// The networks of philipjackson/style-augmentation give what they give in PyTorch, and as that program runs them too.
func TestJacksonEqualsPyTorch(t *testing.T) {
	f := readJackson(t)
	files, b := f.files(t), cpuEngine(t)
	g, err := OpenGhiasi(b, files, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	compat, err := OpenGhiasiCompat(b, files, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer compat.Close()

	contents := Batch{2, 24, 20, nets.MadeUp("contents", 2*24*20*3, 0, 1)}
	z := nets.MadeUp("styles", 2*ghiasiNumbers, -1, 1)
	got, err := g.Stylize(context.Background(), contents, []Style{{Vector: z[:ghiasiNumbers]}, {Vector: z[ghiasiNumbers:]}})
	if err != nil {
		t.Fatal(err)
	}
	if d := difference(got.Pixels, f.Transformer); !(d <= 1e-4) {
		t.Errorf("pictures differ by %g of the largest value", d)
	}
	paintings := Batch{2, 83, 96, nets.MadeUp("paintings", 2*83*96*3, 0, 1)}
	for _, c := range []struct {
		g    *Ghiasi
		want []float32
	}{{g, f.Predictor}, {compat, f.Compat}} {
		got, err := c.g.predict(paintings)
		if err != nil {
			t.Fatal(err)
		}
		if d := difference(got, c.want); !(d <= 1e-4) {
			t.Errorf("%s: style vectors differ by %g of the largest", c.g.Identity(), d)
		}
	}
	// With alpha 0 the own style of a picture counts, as the project finds it for a batch of one, at the picture's size.
	var own []Style
	for i := range paintings.N {
		z, err := compat.predict(Batch{1, paintings.H, paintings.W, paintings.picture(i)})
		if err != nil {
			t.Fatal(err)
		}
		own = append(own, Style{Vector: z})
	}
	want, err := g.Stylize(context.Background(), paintings, own)
	if err != nil {
		t.Fatal(err)
	}
	if got, err = compat.Stylize(context.Background(), paintings, []Style{{Vector: z[:ghiasiNumbers]}, {Vector: z[ghiasiNumbers:]}}); err != nil {
		t.Fatal(err)
	}
	if d := difference(got.Pixels, want.Pixels); !(d <= 1e-3) {
		t.Errorf("alpha 0: pictures differ by %g", d)
	}
}

// Without a predictor the mean style of photographs stands for every picture's own.
func TestJacksonEmbeddings(t *testing.T) {
	files, b := readJackson(t).files(t), cpuEngine(t)
	files.Predictor = ""
	g, err := OpenGhiasi(b, files, 0.25)
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	whole, err := OpenGhiasi(b, files, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer whole.Close()
	if g.Identity() == whole.Identity() {
		t.Errorf("alpha 0.25 and 1 have one identity: %s", g.Identity())
	}
	contents := Batch{1, 16, 16, nets.MadeUp("contents", 16*16*3, 0, 1)}
	s, err := g.Draw(7)
	if err != nil {
		t.Fatal(err)
	}
	got, err := g.Stylize(context.Background(), contents, []Style{s})
	if err != nil {
		t.Fatal(err)
	}
	mixed := slices.Clone(s.Vector)
	for i := range mixed {
		mixed[i] = 0.25*mixed[i] + 0.75*(-float32(i)/100)
	}
	want, err := whole.Stylize(context.Background(), contents, []Style{{Vector: mixed}})
	if err != nil {
		t.Fatal(err)
	}
	if d := difference(got.Pixels, want.Pixels); !(d <= 1e-5) {
		t.Errorf("pictures differ by %g", d)
	}
}

// Files of the two pairs of networks do not go together.
func TestOtherPairRefused(t *testing.T) {
	b, theirs := cpuEngine(t), readJackson(t).files(t)
	ours := GhiasiFiles{Transformer: sharedtest.Path(t, "weights/style_transformer.safetensors"), Embeddings: sharedtest.Path(t, "weights/style_embeddings.safetensors")}
	for path, want := range map[string]bool{theirs.Transformer: true, ours.Transformer: false} {
		if got, err := IsJackson(path); got != want || err != nil {
			t.Errorf("%s: %t, %v", path, got, err)
		}
	}
	if _, err := IsJackson("nowhere"); err == nil {
		t.Error("a file that is not there: no error")
	}
	for name, files := range map[string]GhiasiFiles{
		"their predictor":   {Transformer: ours.Transformer, Predictor: theirs.Predictor},
		"their embeddings":  {Transformer: ours.Transformer, Embeddings: theirs.Embeddings},
		"our embeddings":    {Transformer: theirs.Transformer, Embeddings: ours.Embeddings},
		"swapped":           {Transformer: theirs.Predictor},
		"no mean of photos": {Transformer: theirs.Transformer},
	} {
		g, err := OpenGhiasi(b, files, 0.5)
		if err == nil {
			g.Close()
			t.Errorf("%s: no error", name)
		}
	}
	if g, err := OpenGhiasiCompat(b, ours, 1); err == nil {
		g.Close()
		t.Error("compat with Magenta's transformer: no error")
	}
}
