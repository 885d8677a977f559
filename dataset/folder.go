package dataset

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// openFolder indexes a folder and all folders in it. Where there are no pictures but
// .tar archives at the top, these are the set.
func (s *Set) openFolder() error {
	st, err := os.Stat(s.path)
	if err != nil {
		return bare(err)
	}
	if err := s.walk(s.path, "", []fs.FileInfo{st}); err != nil || len(s.items) > 0 {
		return err
	}
	entries, err := os.ReadDir(s.path)
	if err != nil {
		return bare(err)
	}
	for _, e := range entries {
		if isHidden(e.Name()) || !strings.EqualFold(filepath.Ext(e.Name()), ".tar") {
			continue
		}
		s.skipped.Other--
		if err := s.openShard(filepath.Join(s.path, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// walk indexes one folder. The key of the folder is prefix, and above are the
// folders from the root down to itself, by which a link that leads back up is
// known.
func (s *Set) walk(dir, prefix string, above []fs.FileInfo) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("read folder: %w", err)
	}
	for _, e := range entries {
		if isHidden(e.Name()) {
			s.skipped.Hidden++
			continue
		}
		file, key := filepath.Join(dir, e.Name()), path.Join(prefix, e.Name())
		st, err := os.Stat(file) // follows links, unlike e.Info
		switch {
		case err != nil && isPicture(key):
			// A broken link: the name says that a picture should be here, so Read
			// shall fail for it, rather than nobody hear of it.
			err = s.addFile(key, 0, file)
		case err != nil:
			s.skipped.Other++
			err = nil
		case st.IsDir():
			if e.Type()&fs.ModeSymlink != 0 && contains(above, st) {
				s.skipped.Loops++
				continue
			}
			s.folders = append(s.folders, key)
			err = s.walk(file, key, append(above[:len(above):len(above)], st))
		case st.Mode().IsRegular() && isPicture(key):
			err = s.addFile(key, st.Size(), file)
		case st.Mode().IsRegular() && isLabel(key):
			err = s.addLabelFile(key, file)
		default:
			s.skipped.Other++
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Set) addFile(key string, size int64, file string) error {
	if err := checkKey(key); err != nil {
		return fmt.Errorf("%.200q: %w", file, err)
	}
	s.add(key, size, place{file: file})
	return nil
}

func contains(above []fs.FileInfo, st fs.FileInfo) bool {
	for _, a := range above {
		if os.SameFile(a, st) {
			return true
		}
	}
	return false
}
