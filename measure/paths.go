package measure

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Limits that no table of trials comes near, so that a wrong or hostile file is refused instead of filling memory: the
// largest published one is 0.4 MB, all human data of the field together under 20 MB.
const (
	maxTable = 256 << 20 // bytes of one CSV file
	maxTotal = 2 << 30   // bytes of all CSV files of one call
)

// ErrNoTrials is wrapped by ReadPaths when the paths hold no trial at all.
var ErrNoTrials = errors.New("no trials found")

// ReadPaths reads trials from CSV files, folders (with all folders below), .tar and .tar.gz archives, in one go. The
// experiment of a trial is the name of the directory that holds its CSV file, as in the published data; a file at the
// top of an archive belongs to an experiment of the archive's name. Experiments come sorted by name, each with its
// trials in the order of the files.
//
// In folders and archives only files called *.csv are read, hidden ones excepted, so that reports, settings and notes
// may lie beside them; a *.csv that is not a table of trials is an error that names it. So is the same trial given
// twice (an archive and the folder that it was unpacked to, say): it would make every interval too narrow.
func ReadPaths(paths ...string) ([]Experiment, error) { return Vocabulary(nil).ReadPaths(paths...) }

// ReadPaths is the function ReadPaths for trials of the vocabulary's categories.
func (v Vocabulary) ReadPaths(paths ...string) ([]Experiment, error) {
	c := &collector{vocabulary: v, experiments: map[string]*Experiment{}, seen: map[trialKey]string{}, files: map[string]bool{}}
	for _, p := range paths {
		if err := c.addPath(p); err != nil {
			return nil, err
		}
	}
	var exps []Experiment
	for _, e := range c.experiments {
		exps = append(exps, *e)
	}
	if len(exps) == 0 {
		return nil, fmt.Errorf("%w in %s (looked for CSV files with the columns %s)",
			ErrNoTrials, strings.Join(paths, ", "), strings.Join(columns[:], ","))
	}
	slices.SortFunc(exps, func(a, b Experiment) int { return strings.Compare(a.Name, b.Name) })
	return exps, nil
}

// collector gathers the tables of one ReadPaths call.
type collector struct {
	vocabulary  Vocabulary
	experiments map[string]*Experiment
	seen        map[trialKey]string // where a trial was read
	files       map[string]bool     // files on disk already read, by absolute path
	total       int64
}

// trialKey is what no two rows of an experiment share.
type trialKey struct {
	experiment, subj, session string
	trial                     int
	image                     string
}

func (c *collector) addPath(name string) error {
	full, err := filepath.Abs(name)
	if err != nil {
		return fmt.Errorf("trials %s: %w", name, err)
	}
	info, err := os.Stat(full)
	if err != nil {
		return fmt.Errorf("reading trials: %w", err)
	}
	if !info.IsDir() {
		return c.addFile(full, name)
	}
	// WalkDir does not follow a link, not even the first; the folder itself may be one.
	root, err := filepath.EvalSymlinks(full)
	if err != nil {
		return fmt.Errorf("reading trials: %w", err)
	}
	return filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("reading trials: %w", err)
		}
		if d.IsDir() {
			if p != root && strings.HasPrefix(d.Name(), ".") {
				return fs.SkipDir
			}
			return nil
		}
		if !isTable(d.Name()) {
			return nil
		}
		return c.addFile(p, p)
	})
}

// isTable tells the files of a folder or archive that should be tables of trials from those that lie beside them.
func isTable(name string) bool {
	return strings.EqualFold(path.Ext(name), ".csv") && !strings.HasPrefix(name, ".")
}

// addFile reads one file on disk: a table, an archive, or either of them compressed. What it is, its bytes say.
func (c *collector) addFile(full, shown string) error {
	if c.files[full] {
		return nil
	}
	c.files[full] = true
	f, err := os.Open(full)
	if err != nil {
		return fmt.Errorf("reading trials: %w", err)
	}
	defer f.Close()
	return c.addStream(f, full, shown)
}

// addTable reads one CSV file of an experiment.
func (c *collector) addTable(r io.Reader, experiment, shown string) error {
	var over error
	limited := &limitedReader{r: r, left: min(maxTable, maxTotal-c.total), err: &over}
	trials, err := c.vocabulary.ReadTrials(limited, shown)
	if over != nil {
		return fmt.Errorf("%s: %w", shown, over)
	}
	if err != nil {
		return err
	}
	c.total += limited.read
	if len(trials) == 0 {
		return fmt.Errorf("%s: %w: only a header", shown, ErrNoTrials)
	}
	e := c.experiments[experiment]
	if e == nil {
		e = &Experiment{Name: experiment}
		c.experiments[experiment] = e
	}
	for _, t := range trials {
		k := trialKey{experiment, t.Subj, t.Session, t.Trial, t.Image}
		if before, twice := c.seen[k]; twice {
			return fmt.Errorf("%s: session %s, trial %d (%s) of %s in %s was already read from %s: the same data given twice?",
				shown, t.Session, t.Trial, t.Image, t.Subj, experiment, before)
		}
		c.seen[k] = shown
	}
	e.Trials = append(e.Trials, trials...)
	return nil
}

// limitedReader fails, instead of ending quietly as io.LimitReader does, when there is more than its limit.
type limitedReader struct {
	r          io.Reader
	read, left int64
	err        *error
}

func (l *limitedReader) Read(p []byte) (int, error) {
	if l.left <= 0 {
		var one [1]byte
		if n, err := l.r.Read(one[:]); n == 0 && err != nil {
			return 0, err
		}
		*l.err = errors.New("too large for a table of trials")
		return 0, *l.err
	}
	n, err := l.r.Read(p[:min(int64(len(p)), l.left)])
	l.read, l.left = l.read+int64(n), l.left-int64(n)
	return n, err
}

// directoryName is the name of the directory that holds a file.
func directoryName(full string) string { return filepath.Base(filepath.Dir(full)) }

// archiveName is an archive's name without what says how it is packed.
func archiveName(full string) string {
	name := filepath.Base(full)
	for _, ext := range []string{".gz", ".tgz", ".tar"} {
		if n := len(name) - len(ext); n > 0 && strings.EqualFold(name[n:], ext) {
			name = name[:n]
		}
	}
	return name
}

// startsWith peeks whether a stream begins with the bytes, at an offset.
func startsWith(r *bufio.Reader, offset int, magic string) bool {
	head, _ := r.Peek(offset + len(magic))
	return len(head) == offset+len(magic) && bytes.Equal(head[offset:], []byte(magic))
}
