package observe

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"github.com/gestalt-vision/gestalt/dataset"
)

// Rule says which answers are right when pictures are selected.
type Rule string

const (
	// Top1 asks for the right one of the 1,000 classes.
	Top1 Rule = "top1"
	// Category16 asks for the right one of the 16 categories, decided by the mean (measure.Decide). Pictures of classes
	// that belong to none are no candidates.
	Category16 Rule = "category16"
)

// Selected is a picture that all networks get right.
type Selected struct {
	Index   int    `json:"-"` // in the set
	Picture string `json:"picture"`
	Group   string `json:"class"` // WordNet id, or category by Category16
}

// Candidates are the pictures that a rule can speak of, with the group that each belongs to, in the order of the set.
// Where the rule is Category16, a picture without an ImageNet class can have a category by its folder or name; its truth
// is changed to class -1 without an error, so that [Classify] shows it. A picture whose truth keeps its error stays among
// the candidates, without a group, so that it is listed as failed.
func Candidates(set *dataset.Set, truths []dataset.Truth, rule Rule) []Selected {
	var all []Selected
	for i := range truths {
		t, item := &truths[i], set.Item(i)
		group, ok := "", true
		switch {
		case t.Err == nil && rule == Category16:
			group, ok = dataset.CategoryOf(t.Class)
		case t.Err == nil:
			group, _ = dataset.Class(t.Class)
		case rule == Category16:
			if category, err := item.Category(); err == nil {
				group, *t = category, dataset.Truth{Class: -1}
			}
		}
		if ok {
			all = append(all, Selected{i, item.Key, group})
		}
	}
	return all
}

// Agreed are the candidates that every network was shown and got right.
func Agreed(candidates []Selected, networks [][]Classified, rule Rule) []Selected {
	right := make(map[int]int) // networks by picture
	group := make(map[int]string, len(candidates))
	for _, c := range candidates {
		group[c.Index] = c.Group
	}
	for _, answers := range networks {
		for _, a := range answers {
			if rule == Top1 && a.Rank == 1 || rule == Category16 && a.Category == group[a.Index] {
				right[a.Index]++
			}
		}
	}
	return slices.DeleteFunc(slices.Clone(candidates), func(c Selected) bool { return right[c.Index] < len(networks) })
}

// Draw takes n pictures of each group, all where there are no more. Which ones is a function of the seed and of the keys
// in the group: the pictures whose SHA-256 of seed and key are the smallest. The order stays.
func Draw(pictures []Selected, n int, seed uint64) []Selected {
	groups := make(map[string][]Selected)
	for _, p := range pictures {
		groups[p.Group] = append(groups[p.Group], p)
	}
	lot := func(p Selected) []byte {
		sum := sha256.Sum256(fmt.Appendf(nil, "select %d %s", seed, p.Picture))
		return sum[:]
	}
	var drawn []Selected
	for _, group := range groups {
		slices.SortFunc(group, func(a, b Selected) int { return bytes.Compare(lot(a), lot(b)) })
		drawn = append(drawn, group[:min(n, len(group))]...)
	}
	slices.SortFunc(drawn, func(a, b Selected) int { return strings.Compare(a.Picture, b.Picture) })
	return drawn
}
