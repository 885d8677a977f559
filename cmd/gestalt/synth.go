package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gestalt-vision/gestalt/dataset"
	"github.com/gestalt-vision/gestalt/internal/atomicfile"
	"github.com/gestalt-vision/gestalt/pixel"
	"github.com/gestalt-vision/gestalt/synth"
)

// synthOptions are the flags of the verb.
type synthOptions struct {
	kind    string
	split   string
	count   int
	size    int
	seed    uint64
	workers int
	json    bool
}

// synthSummary is what --json prints.
type synthSummary struct {
	Out      string   `json:"out"`
	Manifest string   `json:"manifest"`
	Kind     string   `json:"kind"`
	Split    string   `json:"split"`
	Count    int      `json:"count"`
	Size     int      `json:"size"`
	Seed     uint64   `json:"seed"`
	Classes  []string `json:"classes"`
	Textures []string `json:"textures"`
}

func newSynthCommand() *cobra.Command {
	var o synthOptions
	kinds := make([]string, 0, len(synth.Kinds()))
	for _, k := range synth.Kinds() {
		kinds = append(kinds, string(k))
	}
	cmd := &cobra.Command{
		Use:   "synth OUT",
		Short: "Draw pictures with a known shape and a known texture",
		Long: `synth draws pictures of 16 shapes, each with a texture of its own, into OUT/CLASS/NAME.png, a folder a class. OUT must
not exist yet. OUT/manifest.csv says which class's shape and which class's texture each picture shows.

Kinds: in (shape and texture of one class), cue-conflict (the texture of another class, all 240 pairs in turn), independent
(the texture of any class), silhouette, edge, greyscale, texture (no shape; the folder is that of the texture's class),
clutter (in, among smaller objects). Pictures of cue conflict are named as the field names them: fish8-flower8.png has
the shape of a fish and the texture that comes with flowers.

A picture depends on seed, split and its number alone: the same number is the same object in all kinds and sizes.`,
		Example: `  gestalt synth pictures/train --kind in --split train --count 4800 --size 64 --seed 1
  gestalt synth pictures/cue-conflict --kind cue-conflict --split val --count 480 --size 224`,
		Args: usageArgs(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error { return runSynth(cmd, args[0], o) },
	}
	f := cmd.Flags()
	f.StringVar(&o.kind, "kind", string(synth.IN), "what the pictures show: "+strings.Join(kinds, ", "))
	f.StringVar(&o.split, "split", "train", "name of the split; different splits share no picture")
	f.IntVar(&o.count, "count", 1600, "number of pictures, of all classes together")
	f.IntVar(&o.size, "size", 64, "height and width of the pictures in pixels, 32 to 512")
	f.Uint64Var(&o.seed, "seed", 1, "seed")
	f.IntVar(&o.workers, "workers", 0, "pictures drawn at once (default: one a processor); they are the same for any number")
	f.BoolVar(&o.json, "json", false, "print what was drawn as JSON")
	complete(cmd, "kind", kinds...)
	return cmd
}

func runSynth(cmd *cobra.Command, out string, o synthOptions) (err error) {
	set, err := synth.New(synth.Options{Seed: o.seed, Split: o.split, Kind: synth.Kind(o.kind), Size: o.size, Len: o.count})
	if err != nil {
		return usageError{err}
	}
	out = filepath.Clean(out)
	if _, err := os.Lstat(out); err == nil {
		return fmt.Errorf("%s is there already: remove it, or name another folder", out)
	} else if !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(out), 0o777); err != nil {
		return err
	}
	// The folder is either whole or not there: it is written under another name.
	unfinished, err := os.MkdirTemp(filepath.Dir(out), "."+filepath.Base(out)+".*.tmp")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(unfinished)) }()
	told := newProgress(cmd.ErrOrStderr(), "drawing", o.count)
	if err := writeSynth(cmd.Context(), set, unfinished, o.workers, told); err != nil {
		return fmt.Errorf("drawing into %s: %w", out, err)
	}
	if err := os.Chmod(unfinished, 0o755); err != nil { // MkdirTemp makes folders that only their owner can read
		return err
	}
	if err := os.Rename(unfinished, out); err != nil {
		return err
	}
	if o.json {
		return writeJSON(cmd.OutOrStdout(), synthSummary{out, filepath.Join(out, "manifest.csv"), o.kind, o.split, o.count,
			o.size, o.seed, synth.Classes(), synth.Textures()})
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%d pictures of %d classes in %s\n", o.count, min(o.count, synth.NumClasses), out)
	return err
}

// writeSynth writes class folders and the manifest.
func writeSynth(ctx context.Context, set *synth.Set, dir string, workers int, told *progress) error {
	classes := synth.Classes()
	for _, class := range classes[:min(set.Len, len(classes))] {
		if err := os.Mkdir(filepath.Join(dir, class), 0o777); err != nil {
			return err
		}
	}
	rows := [][]string{{"file", "index", "shape", "texture", "texture_family"}}
	for row, err := range dataset.Map(ctx, set.Len, workers, func(i int) ([]string, error) { return writeSynthPicture(set, dir, i) }) {
		if err != nil {
			return err
		}
		rows = append(rows, row)
		told.add(1)
	}
	return atomicfile.Write(filepath.Join(dir, "manifest.csv"), func(w io.Writer) error {
		return csv.NewWriter(w).WriteAll(rows)
	})
}

// writeSynthPicture writes picture i and returns its row of the manifest, in which a cue that it does not have is empty.
func writeSynthPicture(set *synth.Set, dir string, i int) ([]string, error) {
	m, truth := set.Picture(i)
	classes := synth.Classes()
	class := classes[truth.Class()]
	name, shape, texture, family := class+strconv.Itoa(i), "", "", ""
	if truth.Shape != synth.None {
		shape = classes[truth.Shape]
	}
	if truth.Texture != synth.None {
		texture, family = classes[truth.Texture], synth.Textures()[truth.Texture]
	}
	if shape != "" && texture != "" && shape != texture {
		name += "-" + texture + strconv.Itoa(i)
	}
	var data bytes.Buffer
	if err := pixel.EncodePNG(&data, m); err != nil {
		return nil, err
	}
	file := class + "/" + name + ".png"
	if err := os.WriteFile(filepath.Join(dir, filepath.FromSlash(file)), data.Bytes(), 0o644); err != nil {
		return nil, err
	}
	return []string{file, strconv.Itoa(i), shape, texture, family}, nil
}
