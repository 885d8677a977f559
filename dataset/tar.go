package dataset

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"
)

// MaxUnpacked is the most that a .tar.gz may unpack to, in bytes: room for the
// validation set of ImageNet twice over, and an end to a file made to fill the
// disk.
const MaxUnpacked = 16 << 30

const tarBlock = 512

// isArchive goes by the name.
func isArchive(path string) bool {
	name := strings.ToLower(path)
	return strings.HasSuffix(name, ".tar") || isGzip(name)
}

func isGzip(path string) bool {
	name := strings.ToLower(path)
	return strings.HasSuffix(name, ".tar.gz") || strings.HasSuffix(name, ".tgz")
}

// openArchive adds the pictures of an archive.
func (s *Set) openArchive(path string) error {
	if isGzip(path) {
		return s.openTarGzip(path, MaxUnpacked)
	}
	return s.openTar(path)
}

// openWithin makes the set of what lies in one folder of an archive.
func (s *Set) openWithin(archive, folder string) error {
	s.within = folder + "/"
	if err := s.openArchive(archive); err != nil {
		return err
	}
	items, places := s.items, s.places
	s.items, s.places = nil, nil
	for i, item := range items {
		if key, ok := strings.CutPrefix(item.Key, s.within); ok {
			s.add(key, item.Size, places[i])
		}
	}
	if len(s.items) == 0 {
		return fmt.Errorf("the archive has no folder %q with pictures", folder)
	}
	labels := s.labels
	s.labels = nil
	for key, label := range labels {
		if key, ok := strings.CutPrefix(key, s.within); ok {
			s.setLabel(key, label)
		}
	}
	for i, dir := range s.folders {
		s.folders[i] = strings.TrimPrefix(dir, s.within)
	}
	return nil
}

// openTar indexes a .tar and keeps it open for reading.
func (s *Set) openTar(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return bare(err)
	}
	s.closers = append(s.closers, f.Close)
	st, err := f.Stat()
	if err != nil {
		return bare(err)
	}
	return s.indexTar(path, f, st.Size())
}

// openTarGzip unpacks an archive to a temporary file of at most limit bytes and
// indexes that. A gzip stream can only be read from its start, so there is no other
// way to reach the pictures in any order.
func (s *Set) openTarGzip(path string, limit int64) error {
	packed, err := os.Open(path)
	if err != nil {
		return bare(err)
	}
	defer packed.Close()
	stream, err := gzip.NewReader(packed)
	if err != nil {
		return gzipError(err)
	}
	spool, err := os.CreateTemp("", "gestalt-*.tar")
	if err != nil {
		return fmt.Errorf("unpack to a temporary file: %w", err)
	}
	s.closers = append(s.closers, spool.Close)
	// Where the system lets an open file be removed, do it now, so that nothing
	// stays behind even when the program is killed.
	if err := os.Remove(spool.Name()); err != nil {
		s.closers = append([]func() error{func() error { return os.Remove(spool.Name()) }}, s.closers...)
	}
	n, err := io.Copy(spool, io.LimitReader(stream, limit+1))
	if err != nil {
		return gzipError(err)
	}
	if n > limit {
		return fmt.Errorf("it unpacks to more than %d bytes; unpack it by hand and open the .tar or the folder", limit)
	}
	return s.indexTar(path, spool, n)
}

func gzipError(err error) error {
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), err == io.EOF:
		return fmt.Errorf("the gzip stream is truncated: %w", io.ErrUnexpectedEOF)
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum):
		return fmt.Errorf("not a valid gzip file: %w", err)
	}
	return fmt.Errorf("unpack: %w", err)
}

// indexTar notes the offset and size of every picture in a tar archive of size
// bytes that came from the file path. It reads headers and labels only; memory grows
// with their number, never with what they claim.
func (s *Set) indexTar(path string, r io.ReaderAt, size int64) error {
	file := io.NewSectionReader(r, 0, size)
	entries := tar.NewReader(file)
	archive := tarIndex{path, r, size, make(map[string]int)}
	first := len(s.items)
	var end int64 // where the last entry ends
	for {
		h, err := entries.Next()
		// archive/tar reads whole blocks without a buffer of its own, so the
		// position of the file is where the contents of the entry begin.
		at, _ := file.Seek(0, io.SeekCurrent)
		switch {
		case err == io.EOF && at < end+tarBlock:
			// An archive ends with blocks of zeros. One that just stops between
			// two entries was cut there.
			return fmt.Errorf("the archive is truncated: no end marker after %d pictures", len(s.items)-first)
		case err == io.EOF:
			return nil
		case errors.Is(err, io.ErrUnexpectedEOF):
			return fmt.Errorf("the archive is truncated after %d pictures: %w", len(s.items)-first, err)
		case err != nil:
			return fmt.Errorf("not a valid tar archive (at byte %d): %w", at, err)
		}
		end = at
		if h.Typeflag == tar.TypeReg {
			end += h.Size
		}
		if err := s.addEntry(h, at, entries, archive); err != nil {
			return err
		}
	}
}

// tarIndex is an archive while it is indexed.
type tarIndex struct {
	path   string
	reader io.ReaderAt
	size   int64
	items  map[string]int // the item of each key, for hard links
}

// addEntry takes one entry into the index: its header, and the contents of a label.
func (s *Set) addEntry(h *tar.Header, at int64, contents io.Reader, archive tarIndex) error {
	if h.Typeflag == tar.TypeXGlobalHeader {
		return nil
	}
	key, err := cleanKey(h.Name)
	counts := 1
	if !strings.HasPrefix(key, s.within) {
		counts = 0
	}
	switch {
	case err != nil:
		return err
	case h.Typeflag == tar.TypeDir:
		if !hasHidden(key) && counts > 0 {
			s.folders = append(s.folders, key)
		}
		return nil
	case hasHidden(key):
		s.skipped.Hidden += counts
		return nil
	case isLabel(key) && h.Typeflag == tar.TypeReg:
		return s.addLabel(key, contents)
	case !isPicture(key):
		s.skipped.Other += counts
		return nil
	}
	if _, twice := archive.items[key]; twice {
		return fmt.Errorf("entry %q is in the archive twice", h.Name)
	}
	switch {
	case isSparse(h):
		return fmt.Errorf("entry %q is stored as a sparse file; pack the archive again without --sparse", h.Name)
	case h.Typeflag == tar.TypeReg:
		if h.Size > archive.size-at {
			return fmt.Errorf("the archive is truncated: entry %q should have %d bytes, %d are left: %w",
				h.Name, h.Size, archive.size-at, io.ErrUnexpectedEOF)
		}
		s.add(key, h.Size, place{archive.path, archive.reader, key, at})
	case h.Typeflag == tar.TypeLink: // tar's way to store the second name of one file
		first, ok := archive.items[path.Clean(h.Linkname)]
		if !ok {
			return fmt.Errorf("entry %q is a link to %q, which does not come before it", h.Name, h.Linkname)
		}
		s.add(key, s.items[first].Size, s.places[first])
	default:
		return fmt.Errorf("entry %q is not a file; pack the archive again with --dereference if it is a symbolic link", h.Name)
	}
	archive.items[key] = len(s.items) - 1
	return nil
}

// isSparse reports whether the contents of an entry are not stored in one piece.
func isSparse(h *tar.Header) bool {
	if h.Typeflag == tar.TypeGNUSparse {
		return true
	}
	for k := range h.PAXRecords {
		if strings.HasPrefix(k, "GNU.sparse.") {
			return true
		}
	}
	return false
}
