package main

import (
	"errors"
	"fmt"
	"math"
	"path"
	"slices"

	"github.com/spf13/cobra"

	"github.com/gestalt-vision/gestalt/dataset"
	"github.com/gestalt-vision/gestalt/measure"
	"github.com/gestalt-vision/gestalt/observe"
	"github.com/gestalt-vision/gestalt/report"
)

// evalOptions are the flags of the verb.
type evalOptions struct {
	classifyFlags
	json bool
}

func newEvalCommand() *cobra.Command {
	var o evalOptions
	cmd := &cobra.Command{
		Use:   "eval --model NAME|NAME=FILE|FILE --data PATH [--out DIR]",
		Short: "Measure top-1 and top-5 accuracy on pictures of known classes",
		Long: `eval shows pictures of known classes to each network and counts how often the right class is the first, or (of more
than five classes) among the first five, with exact 95% intervals (Clopper-Pearson), over all pictures and class by class. Several networks are
compared on the same pictures: interval (Tango) and p-value (McNemar's exact test) of their difference.

` + dataHelp + `

` + ownClassesHelp + `

With --out it writes
  predictions/<model>.csv  picture, true class with rank and probability, the five most probable classes
  summary.json             every figure with its interval, the failed pictures, the settings
  report.html              tables, classes, the surest mistakes, in one file
  settings.json            what produced it: versions, SHA-256 of weights and data
  classifications.jsonl    the answers as they were given, found by content hash
Run it again after an interruption and it carries on. Pictures that cannot be decoded, or whose class nothing tells, are
named and counted, and the exit code is 1 after all others are done.`,
		Example: `  gestalt eval --model squeezenet1_1 --data imagenet/val --out results
  gestalt eval --model resnet50 --data ILSVRC2012_img_val.tar --labels val.txt --json
  gestalt eval --model resnet50 --model resnet50=resnet50-sin.safetensors --data 'imagenet-val-{00..63}.tar' --limit 5000`,
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return runEval(cmd, o) },
	}
	o.addFlags(cmd)
	cmd.Flags().StringVar(&o.out, "out", "", "folder for the results (default: print them only)")
	cmd.Flags().BoolVar(&o.json, "json", false, "print the summary as JSON instead of a table")
	return cmd
}

func runEval(cmd *cobra.Command, o evalOptions) error {
	r, err := o.check()
	if err != nil {
		return err
	}
	defer r.close()
	if err := r.open(cmd.Context()); err != nil {
		return err
	}
	if err := r.someKnown(); err != nil {
		return err
	}
	all := make([]int, len(r.truths))
	for i := range all {
		all[i] = i
	}
	r.sample(all)
	if o.out != "" {
		if err := claim(o.out, r.sameData); err != nil {
			return err
		}
	}
	if err := r.openJournal(); err != nil {
		return err
	}
	answers, failed, err := r.classifyAll(cmd)
	if err != nil {
		return err
	}
	summary := evalSummary{Pairs: []measure.PairedEvaluation{}, Made: r.made, Failed: failed, Skipped: r.pictures.Skipped()}
	ranked := make([][]measure.Ranked, len(answers))
	for i, seen := range answers {
		for _, a := range seen {
			ranked[i] = append(ranked[i], a.Ranked)
		}
		name := r.specs[i].subject
		summary.Networks = append(summary.Networks, evaluatedNetwork{name, measure.Evaluate(ranked[i], r.classes)})
		for k := range i {
			summary.Pairs = append(summary.Pairs, measure.CompareEvaluations(r.specs[k].subject, ranked[k], name, ranked[i], r.classes))
		}
	}
	if o.out != "" {
		page, err := evalPage(summary, r.pictures, answers, r.classes)
		if err != nil {
			return err
		}
		if err := writeEval(o.out, summary, page, ranked, r.classes); err != nil {
			return err
		}
	}
	out := cmd.OutOrStdout()
	if o.json {
		err = writeJSON(out, summary)
	} else {
		text := evalText(summary)
		if o.out != "" {
			text += fmt.Sprintf("\nResults: %s (open report.html)\n", o.out)
		}
		_, err = fmt.Fprint(out, text)
	}
	if err != nil {
		return err
	}
	return tellFailed(cmd, summary.Skipped, failed, len(r.only))
}

// someKnown makes sure that some picture has a class; where none has, something is wrong with all of them.
func (r *classifyRun) someKnown() error {
	for _, t := range r.truths {
		if t.Err == nil {
			return nil
		}
	}
	do := "put them into folders named by WordNet ids or give --labels"
	if r.classes != nil {
		do = "put them into folders called as the classes of " + r.specs[0].subject + " are"
	}
	return fmt.Errorf("%s: no picture has a known class (%s: %w); %s", r.pictures.Path(), r.pictures.Item(0).Key, r.truths[0].Err, do)
}

// sameData makes sure that no results stay in the folder that are of other pictures: where those differ, all networks of
// before must be evaluated again, as after a broken picture was mended.
func (r *classifyRun) sameData(before dataSettings) error {
	if before.SHA256 == r.made.SHA256 && before.Classes == r.made.Classes && slices.Equal(before.Among, r.made.Among) && before.Limit == r.made.Limit {
		return nil
	}
	if len(before.Models) == 0 {
		return errors.New("another verb")
	}
	for _, m := range before.Models {
		if !slices.ContainsFunc(r.specs, func(s modelSpec) bool { return s.subject == m.Observer }) {
			return fmt.Errorf("%s on other pictures, other classes of theirs or with another --limit", m.Observer)
		}
	}
	return nil
}

// evalPage makes the report.
func evalPage(s evalSummary, pictures *dataset.Set, answers [][]observe.Classified, classes []string) (report.EvaluationPage, error) {
	page := report.EvaluationPage{Title: "ImageNet accuracy: " + s.Made.Data, Pairs: s.Pairs, Made: s.Made.rows()}
	if classes != nil {
		page.Title = "Accuracy: " + s.Made.Data
	}
	for i, n := range s.Networks {
		mistakes, err := mistakePictures(pictures, answers[i], classes)
		if err != nil {
			return page, err
		}
		page.Networks = append(page.Networks, report.EvaluatedNetwork{Name: n.Observer, Evaluation: n.Evaluation, Mistakes: mistakes})
	}
	for _, f := range s.Failed {
		page.Failed = append(page.Failed, report.Failure{Name: f.Picture, Reason: f.Reason})
	}
	return page, nil
}

// mistakePictures makes thumbnails of the wrong answers that the network was surest of.
func mistakePictures(pictures *dataset.Set, answers []observe.Classified, classes []string) (all []report.Thumbnail, err error) {
	const most = 12
	ranked, index := make([]measure.Ranked, len(answers)), make(map[string]int, len(answers))
	for i, a := range answers {
		ranked[i], index[a.Picture] = a.Ranked, a.Index
	}
	mistakes := measure.Mistakes(ranked)
	for _, m := range mistakes[:min(most, len(mistakes))] {
		jpeg, err := thumbnail(pictures, index[m.Picture])
		if err != nil {
			return nil, err
		}
		_, truth := dataset.ClassAmong(classes, m.Class)
		_, answer := dataset.ClassAmong(classes, m.Top[0])
		all = append(all, report.Thumbnail{Name: path.Base(m.Picture), Score: math.NaN(), JPEG: jpeg,
			Caption: fmt.Sprintf("%s with %.1f%%; it is %s, rank %d", answer, 100*m.Probabilities[0], truth, m.Rank)})
	}
	return all, nil
}
