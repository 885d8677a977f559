package main

import (
	"io"
	"maps"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gestalt-vision/gestalt/dataset"
	"github.com/gestalt-vision/gestalt/engine"
	"github.com/gestalt-vision/gestalt/internal/atomicfile"
	"github.com/gestalt-vision/gestalt/measure"
	"github.com/gestalt-vision/gestalt/nets"
	"github.com/gestalt-vision/gestalt/observe"
	"github.com/gestalt-vision/gestalt/report"
)

// biasOptions are the flags of the verb.
type biasOptions struct {
	models     []string
	stimuli    string
	out        string
	humans     string
	experiment string
	aggregate  string
	engine     string
	batch      int
	workers    int
	resampling resampling
	json       bool
}

func newBiasCommand() *cobra.Command {
	var o biasOptions
	cmd := &cobra.Command{
		Use:   "bias --model NAME|NAME=FILE --stimuli PATH --out DIR",
		Short: "Show stimuli to networks and measure their shape bias",
		Long: `bias shows every picture of a folder or tar to each network, turns its 1,000 probabilities into one of 16
answers, and writes to DIR

  <experiment>/<experiment>_<model>_session-1.csv   the trials, as the field stores them
  summary.json     every measure with its interval, the failed pictures, the settings
  report.html      figures and tables in one file
  settings.json    what produced it: versions, SHA-256 of weights and stimuli
  decisions.jsonl  the decisions as they were made, found by content hash

Run it again after an interruption and it carries on. Pictures that cannot be decoded are named and counted, and the
exit code is 1 after all others are done.`,
		Example: `  gestalt bias --model squeezenet1_1 --stimuli cue-conflict-half.tar --out results
  gestalt bias --model squeezenet1_1 --model resnet50=weights.safetensors \
      --stimuli stimuli/edges --humans raw-data.tar.gz --out results`,
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return runBias(cmd, o) },
	}
	f := cmd.Flags()
	f.StringArrayVar(&o.models, "model", nil, "network by name, or NAME=FILE with its weights (repeat for several)")
	f.StringVar(&o.stimuli, "stimuli", "", "folder of class folders, or tar, with the pictures")
	f.StringVar(&o.out, "out", "", "folder for the results")
	f.StringVar(&o.humans, "humans", "", "published trials (file, folder or tar) to put beside the networks")
	f.StringVar(&o.experiment, "experiment", "", "name of the experiment in file names (default: told by the stimuli)")
	f.StringVar(&o.aggregate, "aggregate", "mean", "how class probabilities become a category's score: mean, sum or max")
	f.StringVar(&o.engine, "engine", defaultEngine(), "engine that runs the networks: "+strings.Join(engine.Names(), " or "))
	f.IntVar(&o.batch, "batch", 8, "pictures that go through a network at once")
	f.IntVar(&o.workers, "workers", runtime.GOMAXPROCS(0), "goroutines that decode pictures")
	o.resampling.addFlags(cmd)
	f.BoolVar(&o.json, "json", false, "print the summary as JSON instead of a table")
	complete(cmd, "model", nets.Names()...)
	complete(cmd, "engine", engine.Names()...)
	complete(cmd, "aggregate", "mean", "sum", "max")
	return cmd
}

func runBias(cmd *cobra.Command, o biasOptions) error {
	switch {
	case len(o.models) == 0:
		return usagef("say which network with --model (one of %s)", strings.Join(nets.Names(), ", "))
	case o.stimuli == "":
		return usagef("say where the pictures are with --stimuli PATH")
	case o.out == "":
		return usagef("say where the results go with --out DIR")
	case o.batch < 1 || o.workers < 1:
		return usagef("--batch and --workers must be at least 1")
	}
	intervals, err := o.resampling.settings()
	if err != nil {
		return err
	}
	if _, err := measure.ParseAggregation(o.aggregate); err != nil {
		return usageError{err}
	}
	stimuli, err := dataset.Open(o.stimuli)
	if err != nil {
		return err
	}
	defer stimuli.Close()
	if o.experiment == "" {
		o.experiment = experimentOf(stimuli)
	}
	humans, humansHash, err := readHumans(o)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(o.out, 0o777); err != nil {
		return err
	}
	journal, err := observe.OpenJournal(filepath.Join(o.out, "decisions.jsonl"))
	if err != nil {
		return err
	}
	defer journal.Close()

	sha, err := stimuli.SHA256()
	if err != nil {
		return err
	}
	made := biasSettings{
		Version: currentVersion().String(), Experiment: o.experiment, Engine: o.engine, Aggregate: o.aggregate,
		Stimuli: filepath.Base(o.stimuli), StimuliCount: stimuli.Len(), StimuliSHA256: sha,
		Humans: humansHash, Intervals: intervals,
	}
	own := measure.Experiment{Name: o.experiment}
	page := report.Page{Title: "Shape bias: " + o.experiment, Focus: o.experiment}
	failed := map[observe.Failure]bool{} // by picture and reason: every network fails on the same ones
	for _, spec := range o.models {
		seen, err := observeWith(cmd, o, spec, stimuli, journal)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(made.Models, func(m modelSettings) bool { return m.Observer == seen.made.Observer }) {
			return usagef("two networks would both be called %s; rename one of the files", seen.made.Observer)
		}
		own.Trials = append(own.Trials, seen.trials...)
		made.Models = append(made.Models, seen.made)
		page.Thumbnails = append(page.Thumbnails, seen.thumbnails...)
		for _, f := range seen.failed {
			failed[f] = true
		}
	}

	summary := biasSummary{Analysis: measure.Analyze(append(humans, own), intervals), Made: made}
	summary.Failed = slices.SortedFunc(maps.Keys(failed), func(a, b observe.Failure) int {
		return strings.Compare(a.Picture+"\x00"+a.Reason, b.Picture+"\x00"+b.Reason)
	})
	page.Analysis = summary.Analysis
	page.Made = made.rows()
	for _, f := range summary.Failed {
		page.Failed = append(page.Failed, report.Failure{Name: f.Picture, Reason: f.Reason})
	}
	if err := writeBias(o.out, summary, page); err != nil {
		return err
	}
	return tellBias(cmd, o, summary)
}

// seen is what one network contributes.
type seen struct {
	made       modelSettings
	trials     []measure.Trial
	thumbnails []report.Thumbnail
	failed     []observe.Failure
}

// observeWith shows the stimuli to one network and writes its trials.
func observeWith(cmd *cobra.Command, o biasOptions, spec string, stimuli *dataset.Set, journal *observe.Journal) (seen, error) {
	aggregate, err := measure.ParseAggregation(o.aggregate)
	if err != nil {
		return seen{}, usageError{err}
	}
	model, err := openModel(o.engine, spec)
	if err != nil {
		return seen{}, err
	}
	defer model.Close()
	subject := subjectName(spec)
	engineName, _, _ := strings.Cut(o.engine, ":") // options such as threads change no result
	progress := newProgress(cmd.ErrOrStderr(), subject, stimuli.Len())
	result, err := observe.Run(cmd.Context(), observe.Options{
		Model: model, Engine: engineName, Stimuli: stimuli, Aggregate: aggregate, Journal: journal,
		Batch: o.batch, Workers: o.workers, Progress: progress.add,
	})
	if err != nil {
		return seen{}, err
	}
	s := seen{
		made: modelSettings{
			Observer: subject, Network: model.Name,
			WeightsSHA256: model.WeightsSHA256, Preprocessing: model.Preprocess.String(),
		},
		trials: result.Trials(subject, experimentCode(o.experiment)),
		failed: result.Failed,
	}
	if s.thumbnails, err = extremes(stimuli, subject, result); err != nil {
		return seen{}, err
	}
	file := filepath.Join(o.out, o.experiment, measure.FileName(o.experiment, subject, 1))
	return s, atomicfile.Write(file, func(w io.Writer) error { return measure.WriteTrials(w, s.trials) })
}

// subjectName is what the network is called in trials: its file's name where one is given, else its own, with hyphens
// for underscores as the field writes it.
func subjectName(spec string) string {
	name, file := splitModel(spec)
	if file != "" {
		name = strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
	}
	return strings.ReplaceAll(name, "_", "-")
}

// readHumans reads the published trials of the experiment, and says what they were read from.
func readHumans(o biasOptions) (kept []measure.Experiment, hash string, err error) {
	if o.humans == "" {
		return nil, "", nil
	}
	all, err := measure.ReadPaths(o.humans)
	if err != nil {
		return nil, "", err
	}
	var names []string
	for _, e := range all {
		names = append(names, e.Name)
		if measure.Family(e.Name) == measure.Family(o.experiment) {
			kept = append(kept, e)
		}
	}
	if len(kept) == 0 {
		return nil, "", usagef("%s has no trials of the experiment %s, but of %s; choose with --experiment", o.humans, o.experiment, strings.Join(names, ", "))
	}
	hash, err = withHash(o.humans)
	return kept, hash, err
}

// experimentOf names the experiment by the folder of the pictures: that of a published set, else the folder above the
// class folders, else the set's own name.
func experimentOf(stimuli *dataset.Set) string {
	folder := ""
	if dir := path.Dir(path.Dir(stimuli.Item(0).Key)); dir != "." {
		folder = path.Base(dir)
	} else {
		folder = strings.TrimSuffix(filepath.Base(stimuli.Path()), filepath.Ext(stimuli.Path()))
	}
	for _, k := range measure.KnownExperiments {
		if k.Stimuli == folder && k.Stimuli != "" {
			return k.Name
		}
	}
	return folder
}

// experimentCode is the experiment's code in published image names; an unknown experiment gets three letters of its name.
func experimentCode(experiment string) string {
	for _, k := range measure.KnownExperiments {
		if k.Name == measure.Family(experiment) {
			return k.Code
		}
	}
	return (strings.ReplaceAll(experiment, "_", "") + "xxx")[:3]
}
