package main

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/gestalt-vision/gestalt/nets"
	"github.com/gestalt-vision/gestalt/weights/published"
)

// weightsInfo is what is known of weights, as --json has it. What is unknown is null.
type weightsInfo struct {
	Name    string   `json:"name"`
	Network *string  `json:"network"` // null for files that hold no classifier
	About   string   `json:"about,omitempty"`
	File    string   `json:"file,omitempty"` // published file name
	URL     *string  `json:"url"`
	Page    string   `json:"page,omitempty"`
	Bytes   *int64   `json:"bytes"`
	Exact   bool     `json:"bytes_exact"` // false where the size was published rounded
	SHA256  *string  `json:"sha256"`      // or its first digits
	Licence *string  `json:"licence"`
	Top1    *float64 `json:"top1"` // published, ImageNet validation set, per cent
	Top5    *float64 `json:"top5"`
	Path    *string  `json:"path"` // where it is, null where it is not here
	In      string   `json:"in,omitempty"`
}

// infoOf describes published weights.
func infoOf(f published.File) weightsInfo {
	return weightsInfo{
		Name: f.Name, Network: known(f.Network), About: f.About, File: f.File, URL: known(f.URL), Page: f.Page,
		Bytes: known(f.Size.Bytes), Exact: f.Size.Known() && f.Size.Within == 0, SHA256: known(f.SHA256),
		Licence: known(f.Licence), Top1: known(f.Top1), Top5: known(f.Top5),
	}
}

// known is nil for the zero value.
func known[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

// register lists all weights that have a name: the published ones, then networks of which nothing is published.
func register() []weightsInfo {
	var list []weightsInfo
	for _, f := range published.Files() {
		list = append(list, infoOf(f))
	}
	for _, name := range nets.Names() {
		if !slices.ContainsFunc(list, func(i weightsInfo) bool { return i.Name == name }) {
			list = append(list, weightsInfo{Name: name, Network: &name, About: "no published weights are known"})
		}
	}
	for i := range list {
		if at, err := locate(list[i].Name); err == nil {
			list[i].Path, list[i].In = &at.path, at.in
		}
	}
	return list
}

func newModelsListCommand() *cobra.Command {
	var asJSON, here bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the networks and the published weights, and which are here",
		Long: `list prints the weights that --model and 'gestalt models pull' know by name: size of the download, published
accuracy on the ImageNet validation set in per cent, and where the file is if it is here: in gestalt's cache, in
PyTorch's or Hugging Face's, or among the test data. An "own file" is NAME.safetensors, which somebody has put there:
its accuracy may be another. The name of a network stands for the weights that the field compares with, torchvision's
IMAGENET1K_V1. "-" is what is not known.`,
		Example: "  gestalt models list\n  gestalt models list --here --json",
		Args:    usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			list := register()
			if here {
				list = slices.DeleteFunc(list, func(i weightsInfo) bool { return i.Path == nil })
			}
			if asJSON {
				return writeJSON(cmd.OutOrStdout(), list)
			}
			_, err := fmt.Fprint(cmd.OutOrStdout(), listText(list))
			return err
		},
	}
	cmd.Flags().BoolVar(&here, "here", false, "only what is here")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func listText(list []weightsInfo) string {
	var text strings.Builder
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NAME\tSIZE\tTOP-1\tTOP-5\tHERE\tWHAT")
	for _, i := range list {
		size, here := "-", "-"
		if i.Bytes != nil {
			size = published.Bytes(*i.Bytes)
		}
		if i.Path != nil {
			here = i.In
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", i.Name, size, accuracy(i.Top1), accuracy(i.Top5), here, i.About)
	}
	table.Flush()
	return text.String()
}

func accuracy(p *float64) string {
	if p == nil {
		return "-"
	}
	return fmt.Sprintf("%.2f", *p)
}
