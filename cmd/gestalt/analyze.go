package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"

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
interval and the p-value of a permutation test. Undefined figures are printed as a dash, null in JSON.`

const analyzeExample = `  gestalt analyze raw-data.tar.gz
  gestalt analyze raw-data.tar.gz results --html report.html --csv observers.csv
  gestalt analyze --json raw-data/edge-experiment`

// analyzeFlags are the flags of gestalt analyze.
type analyzeFlags struct {
	json, pairs bool
	html, csv   string
	rounds      int
	seed        uint64
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
	flags.IntVar(&f.rounds, "rounds", measure.DefaultRounds, "bootstrap rounds and permutations; 0 for none")
	flags.Uint64Var(&f.seed, "seed", 0, "seed of the bootstrap and of the permutations")
	flags.BoolVar(&f.pairs, "pairs", false, "print every pair of observers, people with people too")
	return cmd
}

// maxRounds keeps a slip of the finger from filling the memory.
const maxRounds = 1_000_000

func analyze(cmd *cobra.Command, paths []string, f analyzeFlags) error {
	if f.rounds < 0 || f.rounds > maxRounds {
		return usagef("--rounds %d: it must be between 0 and %d", f.rounds, maxRounds)
	}
	exps, err := measure.ReadPaths(paths...)
	if err != nil {
		return err
	}
	if err := cmd.Context().Err(); err != nil {
		return err
	}
	settings := measure.Settings{Rounds: f.rounds, Seed: f.seed}
	if f.rounds == 0 {
		settings.Rounds = -1 // measure takes 0 for the default
	}
	a := measure.Analyze(exps, settings)
	if f.html != "" {
		made, err := analysisMade(paths, a.Settings)
		if err != nil {
			return err
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
	if f.json {
		enc := json.NewEncoder(cmd.OutOrStdout())
		enc.SetIndent("", "  ")
		return enc.Encode(a)
	}
	_, err = io.WriteString(cmd.OutOrStdout(), analysisText(a, f.pairs))
	return err
}

// analysisMade says what a report was made from: the settings, and each path with the SHA-256 of the file that it is.
func analysisMade(paths []string, settings measure.Settings) ([]report.Row, error) {
	made := []report.Row{{Key: "Program", Value: "gestalt " + currentVersion().String()}}
	for _, path := range paths {
		value := path
		info, err := os.Stat(path)
		if err != nil {
			return nil, err
		}
		if info.Mode().IsRegular() {
			f, err := os.Open(path)
			if err != nil {
				return nil, err
			}
			sum := sha256.New()
			_, err = io.Copy(sum, f)
			f.Close()
			if err != nil {
				return nil, fmt.Errorf("reading %s: %w", path, err)
			}
			value += fmt.Sprintf(" (SHA-256 %x)", sum.Sum(nil))
		}
		made = append(made, report.Row{Key: "Trials", Value: value})
	}
	return append(made,
		report.Row{Key: "Bootstrap rounds", Value: strconv.Itoa(settings.Rounds)},
		report.Row{Key: "Seed", Value: strconv.FormatUint(settings.Seed, 10)},
	), nil
}
