package observe

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sync"
)

// Decision is a network's answer to one picture.
type Decision struct {
	Response string      `json:"response"` // one of the 16 categories
	Scores   [16]float32 `json:"scores"`   // aggregated probability of each category, in the order of dataset.Categories
}

// Journal keeps decisions on disk as they are made, one JSON line each, so that a killed run carries on. An entry is
// found by the hash of all that the decision depends on, never by a name.
type Journal struct {
	path string
	file *os.File

	mu   sync.RWMutex // guards seen: decoders look things up while decisions are added
	seen map[string]Decision
}

// entry is one line of the journal.
type entry struct {
	Key string `json:"key"`
	Decision
}

// OpenJournal opens or makes the journal at path. A last line that a kill cut short is dropped. Only one process can
// have a journal open.
func OpenJournal(path string) (*Journal, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	j := &Journal{path: path, file: file, seen: map[string]Decision{}}
	if err := lock(file); err != nil {
		file.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if err := j.load(); err != nil {
		file.Close()
		return nil, err
	}
	return j, nil
}

func (j *Journal) load() error {
	in := bufio.NewReader(j.file)
	whole := int64(0) // bytes up to the end of the last whole line
	for n := 1; ; n++ {
		line, err := in.ReadBytes('\n')
		if err == io.EOF {
			break // what is left in line has no end: it was cut
		}
		if err != nil {
			return fmt.Errorf("read %s: %w", j.path, err)
		}
		var e entry
		if err := json.Unmarshal(line, &e); err != nil || e.Key == "" || !isCategory(e.Response) {
			return fmt.Errorf("%s:%d is damaged; delete the file to decide afresh", j.path, n)
		}
		j.seen[e.Key] = e.Decision
		whole += int64(len(line))
	}
	if err := j.file.Truncate(whole); err != nil {
		return err
	}
	_, err := j.file.Seek(whole, io.SeekStart)
	return err
}

// get returns the decision stored under key.
func (j *Journal) get(key string) (Decision, bool) {
	j.mu.RLock()
	defer j.mu.RUnlock()
	d, ok := j.seen[key]
	return d, ok
}

// add stores entries that are not there yet, in one write.
func (j *Journal) add(entries []entry) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	var lines bytes.Buffer
	for _, e := range entries {
		if _, ok := j.seen[e.Key]; ok {
			continue // two files with the same content
		}
		line, err := json.Marshal(e)
		if err != nil {
			return err
		}
		lines.Write(append(line, '\n'))
		j.seen[e.Key] = e.Decision
	}
	if _, err := j.file.Write(lines.Bytes()); err != nil {
		return fmt.Errorf("write %s: %w", j.path, err)
	}
	return nil
}

// Close syncs and closes the file.
func (j *Journal) Close() error {
	err := j.file.Sync()
	if e := j.file.Close(); err == nil {
		err = e
	}
	return err
}
