package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gestalt-vision/gestalt/dataset"
	"github.com/gestalt-vision/gestalt/style"
	"github.com/gestalt-vision/gestalt/stylize"
)

// stylizeOptions are the flags of the verb.
type stylizeOptions struct {
	methods     []string
	style       styleFlags
	random      bool
	recipe      stylize.Recipe
	keepSize    bool
	shardSize   int
	shard       string
	allowErrors int
	sheet       string
	conflicts   int    // of each pair of categories; 0 for none
	masks       string // set of masks
	dryRun      bool
	json        bool
	network     networkFlags
	in, out     string
}

const defaultSize = 224

func newStylizeCommand() *cobra.Command {
	var o stylizeOptions
	var about strings.Builder
	for _, m := range styleMethods {
		fmt.Fprintf(&about, "  %-16s %s\n", m.name, m.about)
	}
	cmd := &cobra.Command{
		Use:   "stylize IN OUT",
		Short: "Repaint pictures in the style of others",
		Long: `stylize repaints every picture of IN in a style and writes it into OUT, under the same name in the same class folder; or,
with --shard-size, into tar shards of so many pictures (WebDataset). IN is a folder of class folders, a tar, tar shards
(a folder of them or a pattern such as 'train-{000..146}.tar') or a list of paths. The methods are

` + about.String() + `
Styles come from the pictures of --styles (a folder, a tar or a list; or the .safetensors file that keeps their styles),
or are made up (--random, the default). The style of a picture is a function of the seed, of the picture's path in IN and
of the number of the copy: the same command gives the same bytes, however often it is interrupted, and however it is
shared among machines with --shard (docs/clusters.md). OUT/manifest.jsonl says what became of every picture; what has
been done is not done again.

Pictures are made square: the shorter side becomes 8/7 of --size (or --resize), and the middle is cut out, which is how
networks see ImageNet. --keep-size leaves them as they are.

With --cue-conflict N, every picture made has the shape of one category and the texture of another: for each two of the 16
categories, N different pictures of IN in the style of pictures of --styles, called cat/cat7-elephant3.png as the published
ones, for 'gestalt bias'. Folders, names or ImageNet classes tell the categories; 'gestalt select' makes lists of objects
that networks know, and of textures.

With --sheet, nothing but a page is written: some pictures (--limit, default 10) beside what the methods (repeat
--method) make of them.`,
		Example: `  gestalt stylize imagenet/train stylized --method ghiasi --styles paintings
  gestalt stylize photos out --random --keep-size --copies 3
  gestalt stylize 'train-{000..146}.tar' shards --shard-size 5000 --shard 1/8
  gestalt stylize photos --sheet page.html --method randconv --method ghiasi --styles paintings
  gestalt stylize objects.txt conflicts --cue-conflict 5 --styles textures.txt --method gatys --network squeezenet1_1 --format png`,
		Args: usageArgs(cobra.RangeArgs(1, 2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.in = args[0]
			if len(args) == 2 {
				o.out = args[1]
			}
			return runStylize(cmd, o)
		},
	}
	f := cmd.Flags()
	f.StringArrayVar(&o.methods, "method", []string{styleMethods[0].name}, "how to repaint: "+strings.Join(styleMethodNames(), ", "))
	f.StringVar(&o.style.styles, "styles", "", "pictures whose styles are used")
	f.BoolVar(&o.random, "random", false, "make up styles (the default without --styles)")
	f.StringVar(&o.style.bank, "bank", "", "file that keeps the styles of --styles (default: one in the cache)")
	o.style.addFlags(cmd)
	f.IntVar(&o.recipe.Size, "size", 0, "side of the square pictures in pixels (default 224)")
	f.IntVar(&o.recipe.Resize, "resize", 0, "length of the shorter side before the middle is cut out (default 8/7 of --size)")
	f.IntVar(&o.recipe.Reduce, "reduce", 0, "side of the pictures that are written, where strokes made for --size are to be smaller (default --size)")
	f.BoolVar(&o.keepSize, "keep-size", false, "keep the pictures' own sizes")
	f.IntVar(&o.recipe.Copies, "copies", 1, "pictures made of each, in different styles")
	f.IntVar(&o.recipe.Limit, "limit", 0, "take so many pictures, spread evenly over the set (default all)")
	f.StringVar(&o.recipe.Format, "format", stylize.JPEG, "format of the pictures: jpeg or png")
	f.IntVar(&o.recipe.Quality, "quality", 95, "quality of JPEG, 1 to 100")
	f.Uint64Var(&o.recipe.Seed, "seed", 0, "seed of the styles")
	f.IntVar(&o.shardSize, "shard-size", 0, "write tar shards of so many pictures instead of class folders")
	f.StringVar(&o.shard, "shard", "1/1", "do part I of N of the work, given as I/N; or auto: what Slurm or Kubernetes says")
	f.IntVar(&o.allowErrors, "allow-errors", 0, "exit with 0 when no more than so many pictures and styles are broken")
	f.IntVar(&o.conflicts, "cue-conflict", 0, "make so many pictures of each two categories, of the shape of one and the texture of the other")
	f.StringVar(&o.masks, "mask", "", "gatys: pictures by the names of those of IN, white where their content counts, black where it does not")
	f.StringVar(&o.sheet, "sheet", "", "write a contact sheet to this file, and nothing else")
	f.BoolVar(&o.dryRun, "dry-run", false, "say how many, how long and how large, and write nothing")
	f.BoolVar(&o.json, "json", false, "print what was done as JSON")
	o.network.addEngineFlags(cmd)
	complete(cmd, "method", styleMethodNames()...)
	complete(cmd, "format", stylize.JPEG, stylize.PNG)
	return cmd
}

// check resolves the flags, before anything is read or written.
func (o *stylizeOptions) check() (part, parts int, err error) {
	switch {
	case o.sheet == "" && o.out == "":
		return 0, 0, usagef("say where the pictures go: gestalt stylize IN OUT")
	case o.sheet != "" && o.out != "":
		return 0, 0, usagef("--sheet writes a page and no pictures; leave out %s", o.out)
	case o.sheet == "" && len(o.methods) != 1:
		return 0, 0, usagef("several methods are for --sheet; choose one with --method")
	case o.random && o.style.styles != "":
		return 0, 0, usagef("--random makes up styles, --styles takes those of pictures; choose one")
	case o.conflicts < 0:
		return 0, 0, usagef("--cue-conflict %d: it must be 1 or more", o.conflicts)
	case o.conflicts > 0 && (o.style.styles == "" || strings.HasSuffix(o.style.styles, weightsSuffix)):
		return 0, 0, usagef("--cue-conflict takes textures from pictures; say with --styles which")
	case o.conflicts > 0 && o.recipe.Copies != 1:
		return 0, 0, usagef("--cue-conflict %d says how many pictures there are; leave out --copies", o.conflicts)
	case o.style.bank != "" && o.style.styles == "":
		return 0, 0, usagef("--bank keeps the styles of --styles, which is missing")
	case !(o.style.alpha >= 0 && o.style.alpha <= 1):
		return 0, 0, usagef("--alpha %g: it must be between 0 and 1", o.style.alpha)
	case o.keepSize && (o.recipe.Size != 0 || o.recipe.Resize != 0 || o.recipe.Reduce != 0):
		return 0, 0, usagef("--keep-size leaves pictures as they are; --size, --resize and --reduce do not")
	case o.recipe.Size != 0 && o.recipe.Size < stylize.MinSide:
		return 0, 0, usagef("--size %d: it must be at least %d", o.recipe.Size, stylize.MinSide)
	case o.recipe.Resize < 0:
		return 0, 0, usagef("--resize %d: it must be at least --size", o.recipe.Resize)
	case o.recipe.Copies < 1:
		return 0, 0, usagef("--copies %d: it must be at least 1", o.recipe.Copies)
	case o.recipe.Limit < 0:
		return 0, 0, usagef("--limit %d: it must be 0 (all) or more", o.recipe.Limit)
	case o.recipe.Format != stylize.JPEG && o.recipe.Format != stylize.PNG:
		return 0, 0, usagef("--format %s: there are %s and %s", o.recipe.Format, stylize.JPEG, stylize.PNG)
	case o.recipe.Quality < 1 || o.recipe.Quality > 100:
		return 0, 0, usagef("--quality %d: it must be between 1 and 100", o.recipe.Quality)
	case o.shardSize < 0:
		return 0, 0, usagef("--shard-size %d: it must be 0 (class folders) or more", o.shardSize)
	case o.allowErrors < 0:
		return 0, 0, usagef("--allow-errors %d: it must be 0 or more", o.allowErrors)
	}
	if !o.keepSize {
		if o.recipe.Size == 0 {
			o.recipe.Size = defaultSize
		}
		if o.recipe.Resize == 0 {
			o.recipe.Resize = o.recipe.Size * 8 / 7
		}
		if o.recipe.Resize < o.recipe.Size {
			return 0, 0, usagef("--resize %d: it must be at least --size, %d", o.recipe.Resize, o.recipe.Size)
		}
		if o.recipe.Reduce < 0 || o.recipe.Reduce > o.recipe.Size {
			return 0, 0, usagef("--reduce %d: it must be 0 (not at all) or more, and at most --size, %d", o.recipe.Reduce, o.recipe.Size)
		}
	}
	if err := o.network.check(); err != nil {
		return 0, 0, err
	}
	if o.shard == "auto" {
		return shardOfEnvironment()
	}
	i, n, ok := strings.Cut(o.shard, "/")
	part, err1 := strconv.Atoi(i)
	parts, err2 := strconv.Atoi(n)
	if !ok || err1 != nil || err2 != nil || part < 1 || part > parts {
		return 0, 0, usagef("--shard %s: give I/N, as 2/8 for the second of eight parts, or auto", o.shard)
	}
	return part, parts, nil
}

func runStylize(cmd *cobra.Command, o stylizeOptions) error {
	part, parts, err := o.check()
	if err != nil {
		return err
	}
	var methods []styleMethod
	for _, name := range o.methods {
		m, err := styleMethodNamed(name)
		if err != nil {
			return err
		}
		if o.style.styles == "" && m.random == nil {
			return usagef("%s can't make up styles; say with --styles which pictures to take them from", m.name)
		}
		methods = append(methods, m)
	}
	engine, err := configure(o.network.engine)
	if err != nil {
		return err
	}
	pictures, err := dataset.Open(o.in)
	if err != nil {
		return err
	}
	defer pictures.Close()
	job := stylize.Job{Pictures: pictures, Recipe: o.recipe, Engine: engine.String(), Version: currentVersion().String(), Out: o.out,
		ShardSize: o.shardSize, Part: part, Parts: parts, Batch: o.network.batch, Workers: o.network.workers}
	if o.masks != "" {
		if job.Masks, err = dataset.Open(o.masks); err != nil {
			return err
		}
		defer job.Masks.Close()
	}
	o.style.gatys.seed = o.recipe.Seed
	if o.sheet != "" {
		return writeSheet(cmd, o, job, engine, methods)
	}
	opened, err := o.open(cmd, methods[0], engine)
	if err != nil {
		return err
	}
	if job, err = o.into(job, opened); err == nil {
		err = o.runJob(cmd, job)
	}
	return errors.Join(err, opened.close())
}

// open opens a method and its styles.
func (o stylizeOptions) open(cmd *cobra.Command, method styleMethod, c configuration) (*openedMethod, error) {
	method.large = method.large || o.conflicts > 0 // whose pairs say which styles are made
	return openMethod(cmd, o.style, method, c)
}

// into puts a method and its styles into a job, with pairs and masks where they are asked for.
func (o stylizeOptions) into(job stylize.Job, m *openedMethod) (stylize.Job, error) {
	job.Stylizer, job.Styles, job.From, job.Broken = m.stylizer, m.styles, m.from, m.broken
	if job.Masks != nil {
		gatys, ok := m.stylizer.(*style.Gatys)
		if !ok {
			return job, usagef("--mask is for gatys alone")
		}
		job.Masked = gatys.StylizeMasked
	}
	if o.conflicts > 0 {
		var err error
		job.Textures = m.pictures
		job.Pairs, err = stylize.CueConflicts(job.Pictures, job.Textures, o.conflicts, job.Recipe.Seed)
		return job, err
	}
	return job, nil
}

// runJob does the work, or says what it would be.
func (o stylizeOptions) runJob(cmd *cobra.Command, job stylize.Job) error {
	if o.dryRun {
		return dryRun(cmd, o, job)
	}
	var bar *progress
	done := 0
	job.Progress = func(now, of int) {
		if bar == nil {
			bar = newProgress(cmd.ErrOrStderr(), o.methods[0], of)
		}
		bar.add(now - done)
		done = now
	}
	result, err := job.Run(cmd.Context())
	if errors.Is(err, context.Canceled) {
		fmt.Fprintln(cmd.ErrOrStderr(), "What is done is kept; the same command carries on.")
	}
	if err != nil {
		return err
	}
	return o.tell(cmd, job, result)
}
