package dataset

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
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
	lineOf := make(map[string]int) // of each key
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
		if err := s.addListed(key, line); err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("line %d: %w", len(lineOf)+1, err)
	}
	return nil
}

func (s *Set) addListed(key, line string) error {
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
	if err != nil {
		return err
	}
	if !st.Mode().IsRegular() {
		return fmt.Errorf("%s: %w", file, errors.New("not a file"))
	}
	return s.addFile(key, st.Size(), file)
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
