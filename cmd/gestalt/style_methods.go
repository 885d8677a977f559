package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/gomlx/compute"
	"github.com/spf13/cobra"

	"github.com/gestalt-vision/gestalt/style"
	"github.com/gestalt-vision/gestalt/weights"
	"github.com/gestalt-vision/gestalt/weights/published"
)

// styleFlags say which method repaints pictures, and what it is made of.
type styleFlags struct {
	alpha                              float32
	transformer, predictor, embeddings string
	encoder, decoder                   string
	styleSide                          int
	compat                             bool
	gatys                              gatysFlags
	styles                             string // "" where styles are made up
	bank                               string
}

func (s *styleFlags) addFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.Float32Var(&s.alpha, "alpha", 1, "how much of the style is used, 0 to 1")
	f.StringVar(&s.transformer, "transformer", "", "ghiasi: weights of the network that repaints")
	f.StringVar(&s.predictor, "predictor", "", "ghiasi: weights of the network that makes styles of pictures")
	f.StringVar(&s.embeddings, "embeddings", "", "ghiasi: distribution of the styles of paintings, for --random")
	f.BoolVar(&s.compat, "compat", false, "ghiasi: run the networks of philipjackson/style-augmentation with the faults of that program, one picture at a time")
	f.StringVar(&s.encoder, "encoder", "", "adain: weights of the encoder, which the decoder names")
	f.StringVar(&s.decoder, "decoder", "", "adain: weights of the decoder")
	f.IntVar(&s.styleSide, "style-size", 0, "adain, gatys: size in pixels that pictures of styles are seen in (default 256)")
	s.gatys.addFlags(cmd)
}

// styleMethod is one way to repaint pictures.
type styleMethod struct {
	name, about string
	open        func(b compute.Backend, f styleFlags) (style.Stylizer, error)
	// random is all that a style that the method makes up depends on beside the seed; nil where it makes up none.
	random func(f styleFlags) (string, error)
	// large says that styles are too large to be kept in a bank; they are made whenever they are drawn.
	large bool
}

// styleMethods is the table of them.
var styleMethods = []styleMethod{
	{name: "randconv", about: "brush strokes, and random convolutions after Xu et al. (2021), two layers with drawn statistics; needs no weights", open: openRandConv,
		random: func(styleFlags) (string, error) { return "random", nil }},
	{name: "randconv-single", about: "one random convolution, as Xu et al. publish it (their RC_img); needs no weights", open: openSingleConv(false),
		random: func(styleFlags) (string, error) { return "random", nil }},
	{name: "randconv-mix", about: "the same, mixed with the picture by a random weight (their RC_mix)", open: openSingleConv(true),
		random: func(styleFlags) (string, error) { return "random", nil }},
	{name: "ghiasi", about: "arbitrary style (Ghiasi et al. 2017), styles of pictures or drawn (Jackson et al. 2018)", open: openGhiasi, random: randomGhiasi},
	{name: "adain", about: "adaptive instance normalisation (Huang and Belongie 2017), styles of pictures", open: openAdaIN},
	{name: "gatys", about: "optimisation (Gatys et al. 2016), as cue conflicts are made; styles of pictures, minutes a picture", open: openGatys, large: true},
}

func styleMethodNames() (names []string) {
	for _, m := range styleMethods {
		names = append(names, m.name)
	}
	return names
}

// styleMethodNamed finds a method.
func styleMethodNamed(name string) (styleMethod, error) {
	for _, m := range styleMethods {
		if m.name == name {
			return m, nil
		}
	}
	return styleMethod{}, usagef("--method %s: there are %s", name, strings.Join(styleMethodNames(), ", "))
}

func openRandConv(b compute.Backend, f styleFlags) (style.Stylizer, error) {
	return style.OpenRandConv(b, f.alpha)
}

func openSingleConv(mix bool) func(b compute.Backend, f styleFlags) (style.Stylizer, error) {
	return func(b compute.Backend, f styleFlags) (style.Stylizer, error) {
		if f.alpha != 1 {
			return nil, usagef("--alpha is not theirs: randconv-mix draws it, randconv-single has none")
		}
		return style.OpenSingleConv(b, mix)
	}
}

// ghiasiFiles finds the files of the method: those given, else of the first pair whose transformer is here, since the
// networks of different pairs do not understand each other. Of the others it finds those that the flags have need of.
func ghiasiFiles(f styleFlags) (files style.GhiasiFiles, err error) {
	pairs := []struct{ transformer, predictor, embeddings string }{
		{"style_transformer", "style_predictor", "style_embeddings"},
		{"magenta-transformer", "magenta-predictor", "style_embeddings"},
		{"styleaug-transformer", "styleaug-predictor", "styleaug-embeddings"},
	}
	pair := pairs[len(pairs)-1] // all of which can be pulled
	if f.transformer != "" {
		theirs, err := style.IsJackson(f.transformer)
		if err != nil {
			return files, err
		}
		if !theirs {
			pair = pairs[0]
		}
	} else {
		for _, p := range pairs {
			if _, err := locate(p.transformer); err == nil {
				pair = p
				break
			}
		}
	}
	need := []struct {
		file                  *string
		given, flag, instance string
		needed                bool
	}{
		{&files.Transformer, f.transformer, "transformer", pair.transformer, true},
		{&files.Predictor, f.predictor, "predictor", pair.predictor, f.styles != "" || f.alpha < 1},
		{&files.Embeddings, f.embeddings, "embeddings", pair.embeddings, f.styles == ""},
	}
	for _, n := range need {
		if n.needed || n.given != "" {
			if *n.file, err = locateStyle(n.given, n.flag, n.instance); err != nil {
				return files, err
			}
		}
	}
	return files, nil
}

func openGhiasi(b compute.Backend, f styleFlags) (style.Stylizer, error) {
	files, err := ghiasiFiles(f)
	if err != nil {
		return nil, err
	}
	if f.compat {
		return style.OpenGhiasiCompat(b, files, f.alpha)
	}
	return style.OpenGhiasi(b, files, f.alpha)
}

// randomGhiasi names the distribution that styles are drawn from.
func randomGhiasi(f styleFlags) (string, error) {
	files, err := ghiasiFiles(f)
	if err != nil {
		return "", err
	}
	w, err := weights.Open(files.Embeddings)
	if err != nil {
		return "", err
	}
	return "random " + w.SHA256(), w.Close()
}

func openAdaIN(b compute.Backend, f styleFlags) (style.Stylizer, error) {
	var files style.AdaINFiles
	var err error
	if files.Decoder, err = locateStyle(f.decoder, "decoder", "adain-decoder"); err != nil {
		return nil, err
	}
	options := style.AdaINOptions{Alpha: f.alpha, StyleSide: f.styleSide}
	if options.Encoder, err = style.EncoderOf(files.Decoder); err != nil {
		return nil, err
	}
	name := "adain-encoder"
	if options.Encoder.Network != "" {
		name = options.Encoder.Network
	}
	if files.Encoder, err = locateStyle(f.encoder, "encoder", name); err != nil {
		return nil, err
	}
	return style.OpenAdaIN(b, files, options)
}

// locateStyle finds a file of weights: the one that was given, else the one that has this name. What was found by its
// published name must be what was published.
func locateStyle(given, flag, name string) (string, error) {
	if given != "" {
		_, err := os.Stat(given)
		return given, err
	}
	f, err := locate(name)
	if err != nil {
		p, _ := published.Lookup(name)
		return "", fmt.Errorf("the weights %s are not here; %s, or give a file with --%s FILE", name, howToGet(name, p), flag)
	}
	if f.published == nil {
		return f.path, nil
	}
	w, err := weights.Open(f.path)
	if err != nil {
		return "", err
	}
	if err := errors.Join(f.published.CheckSHA256(w.SHA256()), w.Close()); err != nil {
		return "", fmt.Errorf("%s: %w\nTo get the right file: gestalt models pull %s. To use this one all the same: --%s %[1]s", f.path, err, f.published.Name, flag)
	}
	return f.path, nil
}
