package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/gestalt-vision/gestalt/nets"
	"github.com/gestalt-vision/gestalt/speed"
)

// benchOptions are the flags of the verb.
type benchOptions struct {
	nets   []string
	mode   string
	batch  int
	size   int
	rounds int
	engine string
	json   bool
}

func newBenchCommand() *cobra.Command {
	var o benchOptions
	cmd := &cobra.Command{
		Use:   "bench [--net NAME]...",
		Short: "Measure how fast networks run on this machine",
		Long: `bench runs networks with made-up weights and pictures and prints, for each, the median milliseconds a
picture, the arithmetic a second, its share of the multiply-add peak of the processor as measured in the same
run, and the largest resident memory. It needs no files.

The networks are ` + strings.Join(nets.Names(), ", ") + `.
Beside them there are two works of style transfer: adain (VGG-19 to relu4_1, the statistics of a style, the
decoder) and vgg19_gatys (an iteration of Gatys et al.: VGG-19 to relu5_1, losses, gradient, L-BFGS).`,
		Example: `  gestalt bench
  gestalt bench --net resnet50 --mode train --batch 16 --rounds 5 --json`,
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return runBench(cmd, o) },
	}
	f := cmd.Flags()
	f.StringArrayVar(&o.nets, "net", []string{"squeezenet1_1", "resnet18", "resnet50"}, "network or work (repeat for several)")
	f.StringVar(&o.mode, "mode", string(speed.Infer), "what to measure: infer or train")
	f.IntVar(&o.batch, "batch", 8, "pictures at once")
	f.IntVar(&o.size, "size", 0, "height and width of the pictures in pixels (default: the network's own)")
	f.IntVar(&o.rounds, "rounds", 11, "runs to take the median of")
	f.StringVar(&o.engine, "engine", defaultEngine(), "engine that runs the networks")
	f.BoolVar(&o.json, "json", false, "print JSON")
	complete(cmd, "net", speed.Names()...)
	complete(cmd, "mode", string(speed.Infer), string(speed.Train))
	return cmd
}

func runBench(cmd *cobra.Command, o benchOptions) error {
	switch {
	case o.batch < 1 || o.batch > maxBatch:
		return usagef("--batch %d: it must be between 1 and %d", o.batch, maxBatch)
	case o.size != 0 && (o.size < 32 || o.size > 2048):
		return usagef("--size %d: it must be between 32 and 2048", o.size)
	case o.rounds < 1 || o.rounds > 100_000:
		return usagef("--rounds %d: it must be between 1 and 100000", o.rounds)
	case o.mode != string(speed.Infer) && o.mode != string(speed.Train):
		return usagef("--mode %q: it is infer or train", o.mode)
	}
	for _, name := range o.nets {
		if err := speed.Known(name, speed.Mode(o.mode)); err != nil {
			return usageError{err}
		}
	}
	c, err := configure(o.engine)
	if err != nil {
		return err
	}
	backend, err := c.open()
	if err != nil {
		return err
	}
	defer backend.Finalize()
	peak := speed.Peak(c.threads)
	results := []speed.Result{}
	for _, name := range o.nets {
		if err := cmd.Context().Err(); err != nil {
			return err
		}
		r, err := speed.Measure(backend, speed.Options{Net: name, Mode: speed.Mode(o.mode), Batch: o.batch, Size: o.size, Rounds: o.rounds}, peak)
		if err != nil {
			return err
		}
		results = append(results, r)
	}
	if o.json {
		return writeJSON(cmd.OutOrStdout(), results)
	}
	var text strings.Builder
	fmt.Fprintf(&text, "engine %s, %d threads, peak %.0f GFLOP/s\n", c, c.threads, peak)
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "net\tmode\tbatch\tsize\tms/picture\tGFLOP/s\tof peak\tmemory\t")
	for _, r := range results {
		memory := "-"
		if r.PeakRSSMB != nil {
			memory = fmt.Sprintf("%.0f MB", *r.PeakRSSMB)
		}
		fmt.Fprintf(table, "%s\t%s\t%d\t%d\t%.2f\t%.0f\t%.0f%%\t%s\t\n", r.Net, r.Mode, r.Batch, r.Size, r.MSPerImage, r.GFLOPS, 100*r.ShareOfPeak, memory)
	}
	table.Flush()
	_, err = fmt.Fprint(cmd.OutOrStdout(), text.String())
	return err
}
