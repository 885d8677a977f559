// Package stylize repaints sets of pictures, from one to millions, into a folder of class folders or into tar shards: how
// Stylized-ImageNet was made (Geirhos et al., ICLR 2019), and augmented data with random styles (Jackson et al. 2018).
//
// The style of a picture is a function of the seed, of its key in the set and of the number of the copy, so that any
// part of the work, done by any machine in any order, gives the same bytes. What has been done is kept in manifests: a
// killed run carries on with [Job.Run], and several runs can share the work in one folder, one after another or side by
// side.
package stylize

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/gestalt-vision/gestalt/dataset"
	"github.com/gestalt-vision/gestalt/pixel"
	"github.com/gestalt-vision/gestalt/style"
)

// Job is what is to be stylised, how, and where to.
type Job struct {
	Stylizer style.Stylizer
	Styles   Styles              // where styles come from
	From     string              // all that Draw of these depends on beside the seed
	Broken   []style.BrokenStyle // pictures that no style could be made of; they are listed in the manifest
	Pictures *dataset.Set
	// Pairs, where there are any, are the pictures to be made: each of Pictures in the style of a picture of Textures,
	// instead of copies of all of Pictures in styles that are drawn.
	Pairs    []Pair
	Textures *style.Pictures
	// Masks, where it is not nil, has for each picture one of the same key, extensions aside, and size: white where its content counts,
	// black where the style may do as it likes. Masked is what paints with them, as [style.Gatys.StylizeMasked] does.
	Masks   *dataset.Set
	Masked  func(ctx context.Context, contents style.Batch, masks []*pixel.Image, styles []style.Style) (style.Batch, error)
	Recipe  Recipe
	Engine  string // all that the last bits depend on
	Version string // of the program; it is written down

	Out string // folder that the pictures go into
	// ShardSize is how many pictures go into each tar shard; 0 writes class folders.
	ShardSize int
	// Part of Parts, counted from 1, is what this run does of the work.
	Part, Parts int

	Batch    int                // pictures that go through the network at once
	Workers  int                // goroutines that decode, and as many that encode
	Progress func(done, of int) // called after each batch: pictures of this run, done and in all; may be nil

	masks map[string]int // of Masks by key
}

// Styles is where styles come from: a [style.Stylizer], which makes them up, or a [style.Bank].
type Styles interface {
	Draw(seed uint64) (style.Style, error)
}

// Recipe is what becomes of each picture.
type Recipe struct {
	Seed   uint64
	Copies int // pictures made of each, each in a style of its own
	Limit  int // take so many pictures, spread evenly over the set; 0 for all
	// Size is the side of the square, in pixels, that is cut out of the middle after the picture's shorter side has been
	// made Resize pixels long; both are 0 to keep pictures as they are.
	Size, Resize int
	// Reduce is the side, in pixels, that the stylised squares get at the end; 0 to leave them as they are. Styles have
	// strokes of a size of their own, so that small pictures are stylised enlarged.
	Reduce  int
	Format  string // JPEG or PNG
	Quality int    // of JPEG, 1..100
}

// The formats of the stylised pictures.
const (
	JPEG = "jpeg"
	PNG  = "png"
)

// MinSide is the least width and height, in pixels, that a picture may have for a network to make something of it.
const MinSide = 16

// check refuses what the flags of a program could ask for but nothing can do.
func (j *Job) check() error {
	r := j.Recipe
	switch {
	case r.Copies < 1:
		return fmt.Errorf("stylize: %d copies", r.Copies)
	case j.Pairs != nil && r.Copies != 1:
		return fmt.Errorf("stylize: %d copies of pictures that are paired with styles", r.Copies)
	case r.Limit < 0:
		return fmt.Errorf("stylize: a limit of %d pictures", r.Limit)
	case r.Size != 0 && (r.Size < MinSide || r.Resize < r.Size):
		return fmt.Errorf("stylize: squares of %d pixels cut from pictures whose shorter side is %d; they need at least %d, and no more than that side", r.Size, r.Resize, MinSide)
	case r.Size == 0 && r.Resize != 0:
		return errors.New("stylize: pictures that keep their size can't be resized")
	case r.Reduce != 0 && (r.Reduce < 1 || r.Reduce > r.Size):
		return fmt.Errorf("stylize: squares of %d pixels can't be reduced to %d", r.Size, r.Reduce)
	case r.Format != JPEG && r.Format != PNG:
		return fmt.Errorf("stylize: there is no format %q, only %s and %s", r.Format, JPEG, PNG)
	case r.Format == JPEG && (r.Quality < 1 || r.Quality > 100):
		return fmt.Errorf("stylize: quality %d is not within 1..100", r.Quality)
	case j.Part < 1 || j.Part > j.Parts:
		return fmt.Errorf("stylize: part %d of %d", j.Part, j.Parts)
	case j.ShardSize < 0 || j.Batch < 1 || j.Workers < 1:
		return fmt.Errorf("stylize: shards of %d, batches of %d, %d workers", j.ShardSize, j.Batch, j.Workers)
	}
	j.findMasks()
	return nil
}

// all is how many pictures or pairs there are.
func (j *Job) all() int {
	if j.Pairs != nil {
		return len(j.Pairs)
	}
	return j.Pictures.Len()
}

// pictures is how many of all are taken.
func (j *Job) pictures() int {
	if n := j.all(); j.Recipe.Limit == 0 || j.Recipe.Limit > n {
		return n
	}
	return j.Recipe.Limit
}

// tasks is how many pictures are made, those of other parts included. Task t is copy t mod copies of picture t / copies
// of those that are taken.
func (j *Job) tasks() int { return j.pictures() * j.Recipe.Copies }

// taken is the place of a task's picture or pair among all.
func (j *Job) taken(task int) int {
	return int(int64(task/j.Recipe.Copies) * int64(j.all()) / int64(j.pictures()))
}

// item is the picture of a task and the number of its copy.
func (j *Job) item(task int) (index, copy int) {
	if j.Pairs != nil {
		return j.Pairs[j.taken(task)].Content, 0
	}
	return j.taken(task), task % j.Recipe.Copies
}

// shards is how many tar shards there are; 0 for class folders.
func (j *Job) shards() int {
	if j.ShardSize == 0 {
		return 0
	}
	return (j.tasks() + j.ShardSize - 1) / j.ShardSize
}

// own are the tasks of this part, first to before end: an even run of all, which ends where a tar shard ends.
func (j *Job) own() (first, end int) {
	units, size := j.tasks(), 1
	if j.ShardSize > 0 {
		units, size = j.shards(), j.ShardSize
	}
	cut := func(part int) int {
		return min(int(int64(units)*int64(part)/int64(j.Parts))*size, j.tasks())
	}
	return cut(j.Part - 1), cut(j.Part)
}

// output is the key that a task's picture is written under: that of the picture or the pair's name, with the extension of
// the format, and after the first copy with its number. Dots in the file name become underscores, because WebDataset takes
// a name up to its first dot for that of the sample.
func (j *Job) output(task int) string {
	index, copy := j.item(task)
	dir, name := path.Split(j.Pictures.Item(index).Key)
	if j.Pairs != nil {
		dir, name = path.Split(j.Pairs[j.taken(task)].Name)
	}
	name = strings.ReplaceAll(strings.TrimSuffix(name, path.Ext(name)), ".", "_")
	if copy > 0 {
		name = fmt.Sprintf("%s-%d", name, copy)
	}
	if j.Recipe.Format == PNG {
		return dir + name + ".png"
	}
	return dir + name + ".jpg"
}

// distinct makes sure that no two pictures would be written under one name.
func (j *Job) distinct() error {
	first := make(map[string]int, j.tasks())
	for t := range j.tasks() {
		name := j.output(t)
		if before, twice := first[name]; twice {
			a, _ := j.item(before)
			b, _ := j.item(t)
			return fmt.Errorf("stylize: %s and %s would both be written as %s; rename one of them", j.Pictures.Item(a).Key, j.Pictures.Item(b).Key, name)
		}
		first[name] = t
	}
	return nil
}

// label is what is written beside a picture as its class, "" for nothing: what the set says, and in tar shards, whose
// readers look for it there, the number of the ImageNet class that the folder names.
func (j *Job) label(index int) string {
	item := j.Pictures.Item(index)
	if j.Pairs != nil {
		return "" // the name says which two classes it shows
	}
	if item.Label == "" && j.ShardSize > 0 {
		if class, ok := dataset.ClassIndex(item.Class); ok {
			return fmt.Sprint(class)
		}
	}
	return item.Label
}

// labelName is the name of the file with the label of an output.
func labelName(output string) string { return strings.TrimSuffix(output, path.Ext(output)) + ".cls" }

// styleSeed is what the style of a picture is drawn from: the first 53 bits, which every reader of JSON can hold, of the
// SHA-256 of what it is for, the seed, the copy and the key.
func styleSeed(seed uint64, key string, copy int) uint64 {
	text := binary.LittleEndian.AppendUint64([]byte("stylize"), seed)
	text = binary.LittleEndian.AppendUint64(text, uint64(copy))
	sum := sha256.Sum256(append(text, key...))
	return binary.LittleEndian.Uint64(sum[:]) >> 11
}

// fit gives a picture the size that it is stylised at.
func (r Recipe) fit(m *pixel.Image) (*pixel.Image, error) {
	m = m.RGB()
	if r.Size > 0 {
		return pixel.ResizeShortCrop(m, r.Resize, r.Size, r.Size, pixel.Bilinear), nil
	}
	if m.W < MinSide || m.H < MinSide {
		return nil, fmt.Errorf("%d x %d pixels are too few to be stylised; it needs %d each way", m.W, m.H, MinSide)
	}
	return m, nil
}
