package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/gestalt-vision/gestalt/nets"
	"github.com/gestalt-vision/gestalt/weights/published"
)

func newModelsVerifyCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "verify [NAME|FILE]...",
		Short: "Compare weights that are here with the published SHA-256",
		Long: `verify reads weights and compares their SHA-256 with the published one: of the names given, or of all published
files that are here. Of a FILE it says which published file it is, or else whose parameters it holds.

Each is "right"; "damaged" if it lies under a published name and is something else; "unknown" if nothing is published
to compare it with, as for weights of your own. The exit code is 1 if one is damaged.`,
		Example: "  gestalt models verify\n  gestalt models verify resnet50 download.pth --json",
		Args:    cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			files, err := verifiable(args)
			if err != nil {
				return err
			}
			return verifyAll(cmd, files, asJSON)
		},
		ValidArgsFunction: completeWeights,
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// toVerify is a file and what it should be.
type toVerify struct {
	path string
	want *published.File // nil: anything
}

// verifiable finds the files that arguments stand for; without arguments, all published files that are here.
func verifiable(args []string) ([]toVerify, error) {
	var files []toVerify
	if len(args) == 0 {
		store := weightsStore()
		for _, f := range published.Files() {
			if place, ok := store.Find(f); ok {
				files = append(files, toVerify{place.Path, &f})
			}
		}
		return files, nil
	}
	for _, arg := range args {
		if f, ok := published.ByFile(filepath.Base(arg)); ok {
			files = append(files, toVerify{arg, &f})
			continue
		}
		if isFile(arg) || isWeightsFile(arg) {
			files = append(files, toVerify{arg, nil})
			continue
		}
		if _, known := published.Lookup(arg); !known {
			if _, err := nets.Lookup(arg); err != nil {
				return nil, usagef("%q is neither a file nor the name of weights; 'gestalt models list' shows the names", arg)
			}
		}
		at, err := locate(arg)
		if err != nil {
			return nil, err
		}
		files = append(files, toVerify{at.path, at.published})
	}
	return files, nil
}

// verified is what verify found out about a file.
type verified struct {
	Path    string `json:"path"`
	Status  string `json:"status"`                   // right, damaged, unknown
	Name    string `json:"name,omitempty"`           // of the published file that it is or should be
	Network string `json:"network,omitempty"`        // whose parameters it holds
	Origin  string `json:"converted_from,omitempty"` // the published file that it says it was converted from
	Checked string `json:"checked"`                  // "sha256", "first digits of sha256" or "nothing"
	SHA256  string `json:"sha256"`
	Reason  string `json:"reason,omitempty"`
}

const (
	statusRight   = "right"
	statusDamaged = "damaged"
	statusUnknown = "unknown"
)

func (v verified) String() string {
	text := fmt.Sprintf("%-8s %s\n         ", v.Status, v.Path)
	switch {
	case v.Reason != "":
		return text + v.Reason + "\n"
	case v.Status == statusRight && v.Checked == "sha256":
		text += "is " + v.Name + ", SHA-256 " + v.SHA256
	case v.Status == statusRight:
		text += "is " + v.Name + " as far as the first digits say, SHA-256 " + v.SHA256
	case v.Origin != "":
		text += "says that it was converted from " + v.Origin + ", holds parameters of " + v.Network + ", SHA-256 " + v.SHA256
	case v.Network != "":
		text += "holds parameters of " + v.Network + ", SHA-256 " + v.SHA256
	default:
		text += "SHA-256 " + v.SHA256
	}
	return text + "\n"
}

func verifyAll(cmd *cobra.Command, files []toVerify, asJSON bool) error {
	results := []verified{}
	damaged := 0
	for _, f := range files {
		v, err := verify(cmd.Context(), f)
		if err != nil {
			return err
		}
		results = append(results, v)
		if v.Status == statusDamaged {
			damaged++
		}
		if !asJSON {
			if _, err := fmt.Fprint(cmd.OutOrStdout(), v); err != nil {
				return err
			}
		}
	}
	if asJSON {
		if err := writeJSON(cmd.OutOrStdout(), results); err != nil {
			return err
		}
	}
	if damaged > 0 {
		return fmt.Errorf("%d of %d files are damaged; remove them, and get them again with 'gestalt models pull'", damaged, len(files))
	}
	return nil
}

func verify(ctx context.Context, f toVerify) (verified, error) {
	v := verified{Path: f.path, Status: statusUnknown, Checked: "nothing"}
	sum, err := published.SHA256(ctx, f.path)
	if err != nil {
		return v, err
	}
	info, err := os.Stat(f.path)
	if err != nil {
		return v, err
	}
	v.SHA256 = sum
	if f.want != nil {
		v.Name, v.Network = f.want.Name, f.want.Network
		if err := f.want.CheckSHA256(sum); err != nil {
			v.Status, v.Checked, v.Reason = statusDamaged, checked(*f.want), err.Error()
			return v, nil
		}
	}
	if is, ok := published.BySHA256(sum); ok && is.Size.Fits(info.Size()) {
		v.Status, v.Name, v.Network, v.Checked = statusRight, is.Name, is.Network, checked(is)
		return v, nil
	}
	if f.want == nil && hasWeightsSuffix(f.path) {
		if v.Network, err = nets.Identify(f.path); err != nil {
			v.Reason = err.Error()
			return v, nil
		}
		if is, converted, err := originOf(f.path, sum); err == nil && converted {
			v.Origin = is.Name
		}
	}
	return v, nil
}
