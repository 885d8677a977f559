package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/gestalt-vision/gestalt/dataset"
	"github.com/gestalt-vision/gestalt/internal/atomicfile"
	"github.com/gestalt-vision/gestalt/measure"
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
	network    networkFlags
	resampling resampling
	json       bool
}

func newBiasCommand() *cobra.Command {
	var o biasOptions
	cmd := &cobra.Command{
		Use:   "bias --model NAME|NAME=FILE|FILE --stimuli PATH --out DIR",
		Short: "Show stimuli to networks and measure their shape bias",
		Long: `bias shows every picture of a folder or tar to each network, turns its 1,000 probabilities into one of 16
answers, and writes to DIR

  <experiment>/<experiment>_<model>_session-1.csv   the trials, as the field stores them
  summary.json     every measure with its interval, the failed pictures, the settings
  report.html      figures and tables in one file
  settings.json    what produced it: versions, SHA-256 of weights and stimuli (of the pictures, however packed)
  decisions.jsonl  the decisions as they were made, found by content hash

Run it again after an interruption and it carries on. Pictures that cannot be decoded are named and counted, and the
exit code is 1 after all others are done. A network is called after its file where one is given.

A network with classes of its own answers with these. Where they are some of the 16 categories, it stands beside networks
of ImageNet's classes, and is shown only the pictures whose shape and texture it knows; what it was not shown is counted.
Where they are others, such as those of 'gestalt synth', all networks must have the same, and the pictures' folders or
names tell them.`,
		Example: `  gestalt bias --model squeezenet1_1 --stimuli cue-conflict-half.tar --out results
  gestalt bias --model squeezenet1_1 --model resnet50=resnet50-sin.safetensors \
      --stimuli stimuli/edges --humans raw-data.tar.gz --out results`,
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return runBias(cmd, o) },
	}
	f := cmd.Flags()
	f.StringArrayVar(&o.models, "model", nil, "network by name, NAME=FILE with its weights, or FILE alone (repeat for several)")
	f.StringVar(&o.stimuli, "stimuli", "", "folder of class folders, or tar, with the pictures")
	f.StringVar(&o.out, "out", "", "folder for the results")
	f.StringVar(&o.humans, "humans", "", "published trials (file, folder or tar) to put beside the networks")
	f.StringVar(&o.experiment, "experiment", "", "name of the experiment in file names (default: told by the stimuli)")
	f.StringVar(&o.aggregate, "aggregate", "mean", "how class probabilities become a category's score: mean, sum or max")
	o.network.addFlags(cmd)
	o.resampling.addFlags(cmd)
	f.BoolVar(&o.json, "json", false, "print the summary as JSON instead of a table")
	complete(cmd, "model", modelNames()...)
	complete(cmd, "aggregate", "mean", "sum", "max")
	return cmd
}

// biasRun is a run with everything resolved.
type biasRun struct {
	biasOptions
	specs     []modelSpec
	engine    configuration
	aggregate measure.Aggregation
	intervals measure.Settings // and the categories
	stimuli   *dataset.Set
	journal   *observe.Journal[observe.Decision]
}

func runBias(cmd *cobra.Command, o biasOptions) error {
	r, err := o.check()
	if err != nil {
		return err
	}
	if r.stimuli, err = dataset.Open(o.stimuli); err != nil {
		return err
	}
	defer r.stimuli.Close()
	r.network.batch = min(r.network.batch, r.stimuli.Len())
	if r.experiment == "" {
		r.experiment = experimentOf(r.stimuli)
	} else if r.experiment != fileName(r.experiment) {
		return usagef("--experiment %q: it names a folder and files, so letters, digits, dots and hyphens only", r.experiment)
	}
	var allOwn bool
	if r.intervals.Categories, allOwn, err = vocabularyOf(r.specs); err != nil {
		return err
	}
	if r.intervals.Categories != nil && r.humans != "" {
		return usagef("--humans are people's answers among the 16 categories, and %s has others", r.specs[0].subject)
	}
	humans, humansFrom, err := readHumans(r.humans, r.experiment)
	if err != nil {
		return err
	}
	sha, err := r.stimuli.SHA256(cmd.Context())
	if err != nil {
		return err
	}
	made := biasSettings{
		Version: currentVersion().String(), Experiment: r.experiment, Engine: r.engine.String(), Aggregate: r.aggregate.String(),
		Stimuli: filepath.Base(r.stimuli.Path()), StimuliCount: r.stimuli.Len(), StimuliSHA256: sha,
		Humans: humansFrom, Intervals: r.intervals,
	}
	if allOwn {
		made.Aggregate = ""
	}
	if err := claim(r.out, made.sameExperiment); err != nil {
		return err
	}
	if r.journal, err = observe.OpenJournal[observe.Decision](filepath.Join(r.out, "decisions.jsonl")); err != nil {
		return err
	}
	defer r.journal.Close()

	own := measure.Experiment{Name: r.experiment}
	page := report.Page{Title: "Shape bias: " + r.experiment, Focus: r.experiment}
	failed := map[observe.Failure]bool{} // by picture and reason: every network fails on the same ones
	for _, spec := range r.specs {
		seen, err := r.observe(cmd, spec)
		if err != nil {
			return err
		}
		own.Trials = append(own.Trials, seen.trials...)
		made.Models = append(made.Models, seen.made)
		page.Thumbnails = append(page.Thumbnails, seen.thumbnails...)
		for _, f := range seen.failed {
			failed[f] = true
		}
	}

	summary := biasSummary{Analysis: measure.Analyze(append(humans, own), r.intervals), Made: made}
	summary.Skipped = r.stimuli.Skipped()
	summary.Failed = sortedFailures(failed)
	page.Analysis = summary.Analysis
	page.Made = made.rows()
	for _, f := range summary.Failed {
		page.Failed = append(page.Failed, report.Failure{Name: f.Picture, Reason: f.Reason})
	}
	if err := writeBias(r.out, summary, page); err != nil {
		return err
	}
	return tellBias(cmd, r.biasOptions, summary)
}

// vocabularyOf is the categories that pictures show and networks answer with: the 16, or, of networks with other classes of
// their own, these. allOwn is true where none has those of ImageNet, so that no probabilities are aggregated.
func vocabularyOf(specs []modelSpec) (v measure.Vocabulary, allOwn bool, err error) {
	allOwn = true
	for i, spec := range specs {
		names, err := spec.classes()
		if err != nil {
			return nil, false, err
		}
		allOwn = allOwn && names != nil
		own := measure.Vocabulary(names)
		if !slices.ContainsFunc(names, func(name string) bool { return !slices.Contains(dataset.Categories[:], name) }) {
			own = nil
		} else if err := own.Check(); err != nil {
			return nil, false, fmt.Errorf("%s: %w", spec.file, err)
		}
		if i > 0 && !slices.Equal(own, v) {
			return nil, false, usagef("%s answers with %v, and %s with %v; show them pictures in runs of their own", specs[0].subject, v, spec.subject, own)
		}
		v = own
	}
	return v, allOwn, nil
}

// check resolves the flags, before anything is read or written.
func (o biasOptions) check() (r biasRun, err error) {
	r.biasOptions = o
	switch {
	case len(o.models) == 0:
		return r, errNoModel()
	case o.stimuli == "":
		return r, usagef("say where the pictures are with --stimuli PATH")
	case o.out == "":
		return r, usagef("say where the results go with --out DIR")
	}
	if err := o.network.check(); err != nil {
		return r, err
	}
	if r.intervals, err = o.resampling.settings(); err != nil {
		return r, err
	}
	if r.aggregate, err = measure.ParseAggregation(o.aggregate); err != nil {
		return r, usageError{err}
	}
	if r.engine, err = o.network.configure(); err != nil {
		return r, err
	}
	r.specs, err = parseModels(o.models)
	return r, err
}

// claim makes the folder of results, or makes sure that the settings of what is in it go with those of this run, as same
// says: two sets of results in one folder would leave files without the settings that made them.
func claim[S any](dir string, same func(before S) error) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	data, err := os.ReadFile(filepath.Join(dir, settingsFile))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var before S
	if err := json.Unmarshal(data, &before); err != nil {
		return fmt.Errorf("%s: %w; choose another folder with --out", filepath.Join(dir, settingsFile), err)
	}
	if err := same(before); err != nil {
		return fmt.Errorf("%s holds results of %w; choose another folder with --out", dir, err)
	}
	return nil
}

// sameExperiment makes sure that a folder's results are of the same experiment and rules.
func (s biasSettings) sameExperiment(before biasSettings) error {
	if before.Experiment != s.Experiment || before.Aggregate != s.Aggregate {
		return fmt.Errorf("the experiment %s with aggregation %s", before.Experiment, before.Aggregate)
	}
	if !slices.Equal(before.Intervals.Categories, s.Intervals.Categories) {
		return fmt.Errorf("%v", before.Intervals.Categories)
	}
	return nil
}

// seen is what one network contributes.
type seen struct {
	made       modelSettings
	trials     []measure.Trial
	thumbnails []report.Thumbnail
	failed     []observe.Failure
}

// observe shows the stimuli to one network and writes its trials.
func (r biasRun) observe(cmd *cobra.Command, spec modelSpec) (seen, error) {
	model, err := spec.load(r.engine)
	if err != nil {
		return seen{}, err
	}
	defer model.Close()
	progress := newProgress(cmd.ErrOrStderr(), spec.subject, r.stimuli.Len())
	result, err := observe.Run(cmd.Context(), observe.Options[observe.Decision]{
		Model: model, Engine: r.engine.String(), Pictures: r.stimuli, Journal: r.journal,
		Batch: r.network.batch, Workers: r.network.workers, Progress: progress.add,
	}, r.aggregate, r.intervals.Categories)
	if errors.Is(err, context.Canceled) {
		fmt.Fprintln(cmd.ErrOrStderr(), "The decisions made so far are kept; the same command carries on.")
	}
	if err != nil {
		return seen{}, err
	}
	if result.LeftOut > 0 {
		fmt.Fprintf(cmd.ErrOrStderr(), "%s was not shown %d of %d pictures, whose shape or texture is none of its %d classes\n",
			spec.subject, result.LeftOut, r.stimuli.Len(), model.Classes)
	}
	s := seen{
		made: modelSettings{
			Observer: spec.subject, Network: model.Name, Classes: model.ClassNames, LeftOut: result.LeftOut,
			WeightsSHA256: model.WeightsSHA256, Preprocessing: model.Preprocess.String(),
		},
		trials: result.Trials(spec.subject, experimentCode(r.experiment)),
		failed: result.Failed,
	}
	if s.thumbnails, err = extremes(r.stimuli, spec.subject, result, r.intervals.Categories); err != nil {
		return seen{}, err
	}
	file := filepath.Join(r.out, r.experiment, measure.FileName(r.experiment, spec.subject, 1))
	return s, atomicfile.Write(file, func(w io.Writer) error { return r.intervals.Categories.WriteTrials(w, s.trials) })
}
