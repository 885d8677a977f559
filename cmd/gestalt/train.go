package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gestalt-vision/gestalt/internal/spelling"
	"github.com/gestalt-vision/gestalt/measure"
	"github.com/gestalt-vision/gestalt/recipes"
	"github.com/gestalt-vision/gestalt/train"
	"github.com/gestalt-vision/gestalt/weights"
)

// trainOptions are the flags of the verb.
type trainOptions struct {
	recipe  string
	with    []string
	set     []string
	data    []string
	val     []string
	network string
	init    string
	epochs  int
	batch   int
	size    int
	rate    float64
	seed    uint64

	out       string
	resume    bool
	saveEvery time.Duration
	saveSteps int
	workers   int
	engine    string
	devices   int
	show      bool
	json      bool
}

func newTrainCommand() *cobra.Command {
	var o trainOptions
	var about strings.Builder
	for _, name := range recipes.Names() {
		r, err := builtIn(name)
		if err == nil {
			fmt.Fprintf(&about, "  %-24s %s\n", name, r.About)
		}
	}
	cmd := &cobra.Command{
		Use:   "train --recipe NAME|FILE --out DIR",
		Short: "Train a network",
		Long: `train trains a network by a recipe: a small YAML file, or one of those that are built in,

` + about.String() + `
Flags outweigh the recipe; --set changes any value. --show prints the recipe with every value, as a file to begin from.
Where a recipe leaves open where pictures are ($in, $sin), --with NAME=PATH says it. Pictures are class folders, in a
folder, a tar, or tar shards; several sets are mixed, so that an epoch shows each picture of each once.

DIR gets
  last.safetensors   the weights after the last epoch, by torchvision's names, with the names of the classes
  best.safetensors   those of the epoch that was best on the validation pictures
  metrics.csv        a line an epoch; metrics.jsonl has lines within epochs too, times.csv seconds and pictures a second
  report.html        the learning curves
  recipe.yaml        the recipe with every value; settings.json: versions, pictures
  checkpoint.safetensors   what --resume goes on from
An interrupted training (Ctrl-C finishes the step and saves; a kill loses what came after the last checkpoint) goes on
with the same command and --resume, on the cpu engine to the bytes that it would have come to undisturbed.`,
		Example: `  gestalt train --recipe imagenet --with in=imagenet --out results/imagenet
  gestalt train --recipe imagenet --with in=imagenet --out results/imagenet --resume
  gestalt train --recipe my.yaml --data pictures/train --data stylised/train --val pictures/val --epochs 20 --out results/mine
  gestalt train --recipe imagenet --set augment.flip=0 --set schedule.name=cosine --show`,
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return runTrain(cmd, o) },
	}
	f := cmd.Flags()
	f.StringVar(&o.recipe, "recipe", "", "the recipe: a file, or the name of one that is built in (default: PyTorch's ImageNet example)")
	f.StringArrayVar(&o.with, "with", nil, "NAME=PATH: what stands for $NAME in the recipe (repeat)")
	f.StringArrayVar(&o.set, "set", nil, "KEY=VALUE: a value of the recipe, such as schedule.rate=0.05 (repeat)")
	f.StringArrayVar(&o.data, "data", nil, "training pictures, in place of the recipe's (repeat for a mixture)")
	f.StringArrayVar(&o.val, "val", nil, "validation pictures, in place of the recipe's")
	f.StringVar(&o.network, "network", "", "network")
	f.StringVar(&o.init, "init", "", "weights to start from: a file, or the name of published ones; of a network for other classes all but the last layer")
	f.IntVar(&o.epochs, "epochs", 0, "epochs")
	f.IntVar(&o.batch, "batch", 0, "pictures a step")
	f.IntVar(&o.size, "size", 0, "side of the pictures in pixels")
	f.Float64Var(&o.rate, "rate", 0, "learning rate at its highest")
	f.Uint64Var(&o.seed, "seed", 0, "seed of the first weights, the order of the pictures, augmentation")
	f.StringVar(&o.out, "out", "", "folder for the results")
	f.BoolVar(&o.resume, "resume", false, "go on with the training that --out holds")
	f.DurationVar(&o.saveEvery, "save-every", 10*time.Minute, "save the checkpoint that often, and after each epoch; 0 for epochs only")
	f.IntVar(&o.saveSteps, "save-steps", 0, "save the checkpoint also after each so many steps")
	f.IntVar(&o.workers, "workers", max(1, runtime.GOMAXPROCS(0)-1), "goroutines that decode and augment pictures; the results are the same for any number")
	f.StringVar(&o.engine, "engine", defaultEngine(), "engine that runs networks")
	f.IntVar(&o.devices, "devices", 1, "devices of the engine that share each batch, such as the GPUs of xla:cuda")
	f.BoolVar(&o.show, "show", false, "print the recipe with every value, and do nothing")
	f.BoolVar(&o.json, "json", false, "print the result as JSON")
	complete(cmd, "recipe", recipes.Names()...)
	return cmd
}

// builtIn reads a recipe that came with the program.
func builtIn(name string) (train.Recipe, error) {
	text, ok := recipes.Find(name)
	if !ok {
		hint := ""
		if near := spelling.Nearest(name, recipes.Names()); near != "" {
			hint = fmt.Sprintf("; did you mean %q?", near)
		}
		return train.Recipe{}, usagef("--recipe %s: there is no such file, and no recipe of that name%s (there are %s)", name, hint, strings.Join(recipes.Names(), ", "))
	}
	r, err := train.ReadRecipe(text)
	if err != nil {
		return r, fmt.Errorf("recipe %s: %w", name, err)
	}
	return r, nil
}

// readRecipe puts recipe and flags together.
func (o trainOptions) readRecipe(changed func(flag string) bool) (r train.Recipe, err error) {
	r = train.DefaultRecipe()
	if o.recipe != "" {
		if isFile(o.recipe) || strings.ContainsRune(o.recipe, filepath.Separator) || strings.HasSuffix(o.recipe, ".yaml") {
			r, err = train.OpenRecipe(o.recipe)
		} else {
			r, err = builtIn(o.recipe)
		}
		if err != nil {
			return r, err
		}
	}
	for _, set := range o.set {
		key, value, ok := strings.Cut(set, "=")
		if !ok {
			return r, usagef("--set %s: give KEY=VALUE", set)
		}
		if err := r.Set(key, value); err != nil {
			return r, usagef("--set %w", err)
		}
	}
	for _, v := range []struct {
		flag string
		set  func()
	}{
		{"data", func() { r.Train = folders(o.data) }},
		{"val", func() { r.Validation = folders(o.val) }},
		{"network", func() { r.Network = o.network }},
		{"init", func() { r.Init = o.init }},
		{"epochs", func() { r.Epochs = o.epochs }},
		{"batch", func() { r.Batch = o.batch }},
		{"size", func() { r.Size, r.Resize = o.size, 0 }},
		{"rate", func() { r.Schedule.Rate = o.rate }},
		{"seed", func() { r.Seed = o.seed }},
	} {
		if changed(v.flag) {
			v.set()
		}
	}
	places := map[string]string{}
	for _, with := range o.with {
		name, path, ok := strings.Cut(with, "=")
		if !ok || name == "" || path == "" {
			return r, usagef("--with %s: give NAME=PATH", with)
		}
		places[name] = path
	}
	if o.show && len(places) == 0 {
		return r, nil
	}
	if r, err = r.With(places); err != nil {
		return r, usagef("%w; say it with --with NAME=PATH", err)
	}
	return r, nil
}

func folders(paths []string) (all []train.SourceRecipe) {
	for _, path := range paths {
		all = append(all, train.SourceRecipe{Folder: path})
	}
	return all
}

func runTrain(cmd *cobra.Command, o trainOptions) (err error) {
	r, err := o.readRecipe(cmd.Flags().Changed)
	if err != nil {
		return err
	}
	if o.show {
		text, err := r.YAML()
		if err == nil {
			_, err = cmd.OutOrStdout().Write(text)
		}
		return err
	}
	if err := r.Check(); err != nil {
		return usagef("recipe: %w", err)
	}
	switch {
	case o.out == "":
		return usagef("say where the results go, with --out DIR")
	case o.workers < 1 || o.workers > maxBatch:
		return usagef("--workers %d: it must be between 1 and %d", o.workers, maxBatch)
	case o.devices < 1:
		return usagef("--devices %d: it must be at least 1", o.devices)
	case o.saveEvery < 0 || o.saveSteps < 0:
		return usagef("--save-every and --save-steps must be 0 or more")
	}
	c, err := configure(o.engine)
	if err != nil {
		return err
	}
	job := train.Job{Recipe: r, Out: o.out, Resume: o.resume, SaveEvery: o.saveEvery, SaveSteps: o.saveSteps, Workers: o.workers, Devices: o.devices,
		Engine: c.String(), Version: currentVersion().String()}
	var close func() error
	if job.Train, job.Validation, close, err = r.Open(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, close()) }()
	if r.Init != "" {
		if job.Init, err = openInit(r.Init); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, job.Init.Close()) }()
	}
	if s := r.Augment.Style; s.Rate > 0 {
		opened, err := openPainting(cmd, s, c)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, opened.close()) }()
		job.Painting = &train.Painting{Stylizer: opened.stylizer, Styles: opened.styles, From: opened.from, Rate: s.Rate, Size: s.Size}
	}
	return o.run(cmd, job, c)
}

// run trains, and tells what came of it.
func (o trainOptions) run(cmd *cobra.Command, job train.Job, c configuration) error {
	backend, err := c.open()
	if err != nil {
		return err
	}
	defer backend.Finalize()
	line := newTrainLine(cmd.ErrOrStderr())
	job.Tell = line.tell
	job.Note = func(note string) { fmt.Fprintf(cmd.ErrOrStderr(), "Note: %s.\n", note) }
	result, err := train.Run(cmd.Context(), backend, job)
	line.end()
	if errors.Is(err, context.Canceled) {
		fmt.Fprintln(cmd.ErrOrStderr(), "What is done is saved; the same command with --resume goes on.")
	}
	if err != nil {
		return err
	}
	summary := newTrainSummary(o.out, job, result)
	if err := writeTrainReport(o.out, summary, job); err != nil {
		return err
	}
	if o.json {
		err = writeJSON(cmd.OutOrStdout(), summary)
	} else {
		_, err = fmt.Fprint(cmd.OutOrStdout(), summary.text())
	}
	return errors.Join(err, tellFailed(cmd, noneSkipped, failures(result.Broken), job.Train.Len()+job.Validation.Len()))
}

// openInit finds the weights to start from.
func openInit(name string) (*weights.File, error) {
	file := name
	if !isWeightsFile(name) {
		found, err := locate(name)
		if err != nil {
			return nil, fmt.Errorf("init: %w", err)
		}
		file = found.path
	}
	if _, err := os.Stat(file); err != nil {
		return nil, fmt.Errorf("init: %w", err)
	}
	return weights.Open(file)
}

// openPainting opens what repaints pictures as they are shown.
func openPainting(cmd *cobra.Command, s train.StyleRecipe, c configuration) (*openedMethod, error) {
	method, err := styleMethodNamed(s.Method)
	if err != nil {
		return nil, err
	}
	if method.large {
		return nil, usagef("augment.style: %s takes minutes a picture, too long for training; stylize the pictures before", method.name)
	}
	if s.Styles == "" && method.random == nil {
		return nil, usagef("augment.style: %s can't make up styles; say with augment.style.styles which pictures to take them from", method.name)
	}
	return openMethod(cmd, styleFlags{alpha: 1, styles: s.Styles}, method, c)
}

// trainSummary is what --json prints.
type trainSummary struct {
	Out     string             `json:"out"`
	Network string             `json:"network"`
	Top1    measure.Proportion `json:"top1"` // of the last epoch, on the validation pictures
	Top5    measure.Proportion `json:"top5"`
	train.Result
}
