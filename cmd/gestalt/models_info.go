package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/gestalt-vision/gestalt/dataset"
	"github.com/gestalt-vision/gestalt/engine"
	"github.com/gestalt-vision/gestalt/nets"
	"github.com/gestalt-vision/gestalt/weights"
	"github.com/gestalt-vision/gestalt/weights/published"
)

func newModelsInfoCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "info NAME|FILE",
		Short: "Say what is known of a network, of weights or of a file",
		Long: `info prints the network, its size and preprocessing, and of its weights the published accuracy, licence, address
and SHA-256 and where they are or would be. Of a FILE it also says what it holds.`,
		Example: "  gestalt models info resnet50-sin\n  gestalt models info resnet50.safetensors --json",
		Args:    usageArgs(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			i, err := describe(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(cmd.OutOrStdout(), i)
			}
			_, err = fmt.Fprint(cmd.OutOrStdout(), i)
			return err
		},
		ValidArgsFunction: completeWeights,
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// modelInfo is what info prints.
type modelInfo struct {
	weightsInfo
	Parameters    *int     `json:"parameters"`    // learned numbers of the network
	MultiplyAdds  *int64   `json:"multiply_adds"` // of convolutions and linear layers, for one picture
	Classes       *int     `json:"classes"`       // that it tells apart
	Preprocessing *string  `json:"preprocessing"` // in torchvision's words
	Places        []string `json:"places"`        // where the file is looked for
	Content       *content `json:"content"`       // of the file that is here
}

// content is what a file of weights holds.
type content struct {
	Bytes    int64             `json:"bytes"`
	SHA256   string            `json:"sha256"`
	Tensors  int               `json:"tensors,omitempty"`
	Values   int               `json:"values,omitempty"`
	Network  string            `json:"network,omitempty"` // whose parameters these are
	Classes  []string          `json:"classes,omitempty"` // names, of a network for others than those of ImageNet
	Metadata map[string]string `json:"metadata,omitempty"`
}

// describe finds out about a name or a file.
func describe(ctx context.Context, arg string) (i modelInfo, err error) {
	var network string
	var resize int
	if isFile(arg) || isWeightsFile(arg) {
		i, network, resize, err = describeFile(ctx, arg)
	} else {
		i, network, resize, err = describeName(ctx, arg)
	}
	if err != nil || network == "" {
		return i, err
	}
	a, err := nets.Lookup(network)
	if err == nil && i.Path != nil && hasWeightsSuffix(*i.Path) {
		a, err = declaredBy(a, *i.Path)
	}
	if err != nil {
		return i, err
	}
	if resize > 0 {
		a.Preprocess.Resize = resize
	}
	return i, i.describeNetwork(a)
}

// declaredBy is the network as a file of its weights declares it.
func declaredBy(a nets.Architecture, path string) (declared nets.Architecture, err error) {
	f, err := weights.Open(path)
	if err != nil {
		return a, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return a.Of(f)
}

// describeFile finds out about a file, the network whose parameters it holds and the size of pictures that these want.
func describeFile(ctx context.Context, path string) (i modelInfo, network string, resize int, err error) {
	c, err := contentOf(ctx, path)
	if err != nil {
		return i, "", 0, err
	}
	f, converted, err := originOf(path, c.SHA256)
	if err != nil {
		return i, "", 0, err
	}
	network = f.Network
	if f.Name == "" || converted {
		if hasWeightsSuffix(path) {
			if network, err = nets.Identify(path); err != nil {
				return i, "", 0, err
			}
		}
		i.weightsInfo = weightsInfo{Name: stem(path), About: "not a published file"}
		if converted {
			i.About = "converted from " + f.Name
		}
	} else {
		i.weightsInfo = infoOf(f)
	}
	c.Network = network
	i.Network, i.Content, i.Path, i.In, i.Places = known(network), &c, &path, filepath.Dir(path), []string{path}
	return i, network, f.Resize, nil
}

// describeName does so for published weights and networks. Where a file of somebody's own stands for the name, the file
// says what it holds.
func describeName(ctx context.Context, name string) (i modelInfo, network string, resize int, err error) {
	f, ok := published.Lookup(name)
	if ok {
		i.weightsInfo, i.Places, network = infoOf(f), weightsStore().Places(f), f.Network
	} else {
		if _, err := nets.Lookup(name); err != nil {
			return i, "", 0, usagef("%w\nPublished weights have names too; 'gestalt models list' shows them", err)
		}
		i.weightsInfo, network = weightsInfo{Name: name, Network: &name, About: "no published weights are known"}, name
	}
	resize = f.Resize
	at, err := locate(name)
	if err != nil {
		return i, network, resize, nil // not here
	}
	i.Path, i.In = &at.path, at.in
	if at.published == nil {
		own, holds, size, err := describeFile(ctx, at.path)
		i.Content = own.Content
		return i, holds, size, err
	}
	c, err := contentOf(ctx, at.path)
	c.Network = network
	i.Content = &c
	return i, network, resize, err
}

// describeNetwork fills in what the architecture says.
func (i *modelInfo) describeNetwork(a nets.Architecture) error {
	params, err := a.Parameters()
	if err != nil {
		return err
	}
	learned := 0
	for _, p := range params {
		if p.Learned {
			learned += p.Len()
		}
	}
	b, err := engine.Open("go") // only to infer shapes; nothing is computed
	if err != nil {
		return err
	}
	defer b.Finalize()
	multiplyAdds, err := a.MultiplyAdds(b, 1, a.Preprocess.Crop, a.Preprocess.Crop)
	if err != nil {
		return err
	}
	if i.Content != nil {
		i.Content.Classes = a.ClassNames()
	}
	classes := a.Classes()
	preprocessing := a.Preprocess.String()
	i.Parameters, i.MultiplyAdds, i.Classes, i.Preprocessing = &learned, &multiplyAdds, &classes, &preprocessing
	return nil
}

// contentOf reads a file of weights; of one in a format that gestalt does not read, only its size and hash.
func contentOf(ctx context.Context, path string) (c content, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return c, err
	}
	c.Bytes = info.Size()
	if !hasWeightsSuffix(path) {
		c.SHA256, err = published.SHA256(ctx, path)
		return c, err
	}
	f, err := weights.Open(path)
	if err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	c.SHA256, c.Tensors, c.Metadata = f.SHA256(), len(f.Names()), f.Metadata()
	for _, name := range f.Names() {
		t, err := f.Tensor(name)
		if err != nil {
			return c, err
		}
		c.Values += t.Len()
	}
	return c, nil
}

func (i modelInfo) String() string {
	var text strings.Builder
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	row := func(title, format string, args ...any) { fmt.Fprintf(table, title+"\t"+format+"\n", args...) }
	row("name", "%s", i.Name)
	if i.Network != nil {
		row("network", "%s", *i.Network)
	}
	row("what", "%s", i.About)
	if i.Parameters != nil {
		row("parameters", "%.2f million", float64(*i.Parameters)/1e6)
		row("multiply-adds", "%.3f billion for a picture", float64(*i.MultiplyAdds)/1e9)
		row("classes", "%s", classList(*i.Classes, i.Content))
		row("preprocessing", "%s", *i.Preprocessing)
	}
	if i.File != "" {
		if i.Network != nil {
			row("top-1, top-5", "%s, %s %% of the ImageNet validation set (published)", accuracy(i.Top1), accuracy(i.Top5))
		}
		row("published as", "%s, %s, SHA-256 %s", i.File, i.sizeText(), i.sumText())
		row("licence", "%s", textOr(i.Licence, "not stated"))
		row("address", "%s", textOr(i.URL, "none that a program can fetch: get it by hand from the page"))
		row("page", "%s", i.Page)
	}
	switch {
	case i.Path != nil:
		row("here", "%s, %s", *i.Path, i.In)
	default:
		row("here", "no; looked for %s", strings.Join(i.Places, ", "))
		if i.URL != nil {
			row("", "get it with: gestalt models pull %s", i.Name)
		} else if len(i.Places) > 0 {
			row("", "put it at %s, then: gestalt models verify %s", i.Places[0], i.Name)
		}
	}
	if c := i.Content; c != nil {
		row("size", "%d bytes, SHA-256 %s", c.Bytes, c.SHA256)
		if c.Tensors > 0 {
			row("holds", "%d tensors, %d values: %s", c.Tensors, c.Values, textOr(known(c.Network), "of none of the networks"))
		}
	}
	table.Flush()
	return text.String()
}

// classList tells how many classes there are, and what the first of a network's own are called.
func classList(n int, c *content) string {
	const most = 20
	switch {
	case c != nil && len(c.Classes) > most:
		return fmt.Sprintf("%d: %s, …", n, strings.Join(c.Classes[:most], ", "))
	case c != nil && len(c.Classes) > 0:
		return fmt.Sprintf("%d: %s", n, strings.Join(c.Classes, ", "))
	case n == dataset.NumClasses:
		return "the 1,000 of ImageNet"
	}
	return fmt.Sprintf("%d without names; write them into the file with: gestalt models convert --classes FILE", n)
}

func (i modelInfo) sizeText() string {
	switch {
	case i.Bytes == nil:
		return "size unknown"
	case i.Exact:
		return fmt.Sprintf("%d bytes", *i.Bytes)
	}
	return "about " + published.Bytes(*i.Bytes)
}

func (i modelInfo) sumText() string {
	switch {
	case i.SHA256 == nil:
		return "unknown"
	case len(*i.SHA256) < 64:
		return *i.SHA256 + "…"
	}
	return *i.SHA256
}

// textOr is the text, or what to say where there is none.
func textOr(s *string, none string) string {
	if s == nil {
		return none
	}
	return *s
}
