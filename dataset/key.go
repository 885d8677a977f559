package dataset

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// maxKey bounds the length of a key; no file system has longer paths.
const maxKey = 4096

// cleanKey makes a key of the name that an archive gives: "./" and doubled
// slashes go, what leads out of the set or can't be a file name on every system
// is refused. Keys become file names and columns of tables later on, so this is
// where they are checked, once.
func cleanKey(name string) (string, error) {
	if strings.HasPrefix(name, "/") {
		return "", fmt.Errorf("entry %q has an absolute path", name)
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == ".." {
			return "", fmt.Errorf("entry %q leads out of the set with \"..\"", name)
		}
	}
	key := path.Clean(name)
	if err := checkKey(key); err != nil {
		return "", fmt.Errorf("entry %.200q: %w", name, err)
	}
	return key, nil
}

// checkKey refuses keys that are not what the documentation of [Item] promises.
func checkKey(key string) error {
	switch {
	case len(key) > maxKey:
		return fmt.Errorf("a name of %d bytes is too long", len(key))
	case strings.ContainsFunc(key, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\\' }):
		return errors.New("control characters and backslashes can't be in a name")
	case !fs.ValidPath(key):
		return errors.New("the name is not a relative path in valid UTF-8")
	}
	return nil
}

// isPicture goes by the extension, in any case: ImageNet's files end in .JPEG.
func isPicture(key string) bool {
	switch strings.ToLower(path.Ext(key)) {
	case ".png", ".jpg", ".jpeg":
		return true
	}
	return false
}

// isHidden tells names that tools leave behind: ".DS_Store", ".thumbnails", the
// "._name.png" that macOS puts beside each name.png (which are no pictures
// although their extension says so), and the __MACOSX folder of its archives.
func isHidden(name string) bool {
	return strings.HasPrefix(name, ".") && name != "." || name == "__MACOSX"
}

// hasHidden reports whether any part of the key is hidden.
func hasHidden(key string) bool {
	for part := range strings.SplitSeq(key, "/") {
		if isHidden(part) {
			return true
		}
	}
	return false
}
