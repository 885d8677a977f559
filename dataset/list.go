package dataset

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// openList indexes a text file of paths. A path that is not there is an error
// at once: a list that is wrong in one line is usually wrong in all.
func (s *Set) openList() error {
	f, err := os.Open(s.path)
	if err != nil {
		return bare(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lineOf := make(map[string]int)    // of each key
	archives := make(map[string]*Set) // that paths lead into, by path
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(strings.TrimPrefix(lines.Text(), "\ufeff"))
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		key := listKey(line)
		if before, ok := lineOf[key]; ok {
			return fmt.Errorf("lines %d and %d both name %q", before, n, key)
		}
		lineOf[key] = n
		if err := s.addListed(key, line, archives); err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("line %d: %w", len(lineOf)+1, err)
	}
	return nil
}

func (s *Set) addListed(key, line string, archives map[string]*Set) error {
	switch {
	case hasHidden(key):
		s.skipped.Hidden++
		return nil
	case !isPicture(key):
		s.skipped.Other++
		return nil
	}
	file := filepath.FromSlash(line)
	if !filepath.IsAbs(file) {
		file = filepath.Join(filepath.Dir(s.path), file)
	}
	st, err := os.Stat(file)
	if archive, entry, ok := cutArchive(file); err != nil && ok {
		return s.addFromArchive(key, archive, entry, archives)
	}
	if err != nil {
		return err
	}
	if !st.Mode().IsRegular() {
		return fmt.Errorf("%s: %w", file, errors.New("not a file"))
	}
	return s.addFile(key, st.Size(), file)
}

// cutArchive tells an archive that the path leads into from the key in it.
func cutArchive(file string) (archive, entry string, ok bool) {
	for archive = filepath.Dir(file); ; archive = filepath.Dir(archive) {
		st, err := os.Stat(archive)
		switch {
		case err == nil && st.Mode().IsRegular() && isArchive(archive):
			return archive, filepath.ToSlash(file[len(archive)+1:]), true
		case err == nil || archive == filepath.Dir(archive):
			return "", "", false
		}
	}
}

// addFromArchive adds a picture that lies in an archive, which stays open.
func (s *Set) addFromArchive(key, archive, entry string, archives map[string]*Set) error {
	from := archives[archive]
	if from == nil {
		var err error
		if from, err = Open(archive); err != nil {
			return err
		}
		s.closers = append(s.closers, from.Close)
		archives[archive] = from
	}
	i, ok := slices.BinarySearchFunc(from.items, entry, func(item Item, key string) int { return strings.Compare(item.Key, key) })
	if !ok {
		return fmt.Errorf("%s: there is no picture %q in it", archive, entry)
	}
	item := from.items[i]
	item.Key, item.Class = key, classOf(key)
	s.items, s.places = append(s.items, item), append(s.places, from.places[i])
	return nil
}

// listKey is the path without what leads out of the folder of the list: volume,
// leading slash, leading "..".
func listKey(line string) string {
	p := filepath.ToSlash(line[len(filepath.VolumeName(line)):])
	p = strings.TrimPrefix(path.Clean(p), "/")
	for strings.HasPrefix(p, "../") {
		p = p[len("../"):]
	}
	return p
}
