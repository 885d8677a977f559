package main

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gestalt-vision/gestalt/dataset"
	"github.com/gestalt-vision/gestalt/observe"
	"github.com/gestalt-vision/gestalt/style"
)

// styleTrainOptions are the flags of the verb.
type styleTrainOptions struct {
	content, styles string
	encoder         string
	features        []string
	engine          string
	json            bool
	training        style.AdaINTraining
}

func newStyleTrainCommand() *cobra.Command {
	var o styleTrainOptions
	cmd := &cobra.Command{
		Use:   "train --content PATH --styles PATH --encoder FILE|NAME|NAME=FILE --out FILE",
		Short: "Train the decoder of AdaIN on your own pictures",
		Long: `train makes the decoder of AdaIN (Huang and Belongie 2017) for an encoder, which stays as it is: the decoder learns to
turn an encoder's features with the statistics of a style into a picture that has both. The encoder is the published
vgg_normalised.pth, or any network with the features to compare, from shallow to deep: the last one is what the decoder
turns into a picture. Loss and optimiser are those of the paper's and of naoto0804/pytorch-AdaIN: mean squared errors of the
last feature and of the means and deviations of all, Adam.

--content and --styles are sets of pictures: folders, tar archives, lists. Pictures are resized to twice --size and cropped
at random. Those that cannot be decoded are named, others take their place, and the exit code is 1 after training.

Beside FILE.safetensors lies FILE.checkpoint.safetensors: run the same command again after an interruption and it carries
on, to the same bytes. More --steps carry on too.`,
		Example: `  gestalt style train --content photographs --styles paintings.tar --encoder vgg_normalised.pth --out decoder.safetensors
  gestalt style train --content photographs --styles paintings.tar --encoder squeezenet1_1 \
    --features features.1,features.4,features.7 --size 64 --steps 4000 --rate 1e-3 --out decoder.safetensors`,
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return runStyleTrain(cmd, o) },
	}
	f, t := cmd.Flags(), &o.training
	f.StringVar(&o.content, "content", "", "photographs")
	f.StringVar(&o.styles, "styles", "", "paintings, textures")
	f.StringVar(&o.encoder, "encoder", "", "the encoder: vgg_normalised.pth, or a network as --model of the other verbs")
	f.StringSliceVar(&o.features, "features", nil, "features of the encoder, from shallow to deep (of a VGG: relu1_1,relu2_1,relu3_1,relu4_1)")
	f.StringVar(&t.Out, "out", "", "file of the decoder, .safetensors")
	f.IntVar(&t.Steps, "steps", 160_000, "steps in all")
	f.IntVar(&t.Batch, "batch", 8, "pairs of content and style a step")
	f.IntVar(&t.Size, "size", 256, "height and width of the crops in pixels")
	f.Float64Var(&t.Rate, "rate", 1e-4, "learning rate of Adam at the beginning")
	f.Float64Var(&t.StyleWeight, "style-weight", 10, "weight of the style's loss; the content's is 1")
	f.Float64Var(&t.VariationWeight, "variation-weight", 0, "weight of the total variation, which smooths; networks that begin with strides need about 50")
	f.Uint64Var(&t.Seed, "seed", 0, "seed of the first parameters, the order of the pictures and the crops")
	f.IntVar(&t.SaveEvery, "save-every", 500, "steps after which the state is saved")
	f.IntVar(&t.Workers, "workers", runtime.GOMAXPROCS(0), "goroutines that decode pictures")
	f.StringVar(&o.engine, "engine", defaultEngine(), "engine that runs networks")
	f.BoolVar(&o.json, "json", false, "print the result as JSON")
	return cmd
}

// styleTrainSummary is what --json prints.
type styleTrainSummary struct {
	Out     string          `json:"out"`
	Encoder string          `json:"encoder"`
	Window  int             `json:"window"` // steps that first and last are means of
	First   style.AdaINLoss `json:"first"`
	Last    style.AdaINLoss `json:"last"`
	style.AdaINTrained
}

func runStyleTrain(cmd *cobra.Command, o styleTrainOptions) (err error) {
	for flag, value := range map[string]string{"content": o.content, "styles": o.styles, "encoder": o.encoder, "out": o.training.Out} {
		if value == "" {
			return usagef("--%s is missing", flag)
		}
	}
	if !strings.HasSuffix(o.training.Out, weightsSuffix) {
		return usagef("--out %s: the file's name must end in %s", o.training.Out, weightsSuffix)
	}
	if o.training.Batch < 1 || o.training.Batch > maxBatch || o.training.Workers < 1 || o.training.Workers > maxBatch {
		return usagef("--batch %d, --workers %d: they must be between 1 and %d", o.training.Batch, o.training.Workers, maxBatch)
	}
	t := o.training
	if t.Encoder, t.EncoderFile, err = parseAdaINEncoder(o.encoder, o.features); err != nil {
		return err
	}
	if t.Contents, err = dataset.Open(o.content); err != nil {
		return err
	}
	defer t.Contents.Close()
	if t.Styles, err = dataset.Open(o.styles); err != nil {
		return err
	}
	defer t.Styles.Close()
	c, err := configure(o.engine)
	if err != nil {
		return err
	}
	backend, err := c.open()
	if err != nil {
		return err
	}
	defer backend.Finalize()
	line := &lossLine{w: cmd.ErrOrStderr(), terminal: isTerminal(cmd.ErrOrStderr()), steps: t.Steps}
	t.Progress = line.add
	trained, err := style.TrainAdaIN(cmd.Context(), backend, t)
	line.end()
	if err != nil {
		if trained.Steps > 0 {
			fmt.Fprintf(cmd.ErrOrStderr(), "%d steps are done; the same command carries on\n", trained.Steps)
		}
		return err
	}
	summary := styleTrainSummary{Out: t.Out, Encoder: t.Encoder.String(), Window: min(50, trained.Steps), AdaINTrained: trained}
	summary.First, summary.Last = trained.Mean(0, summary.Window), trained.Mean(trained.Steps-summary.Window, trained.Steps)
	if o.json {
		summary.Broken = append([]style.BrokenPicture{}, trained.Broken...) // [] where none
		err = writeJSON(cmd.OutOrStdout(), summary)
	} else {
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: decoder of %s, %d steps\nloss    first %d steps  last %[4]d\ncontent %14.4g  %.4g\nstyle   %14.4g  %.4g\n",
			t.Out, summary.Encoder, trained.Steps, summary.Window, summary.First.Content, summary.Last.Content, summary.First.Style, summary.Last.Style)
	}
	return errors.Join(err, tellFailed(cmd, dataset.Skipped{}, failures(trained.Broken), t.Contents.Len()+t.Styles.Len()))
}

// failures are broken pictures as other verbs tell them.
func failures(broken []style.BrokenPicture) (all []observe.Failure) {
	for _, b := range broken {
		all = append(all, observe.Failure{Picture: b.Picture, Reason: b.Reason})
	}
	return all
}

// lossLine tells how training goes: on a terminal one line that changes, else a line now and then. The losses are means
// over the steps since the last line.
type lossLine struct {
	w        io.Writer
	terminal bool
	steps    int

	told           time.Time
	since          int // steps
	content, style float64
}

func (l *lossLine) add(p style.AdaINProgress) {
	if l.told.IsZero() {
		l.told = time.Now()
	}
	l.since++
	l.content += float64(p.Loss.Content)
	l.style += float64(p.Loss.Style)
	wait, end := 10*time.Second, "\n"
	if l.terminal {
		wait, end = time.Second, "\x1b[K\r"
	}
	if passed := time.Since(l.told); passed > wait {
		n := float64(l.since)
		left := time.Duration(float64(l.steps-p.Step) * float64(passed) / n).Round(time.Second)
		fmt.Fprintf(l.w, "step %d of %d: content %.4g, style %.4g; %.2f steps a second, %v left%s",
			p.Step, l.steps, l.content/n, l.style/n, n/passed.Seconds(), left, end)
		l.told, l.since, l.content, l.style = time.Now(), 0, 0, 0
	}
}

func (l *lossLine) end() {
	if l.terminal {
		fmt.Fprint(l.w, "\x1b[K")
	}
}
