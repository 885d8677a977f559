package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gestalt-vision/gestalt/nets"
	"github.com/gestalt-vision/gestalt/weights"
)

func newModelsConvertCommand() *cobra.Command {
	var net string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "convert [--net NAME] IN OUT" + weightsSuffix,
		Short: "Write a file of weights as safetensors",
		Long: `convert reads the file of weights IN and writes its tensors as the safetensors file OUT, in the order that the
format's reference implementation gives them, so that equal tensors give equal files. Number formats stay as they are,
and so do the metadata. OUT holds either what it held before or the whole of the new file.

With --net, OUT is written only if IN holds exactly the parameters of that network.`,
		Example: `  gestalt models convert resnet50-download.safetensors resnet50.safetensors
  gestalt models convert --net resnet50 download.safetensors resnet50.safetensors`,
		Args: usageArgs(cobra.ExactArgs(2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := convert(args[0], args[1], net)
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(cmd.OutOrStdout(), c)
			}
			_, err = fmt.Fprint(cmd.OutOrStdout(), c)
			return err
		},
	}
	f := cmd.Flags()
	f.StringVar(&net, "net", "", "network that the file must fit")
	f.BoolVar(&asJSON, "json", false, "print JSON")
	complete(cmd, "net", nets.Names()...)
	return cmd
}

// conversion is what convert has done.
type conversion struct {
	In      string `json:"in"`
	Out     string `json:"out"`
	Network string `json:"network,omitempty"` // whose parameters they are, where that was asked
	Tensors int    `json:"tensors"`
	Values  int    `json:"values"`
}

func (c conversion) String() string {
	text := fmt.Sprintf("%s: %d tensors, %d values", c.Out, c.Tensors, c.Values)
	if c.Network != "" {
		text += ", the parameters of " + c.Network
	}
	return text + "\n"
}

func convert(in, out, net string) (c conversion, err error) {
	if !strings.HasSuffix(out, weightsSuffix) {
		return c, usagef("convert writes safetensors files; give OUT a name that ends in %s, not %s", weightsSuffix, out)
	}
	var architecture nets.Architecture
	if net != "" {
		if architecture, err = nets.Lookup(net); err != nil {
			return c, usageError{err}
		}
	}
	f, err := weights.Open(in)
	if err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if net != "" {
		if err := architecture.Check(f); err != nil {
			return c, fmt.Errorf("%s: %w", net, err)
		}
	}
	c = conversion{In: in, Out: out, Network: net, Tensors: len(f.Names())}
	var tensors []weights.Tensor
	for _, name := range f.Names() {
		t, err := f.Tensor(name)
		if err != nil {
			return c, err
		}
		tensors = append(tensors, t)
		c.Values += t.Len()
	}
	return c, weights.Write(out, tensors, f.Metadata())
}
