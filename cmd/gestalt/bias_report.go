package main

import (
	"bytes"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gestalt-vision/gestalt/dataset"
	"github.com/gestalt-vision/gestalt/internal/atomicfile"
	"github.com/gestalt-vision/gestalt/measure"
	"github.com/gestalt-vision/gestalt/observe"
	"github.com/gestalt-vision/gestalt/pixel"
	"github.com/gestalt-vision/gestalt/report"
)

const settingsFile = "settings.json"

// biasSettings are the resolved settings, written beside the results as settings.json: what the figures depend on.
type biasSettings struct {
	Version       string           `json:"version"`
	Experiment    string           `json:"experiment"`
	Engine        string           `json:"engine"`
	Aggregate     string           `json:"aggregate"` // "" where all networks answer with classes of their own
	Models        []modelSettings  `json:"models"`
	Stimuli       string           `json:"stimuli"`
	StimuliCount  int              `json:"stimuli_count"`
	StimuliSHA256 string           `json:"stimuli_sha256"`
	Humans        string           `json:"humans,omitempty"`
	Intervals     measure.Settings `json:"intervals"`
}

type modelSettings struct {
	Observer      string   `json:"observer"`
	Network       string   `json:"network"`
	Classes       []string `json:"classes,omitempty"` // of a network that has not those of ImageNet
	WeightsSHA256 string   `json:"weights_sha256"`
	Preprocessing string   `json:"preprocessing"`
	LeftOut       int      `json:"left_out_pictures,omitempty"` // of categories that the network does not know
}

// rows are the settings as the report shows them.
func (s biasSettings) rows() []report.Row {
	rows := []report.Row{
		{Key: "gestalt", Value: s.Version},
		{Key: "Engine", Value: s.Engine},
		{Key: "Stimuli", Value: fmt.Sprintf("%s, %d pictures", s.Stimuli, s.StimuliCount)},
		{Key: "SHA-256 of the stimuli", Value: s.StimuliSHA256},
	}
	if s.Aggregate != "" {
		rows = append(rows, report.Row{Key: "Aggregation of class probabilities", Value: s.Aggregate})
	}
	rows = append(rows, modelRows(s.Models)...)
	if s.Humans != "" {
		rows = append(rows, report.Row{Key: "Published trials", Value: s.Humans})
	}
	return rows
}

func modelRows(models []modelSettings) (rows []report.Row) {
	for _, m := range models {
		rows = append(rows,
			report.Row{Key: m.Observer, Value: fmt.Sprintf("%s, %s", m.Network, m.Preprocessing)},
			report.Row{Key: "SHA-256 of its weights", Value: m.WeightsSHA256})
		if m.Classes != nil {
			rows = append(rows, report.Row{Key: "Its classes", Value: strings.Join(m.Classes, ", ")})
		}
		if m.LeftOut > 0 {
			rows = append(rows, report.Row{Key: "Not shown to it", Value: fmt.Sprintf("%d pictures, whose shape or texture is none of its classes", m.LeftOut)})
		}
	}
	return rows
}

// biasSummary is summary.json, and what --json prints.
type biasSummary struct {
	measure.Analysis
	Made    biasSettings      `json:"made_with"`
	Failed  []observe.Failure `json:"failed_pictures"`
	Skipped dataset.Skipped   `json:"skipped_files"` // what lay beside the pictures
}

func writeBias(dir string, summary biasSummary, page report.Page) error {
	return writeResults(dir, []resultFile{
		{settingsFile, func(w io.Writer) error { return writeJSON(w, summary.Made) }},
		{"summary.json", func(w io.Writer) error { return writeJSON(w, summary) }},
		{"report.html", func(w io.Writer) error { return report.Write(w, page) }},
	})
}

// resultFile is a file of a folder of results.
type resultFile struct {
	name    string
	content func(io.Writer) error
}

func writeResults(dir string, files []resultFile) error {
	for _, f := range files {
		if err := atomicfile.Write(filepath.Join(dir, f.name), f.content); err != nil {
			return err
		}
	}
	return nil
}

// thumbnailSide is the width of the report's example pictures, in pixels.
const thumbnailSide = 112

// thumbnail makes a small JPEG of picture i.
func thumbnail(pictures *dataset.Set, i int) ([]byte, error) {
	data, err := pictures.Read(i)
	if err != nil {
		return nil, err
	}
	m, _, err := pixel.Decode(data)
	if err != nil {
		return nil, err
	}
	small := pixel.CenterCrop(pixel.ResizeShort(m.RGB(), thumbnailSide, pixel.Bicubic), thumbnailSide, thumbnailSide)
	var jpeg bytes.Buffer
	if err := pixel.EncodeJPEG(&jpeg, small, 85); err != nil {
		return nil, err
	}
	return jpeg.Bytes(), nil
}

// extremes picks the conflict pictures that the network was surest to see by shape, and by texture: those with the
// largest difference between the scores of the two categories among the decisions for one of them.
func extremes(stimuli *dataset.Set, subject string, result observe.Result, v measure.Vocabulary) ([]report.Thumbnail, error) {
	const each = 6
	type candidate struct {
		observe.Observation
		shape, texture string
		lean           float64 // score of the shape minus score of the texture
	}
	var candidates []candidate
	for _, o := range result.Observations {
		shape, texture, ok := v.CueConflict(o.Key)
		if !ok || shape == texture || o.Response != shape && o.Response != texture {
			continue
		}
		s, x := slices.Index(v.Names(), shape), slices.Index(v.Names(), texture)
		candidates = append(candidates, candidate{o, shape, texture, float64(o.Scores[s]) - float64(o.Scores[x])})
	}
	slices.SortStableFunc(candidates, func(a, b candidate) int {
		if a.lean != b.lean {
			if a.lean > b.lean {
				return -1
			}
			return 1
		}
		return strings.Compare(a.Key, b.Key)
	})
	var out []report.Thumbnail
	add := func(kind string, c candidate) error {
		jpeg, err := thumbnail(stimuli, c.Index)
		if err != nil {
			return err
		}
		out = append(out, report.Thumbnail{
			Observer: subject, Kind: kind, Name: path.Base(c.Key), Score: c.lean, JPEG: jpeg,
			Caption: fmt.Sprintf("shape %s, texture %s", c.shape, c.texture),
		})
		return nil
	}
	for _, c := range candidates[:min(each, len(candidates))] {
		if c.Response == c.shape {
			if err := add("shape", c); err != nil {
				return nil, err
			}
		}
	}
	slices.Reverse(candidates)
	for _, c := range candidates[:min(each, len(candidates))] {
		if c.Response == c.texture {
			if err := add("texture", c); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// tellBias prints the result and fails when pictures failed.
func tellBias(cmd *cobra.Command, o biasOptions, s biasSummary) error {
	out := cmd.OutOrStdout()
	if o.json {
		if err := writeJSON(out, s); err != nil {
			return err
		}
	} else {
		if err := printAnalysis(out, s.Analysis); err != nil {
			return err
		}
		if _, err := fmt.Fprintf(out, "\nResults: %s (open report.html)\n", o.out); err != nil {
			return err
		}
	}
	return tellFailed(cmd, s.Skipped, s.Failed, s.Made.StimuliCount)
}
