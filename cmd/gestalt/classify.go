package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gestalt-vision/gestalt/dataset"
	"github.com/gestalt-vision/gestalt/nets"
	"github.com/gestalt-vision/gestalt/observe"
)

// classifyFlags are what the verbs have in common that show pictures of ImageNet classes to networks.
type classifyFlags struct {
	models  []string
	data    string
	labels  string
	limit   int
	out     string
	network networkFlags
}

// dataHelp says what --data and --labels can be.
const dataHelp = `PATH is a folder, a tar, a list of paths (.txt), or tar shards: a folder of them or a pattern such as
'val-{000..009}.tar' or 'shards/*.tar'. What a picture shows is told by a folder above it that is a WordNet id
(n01440764/x.JPEG, at any depth), by a file name that begins with one, or by a .cls file beside it (WebDataset). For the
flat validation set of ILSVRC-2012, --labels gives a list: "name class" a line (Caffe's val.txt), a WordNet id a line in
the order of the file numbers (imagenet_2012_validation_synset_labels.txt), or Kaggle's LOC_val_solution.csv. Classes are
WordNet ids or 0 to 999 in their order; bare numbers, which may count in another order, are refused.`

// ownClassesHelp says how the classes of pictures are told for networks with classes of their own.
const ownClassesHelp = `Of a network with classes of its own, which its weights name, the pictures lie in folders called as the classes are, or
their names begin so, or a .cls file beside them says the class.`

func (c *classifyFlags) addFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringArrayVar(&c.models, "model", nil, "network by name, NAME=FILE with its weights, or FILE alone (repeat for several)")
	f.StringVar(&c.data, "data", "", "folder, tar, tar shards or list with the pictures")
	f.StringVar(&c.labels, "labels", "", "list of the pictures' classes")
	f.IntVar(&c.limit, "limit", 0, "show so many pictures, spread evenly over the set (default all)")
	c.network.addFlags(cmd)
	complete(cmd, "model", nets.Names()...)
}

// classifyRun is a run with everything resolved.
type classifyRun struct {
	classifyFlags
	specs    []modelSpec
	classes  []string // names of the networks' own, nil for those of ImageNet
	engine   configuration
	pictures *dataset.Set
	truths   []dataset.Truth
	only     []int // indices of the pictures that are shown
	journal  *observe.Journal[observe.Classification]
	made     dataSettings
}

// dataSettings say what was shown, and how: what all figures depend on beside the networks.
type dataSettings struct {
	Version  string          `json:"version"`
	Engine   string          `json:"engine"`
	Data     string          `json:"data"`
	Pictures int             `json:"data_count"`
	SHA256   string          `json:"data_sha256"`
	Among    []string        `json:"classes_among,omitempty"` // names of the classes, where they are not those of ImageNet
	Labels   string          `json:"labels,omitempty"`
	Classes  string          `json:"classes_sha256"` // of what the pictures show, wherever it is told
	Limit    int             `json:"limit,omitempty"`
	Models   []modelSettings `json:"models"`
}

// check resolves the flags, before anything is read or written.
func (c classifyFlags) check() (r classifyRun, err error) {
	r.classifyFlags = c
	switch {
	case len(c.models) == 0:
		return r, errNoModel()
	case c.data == "":
		return r, usagef("say where the pictures are with --data PATH")
	case c.limit < 0:
		return r, usagef("--limit %d: it must be 0 (all) or more", c.limit)
	}
	if err := c.network.check(); err != nil {
		return r, err
	}
	if r.engine, err = c.network.configure(); err != nil {
		return r, err
	}
	r.specs, err = parseModels(c.models)
	return r, err
}

// open opens the pictures and tells their classes.
func (r *classifyRun) open(ctx context.Context) (err error) {
	var labels *dataset.Labels
	r.made = dataSettings{Version: currentVersion().String(), Engine: r.engine.String(), Data: filepath.Base(r.data), Limit: r.limit}
	if r.labels != "" {
		if labels, err = dataset.OpenLabels(r.labels); err != nil {
			return err
		}
		if r.made.Labels, err = withHash(r.labels); err != nil {
			return err
		}
	}
	if r.pictures, err = dataset.Open(r.data); err != nil {
		return err
	}
	if r.classes, err = classNames(r.specs); err != nil {
		return err
	}
	r.made.Among = r.classes
	switch {
	case r.classes == nil:
		if r.truths, err = r.pictures.Truths(labels); err != nil {
			return err
		}
	case labels != nil:
		return usagef("--labels lists classes of ImageNet, and %s has others, which the pictures' folders tell", r.specs[0].subject)
	default:
		r.truths = r.pictures.TruthsAmong(r.classes)
	}
	r.made.Pictures = r.pictures.Len()
	if r.made.SHA256, err = r.pictures.SHA256(ctx); err != nil {
		return err
	}
	classes := sha256.New()
	for i, t := range r.truths {
		fmt.Fprintf(classes, "%s\x00%d\n", r.pictures.Item(i).Key, t.Class)
	}
	r.made.Classes = fmt.Sprintf("%x", classes.Sum(nil))
	return nil
}

// sample sets which of the candidates are shown: --limit of them, spread evenly.
func (r *classifyRun) sample(candidates []int) {
	n := len(candidates)
	if r.limit > 0 {
		n = min(n, r.limit)
	}
	r.only = make([]int, n)
	for i := range r.only {
		r.only[i] = candidates[i*len(candidates)/n]
	}
	r.network.batch = max(1, min(r.network.batch, n))
}

// openJournal opens the journal in --out, where there is one.
func (r *classifyRun) openJournal() (err error) {
	if r.out != "" {
		r.journal, err = observe.OpenJournal[observe.Classification](filepath.Join(r.out, "classifications.jsonl"))
	}
	return err
}

func (r *classifyRun) close() {
	if r.pictures != nil {
		r.pictures.Close()
	}
	r.journal.Close()
}

// classifyAll shows the pictures to each network in turn.
func (r *classifyRun) classifyAll(cmd *cobra.Command) (answers [][]observe.Classified, failed []observe.Failure, err error) {
	failures := map[observe.Failure]bool{} // by picture and reason: every network fails on the same ones
	for _, spec := range r.specs {
		seen, lost, err := r.classify(cmd, spec)
		if err != nil {
			return nil, nil, err
		}
		answers = append(answers, seen)
		for _, f := range lost {
			failures[f] = true
		}
	}
	return answers, sortedFailures(failures), nil
}

// classify shows the pictures to one network.
func (r *classifyRun) classify(cmd *cobra.Command, spec modelSpec) ([]observe.Classified, []observe.Failure, error) {
	model, err := spec.load(r.engine)
	if err != nil {
		return nil, nil, err
	}
	defer model.Close()
	progress := newProgress(cmd.ErrOrStderr(), spec.subject, len(r.only))
	seen, failed, err := observe.Classify(cmd.Context(), observe.Options[observe.Classification]{
		Model: model, Engine: r.engine.String(), Pictures: r.pictures, Only: r.only, Journal: r.journal,
		Batch: r.network.batch, Workers: r.network.workers, Progress: progress.add,
	}, r.truths)
	if errors.Is(err, context.Canceled) && r.journal != nil {
		fmt.Fprintln(cmd.ErrOrStderr(), "The answers given so far are kept; the same command carries on.")
	}
	r.made.Models = append(r.made.Models, modelSettings{
		Observer: spec.subject, Network: model.Name, Classes: model.ClassNames, WeightsSHA256: model.WeightsSHA256, Preprocessing: model.Preprocess.String(),
	})
	return seen, failed, err
}

// sortedFailures lists failures in the order of the pictures.
func sortedFailures(failed map[observe.Failure]bool) []observe.Failure {
	return slices.SortedFunc(maps.Keys(failed), func(a, b observe.Failure) int {
		return cmp.Or(strings.Compare(a.Picture, b.Picture), strings.Compare(a.Reason, b.Reason))
	})
}

// tellFailed names what was left out and what failed on standard error; where something failed, that is the error.
func tellFailed(cmd *cobra.Command, skipped dataset.Skipped, failed []observe.Failure, pictures int) error {
	if skipped.Hidden+skipped.Other+skipped.Loops > 0 {
		fmt.Fprintf(cmd.ErrOrStderr(), "left out beside the pictures: %d hidden files, %d that are no pictures, %d links in a circle\n",
			skipped.Hidden, skipped.Other, skipped.Loops)
	}
	for _, f := range failed {
		fmt.Fprintf(cmd.ErrOrStderr(), "failed: %s: %s\n", f.Picture, f.Reason)
	}
	if len(failed) == 0 {
		return nil
	}
	return fmt.Errorf("%d of %d pictures failed; the others are done", len(failed), pictures)
}
