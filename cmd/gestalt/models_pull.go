package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"github.com/gestalt-vision/gestalt/weights/published"
)

func newModelsPullCommand() *cobra.Command {
	var offline, asJSON bool
	cmd := &cobra.Command{
		Use:   "pull NAME...",
		Short: "Get published weights",
		Long: `pull puts published weights into the cache (GESTALT_CACHE), where --model NAME finds them. 'gestalt models list'
shows the names.

What PyTorch or Hugging Face's programs have downloaded already is taken from their caches, by a hard link where that is
possible, else as a copy. Everything else is downloaded: from GESTALT_MIRROR if that is set, a folder or an http(s)
address under which the files lie by their file names, else from where it is published; through a proxy if HTTPS_PROXY
says so. A download that was cut off goes on where it stopped. A file gets its name only after its size and SHA-256
(of some files only the first digits are published) have been found right.`,
		Example: `  gestalt models pull resnet50 resnet50-sin
  GESTALT_MIRROR=/cluster/weights gestalt models pull --offline vgg16`,
		Args: usageArgs(cobra.MinimumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			files, err := lookUpAll(args)
			if err != nil {
				return err
			}
			store := weightsStore()
			store.Offline = offline
			return pullAll(cmd, store, files, asJSON)
		},
		ValidArgsFunction: completeWeights,
	}
	cmd.Flags().BoolVar(&offline, "offline", false, "ask nothing of the network: take files only from other caches and a mirror that is a folder")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// lookUpAll finds published weights by name.
func lookUpAll(names []string) ([]published.File, error) {
	var files []published.File
	for _, name := range names {
		f, ok := published.Lookup(name)
		if !ok {
			return nil, usagef("no published weights are called %q; 'gestalt models list' shows the names", name)
		}
		files = append(files, f)
	}
	return files, nil
}

// completeWeights offers the names of published weights to the shell.
func completeWeights(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	var names []string
	for _, f := range published.Files() {
		names = append(names, f.Name)
	}
	return names, cobra.ShellCompDirectiveDefault
}

// pulled is what pull has done for one name.
type pulled struct {
	Name    string `json:"name"`
	Path    string `json:"path"`
	From    string `json:"from"`
	Bytes   int64  `json:"bytes"`
	SHA256  string `json:"sha256"`
	Checked string `json:"checked"` // "sha256", "first digits of sha256" or "nothing"
}

func (p pulled) String() string {
	from := "from " + p.From
	if p.From == "cache" {
		from = "was here"
	}
	return fmt.Sprintf("%s: %s, %s, %s\n  SHA-256 %s, compared with %s\n", p.Name, p.Path, published.Bytes(p.Bytes), from, p.SHA256, comparedWith[p.Checked])
}

var comparedWith = map[string]string{
	"sha256": "the published one", "first digits of sha256": "the published first digits", "nothing": "nothing, because none is published",
}

func checked(f published.File) string {
	switch {
	case f.Whole():
		return "sha256"
	case f.SHA256 != "":
		return "first digits of sha256"
	}
	return "nothing"
}

// pullAll pulls file after file. One that cannot be had does not keep the others from being pulled.
func pullAll(cmd *cobra.Command, store published.Store, files []published.File, asJSON bool) error {
	done := []pulled{}
	var failed []error
	for _, f := range files {
		p, err := pull(cmd.Context(), cmd.ErrOrStderr(), store, f)
		if err != nil {
			if cmd.Context().Err() != nil {
				return err
			}
			failed = append(failed, err)
			continue
		}
		done = append(done, p)
		if !asJSON {
			if _, err := fmt.Fprint(cmd.OutOrStdout(), p); err != nil {
				return err
			}
		}
	}
	if asJSON {
		if err := writeJSON(cmd.OutOrStdout(), done); err != nil {
			return err
		}
	}
	return errors.Join(failed...)
}

func pull(ctx context.Context, w io.Writer, store published.Store, f published.File) (pulled, error) {
	t := transfer{w: w, name: f.Name, start: time.Now(), told: time.Now()}
	p, err := store.Pull(ctx, f, t.report)
	t.end()
	return pulled{f.Name, p.Path, p.From, p.Bytes, p.SHA256, checked(f)}, err
}

// transfer tells how far a download is: a bar on a terminal, else a line now and then.
type transfer struct {
	w       io.Writer
	name    string
	bar     *progressbar.ProgressBar
	started bool
	first   int64 // bytes that were here when it started
	start   time.Time
	told    time.Time
}

func (t *transfer) report(p published.Progress) {
	if p.Note != "" {
		t.end()
		fmt.Fprintf(t.w, "%s: %s\n", t.name, p.Note)
		return
	}
	if !t.started {
		t.started, t.first, t.start = true, p.Done, time.Now()
	}
	if isTerminal(t.w) {
		if t.bar == nil {
			total := p.Total
			if total == 0 {
				total = -1 // a bar without an end
			}
			t.bar = progressbar.NewOptions64(total,
				progressbar.OptionSetWriter(t.w), progressbar.OptionSetDescription(t.name),
				progressbar.OptionShowBytes(true), progressbar.OptionShowCount(), progressbar.OptionThrottle(100*time.Millisecond),
				progressbar.OptionClearOnFinish())
		}
		t.bar.Set64(p.Done)
		return
	}
	if now := time.Now(); now.Sub(t.told) > 10*time.Second {
		t.told = now
		fmt.Fprintln(t.w, transferLine(t.name, p, p.Done-t.first, now.Sub(t.start)))
	}
}

// transferLine says how far a download is that has brought some bytes in some time.
func transferLine(name string, p published.Progress, brought int64, in time.Duration) string {
	rate := float64(brought) / max(in.Seconds(), 1e-3)
	line := fmt.Sprintf("%s: %s", name, published.Bytes(p.Done))
	if p.Total > 0 {
		line += " of " + published.Bytes(p.Total)
	}
	line += fmt.Sprintf(", %s a second", published.Bytes(int64(rate)))
	if p.Total > p.Done && rate > 0 {
		left := time.Duration(float64(p.Total-p.Done) / rate * float64(time.Second))
		line += fmt.Sprintf(", %v left", left.Round(time.Second))
	}
	return line
}

// end takes the bar away.
func (t *transfer) end() {
	if t.bar != nil {
		t.bar.Clear()
		t.bar = nil
	}
}
