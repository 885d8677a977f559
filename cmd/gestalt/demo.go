package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/gomlx/compute"
	"github.com/spf13/cobra"

	"github.com/gestalt-vision/gestalt/demo"
	"github.com/gestalt-vision/gestalt/internal/atomicfile"
	"github.com/gestalt-vision/gestalt/measure"
	"github.com/gestalt-vision/gestalt/synth"
)

// demoMinutes is what the recipe takes on two cores.
const demoMinutes = 2

// demoFile is the table as JSON, by which a folder is known to be that of a demonstration.
const demoFile = "demo.json"

// demoOptions are the flags of the verb.
type demoOptions struct {
	out     string
	seed    uint64
	minutes float64
	workers int
	engine  string
	json    bool
}

func newDemoCommand() *cobra.Command {
	var o demoOptions
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Train four small networks and see which go by texture and which by shape",
		Long: `demo is the experiment of Geirhos et al. (ICLR 2019) in small, with nothing downloaded. It draws pictures of 16 shapes,
each with a texture of its own (IN), repaints them so that the texture tells nothing (SIN), trains a small network on
IN, on SIN, on both, and on both and then on IN again, and asks each what it sees where the shape is of one class and
the texture of another. It takes two minutes on two cores.

DIR gets report.html, the table as demo.json, the answers to the cue conflicts as trials.csv, and the networks, which
other verbs take: gestalt predict --model DIR/networks/sin/last.safetensors picture.png. A demonstration that is there
already is replaced, once the new one is whole.`,
		Example: `  gestalt demo
  gestalt demo --out demo7 --seed 7 --minutes 10
  gestalt demo --json`,
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return runDemo(cmd, o) },
	}
	f := cmd.Flags()
	f.StringVar(&o.out, "out", "out/demo", "folder for the results")
	f.Uint64Var(&o.seed, "seed", 1, "seed of pictures, styles, first weights, order")
	f.Float64Var(&o.minutes, "minutes", demoMinutes, "how long it may take on two cores: more is more training")
	f.IntVar(&o.workers, "workers", 0, "threads and goroutines (default: one a processor); the table is the same for any number")
	f.StringVar(&o.engine, "engine", defaultEngine(), "engine that runs networks")
	f.BoolVar(&o.json, "json", false, "print the table as JSON")
	return cmd
}

// demoRow is a row of the table.
type demoRow struct {
	Name        string           `json:"name"`
	Training    string           `json:"training"`
	FineTuning  string           `json:"fine_tuning"`
	Top1        measure.Float    `json:"top1"`
	Top5        measure.Float    `json:"top5"`
	ShapeBias   measure.Float    `json:"shape_bias"`
	ShapeBiasCI measure.Interval `json:"shape_bias_ci95"`
}

// demoTable is what --json prints.
type demoTable struct {
	Rows []demoRow `json:"rows"`
}

func newDemoTable(r *demo.Result) (t demoTable) {
	for _, row := range r.Rows {
		t.Rows = append(t.Rows, demoRow{row.Name, row.Training, row.FineTuning, row.Top1.Value, row.Top5.Value, row.Bias.ShapeBias, row.Bias.ShapeBiasCI})
	}
	return t
}

func runDemo(cmd *cobra.Command, o demoOptions) (err error) {
	switch {
	case !(o.minutes > 0 && o.minutes <= 10_000):
		return usagef("--minutes %g: it must be above 0 and at most 10000", o.minutes)
	case o.workers < 0 || o.workers > maxBatch:
		return usagef("--workers %d: it must be between 1 and %d, or 0 for one a processor", o.workers, maxBatch)
	}
	c, err := configure(o.engine)
	if err != nil {
		return err
	}
	recipe, err := builtIn("demo")
	if err != nil {
		return err
	}
	out := filepath.Clean(o.out)
	if err := replaceable(out); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(out), 0o777); err != nil {
		return err
	}
	// The folder is either whole or as it was: it is written under another name.
	unfinished, err := os.MkdirTemp(filepath.Dir(out), "."+filepath.Base(out)+".*.tmp")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(unfinished)) }()
	options := demo.Options{Recipe: recipe, Share: o.minutes / demoMinutes, Seed: o.seed, Dir: unfinished, Workers: o.workers,
		Engine: c.String(), Version: currentVersion().String(), Open: c.openThreads, Together: c.together(), Tell: newDemoLine(cmd.ErrOrStderr()).tell}
	result, err := demo.Run(cmd.Context(), options)
	if err != nil {
		return err
	}
	table := newDemoTable(result)
	if err := writeDemo(unfinished, result, table, o, c); err != nil {
		return err
	}
	if err := exchange(unfinished, out); err != nil {
		return err
	}
	if o.json {
		return writeJSON(cmd.OutOrStdout(), table)
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s\n%s\nResults: %s (open report.html)\n", demoText(result), demoSentence(result), out)
	return err
}

// openThreads opens the engine with so many threads, where it is the one that can be told and has not been.
func (c configuration) openThreads(threads int) (compute.Backend, error) {
	if c.name == "cpu" {
		c.name = fmt.Sprintf("cpu:threads=%d", threads)
	}
	return c.open()
}

// together is how many engines of this kind may compute at once: those on a GPU each take its memory.
func (c configuration) together() int {
	if c.kind == "cpu" || c.kind == "go" {
		return c.threads
	}
	return 1
}

// replaceable says whether a folder is not there, or empty, or holds a demonstration.
func replaceable(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if len(entries) > 0 {
		if _, err := os.Stat(filepath.Join(dir, demoFile)); err != nil {
			return fmt.Errorf("%s holds something else than a demonstration: name another folder with --out", dir)
		}
	}
	return nil
}

// exchange puts a folder into the place of another, which need not be there.
func exchange(made, dir string) error {
	if err := os.Chmod(made, 0o755); err != nil { // MkdirTemp makes folders that only their owner can read
		return err
	}
	old := made + ".old"
	replaced := true
	if err := os.Rename(dir, old); errors.Is(err, fs.ErrNotExist) {
		replaced = false
	} else if err != nil {
		return err
	}
	if err := os.Rename(made, dir); err != nil {
		if replaced {
			err = errors.Join(err, os.Rename(old, dir))
		}
		return err
	}
	return os.RemoveAll(old)
}

// writeDemo writes the results beside the networks.
func writeDemo(dir string, r *demo.Result, table demoTable, o demoOptions, c configuration) error {
	page, err := demoPage(r, o, c)
	if err != nil {
		return err
	}
	trials := func(w io.Writer) error { return measure.Vocabulary(synth.Classes()).WriteTrials(w, r.Trials) }
	return errors.Join(
		atomicfile.Write(filepath.Join(dir, demoFile), func(w io.Writer) error { return writeJSON(w, table) }),
		atomicfile.Write(filepath.Join(dir, "trials.csv"), trials),
		atomicfile.Write(filepath.Join(dir, "report.html"), page),
	)
}

// demoText is the table, and below it the accuracies on the other sets.
func demoText(r *demo.Result) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-14s%-10s%-13s%7s%7s  %s\n", "name", "training", "fine-tuning", "top-1", "top-5", "shape bias [95%]")
	for _, row := range r.Rows {
		fmt.Fprintf(&b, "%-14s%-10s%-13s%7s%7s  %5s %s\n", row.Name, row.Training, orDash(row.FineTuning), percent(row.Top1.Value),
			percent(row.Top5.Value), percent(row.Bias.ShapeBias), percents(row.Bias.ShapeBiasCI))
	}
	fmt.Fprintf(&b, "\n%-14s", "top-1 on")
	for _, set := range r.Rows[0].Sets {
		fmt.Fprintf(&b, "%13s", demoSetNames[set.Set])
	}
	b.WriteByte('\n')
	for _, row := range r.Rows {
		fmt.Fprintf(&b, "%-14s", row.Name)
		for _, set := range row.Sets {
			fmt.Fprintf(&b, "%13s", percent(set.Top1.Value))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// demoSetNames are the sets as tables name them.
var demoSetNames = map[string]string{demo.IN: "IN", demo.SIN: "SIN", string(synth.Greyscale): "greyscale", string(synth.Silhouette): "silhouettes",
	string(synth.Edge): "edges", string(synth.Texture): "textures", string(synth.CueConflict): "cue conflict"}

func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

// demoSentence says what came out.
func demoSentence(r *demo.Result) string {
	in, sin := r.Rows[0].Bias, r.Rows[1].Bias
	return fmt.Sprintf("Where shape and texture disagree, the network trained on IN goes by the shape in %s%% of its decisions for one of the two, the one trained on SIN in %s%%.",
		percent(in.ShapeBias), percent(sin.ShapeBias))
}
