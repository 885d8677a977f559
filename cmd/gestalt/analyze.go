package main

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/gestalt-vision/gestalt/internal/atomicfile"
	"github.com/gestalt-vision/gestalt/measure"
	"github.com/gestalt-vision/gestalt/report"
)

const analyzeLong = `Read trials as the field stores them and print what was decided by shape and what by texture.

PATH is a CSV file with the columns subj,session,trial,rt,object_response,category,condition,imagename,
a folder of such files, or a .tar or .tar.gz of them; several may be given. The experiment of a trial is
the name of the folder that holds its file. The published human data, raw-data.tar.gz, can be given as it
is; so can the folder that 'gestalt bias' writes. Observers of one experiment, whatever its name (X and
X-trained-CNNs, model-vs-human's "cue-conflict" and the published directory), are compared with each other.
People (subj begins with "subject-") are also pooled into one observer, "humans".

Every figure has two 95% intervals: a bootstrap over stimuli, which are what was sampled and what observers
share, and the exact binomial one (Clopper-Pearson), which takes all answers for independent and is
therefore too narrow for the pooled humans. Two observers' shape biases have a paired difference with its
interval and the p-value of a permutation test. Undefined figures are printed as a dash, null in JSON.

Trials are of the 16 categories of the published data. Those of networks with other classes, such as of drawn pictures,
are read with --categories, which names all of them, in the order of tables.`

const analyzeExample = `  gestalt analyze raw-data.tar.gz
  gestalt analyze raw-data.tar.gz results --html report.html --csv observers.csv
  gestalt analyze raw-data.tar.gz --figure figure.svg --show humans,resnet50
  gestalt analyze --json raw-data/edge-experiment`

// analyzeFlags are the flags of gestalt analyze.
type analyzeFlags struct {
	json, pairs bool
	html, csv   string
	figure      string
	show        []string
	categories  []string
	resampling  resampling
}

func newAnalyzeCommand() *cobra.Command {
	var f analyzeFlags
	cmd := &cobra.Command{
		Use:     "analyze PATH...",
		Short:   "Compute shape bias, accuracy and error consistency from trials",
		Long:    analyzeLong,
		Example: analyzeExample,
		Args:    usageArgs(cobra.MinimumNArgs(1)),
		RunE:    func(cmd *cobra.Command, args []string) error { return analyze(cmd, args, f) },
	}
	flags := cmd.Flags()
	flags.BoolVar(&f.json, "json", false, "print one JSON document instead of tables")
	flags.StringVar(&f.html, "html", "", "write the report to this file")
	flags.StringVar(&f.csv, "csv", "", "write one row per observer to this file")
	flags.StringVar(&f.figure, "figure", "", "write the shape-bias figure alone to this SVG file")
	flags.StringSliceVar(&f.show, "show", nil, "observers in --figure (default all); humans is the pool")
	flags.StringSliceVar(&f.categories, "categories", nil, "names of the categories (default the 16 of the published data)")
	f.resampling.addFlags(cmd)
	flags.BoolVar(&f.pairs, "pairs", false, "print every pair of observers, people with people too")
	return cmd
}

func analyze(cmd *cobra.Command, paths []string, f analyzeFlags) error {
	settings, err := f.resampling.settings()
	if err != nil {
		return err
	}
	settings.Categories = f.categories
	if err := settings.Categories.Check(); err != nil {
		return usageError{err}
	}
	exps, err := settings.Categories.ReadPaths(paths...)
	if err != nil {
		return err
	}
	if err := cmd.Context().Err(); err != nil {
		return err
	}
	a := measure.Analyze(exps, settings)
	if f.html != "" {
		made := []report.Row{{Key: "Program", Value: "gestalt " + currentVersion().String()}}
		for _, path := range paths {
			value, err := withHash(path)
			if err != nil {
				return err
			}
			made = append(made, report.Row{Key: "Trials", Value: value})
		}
		page := report.Page{Analysis: a, Made: made}
		if err := atomicfile.Write(f.html, func(w io.Writer) error { return report.Write(w, page) }); err != nil {
			return err
		}
	}
	if f.csv != "" {
		if err := atomicfile.Write(f.csv, func(w io.Writer) error { return report.WriteCSV(w, a) }); err != nil {
			return err
		}
	}
	if f.figure != "" {
		draw := func(w io.Writer) error { return report.FigureSVG(w, a, "", f.show...) }
		if err := atomicfile.Write(f.figure, draw); err != nil {
			return err
		}
	}
	if f.json {
		return writeJSON(cmd.OutOrStdout(), a)
	}
	_, err = io.WriteString(cmd.OutOrStdout(), analysisText(a, f.pairs))
	return err
}
