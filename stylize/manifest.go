package stylize

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"

	"github.com/gestalt-vision/gestalt/style"
)

// Entry is one line of a manifest: what became of a picture.
type Entry struct {
	Task    int    `json:"n"` // its place among all, from 0
	Picture string `json:"picture"`
	Copy    int    `json:"copy"`
	Source  string `json:"source_sha256,omitempty"`
	Style   string `json:"style,omitempty"`
	Seed    uint64 `json:"style_seed"`
	Output  string `json:"output,omitempty"`
	Bytes   int64  `json:"bytes,omitempty"`
	SHA256  string `json:"sha256,omitempty"`
	Error   string `json:"error,omitempty"` // why there is no output
}

// brokenLine is a line of the whole manifest, before its entries, for a style that could not be used.
type brokenLine struct {
	Broken string `json:"broken_style"`
	Error  string `json:"error"`
}

// manifestName is the manifest of a folder whose pictures are all done.
const manifestName = "manifest.jsonl"

// partName is the manifest of a part while others are not done yet; a run adds to it after each batch.
func partName(part, parts int) string { return fmt.Sprintf("manifest-%05d-of-%05d.jsonl", part, parts) }

var partPattern = regexp.MustCompile(`^manifest-(\d{5,})-of-(\d{5,})\.jsonl$`)

// ledger is what the manifests of a folder say, task by task. It holds where the lines are, not the lines, of which there
// can be millions.
type ledger struct {
	job   *Job
	files []string // all manifests
	lines []line   // of each task
}

// line is where the last word about a task stands.
type line struct {
	offset int64
	length int32 // 0 where nothing is said
	file   int32
	failed bool
	bytes  int64 // of the output
}

// readLedger reads all manifests of the job's folder.
func readLedger(j *Job) (*ledger, error) {
	l := &ledger{job: j, lines: make([]line, j.tasks())}
	parts, err := partManifests(j.Out)
	if err != nil {
		return nil, err
	}
	for _, name := range append([]string{manifestName}, parts...) {
		if err := l.read(filepath.Join(j.Out, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	return l, nil
}

// partManifests are the names of the manifests of parts in a folder.
func partManifests(out string) (names []string, err error) {
	entries, err := os.ReadDir(out)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for _, e := range entries {
		if partPattern.MatchString(e.Name()) {
			names = append(names, e.Name())
		}
	}
	return names, err
}

// read takes the lines of one manifest. A last line without an end was cut by a kill, or is being written.
func (l *ledger) read(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	l.files = append(l.files, path)
	in, offset := bufio.NewReaderSize(file, 1<<20), int64(0)
	for n := 1; ; n++ {
		text, err := in.ReadBytes('\n')
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read %s: %w", path, err)
		}
		if err := l.take(text, line{offset: offset, length: int32(len(text)), file: int32(len(l.files) - 1)}); err != nil {
			return fmt.Errorf("%s:%d: %w; delete the folder to begin afresh", path, n, err)
		}
		offset += int64(len(text))
	}
}

// take puts one line into the ledger.
func (l *ledger) take(text []byte, at line) error {
	var both struct {
		Entry
		Broken string `json:"broken_style"`
	}
	if err := json.Unmarshal(text, &both); err != nil {
		return fmt.Errorf("the line is damaged: %w", err)
	}
	if both.Broken != "" {
		return nil
	}
	e := both.Entry
	if e.Task < 0 || e.Task >= len(l.lines) {
		return fmt.Errorf("there is no picture number %d", e.Task)
	}
	index, copy := l.job.item(e.Task)
	key := l.job.Pictures.Item(index).Key
	if e.Picture != key || e.Copy != copy || e.Error == "" && (e.Output != l.job.output(e.Task) || e.Bytes < 1) {
		return fmt.Errorf("it does not speak of copy %d of %s", copy, key)
	}
	at.failed, at.bytes = e.Error != "", e.Bytes
	l.lines[e.Task] = at
	return nil
}

// covered says whether something is said about every task from first to before end.
func (l *ledger) covered(first, end int) bool {
	for _, at := range l.lines[first:end] {
		if at.length == 0 {
			return false
		}
	}
	return true
}

// write writes the manifest of everything, in the order of the tasks.
func (l *ledger) write(w io.Writer, broken []style.BrokenStyle) error {
	for _, b := range broken {
		text, err := json.Marshal(brokenLine{b.Picture, b.Reason})
		if err != nil {
			return err
		}
		if _, err := w.Write(append(text, '\n')); err != nil {
			return err
		}
	}
	files := make([]*os.File, len(l.files))
	for i, path := range l.files {
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		files[i] = f
	}
	var text []byte
	for _, at := range l.lines {
		text = append(text[:0], make([]byte, at.length)...)
		if _, err := files[at.file].ReadAt(text, at.offset); err != nil {
			return fmt.Errorf("read %s: %w", l.files[at.file], err)
		}
		if _, err := w.Write(text); err != nil {
			return err
		}
	}
	return nil
}

// ReadManifest reads what became of the pictures in a folder whose job is done, in their order.
func ReadManifest(out string) (entries []Entry, broken []style.BrokenStyle, err error) {
	path := filepath.Join(out, manifestName)
	file, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer file.Close()
	in := json.NewDecoder(bufio.NewReader(file))
	for n := 1; ; n++ {
		var both struct {
			Entry
			Broken string `json:"broken_style"`
		}
		err := in.Decode(&both)
		if err == io.EOF {
			return entries, broken, nil
		}
		if err != nil {
			return nil, nil, fmt.Errorf("%s:%d: %w", path, n, err)
		}
		if both.Broken != "" {
			broken = append(broken, style.BrokenStyle{Picture: both.Broken, Reason: both.Error})
		} else {
			entries = append(entries, both.Entry)
		}
	}
}
