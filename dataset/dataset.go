// Package dataset finds pictures where they lie (a folder, a tar archive, a
// list of paths), hands them out in an order that never changes, and knows the
// classes they are sorted into.
//
// A [Set] holds encoded pictures, in the order of their keys; nothing is
// decoded and nothing is kept in memory but the index. [Map] runs a function
// over the items on several cores and yields the results in order. The 1,000
// classes of ILSVRC-2012 are at [Class], the 16 entry-level categories of
// Geirhos et al. at [Categories], [CategoryOf] and [CategoryClasses]. [Set.Truths]
// tells which class each picture shows.
package dataset

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// MaxPicture is the largest encoded picture, in bytes, that [Set.Read] reads
// into memory: far beyond any real picture, far below what a damaged or hostile
// archive can claim.
const MaxPicture = 256 << 20

// ErrEmpty reports that a folder, an archive or a list was read whole and holds
// no picture.
var ErrEmpty = errors.New("it holds no pictures (.png, .jpg, .jpeg)")

// Item is one picture of a set.
type Item struct {
	// Key names the picture inside its set: a relative, clean, slash-separated
	// path in valid UTF-8 without control characters, such as
	// "airplane/airplane1-bicycle2.png". It is the same on every system.
	Key string

	// Class is the name of the folder that the picture is in, which is its class
	// in the layout of ImageFolder; "" for a picture at the top.
	Class string

	// Size of the encoded picture in bytes; 0 for a broken symbolic link, whose
	// [Set.Read] says so.
	Size int64

	// Label is what the file of the same name ending in .cls says, without white
	// space around it: the class of the picture in the layout of WebDataset; "" where
	// there is no such file.
	Label string
}

// Skipped counts what lay beside the pictures and was left out of a set.
type Skipped struct {
	Hidden int `json:"hidden"` // files and whole folders whose name starts with "." (macOS's "._" files among them), and __MACOSX
	Other  int `json:"other"`  // files that are not pictures by their extension, or not files at all
	Loops  int `json:"loops"`  // symbolic links to a folder that they are themselves in
}

// Set is a collection of encoded pictures sorted by key (bytewise). It is safe
// for use by several goroutines at once, except for Close.
type Set struct {
	path    string
	items   []Item
	places  []place           // places[i] is where items[i] lies
	labels  map[string]string // contents of the .cls files, by labelKey
	within  string            // the folder of an archive that the set is, with a slash at its end; "" for all of it
	folders []string          // keys of the folders met
	empty   []string          // see Empty
	skipped Skipped
	closers []func() error
}

// place is where an item lies: in a file of its own, or as an entry of an archive.
type place struct {
	file    string      // the picture's, or the archive's
	archive io.ReaderAt // nil for a file of its own
	entry   string      // key inside the archive
	offset  int64
}

// Open reads the index of a set of pictures. The path may be
//
//   - a folder, searched recursively (usually of class folders). Symbolic links
//     are followed, except into a folder that they are in;
//   - a .tar archive, read by offsets from where it lies. Entries with absolute
//     paths or "..", the same key twice, or a missing end are errors;
//   - a .tar.gz or .tgz archive, which is first unpacked to a temporary .tar
//     (in os.TempDir, at most [MaxUnpacked] bytes) that [Set.Close] removes;
//   - a folder of such an archive: "pictures.tar.gz/train", with the keys that the
//     folder "train" has when it is unpacked;
//   - several archives that are one set, as a pattern of their names:
//     "val-{000..009}.tar", "{train,val}.tar", "shards/*.tar" (see [Shards]); or a
//     folder of .tar archives that holds no pictures itself;
//   - a .txt list with one path per line, relative to the folder of the list; the
//     path may lead into an archive ("val.tar/n01440764/a.JPEG"), as
//     [Set.Location] gives it. Blank lines and lines that start with # are ignored.
//     The key of a path that leads out of that folder is what is left without its
//     leading "/" and "..".
//
// Pictures are files ending in .png, .jpg or .jpeg in any case; everything else
// is counted in [Set.Skipped]. A set without any picture is an error that Is
// [ErrEmpty].
func Open(path string) (*Set, error) {
	s := &Set{path: path}
	if err := s.open(); err != nil {
		s.Close()
		return nil, fmt.Errorf("dataset: open %s: %w", path, err)
	}
	return s, nil
}

func (s *Set) open() error {
	st, err := os.Stat(s.path)
	archive, folder, inArchive := "", "", false
	if err != nil {
		archive, folder, inArchive = cutArchive(filepath.Clean(s.path))
	}
	switch {
	case inArchive:
		err = s.openWithin(archive, folder)
	case err != nil && isPattern(s.path):
		err = s.openShards()
	case err != nil:
		return bare(err)
	case st.IsDir():
		err = s.openFolder()
	case isArchive(s.path):
		err = s.openArchive(s.path)
	case strings.EqualFold(filepath.Ext(s.path), ".txt"):
		err = s.openList()
	default:
		return errors.New("a set of pictures is a folder, a .tar, .tar.gz or .tgz archive, or a .txt list of paths")
	}
	if err != nil {
		return err
	}
	if len(s.items) == 0 {
		return ErrEmpty
	}
	s.attachLabels()
	s.findEmpty()
	return s.sort()
}

// sort puts the items in the order of their keys and refuses two with the same.
func (s *Set) sort() error {
	order := make([]int, len(s.items))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return strings.Compare(s.items[a].Key, s.items[b].Key) })
	items, places := make([]Item, len(order)), make([]place, len(order))
	for i, from := range order {
		items[i], places[i] = s.items[from], s.places[from]
		if i > 0 && items[i].Key == items[i-1].Key {
			return fmt.Errorf("%q is in it twice", items[i].Key)
		}
	}
	s.items, s.places = items, places
	return nil
}

// add puts a picture into the index; the key has been checked.
func (s *Set) add(key string, size int64, at place) {
	s.items = append(s.items, Item{Key: key, Class: classOf(key), Size: size})
	s.places = append(s.places, at)
}

// Path is what the set was opened as.
func (s *Set) Path() string { return s.path }

// Len is the number of pictures.
func (s *Set) Len() int { return len(s.items) }

// Item returns picture i of the set, 0 <= i < Len.
func (s *Set) Item(i int) Item { return s.items[i] }

// Location is the path of picture i: that of its file, or that of the archive
// followed by the key in it. A .txt list of such paths can be opened again.
func (s *Set) Location(i int) string {
	at := s.places[i]
	if at.archive == nil {
		return at.file
	}
	return filepath.Join(at.file, filepath.FromSlash(at.entry))
}

// Skipped says what was left out.
func (s *Set) Skipped() Skipped { return s.skipped }

// Empty are the keys of the folders without any picture, in themselves or in the folders below them, in the order of the
// keys: usually classes whose pictures are missing. A .tar archive may leave its folders unsaid, and a list always does.
func (s *Set) Empty() []string { return s.empty }

func (s *Set) findEmpty() {
	filled := map[string]bool{}
	for _, item := range s.items {
		for dir := path.Dir(item.Key); dir != "." && !filled[dir]; dir = path.Dir(dir) {
			filled[dir] = true
		}
	}
	for _, dir := range s.folders {
		if !filled[dir] {
			s.empty = append(s.empty, dir)
		}
	}
	s.folders = nil
	slices.Sort(s.empty)
	s.empty = slices.Compact(s.empty)
}

// Read returns the encoded bytes of picture i, all of them or an error that
// names the set and the picture. A picture larger than [MaxPicture] is refused.
func (s *Set) Read(i int) ([]byte, error) {
	data, err := s.read(s.items[i], s.places[i])
	if err != nil {
		return nil, fmt.Errorf("dataset: read %s of %s: %w", s.items[i].Key, s.path, err)
	}
	return data, nil
}

func (s *Set) read(item Item, at place) ([]byte, error) {
	if at.archive != nil {
		if item.Size > MaxPicture {
			return nil, errTooLarge(item.Size)
		}
		data := make([]byte, item.Size)
		if n, err := at.archive.ReadAt(data, at.offset); n < len(data) {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return nil, bare(err)
		}
		return data, nil
	}
	f, err := os.Open(at.file)
	if err != nil {
		return nil, bare(err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, bare(err)
	}
	if st.Size() > MaxPicture {
		return nil, errTooLarge(st.Size())
	}
	data := make([]byte, st.Size())
	if _, err := io.ReadFull(f, data); err != nil {
		return nil, bare(err)
	}
	return data, nil
}

func errTooLarge(size int64) error {
	return fmt.Errorf("%d bytes are more than a picture may have (%d)", size, int64(MaxPicture))
}

// Close lets go of the archive and removes what was unpacked. The set can't be
// read afterwards.
func (s *Set) Close() error {
	var errs []error
	for _, c := range slices.Backward(s.closers) {
		errs = append(errs, c())
	}
	s.closers = nil
	return errors.Join(errs...)
}

// bare takes the operation and the path off an error of package os, where the
// error around it names both already.
func bare(err error) error {
	var pe *os.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

func classOf(key string) string {
	if dir := path.Dir(key); dir != "." {
		return path.Base(dir)
	}
	return ""
}
