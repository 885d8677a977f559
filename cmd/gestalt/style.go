package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/gestalt-vision/gestalt/style"
	"github.com/gestalt-vision/gestalt/weights"
)

func newStyleCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "style",
		Short:   "Networks that repaint pictures",
		Long:    `style is about the networks of style transfer. Each of its verbs has its own --help.`,
		Example: `  gestalt style train --content photographs --styles paintings --encoder vgg_normalised.pth --out decoder.safetensors`,
		Args:    cobra.ArbitraryArgs,
		RunE:    helpOrUnknown,
	}
	cmd.SuggestionsMinimumDistance = 2
	cmd.AddCommand(newStyleTrainCommand())
	return cmd
}

// parseAdaINEncoder resolves an --encoder flag: a file that is the published vgg_normalised, or a network as --model has
// it, of which these features are used.
func parseAdaINEncoder(spec string, features []string) (e style.AdaINEncoder, file string, err error) {
	if !strings.Contains(spec, "=") && isWeightsFile(spec) {
		f, err := weights.Open(spec)
		if err != nil {
			return e, "", err
		}
		defer f.Close()
		if style.IsVGGNormalised(f) {
			if len(features) > 0 {
				return e, "", usagef("--features are those of another network; of %s it is always relu1_1, relu2_1, relu3_1 and relu4_1", spec)
			}
			return e, spec, nil
		}
	}
	m, err := parseModel(spec)
	if err != nil {
		return e, "", err
	}
	if m.name == "" {
		return e, "", usagef("--encoder %s: an ONNX file can't be one", spec)
	}
	e = style.AdaINEncoder{Network: m.name, Features: features}
	if len(features) == 0 && !strings.HasPrefix(m.name, "vgg") {
		return e, "", usagef("say with --features which layers of %s are compared, from shallow to deep", m.name)
	}
	return e, m.file, nil
}
