package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gestalt-vision/gestalt/dataset"
	"github.com/gestalt-vision/gestalt/measure"
	"github.com/gestalt-vision/gestalt/nets"
	"github.com/gestalt-vision/gestalt/pixel"
)

// predictOptions are the flags of the verb.
type predictOptions struct {
	model   string
	weights string
	network networkFlags
	top     int
	json    bool
}

func newPredictCommand() *cobra.Command {
	var o predictOptions
	cmd := &cobra.Command{
		Use:   "predict --model NAME|NAME=FILE|FILE IMAGE...",
		Short: "Say what a network sees in pictures",
		Long: `predict shows pictures to a network and prints the classes with the largest probabilities: those of ImageNet, or the
network's own where its weights name them.
IMAGE is a JPEG or PNG file, or a folder, tar archive or list (.txt) of them.

The networks are ` + strings.Join(nets.Names(), ", ") + `.
NAME is one of them or the name of published weights ('gestalt models list'), which 'gestalt models pull NAME' gets.
FILE is a file of weights with torchvision's parameter names.

A picture that cannot be read is named on standard error; the others are done, and the exit code is 1.`,
		Example: `  gestalt predict --model squeezenet1_1 photo.jpg
  gestalt predict --model resnet50=resnet50.safetensors --top 3 --json photographs/ > seen.json`,
		Args: usageArgs(cobra.MinimumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error { return runPredict(cmd, o, args) },
	}
	f := cmd.Flags()
	f.StringVar(&o.model, "model", "", "network or published weights by name, NAME=FILE, or a FILE of weights")
	f.StringVar(&o.weights, "weights", "", "file of the network's weights, as in --model NAME=FILE")
	f.IntVar(&o.top, "top", 5, "classes per picture")
	o.network.addFlags(cmd)
	complete(cmd, "model", modelNames()...)
	f.BoolVar(&o.json, "json", false, "print one JSON document")
	return cmd
}

// prediction is what the network sees in one picture.
type prediction struct {
	Picture string  `json:"picture"`
	Classes []class `json:"classes"` // the most probable first
}

type class struct {
	Index       int     `json:"index"`          // among the network's outputs; of ImageNet's classes in the order of the WordNet ids
	WordNet     string  `json:"wnid,omitempty"` // where they are those of ImageNet
	Name        string  `json:"name"`
	Probability float32 `json:"probability"`
}

// unseen is a picture that could not be shown.
type unseen struct {
	Picture string `json:"picture"`
	Reason  string `json:"reason"`
}

func runPredict(cmd *cobra.Command, o predictOptions, args []string) error {
	switch {
	case o.model == "":
		return errNoModel()
	case o.top < 1:
		return usagef("--top %d: it must be 1 or more", o.top)
	}
	if err := o.network.check(); err != nil {
		return err
	}
	engine, err := o.network.configure()
	if err != nil {
		return err
	}
	spec := o.model
	if o.weights != "" {
		if strings.Contains(spec, "=") {
			return usagef("--model %s names a file of weights already; leave --weights away", spec)
		}
		spec += "=" + o.weights
	}
	wanted, err := parseModel(spec)
	if err != nil {
		return err
	}
	model, err := wanted.load(engine)
	if err != nil {
		return err
	}
	defer model.Close()
	pictures, closeAll := gather(args)
	defer closeAll()

	out, errOut := cmd.OutOrStdout(), cmd.ErrOrStderr()
	document := struct {
		Model         string       `json:"model"`
		WeightsSHA256 string       `json:"weights_sha256"`
		Preprocessing string       `json:"preprocessing"`
		Engine        string       `json:"engine"`
		Pictures      []prediction `json:"pictures"`
		Failed        []unseen     `json:"failed"`
	}{model.Name, model.WeightsSHA256, model.Preprocess.String(), engine.String(), []prediction{}, []unseen{}}
	err = predict(cmd.Context(), model, pictures, o, func(p prediction) error {
		if o.json {
			document.Pictures = append(document.Pictures, p)
			return nil
		}
		return printPrediction(out, p)
	}, func(u unseen) {
		fmt.Fprintf(errOut, "%s %s: %s\n", paint(errOut, red, "gestalt:"), u.Picture, u.Reason)
		document.Failed = append(document.Failed, u)
	})
	if err != nil {
		return err
	}
	if o.json {
		if err := writeJSON(out, document); err != nil {
			return err
		}
	}
	if n := len(document.Failed); n > 0 {
		return fmt.Errorf("%d of %d pictures could not be read", n, len(pictures))
	}
	return nil
}

func printPrediction(w io.Writer, p prediction) error {
	text := p.Picture + "\n"
	for _, c := range p.Classes {
		text += fmt.Sprintf("  %6.2f%%  %s\n", 100*c.Probability, strings.TrimSpace(c.WordNet+"  "+c.Name))
	}
	_, err := io.WriteString(w, text)
	return err
}

// picture is something to look at.
type picture struct {
	name string
	read func() ([]byte, error)
}

// gather lists the pictures of the arguments in their order. An argument that cannot be opened becomes a picture that
// cannot be read, so that the others are done.
func gather(args []string) (pictures []picture, closeAll func()) {
	var sets []*dataset.Set
	for _, arg := range args {
		switch strings.ToLower(filepath.Ext(arg)) {
		case ".tar", ".gz", ".tgz", ".txt":
		default:
			if info, err := os.Stat(arg); err != nil || !info.IsDir() {
				pictures = append(pictures, picture{arg, func() ([]byte, error) { return readPicture(arg) }})
				continue
			}
		}
		set, err := dataset.Open(arg)
		if err != nil {
			pictures = append(pictures, picture{arg, func() ([]byte, error) { return nil, err }})
			continue
		}
		sets = append(sets, set)
		for i := range set.Len() {
			name := filepath.ToSlash(filepath.Join(arg, filepath.FromSlash(set.Item(i).Key)))
			pictures = append(pictures, picture{name, func() ([]byte, error) { return set.Read(i) }})
		}
	}
	return pictures, func() {
		for _, set := range sets {
			set.Close()
		}
	}
}

// readPicture reads a file that is no larger than a picture may be.
func readPicture(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, dataset.MaxPicture+1))
	if err == nil && len(data) > dataset.MaxPicture {
		err = fmt.Errorf("it is larger than a picture may be (%d bytes)", dataset.MaxPicture)
	}
	return data, err
}

// predict shows the pictures to the network in batches, decoding ahead, and hands out what it sees in their order.
func predict(ctx context.Context, model *nets.Model, pictures []picture, o predictOptions, see func(prediction) error, fail func(unseen)) error {
	batches := slices.Collect(slices.Chunk(pictures, o.network.batch))
	side := model.Preprocess.Crop
	each := side * side * 3
	type prepared struct {
		input  []float32 // of the pictures without an error, one after the other
		errors []error   // one a picture
	}
	prepare := func(b int) (prepared, error) {
		p := prepared{make([]float32, 0, len(batches[b])*each), make([]error, len(batches[b]))}
		for i, picture := range batches[b] {
			n := len(p.input)
			if p.errors[i] = tensor(model, picture, p.input[n:n+each]); p.errors[i] == nil {
				p.input = p.input[:n+each]
			}
		}
		return p, nil
	}
	b := 0
	for p, err := range dataset.Map(ctx, len(batches), o.network.workers, prepare) {
		if err != nil {
			return err
		}
		var probabilities []float32
		if n := len(p.input) / each; n > 0 {
			if probabilities, err = model.Probabilities(p.input, n); err != nil {
				return err
			}
		}
		for i, picture := range batches[b] {
			if p.errors[i] != nil {
				fail(unseen{picture.name, p.errors[i].Error()})
				continue
			}
			if err := see(prediction{picture.name, topClasses(model, probabilities[:model.Classes], o.top)}); err != nil {
				return err
			}
			probabilities = probabilities[model.Classes:]
		}
		b++
	}
	return nil
}

// tensor reads, decodes and normalises one picture.
func tensor(model *nets.Model, p picture, dst []float32) error {
	data, err := p.read()
	if err != nil {
		var path *os.PathError
		if errors.As(err, &path) { // the path is told already
			return path.Err
		}
		return err
	}
	m, _, err := pixel.Decode(data)
	if err != nil {
		return err
	}
	return model.Preprocess.Tensor(m, dst)
}

// topClasses are the n classes of the largest probabilities, or all where there are fewer.
func topClasses(model *nets.Model, probabilities []float32, n int) []class {
	var classes []class
	for _, index := range measure.Top(probabilities, n) {
		wnid, name := model.Class(index)
		classes = append(classes, class{index, wnid, name, probabilities[index]})
	}
	return classes
}
