package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/gestalt-vision/gestalt/dataset"
	"github.com/gestalt-vision/gestalt/style"
	"github.com/gestalt-vision/gestalt/stylize"
)

// stylizeSummary is what --json prints.
type stylizeSummary struct {
	Version   string              `json:"version"`
	Engine    string              `json:"engine"`
	Method    string              `json:"method"`
	Styles    string              `json:"styles"`
	Shard     string              `json:"shard"`
	Pictures  int                 `json:"pictures"`       // all that are to be made
	Own       int                 `json:"shard_pictures"` // of these, the part's
	Before    int                 `json:"done_before"`
	Done      int                 `json:"done"`
	Complete  bool                `json:"complete"` // all parts are done
	Seconds   float64             `json:"seconds"`
	PerSecond float64             `json:"pictures_per_second"`
	Network   float64             `json:"network_seconds"`
	Busy      float64             `json:"network_busy"` // share of the time that pictures were in the network
	Failed    []stylize.Failure   `json:"failed_pictures"`
	Broken    []style.BrokenStyle `json:"broken_styles"`
	Skipped   dataset.Skipped     `json:"skipped_files"`
}

// mostNamed is how many broken pictures are named on the terminal; the manifest names all.
const mostNamed = 20

// tell says what was done, and what could not be.
func (o stylizeOptions) tell(cmd *cobra.Command, job stylize.Job, r stylize.Result) error {
	s := stylizeSummary{Version: job.Version, Engine: job.Engine, Method: job.Stylizer.Identity(), Styles: job.From,
		Shard: fmt.Sprintf("%d/%d", job.Part, job.Parts), Pictures: r.Pictures, Own: r.Own, Before: r.Before, Done: r.Done, Complete: r.Whole,
		Seconds: r.Time.Seconds(), Network: r.Network.Seconds(), Busy: r.Busy(), Failed: r.Failed, Broken: r.Broken, Skipped: job.Pictures.Skipped()}
	if s.Seconds > 0 {
		s.PerSecond = float64(r.Done) / s.Seconds
	}
	out := cmd.OutOrStdout()
	var err error
	if o.json {
		s.Failed, s.Broken = append([]stylize.Failure{}, s.Failed...), append([]style.BrokenStyle{}, s.Broken...) // [] instead of null
		err = writeJSON(out, s)
	} else {
		_, err = fmt.Fprint(out, s.text(job.Out))
	}
	return errors.Join(err, o.tellErrors(cmd, s))
}

func (s stylizeSummary) text(folder string) string {
	text := fmt.Sprintf("%d pictures stylised", s.Done)
	if s.Done > 0 {
		text += fmt.Sprintf(" in %v, %.1f a second; the network was busy %.0f%% of the time",
			time.Duration(s.Seconds*float64(time.Second)).Round(100*time.Millisecond), s.PerSecond, 100*s.Busy)
	}
	if s.Before > 0 {
		text += fmt.Sprintf("; %d were there already", s.Before)
	}
	if s.Own < s.Pictures {
		text += fmt.Sprintf("\nThis was part %s: %d of %d pictures", s.Shard, s.Own, s.Pictures)
		if s.Complete {
			text += "; all parts are done"
		}
	}
	return text + fmt.Sprintf("\nPictures: %s\n", folder)
}

// tellErrors names what failed on standard error; more than are allowed are the error.
func (o stylizeOptions) tellErrors(cmd *cobra.Command, s stylizeSummary) error {
	w := cmd.ErrOrStderr()
	if k := s.Skipped; k.Hidden+k.Other+k.Loops > 0 {
		fmt.Fprintf(w, "left out beside the pictures: %d hidden files, %d that are no pictures, %d links in a circle\n", k.Hidden, k.Other, k.Loops)
	}
	named := 0
	name := func(kind, picture, reason string) {
		if named++; named <= mostNamed {
			fmt.Fprintf(w, "%s: %s: %s\n", kind, picture, reason)
		}
	}
	for _, b := range s.Broken {
		name("broken style", b.Picture, b.Reason)
	}
	for _, f := range s.Failed {
		name("failed", f.Picture, f.Reason)
	}
	if named > mostNamed {
		fmt.Fprintf(w, "and %d more; the manifest in the folder names all\n", named-mostNamed)
	}
	if named <= o.allowErrors {
		return nil
	}
	return fmt.Errorf("%d of %d pictures failed and %d styles are broken; the others are done (--allow-errors %d makes this no error)",
		len(s.Failed), s.Own, len(s.Broken), named)
}

// dryRun says what the job would cost.
func dryRun(cmd *cobra.Command, o stylizeOptions, job stylize.Job) error {
	e, err := job.Estimate(cmd.Context())
	if err != nil {
		return err
	}
	if o.json {
		return writeJSON(cmd.OutOrStdout(), struct {
			Pictures int     `json:"pictures"`
			Own      int     `json:"shard_pictures"`
			Pending  int     `json:"pending"`
			Seconds  float64 `json:"seconds"`
			Bytes    int64   `json:"bytes"`
			Measured int     `json:"measured_pictures"`
			Broken   int     `json:"broken_among_measured"`
		}{e.Pictures, e.Own, e.Pending, e.Time.Seconds(), e.Bytes, e.Measured, e.Broken})
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%d pictures, %d of them in this run, %d not done yet\nabout %v, about %.1f MB (measured with %d pictures)\n",
		e.Pictures, e.Own, e.Pending, e.Time.Round(100*time.Millisecond), float64(e.Bytes)/1e6, e.Measured)
	return err
}
