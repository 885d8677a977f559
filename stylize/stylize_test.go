package stylize

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gestalt-vision/gestalt/dataset"
	"github.com/gestalt-vision/gestalt/engine"
	"github.com/gestalt-vision/gestalt/pixel"
	"github.com/gestalt-vision/gestalt/style"
)

// invert is a stylizer that costs nothing: it turns light into dark and adds the style's number. It counts what passes.
type invert struct {
	pictures atomic.Int64
	before   func() // called before each batch; may be nil
}

func (v *invert) Encode(*pixel.Image) (style.Style, error) {
	return style.Style{}, errors.New("not asked")
}

func (v *invert) Draw(seed uint64) (style.Style, error) {
	return style.Style{Name: fmt.Sprintf("tint %d", seed%64), Vector: []float32{float32(seed%64) / 256}}, nil
}

func (v *invert) Stylize(_ context.Context, b style.Batch, styles []style.Style) (style.Batch, error) {
	if v.before != nil {
		v.before()
	}
	v.pictures.Add(int64(b.N))
	out := style.NewBatch(b.N, b.H, b.W)
	for i, p := range b.Pixels {
		out.Pixels[i] = 1 - p + styles[i/(b.H*b.W*3)].Vector[0]
	}
	return out, nil
}

func (v *invert) Identity() string { return "invert" }
func (v *invert) Close() error     { return nil }

// photographs writes n noisy pictures of several sizes into class folders.
func photographs(t *testing.T, n int) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "in")
	for i := range n {
		m := pixel.New(20+4*(i%3), 24, 3)
		random := rand.New(rand.NewPCG(uint64(i), 1))
		for k := range m.Pix {
			m.Pix[k] = byte(random.IntN(256))
		}
		class := filepath.Join(dir, []string{"n01440764", "n01443537"}[i%2])
		var b bytes.Buffer
		if err := errors.Join(os.MkdirAll(class, 0o777), pixel.EncodePNG(&b, m)); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(class, fmt.Sprintf("p%02d.v1.png", i)), b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func open(t *testing.T, path string) *dataset.Set {
	t.Helper()
	set, err := dataset.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { set.Close() })
	return set
}

// job is a job with everything set, in batches of 3.
func job(set *dataset.Set, out string) *Job {
	v := &invert{}
	return &Job{Stylizer: v, Styles: v, From: "tints", Pictures: set, Engine: "test", Version: "test", Out: out, Part: 1, Parts: 1, Batch: 3,
		Workers: 2, Recipe: Recipe{Seed: 7, Copies: 1, Size: 16, Resize: 18, Format: PNG}}
}

func run(t *testing.T, j *Job) Result {
	t.Helper()
	r, err := j.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// tree is every file below a folder by name.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(dir, path)
		if d.IsDir() {
			files[name] = "folder"
			return nil
		}
		data, err := os.ReadFile(path)
		files[name] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func same(t *testing.T, what string, got, want map[string]string) {
	t.Helper()
	for name := range want {
		if got[name] != want[name] {
			t.Errorf("%s: %s differs or is missing", what, name)
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("%s: %s is too much", what, name)
		}
	}
}

// TestSameBytes: neither batches, workers nor parts change a byte, in class folders and in tar shards.
func TestSameBytes(t *testing.T) {
	set := open(t, photographs(t, 11))
	for _, layout := range []struct {
		name   string
		change func(*Job)
		files  int
	}{
		{"folders", func(j *Job) { j.Recipe.Copies = 2 }, 22 + 3 + 3}, // pictures, two classes and the folder, settings, manifest, lock
		{"shards", func(j *Job) { j.ShardSize = 4 }, 3 + 1 + 3},
		{"own sizes as JPEG", func(j *Job) { j.Recipe = Recipe{Copies: 1, Format: JPEG, Quality: 80} }, 11 + 3 + 3},
		{"limit", func(j *Job) { j.Recipe.Limit = 4 }, 4 + 3 + 3},
	} {
		t.Run(layout.name, func(t *testing.T) {
			whole := job(set, filepath.Join(t.TempDir(), "out"))
			layout.change(whole)
			r := run(t, whole)
			want := tree(t, whole.Out)
			if !r.Whole || len(want) != layout.files || r.Done != r.Pictures || r.Own != r.Pictures {
				t.Fatalf("%d files, %+v", len(want), r)
			}
			for _, other := range []struct{ batch, workers, parts int }{{1, 1, 1}, {64, 3, 1}, {2, 1, 2}, {3, 2, 3}, {1, 1, 40}} {
				out := filepath.Join(t.TempDir(), "out")
				finished := make(chan error)
				for p := range other.parts {
					j := job(set, out)
					layout.change(j)
					j.Batch, j.Workers, j.Part, j.Parts = other.batch, other.workers, other.parts-p, other.parts
					one := func() { _, err := j.Run(context.Background()); finished <- err }
					go one()
					if other.parts != 3 { // three side by side, others one after another
						if err := <-finished; err != nil {
							t.Fatal(err)
						}
					}
				}
				if other.parts == 3 {
					for range other.parts {
						if err := <-finished; err != nil {
							t.Fatal(err)
						}
					}
				}
				same(t, fmt.Sprint(other), tree(t, out), want)
			}
		})
	}
}

// TestReduce: reduced pictures are those of before, reduced.
func TestReduce(t *testing.T) {
	set := open(t, photographs(t, 2))
	large, small := job(set, filepath.Join(t.TempDir(), "large")), job(set, filepath.Join(t.TempDir(), "small"))
	small.Recipe.Reduce = 6
	run(t, large)
	run(t, small)
	for _, name := range []string{"n01440764/p00_v1.png", "n01443537/p01_v1.png"} {
		var m [2]*pixel.Image
		for i, j := range []*Job{large, small} {
			data, err := os.ReadFile(filepath.Join(j.Out, name))
			if err != nil {
				t.Fatal(err)
			}
			if m[i], _, err = pixel.Decode(data); err != nil {
				t.Fatal(err)
			}
		}
		if want := pixel.Resize(m[0], 6, 6, pixel.Bilinear); !bytes.Equal(m[1].RGB().Pix, want.RGB().Pix) {
			t.Errorf("%s is not the picture reduced", name)
		}
	}
	again := job(set, small.Out)
	if _, err := again.Run(context.Background()); err == nil || !strings.Contains(err.Error(), "reduce 6 instead of 0") {
		t.Errorf("other pictures into the same folder: %v", err)
	}
}

// TestStyleOfPicture: the seed, the picture and the copy tell the style, and the manifest tells all of it.
func TestStyleOfPicture(t *testing.T) {
	set := open(t, photographs(t, 4))
	j := job(set, filepath.Join(t.TempDir(), "out"))
	j.Recipe.Copies = 2
	j.Broken = []style.BrokenStyle{{Picture: "half.jpg", Reason: "it ends"}}
	run(t, j)
	entries, broken, err := ReadManifest(j.Out)
	if err != nil || len(entries) != 8 || len(broken) != 1 || broken[0] != j.Broken[0] {
		t.Fatalf("%d entries, %v, %v", len(entries), broken, err)
	}
	seeds := map[uint64]bool{}
	for i, e := range entries {
		seeds[e.Seed] = true
		drawn, _ := j.Styles.Draw(e.Seed)
		info, err := os.Stat(filepath.Join(j.Out, e.Output))
		if err != nil || info.Size() != e.Bytes || e.Task != i || e.Copy != i%2 || e.Style != drawn.Name || e.Seed != styleSeed(7, e.Picture, e.Copy) || len(e.Source) != 64 {
			t.Errorf("%+v: %v", e, err)
		}
	}
	if len(seeds) != 8 || styleSeed(7, "a", 0) == styleSeed(8, "a", 0) {
		t.Error("two pictures have one seed")
	}
	if entries[1].Output != "n01440764/p00_v1-1.png" {
		t.Errorf("the second copy is called %s", entries[1].Output)
	}
}

// TestRoundTrip: from folders into shards and from these into folders again, the classes stay.
func TestRoundTrip(t *testing.T) {
	set := open(t, photographs(t, 7))
	shards := job(set, filepath.Join(t.TempDir(), "shards"))
	shards.ShardSize = 3
	run(t, shards)
	packed := open(t, shards.Out)
	if packed.Len() != 7 || packed.Item(0).Label != "0" || packed.Item(0).Class != "n01440764" {
		t.Fatalf("%d pictures, %+v", packed.Len(), packed.Item(0))
	}
	folders := job(packed, filepath.Join(t.TempDir(), "folders"))
	run(t, folders)
	unpacked := open(t, folders.Out)
	truths, err := unpacked.Truths(nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, truth := range truths {
		if truth.Err != nil || unpacked.Item(i).Key != packed.Item(i).Key || unpacked.Item(i).Label != packed.Item(i).Label {
			t.Errorf("%+v: %+v", unpacked.Item(i), truth)
		}
	}
	again := job(unpacked, filepath.Join(t.TempDir(), "again"))
	again.ShardSize = 3
	run(t, again)
	for i, want := range []int{3, 3, 1} {
		if set := open(t, filepath.Join(again.Out, shardName(i))); set.Len() != want || set.Item(0).Label == "" {
			t.Errorf("shard %d has %d pictures", i, set.Len())
		}
	}
}

// TestCarryOn stops runs in every batch, as an interrupt and as a kill do, in both layouts. Then nothing may be lost but
// the batch in hand, and nothing left behind.
func TestCarryOn(t *testing.T) {
	set := open(t, photographs(t, 14))
	for _, shardSize := range []int{0, 4} {
		whole := job(set, filepath.Join(t.TempDir(), "out"))
		whole.ShardSize = shardSize
		run(t, whole)
		want := tree(t, whole.Out)
		for stop := 1; stop <= 5; stop++ {
			out := filepath.Join(t.TempDir(), "out")
			j := job(set, out)
			j.ShardSize = shardSize
			ctx, cancel := context.WithCancel(context.Background())
			calls := 0
			j.Stylizer.(*invert).before = func() {
				if calls++; calls == stop {
					cancel()
				}
			}
			r, err := j.Run(ctx)
			if !errors.Is(err, context.Canceled) || r.Done != min(3*stop, 14) {
				t.Fatalf("stopped in batch %d: %d done, %v", stop, r.Done, err)
			}
			// What a kill leaves in the middle of a line and of a file.
			journal := filepath.Join(out, partName(1, 1))
			if stop < 5 {
				text, err := os.ReadFile(journal)
				if err != nil {
					t.Fatal(err)
				}
				os.WriteFile(journal, append(text, `{"n":12,"pict`...), 0o644)
				os.MkdirAll(filepath.Join(out, spoolName, "part-1-of-1"), 0o777)
				os.WriteFile(filepath.Join(out, spoolName, "part-1-of-1", "p01.png123"), []byte("half"), 0o644)
			}
			j = job(set, out)
			j.ShardSize = shardSize
			r = run(t, j)
			if n := int(j.Stylizer.(*invert).pictures.Load()); r.Before != min(3*stop, 14) || r.Before+n != 14 {
				t.Errorf("stopped in batch %d: %d were done, %d done again", stop, r.Before, n)
			}
			same(t, fmt.Sprintf("stopped in batch %d", stop), tree(t, out), want)
			if r := run(t, j); r.Done != 0 || r.Before != 14 {
				t.Errorf("a run with nothing to do: %+v", r)
			}
			same(t, "nothing to do", tree(t, out), want)
		}
	}
}

// TestSavedAhead: when a batch enters the network, all but the one before are in the manifest.
func TestSavedAhead(t *testing.T) {
	j := job(open(t, photographs(t, 20)), filepath.Join(t.TempDir(), "out"))
	calls := 0
	j.Stylizer.(*invert).before = func() {
		text, _ := os.ReadFile(filepath.Join(j.Out, partName(1, 1)))
		if saved := strings.Count(string(text), "\n"); saved < 3*(calls-1) {
			t.Errorf("%d pictures are saved when batch %d begins", saved, calls)
		}
		calls++
	}
	run(t, j)
}

func TestBrokenPictures(t *testing.T) {
	in := photographs(t, 8)
	broken := filepath.Join(in, "n01440764", "p02.v1.png")
	good, _ := os.ReadFile(broken)
	os.WriteFile(broken, good[:40], 0o644)
	for _, shardSize := range []int{0, 3} {
		j := job(open(t, in), filepath.Join(t.TempDir(), "out"))
		j.ShardSize, j.Recipe.Copies = shardSize, 2
		for _, before := range []int{0, 14} {
			r := run(t, j)
			if len(r.Failed) != 1 || r.Failed[0].Picture != "n01440764/p02.v1.png" || r.Before != before || !r.Whole || r.Errors() != 1 {
				t.Fatalf("%+v", r)
			}
		}
		entries, _, err := ReadManifest(j.Out)
		if err != nil || len(entries) != 16 || !strings.Contains(entries[2].Error, "") || entries[2].Error == "" || entries[2].Output != "" {
			t.Fatalf("%d entries, %v, %+v", len(entries), err, entries[2])
		}
		// Mended, it is made by the next run, as if it had never been broken.
		os.WriteFile(broken, good, 0o644)
		j.Pictures = open(t, in)
		if r := run(t, j); len(r.Failed) != 0 || r.Done != 2 {
			t.Fatalf("%+v", r)
		}
		whole := job(j.Pictures, filepath.Join(t.TempDir(), "out"))
		whole.ShardSize, whole.Recipe.Copies = shardSize, 2
		run(t, whole)
		same(t, "mended", tree(t, j.Out), tree(t, whole.Out))
		os.WriteFile(broken, good[:40], 0o644)
	}
}

func TestRefuses(t *testing.T) {
	in := photographs(t, 3)
	set := open(t, in)
	out := filepath.Join(t.TempDir(), "out")
	run(t, job(set, out))
	foreign := t.TempDir()
	os.WriteFile(filepath.Join(foreign, "x.txt"), nil, 0o644)
	taken := filepath.Join(t.TempDir(), "out")
	for _, c := range []struct {
		name   string
		change func(*Job)
		want   string
	}{
		{"other seed", func(j *Job) { j.Recipe.Seed = 8 }, "made in another way (seed 7 instead of 8)"},
		{"other format", func(j *Job) { j.Recipe.Format, j.Recipe.Quality = JPEG, 90 }, "format png instead of jpeg; quality 0 instead of 90"},
		{"other styles", func(j *Job) { j.From = "paints" }, "styles tints instead of paints"},
		{"foreign folder", func(j *Job) { j.Out = foreign }, "holds x.txt and was not made by stylising"},
		{"inside", func(j *Job) { j.Out = filepath.Join(in, "new", "out") }, "the folder of the pictures"},
		{"outside", func(j *Job) { j.Out = filepath.Dir(in) }, "where the stylised ones would go"},
		{"a file", func(j *Job) { j.Out = filepath.Join(foreign, "x.txt") }, "x.txt"},
		{"part", func(j *Job) { j.Part = 2 }, "part 2 of 1"},
		{"size", func(j *Job) { j.Recipe.Size = 4 }, "squares of 4 pixels"},
		{"enlarged", func(j *Job) { j.Recipe.Reduce = 17 }, "squares of 16 pixels can't be reduced to 17"},
		{"quality", func(j *Job) { j.Recipe.Format = JPEG }, "quality 0"},
		{"damaged manifest", func(j *Job) {
			j.Out = taken
			run(t, j)
			os.WriteFile(filepath.Join(taken, manifestName), []byte("{\"n\":99,\"picture\":\"a\"}\n"), 0o644)
		}, "manifest.jsonl:1: there is no picture number 99"},
	} {
		j := job(set, out)
		c.change(j)
		if _, err := j.Run(context.Background()); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	os.WriteFile(filepath.Join(in, "n01440764", "p00.v1.jpg"), nil, 0o644)
	if _, err := job(open(t, in), filepath.Join(t.TempDir(), "out")).Run(context.Background()); err == nil || !strings.Contains(err.Error(), "would both be written as n01440764/p00_v1.png") {
		t.Errorf("two of one name: %v", err)
	}
}

// TestSideBySide: a part can be taken once, and only beside parts of the same division.
func TestSideBySide(t *testing.T) {
	set := open(t, photographs(t, 6))
	out := filepath.Join(t.TempDir(), "out")
	first := job(set, out)
	first.Part, first.Parts = 1, 2
	inside := func() {
		twin, other := job(set, out), job(set, out)
		twin.Part, twin.Parts = 1, 2
		other.Part, other.Parts = 3, 3
		if _, err := twin.Run(context.Background()); err == nil || !strings.Contains(err.Error(), "another run is writing here") {
			t.Errorf("the same part twice: %v", err)
		}
		if _, err := other.Run(context.Background()); err == nil || !strings.Contains(err.Error(), "divides the work into 00002") {
			t.Errorf("another division: %v", err)
		}
	}
	first.Stylizer.(*invert).before = inside
	run(t, first)
	// When it has ended, another division may go on.
	if r := run(t, job(set, out)); r.Before != 3 || r.Done != 3 || !r.Whole {
		t.Errorf("%+v", r)
	}
}

// TestWriteFails: a folder that can't be written to is an error that names the file, and the run can be done again.
func TestWriteFails(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Log("as root a folder can always be written to; a file stands in its place instead")
	}
	j := job(open(t, photographs(t, 9)), filepath.Join(t.TempDir(), "out"))
	os.MkdirAll(j.Out, 0o777)
	calls := 0
	j.Stylizer.(*invert).before = func() {
		if calls++; calls == 2 {
			os.WriteFile(filepath.Join(j.Out, "n01443537"), nil, 0o644) // where a class folder would be
		}
	}
	_, err := j.Run(context.Background())
	if err == nil || !strings.Contains(err.Error(), "n01443537") {
		t.Fatalf("%v", err)
	}
	os.Remove(filepath.Join(j.Out, "n01443537"))
	if r := run(t, j); !r.Whole {
		t.Errorf("%+v", r)
	}
}

func TestEstimate(t *testing.T) {
	j := job(open(t, photographs(t, 10)), filepath.Join(t.TempDir(), "out"))
	j.Part, j.Parts = 2, 2
	e, err := j.Estimate(context.Background())
	if err != nil || e.Pictures != 10 || e.Own != 5 || e.Pending != 5 || e.Measured != 3 || e.Time <= 0 || e.Bytes < 5*100 {
		t.Errorf("%+v, %v", e, err)
	}
	if _, err := os.Stat(j.Out); err == nil {
		t.Error("an estimate writes")
	}
	run(t, j)
	if e, err := j.Estimate(context.Background()); err != nil || e.Pending != 0 {
		t.Errorf("when all is done: %+v, %v", e, err)
	}
}

// TestRandConv is the real method: batches and samples give the same pictures.
func TestRandConv(t *testing.T) {
	backend, err := engine.Open("cpu")
	if err != nil {
		t.Fatal(err)
	}
	method, err := style.OpenRandConv(backend, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer method.Close()
	j := job(open(t, photographs(t, 5)), filepath.Join(t.TempDir(), "out"))
	j.Stylizer, j.Styles = method, method
	run(t, j)
	samples, err := j.Samples(context.Background())
	if err != nil || len(samples) != 5 {
		t.Fatal(len(samples), err)
	}
	for i, s := range samples {
		data, err := os.ReadFile(filepath.Join(j.Out, j.output(i)))
		if err != nil {
			t.Fatal(err)
		}
		m, _, err := pixel.Decode(data)
		if err != nil || !bytes.Equal(m.Pix, s.Stylised.Pix) || bytes.Equal(m.Pix, s.Content.Pix) {
			t.Errorf("%s differs, %v", s.Picture, err)
		}
	}
}
