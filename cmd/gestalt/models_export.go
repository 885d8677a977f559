package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/gestalt-vision/gestalt/internal/atomicfile"
	"github.com/gestalt-vision/gestalt/weights/published"
)

// The files that describe a mirror.
const (
	mirrorManifest = "manifest.json"
	mirrorSums     = "SHA256SUMS"
)

func newModelsExportCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "export FOLDER [NAME]...",
		Short: "Write published weights into a folder that serves as a mirror",
		Long: `export puts published weights that are here into FOLDER, by default all of them, under their published file names,
so that a machine without network can pull from it: carry the folder there, or serve it over http, and set
GESTALT_MIRROR to its path or address. A second export into the folder adds to it.

Beside them it writes ` + mirrorManifest + ` (name, network, licence, where each is published) and ` + mirrorSums + `, which
'sha256sum -c ` + mirrorSums + `' checks. Files that are not right are refused. For a single file as safetensors, which
torchvision loads too, see 'gestalt models convert'.`,
		Example: `  gestalt models export /media/stick/weights resnet50 resnet50-sin
  GESTALT_MIRROR=/media/stick/weights gestalt models pull resnet50-sin`,
		Args: usageArgs(cobra.MinimumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			wanted, err := exportable(args[1:])
			if err != nil {
				return err
			}
			m, err := export(cmd.Context(), args[0], wanted)
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(cmd.OutOrStdout(), m)
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s holds %d files, %s; use it with GESTALT_MIRROR=%[1]s\n", args[0], len(m.Files), published.Bytes(m.size()))
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// exportable are the published files of these names, all of which must be here; without names, those that are here.
func exportable(names []string) ([]published.File, error) {
	wanted, err := lookUpAll(names)
	if err != nil {
		return nil, err
	}
	store := weightsStore()
	if len(names) == 0 {
		for _, f := range published.Files() {
			if _, ok := store.Find(f); ok {
				wanted = append(wanted, f)
			}
		}
		if len(wanted) == 0 {
			return nil, errors.New("no published weights are here; get some with 'gestalt models pull'")
		}
	}
	for _, f := range wanted {
		if _, ok := store.Find(f); !ok {
			return nil, fmt.Errorf("%s is not here; %s", f.Name, howToGet(f.Name, f))
		}
	}
	return wanted, nil
}

// mirror describes a folder of published files.
type mirror struct {
	Files []mirrored `json:"files"`
}

// mirrored is one file of it.
type mirrored struct {
	Name    string `json:"name"`
	Network string `json:"network,omitempty"`
	File    string `json:"file"`
	Bytes   int64  `json:"bytes"`
	SHA256  string `json:"sha256"`
	Checked string `json:"checked"` // what of the hash was compared with what is published
	Licence string `json:"licence,omitempty"`
	URL     string `json:"url,omitempty"`
	Page    string `json:"page"`
}

func (m mirror) size() (n int64) {
	for _, f := range m.Files {
		n += f.Bytes
	}
	return n
}

// export fills the folder and describes all published files that are in it then.
func export(ctx context.Context, folder string, wanted []published.File) (m mirror, err error) {
	store := weightsStore()
	m.Files = []mirrored{}
	for _, f := range published.Files() {
		if !slices.Contains(wanted, f) && !isFile(filepath.Join(folder, f.File)) {
			continue
		}
		p, err := store.CopyTo(ctx, f, folder)
		if err != nil {
			return m, err
		}
		m.Files = append(m.Files, mirrored{f.Name, f.Network, f.File, p.Bytes, p.SHA256, checked(f), f.Licence, f.URL, f.Page})
	}
	if err := atomicfile.Write(filepath.Join(folder, mirrorManifest), func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(m)
	}); err != nil {
		return m, err
	}
	return m, atomicfile.Write(filepath.Join(folder, mirrorSums), func(w io.Writer) error {
		for _, f := range m.Files {
			if _, err := fmt.Fprintf(w, "%s  %s\n", f.SHA256, f.File); err != nil {
				return err
			}
		}
		return nil
	})
}
