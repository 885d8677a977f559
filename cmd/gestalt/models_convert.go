package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gestalt-vision/gestalt/nets"
	"github.com/gestalt-vision/gestalt/weights"
)

func newModelsConvertCommand() *cobra.Command {
	var net, classes string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "convert [--net NAME] [--classes FILE] IN OUT" + weightsSuffix,
		Short: "Write a file of weights as safetensors",
		Long: `convert reads the file of weights IN, a .pth or .pt file of PyTorch, a safetensors or a TensorFlow Lite file, and
writes its tensors as the safetensors file OUT. torchvision's load_state_dict takes OUT unchanged. Number formats stay as they are, and so do a
safetensors file's metadata; what comes from PyTorch gets metadata with the SHA-256 of IN. The order is that of the
format's reference implementation, so that the same IN always gives the same OUT. OUT holds either what it held before or
the whole of the new file.

Of a PyTorch checkpoint the network's parameters are written (state_dict, model, ...), and the rest, such as an
optimiser's state, is left out. Names lose the module. that DataParallel puts into them. What was left out and renamed is
printed. Nothing in IN is executed: a file that holds more than tensors, numbers, strings and containers is refused.

Of a TensorFlow Lite file the kernels and biases of convolutions and linear layers are written, dequantised to float32 and
in PyTorch's order of axes.

With --net, OUT is written only if IN holds exactly the parameters of that network.

A network for other classes than the 1,000 of ImageNet is used by the names of its classes, which OUT keeps in its
metadata: --classes takes them from a text file, a name a line, in the order of the network's outputs.`,
		Example: `  gestalt models convert resnet50-0676ba61.pth resnet50.safetensors
  gestalt models convert --net resnet50 checkpoint.pth.tar resnet50-mine.safetensors
  gestalt models convert --classes birds.txt birds.pth birds.safetensors
  gestalt predict --model resnet50=resnet50-mine.safetensors photo.jpg`,
		Args: usageArgs(cobra.ExactArgs(2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := convert(args[0], args[1], net, classes)
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
	f.StringVar(&classes, "classes", "", "text file with the names of the network's classes, one a line")
	f.BoolVar(&asJSON, "json", false, "print JSON")
	complete(cmd, "net", nets.Names()...)
	return cmd
}

// convertedFrom is the entry of the metadata with the SHA-256 of the file that a file was converted from.
const convertedFrom = "converted_from_sha256"

// conversion is what convert has done.
type conversion struct {
	In      string `json:"in"`
	Format  string `json:"format"` // of In
	Out     string `json:"out"`
	Network string `json:"network,omitempty"` // whose parameters they are, where that was asked
	Tensors int    `json:"tensors"`
	Values  int    `json:"values"`
	// Key leads to the parameters within a checkpoint.
	Key     string            `json:"key,omitempty"`
	Renamed map[string]string `json:"renamed,omitempty"`
	LeftOut []string          `json:"left_out,omitempty"`
}

func (c conversion) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%s)", c.In, c.Format)
	if c.Key != "" {
		fmt.Fprintf(&b, ", its %s", c.Key)
	}
	fmt.Fprintf(&b, "\n%s: %d tensors, %d values", c.Out, c.Tensors, c.Values)
	if c.Network != "" {
		fmt.Fprintf(&b, ", the parameters of %s", c.Network)
	}
	b.WriteString("\n")
	if len(c.Renamed) > 0 {
		first := slices.Min(slices.Collect(maps.Keys(c.Renamed)))
		fmt.Fprintf(&b, "renamed %d of them, such as %s to %s\n", len(c.Renamed), first, c.Renamed[first])
	}
	if len(c.LeftOut) > 0 {
		const most = 12
		fmt.Fprintf(&b, "left out %s", strings.Join(c.LeftOut[:min(most, len(c.LeftOut))], ", "))
		if more := len(c.LeftOut) - most; more > 0 {
			fmt.Fprintf(&b, " and %d more", more)
		}
		b.WriteString("\n")
	}
	return b.String()
}

func convert(in, out, net, classes string) (c conversion, err error) {
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
	named := map[string]string{}
	if classes != "" {
		if named, err = classMetadata(f, net, classes); err != nil {
			return c, err
		}
	}
	origin := f.Origin()
	c = conversion{
		In: in, Format: origin.Format, Out: out, Network: net, Tensors: len(f.Names()),
		Key: origin.Key, Renamed: origin.Renamed, LeftOut: origin.LeftOut,
	}
	var tensors []weights.Tensor
	for _, name := range f.Names() {
		t, err := f.Tensor(name)
		if err != nil {
			return c, err
		}
		tensors = append(tensors, t)
		c.Values += t.Len()
	}
	metadata := f.Metadata()
	if origin.Format != weights.FormatSafetensors {
		// "format" is how Python's libraries tell whose names and layout a file has.
		metadata = map[string]string{"format": "pt", convertedFrom: f.SHA256()}
	}
	if metadata == nil {
		metadata = named
	}
	maps.Copy(metadata, named)
	return c, weights.Write(out, tensors, metadata)
}

// classMetadata is what the metadata of a file of weights have to say for its network, the named one or the one that its
// parameters tell, with the classes that a list names.
func classMetadata(f *weights.File, net, list string) (map[string]string, error) {
	if net == "" {
		var err error
		if net, err = networkOf(f.Path()); err != nil {
			return nil, err
		}
	}
	a, err := nets.Lookup(net)
	if err != nil {
		return nil, err
	}
	if a, err = a.Of(f); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(list)
	if err != nil {
		return nil, err
	}
	names := strings.Split(strings.TrimSuffix(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n"), "\n")
	if len(names) != a.Classes() {
		return nil, fmt.Errorf("%s names %d classes, but the %s in %s tells %d apart", list, len(names), a.Name, f.Path(), a.Classes())
	}
	if err := nets.CheckClassNames(names); err != nil {
		return nil, fmt.Errorf("%s: %w", list, err)
	}
	return a.WithClassNames(names).Metadata(), nil
}
