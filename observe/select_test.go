package observe

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gestalt-vision/gestalt/dataset"
	"github.com/gestalt-vision/gestalt/measure"
)

// emptySet is a set of pictures that nobody looks into.
func emptySet(t *testing.T, keys ...string) *dataset.Set {
	t.Helper()
	dir := t.TempDir()
	for _, key := range keys {
		file := filepath.Join(dir, filepath.FromSlash(key))
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	set, err := dataset.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { set.Close() })
	return set
}

func TestCandidates(t *testing.T) {
	set := emptySet(t, "bear/x.png", "n01440764/fish.jpg", "n02124075/cat.jpg", "what.jpg")
	truths := func() []dataset.Truth {
		all, err := set.Truths(nil)
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	top1 := truths()
	if d := cmp.Diff([]Selected{{0, "bear/x.png", ""}, {1, "n01440764/fish.jpg", "n01440764"}, {2, "n02124075/cat.jpg", "n02124075"}, {3, "what.jpg", ""}},
		Candidates(set, top1, Top1)); d != "" {
		t.Error(d)
	}
	if top1[0].Err == nil || top1[3].Err == nil {
		t.Error("pictures without a class are not failures")
	}
	sixteen := truths()
	if d := cmp.Diff([]Selected{{0, "bear/x.png", "bear"}, {2, "n02124075/cat.jpg", "cat"}, {3, "what.jpg", ""}}, Candidates(set, sixteen, Category16)); d != "" {
		t.Error(d)
	}
	if (sixteen[0] != dataset.Truth{Class: -1}) || sixteen[3].Err == nil {
		t.Errorf("truths %+v", sixteen)
	}
}

func TestAgreed(t *testing.T) {
	candidates := []Selected{{0, "a", "cat"}, {2, "c", "dog"}, {3, "d", "cat"}, {4, "e", "cat"}}
	answer := func(i, rank int, category string) Classified {
		return Classified{i, measure.Ranked{Ranking: measure.Ranking{Rank: rank}}, category}
	}
	networks := [][]Classified{
		{answer(0, 1, "dog"), answer(2, 2, "dog"), answer(3, 1, "cat"), answer(4, 1, "cat")},
		{answer(0, 1, "cat"), answer(2, 1, "dog"), answer(3, 1, "cat")},
	}
	for rule, want := range map[Rule]string{Top1: "a d", Category16: "c d"} {
		got := ""
		for _, s := range Agreed(candidates, networks, rule) {
			got += " " + s.Picture
		}
		if got != " "+want {
			t.Errorf("%s: %s, want %s", rule, got, want)
		}
	}
}

func TestDraw(t *testing.T) {
	var all []Selected
	for i := range 60 {
		all = append(all, Selected{i, fmt.Sprintf("%02d", i), []string{"cat", "dog", "owl"}[min(i/25, 2)]})
	}
	first := Draw(all, 15, 1)
	count := map[string]int{}
	for _, s := range first {
		count[s.Group]++
	}
	if count["cat"] != 15 || count["dog"] != 15 || count["owl"] != 10 {
		t.Errorf("drawn %v, want 15 of each and all 10 owls", count)
	}
	if !slices.IsSortedFunc(first, func(a, b Selected) int { return a.Index - b.Index }) {
		t.Error("the order was changed")
	}
	shuffled := slices.Clone(all)
	slices.Reverse(shuffled)
	if !slices.Equal(first, Draw(shuffled, 15, 1)) || slices.Equal(first, Draw(all, 15, 2)) {
		t.Error("the draw is no function of seed and keys")
	}
	// More are those of before and others; another group changes nothing.
	more := Draw(all[:25], 16, 1)
	for _, s := range first {
		if s.Group == "cat" && !slices.Contains(more, s) {
			t.Errorf("%v is not drawn when more are", s)
		}
	}
}

// A picture whose truth is an error is among those shown, so that its failure is told.
func TestSelectionNamesFailures(t *testing.T) {
	o, truths := classes(t, 3)
	for i := range truths {
		truths[i] = dataset.Truth{Class: -1, Err: errors.New("nobody knows")}
	}
	o.Only = nil
	for _, c := range Candidates(o.Pictures, truths, Category16) {
		o.Only = append(o.Only, c.Index)
	}
	got, failed, err := Classify(t.Context(), o, truths)
	if err != nil || len(got) != 3 || len(failed) != 1 { // the folders tell categories; one picture is broken
		t.Errorf("%d answers, failed %v, %v", len(got), failed, err)
	}
}
