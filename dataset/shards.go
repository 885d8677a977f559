package dataset

import (
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
)

// maxShards is the most archives that a pattern may name; ImageNet is usually cut
// into a few hundred, or one a class.
const maxShards = 100_000

// isPattern reports whether a path has signs that [Shards] expands.
func isPattern(path string) bool { return strings.ContainsAny(path, "{*?[") }

// openShards indexes the archives that s.path is a pattern of.
func (s *Set) openShards() error {
	paths, err := Shards(s.path)
	if err != nil {
		return err
	}
	for _, path := range paths {
		if err := s.openShard(path); err != nil {
			return err
		}
	}
	return nil
}

func (s *Set) openShard(path string) error {
	if !isArchive(path) {
		return fmt.Errorf("%s: the parts of a set are .tar, .tar.gz or .tgz archives", path)
	}
	if err := s.openArchive(path); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// Shards expands the pattern of the archives that are one set, as WebDataset writes
// it: "{000..009}" stands for the numbers from 000 to 009, with as many digits;
// "{a,b}" for each word between the commas; then "*", "?" and "[a-z]" for what is
// there, as in [filepath.Match]. The result has the order of the pattern. A "*" that
// matches nothing is an error; names that the braces alone make are not looked for.
func Shards(pattern string) ([]string, error) {
	names, err := expandBraces(pattern)
	if err != nil {
		return nil, err
	}
	var paths []string
	for _, name := range names {
		if !strings.ContainsAny(name, "*?[") {
			paths = append(paths, name)
			continue
		}
		found, err := filepath.Glob(name)
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			return nil, fmt.Errorf("nothing matches %s", name)
		}
		paths = append(paths, found...)
	}
	return paths, nil
}

// expandBraces expands the first pair of braces and then what is left.
func expandBraces(pattern string) ([]string, error) {
	before, rest, ok := strings.Cut(pattern, "{")
	if !ok {
		return []string{pattern}, nil
	}
	inside, after, ok := strings.Cut(rest, "}")
	if !ok || strings.Contains(inside, "{") {
		return nil, errors.New("a pattern's { needs one }, without another { in between")
	}
	words, err := braceWords(inside)
	if err != nil {
		return nil, err
	}
	tails, err := expandBraces(after)
	if err != nil {
		return nil, err
	}
	if len(words)*len(tails) > maxShards {
		return nil, fmt.Errorf("the pattern stands for %d archives, more than %d", len(words)*len(tails), maxShards)
	}
	var all []string
	for _, w := range words {
		for _, t := range tails {
			all = append(all, before+w+t)
		}
	}
	return all, nil
}

// braceWords are the words that stand for the inside of a pair of braces.
func braceWords(inside string) ([]string, error) {
	first, last, ok := strings.Cut(inside, "..")
	if !ok {
		return strings.Split(inside, ","), nil
	}
	lo, err := strconv.ParseUint(first, 10, 31)
	hi, err2 := strconv.ParseUint(last, 10, 31)
	if err != nil || err2 != nil || hi < lo {
		return nil, fmt.Errorf("{%s}: a range goes from a number up to another, such as {000..009}", inside)
	}
	if hi-lo >= maxShards {
		return nil, fmt.Errorf("{%s} stands for more than %d archives", inside, maxShards)
	}
	var words []string
	for n := lo; n <= hi; n++ {
		words = append(words, fmt.Sprintf("%0*d", len(first), n))
	}
	return words, nil
}
