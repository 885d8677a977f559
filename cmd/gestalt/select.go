package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gestalt-vision/gestalt/dataset"
	"github.com/gestalt-vision/gestalt/internal/atomicfile"
	"github.com/gestalt-vision/gestalt/observe"
)

// selectOptions are the flags of the verb.
type selectOptions struct {
	classifyFlags
	rule     string
	perClass int
	seed     uint64
	list     string
	json     bool
}

func newSelectCommand() *cobra.Command {
	var o selectOptions
	cmd := &cobra.Command{
		Use:   "select --model A --model B... --data PATH",
		Short: "List the pictures that all networks get right",
		Long: `select shows pictures to several networks and lists those that every one of them gets right. So were the 160 objects
and 48 textures of the cue-conflict stimuli chosen, by four networks (Geirhos et al., ICLR 2019, appendix).

` + dataHelp + `

By --rule top1 the first of the 1,000 classes must be the right one; by category16 the decision among the 16 categories,
as in 'gestalt bias', and then a folder or a name that tells the category (bear/x.png, bear3.png) is enough. --per-class
draws so many pictures of each class or category, the same ones for the same --seed.

The list has a path a line, relative to its folder, into archives too: every verb that takes pictures opens it. With
--out DIR, answers are kept in DIR and carry on after an interruption; with the DIR of 'gestalt eval' those that it has
got already are taken from there.`,
		Example: `  gestalt select --model alexnet --model vgg16 --model googlenet --model resnet50 --data imagenet/val \
      --rule category16 --per-class 10 --seed 1 --list objects.txt
  gestalt select --model squeezenet1_1 --model resnet50 --data val.tar --labels val.txt --out results > right.txt`,
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return runSelect(cmd, o) },
	}
	o.addFlags(cmd)
	f := cmd.Flags()
	f.StringVar(&o.out, "out", "", "folder that keeps the answers, as that of eval")
	f.StringVar(&o.rule, "rule", string(observe.Top1), "what is right: top1 or category16")
	f.IntVar(&o.perClass, "per-class", 0, "pictures of each class or category (default all)")
	f.Uint64Var(&o.seed, "seed", 0, "seed of the draw")
	f.StringVar(&o.list, "list", "", "write the list to this file (default: print it)")
	f.BoolVar(&o.json, "json", false, "print what was selected, and from what, as JSON")
	complete(cmd, "rule", string(observe.Top1), string(observe.Category16))
	return cmd
}

// selection is what --json prints.
type selection struct {
	Rule     observe.Rule       `json:"rule"`
	PerClass int                `json:"per_class,omitempty"`
	Seed     uint64             `json:"seed"`
	Shown    int                `json:"pictures_shown"`
	Agreed   int                `json:"pictures_right_by_all"`
	Groups   []selectedGroup    `json:"classes"`
	Selected []observe.Selected `json:"selected"`
	Made     dataSettings       `json:"made_with"`
	Failed   []observe.Failure  `json:"failed_pictures"`
	Skipped  dataset.Skipped    `json:"skipped_files"`
}

// selectedGroup is one class or category that was shown.
type selectedGroup struct {
	Group    string `json:"class"`
	Agreed   int    `json:"right_by_all"`
	Selected int    `json:"selected"`
}

func runSelect(cmd *cobra.Command, o selectOptions) error {
	rule := observe.Rule(o.rule)
	switch {
	case rule != observe.Top1 && rule != observe.Category16:
		return usagef("--rule %s: there are %s and %s", rule, observe.Top1, observe.Category16)
	case o.perClass < 0:
		return usagef("--per-class %d: it must be 0 (all) or more", o.perClass)
	}
	r, err := o.check()
	if err != nil {
		return err
	}
	defer r.close()
	if err := r.open(cmd.Context()); err != nil {
		return err
	}
	if r.classes != nil {
		return usagef("select is for networks of ImageNet's classes, and %s tells %s apart", r.specs[0].subject, strings.Join(r.classes, ", "))
	}
	candidates := observe.Candidates(r.pictures, r.truths, rule)
	if len(candidates) == 0 {
		return fmt.Errorf("%s: no picture belongs to one of the 16 categories", r.data)
	}
	if err := r.someKnown(); err != nil {
		return err
	}
	var indices []int
	for _, c := range candidates {
		indices = append(indices, c.Index)
	}
	r.sample(indices)
	if o.out != "" {
		if err := os.MkdirAll(o.out, 0o777); err != nil {
			return err
		}
	}
	if err := r.openJournal(); err != nil {
		return err
	}
	answers, failed, err := r.classifyAll(cmd)
	if err != nil {
		return err
	}
	agreed := observe.Agreed(candidates, answers, rule)
	if len(agreed) == 0 {
		return errors.Join(errors.New("no picture is right for all networks"), tellFailed(cmd, r.pictures.Skipped(), failed, len(r.only)))
	}
	s := selection{Rule: rule, PerClass: o.perClass, Seed: o.seed, Shown: len(r.only) - len(failed), Agreed: len(agreed),
		Selected: agreed, Made: r.made, Failed: failed, Skipped: r.pictures.Skipped()}
	if o.perClass > 0 {
		s.Selected = observe.Draw(agreed, o.perClass, o.seed)
	}
	s.Groups = selectedGroups(answers[0], candidates, agreed, s.Selected)
	if err := s.write(cmd, o, r.pictures); err != nil {
		return err
	}
	s.tell(cmd)
	return tellFailed(cmd, s.Skipped, failed, len(r.only))
}

// selectedGroups counts by class or category, those of the pictures that were shown.
func selectedGroups(shown []observe.Classified, candidates, agreed, selected []observe.Selected) []selectedGroup {
	groupOf := make(map[int]string, len(candidates))
	for _, c := range candidates {
		groupOf[c.Index] = c.Group
	}
	counts := map[string]*selectedGroup{}
	for _, a := range shown {
		group := groupOf[a.Index]
		counts[group] = &selectedGroup{Group: group}
	}
	for _, a := range agreed {
		counts[a.Group].Agreed++
	}
	for _, p := range selected {
		counts[p.Group].Selected++
	}
	groups := []selectedGroup{}
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		groups = append(groups, *counts[name])
	}
	return groups
}

// write writes the list and, where it is asked for, the JSON document.
func (s selection) write(cmd *cobra.Command, o selectOptions, pictures *dataset.Set) error {
	if o.list != "" || !o.json {
		list, err := s.listing(filepath.Dir(o.list), pictures)
		if err != nil {
			return err
		}
		if o.list == "" {
			if _, err := cmd.OutOrStdout().Write(list); err != nil {
				return err
			}
		} else if err := atomicfile.Write(o.list, func(w io.Writer) error { _, err := w.Write(list); return err }); err != nil {
			return err
		}
	}
	if o.json {
		return writeJSON(cmd.OutOrStdout(), s)
	}
	return nil
}

// listing is the list for a file in dir.
func (s selection) listing(dir string, pictures *dataset.Set) ([]byte, error) {
	var list bytes.Buffer
	var networks []string
	for _, m := range s.Made.Models {
		networks = append(networks, m.Observer)
	}
	fmt.Fprintf(&list, "# gestalt select: right by %s for %s", s.Rule, strings.Join(networks, ", "))
	if s.PerClass > 0 {
		fmt.Fprintf(&list, "; at most %d of each, seed %d", s.PerClass, s.Seed)
	}
	list.WriteByte('\n')
	base, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	for _, p := range s.Selected {
		location, err := filepath.Abs(pictures.Location(p.Index))
		if err != nil {
			return nil, err
		}
		relative, err := filepath.Rel(base, location)
		if err != nil { // on another volume
			relative = location
		}
		line := filepath.ToSlash(relative)
		if strings.HasPrefix(line, "#") || strings.HasPrefix(line, " ") {
			line = "./" + line
		}
		list.WriteString(line + "\n")
	}
	return list.Bytes(), nil
}

// tell says on standard error what came of it.
func (s selection) tell(cmd *cobra.Command) {
	w := cmd.ErrOrStderr()
	fmt.Fprintf(w, "%d of %d pictures are right for all networks; %d are selected\n", s.Agreed, s.Shown, len(s.Selected))
	few := slices.DeleteFunc(slices.Clone(s.Groups), func(g selectedGroup) bool { return g.Selected >= s.PerClass })
	if len(few) > 0 {
		fmt.Fprintf(w, "%d of %d classes have fewer than the %d pictures asked for, such as %s with %d\n",
			len(few), len(s.Groups), s.PerClass, few[0].Group, few[0].Selected)
	}
}
