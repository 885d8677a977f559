package measure

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"strings"
)

// addStream reads a table or a tar archive, compressed by gzip or not.
func (c *collector) addStream(r io.Reader, full, shown string) error {
	in := bufio.NewReaderSize(r, 64<<10)
	if startsWith(in, 0, "\x1f\x8b") {
		unpacked, err := gzip.NewReader(in)
		if err != nil {
			return fmt.Errorf("%s: %w", shown, err)
		}
		in = bufio.NewReaderSize(unpacked, 64<<10)
	}
	if startsWith(in, 257, "ustar") {
		return c.addArchive(tar.NewReader(in), archiveName(full), shown)
	}
	return c.addTable(in, directoryName(full), shown)
}

// addArchive reads the tables of a tar archive. Nothing is written to disk, so a name that leaves the archive does no
// harm; it is refused all the same, because who makes such an archive means no good and the name of the experiment
// would be made of it.
func (c *collector) addArchive(entries *tar.Reader, name, shown string) error {
	for {
		h, err := entries.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil && !errors.Is(err, tar.ErrInsecurePath) {
			return fmt.Errorf("%s: %w", shown, err)
		}
		if err != nil || !filepath.IsLocal(filepath.FromSlash(h.Name)) {
			return fmt.Errorf("%s: refused: the archive holds the name %q, which leads out of it", shown, h.Name)
		}
		clean := path.Clean(h.Name)
		if h.Typeflag != tar.TypeReg || !isTable(path.Base(clean)) || hidden(clean) {
			continue
		}
		experiment := name
		if dir := path.Dir(clean); dir != "." {
			experiment = path.Base(dir)
		}
		if err := c.addTable(entries, experiment, shown+":"+clean); err != nil {
			return err
		}
	}
}

// hidden reports whether one of the folders of a path starts with a dot, as those that programs keep for themselves.
func hidden(clean string) bool {
	for dir := range strings.SplitSeq(path.Dir(clean), "/") {
		if strings.HasPrefix(dir, ".") && dir != "." {
			return true
		}
	}
	return false
}
