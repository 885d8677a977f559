package observe

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/gestalt-vision/gestalt/internal/filelock"
)

// Journal keeps answers on disk as they are given, one JSON line each, so that a killed run carries on. An entry is
// found by the hash of all that the answer depends on, never by a name. A nil journal keeps nothing.
type Journal[A Answer] struct {
	path string
	file *os.File

	mu   sync.RWMutex // guards seen: decoders look things up while answers are added
	seen map[string]A
}

// entry is one line of the journal.
type entry[A Answer] struct {
	Key    string `json:"key"`
	Answer A      `json:"answer"`
}

// OpenJournal opens or makes the journal at path. A last line that a kill cut short is dropped. Only one process can
// have a journal open.
func OpenJournal[A Answer](path string) (*Journal[A], error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	j := &Journal[A]{path: path, file: file, seen: map[string]A{}}
	if err := filelock.Try(file); err != nil {
		file.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if err := j.load(); err != nil {
		file.Close()
		return nil, err
	}
	return j, nil
}

func (j *Journal[A]) load() error {
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
		var e entry[A]
		if err := json.Unmarshal(line, &e); err != nil || e.Key == "" || !e.Answer.whole() {
			return fmt.Errorf("%s:%d is damaged; delete the file to begin afresh", j.path, n)
		}
		j.seen[e.Key] = e.Answer
		whole += int64(len(line))
	}
	if err := j.file.Truncate(whole); err != nil {
		return err
	}
	_, err := j.file.Seek(whole, io.SeekStart)
	return err
}

// get returns the answer stored under key.
func (j *Journal[A]) get(key string) (answer A, ok bool) {
	if j == nil {
		return answer, false
	}
	j.mu.RLock()
	defer j.mu.RUnlock()
	answer, ok = j.seen[key]
	return answer, ok
}

// add stores entries that are not there yet, in one write.
func (j *Journal[A]) add(entries []entry[A]) error {
	if j == nil {
		return nil
	}
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
		j.seen[e.Key] = e.Answer
	}
	if _, err := j.file.Write(lines.Bytes()); err != nil {
		return fmt.Errorf("write %s: %w", j.path, err)
	}
	return nil
}

// Close syncs and closes the file.
func (j *Journal[A]) Close() error {
	if j == nil {
		return nil
	}
	err := j.file.Sync()
	if e := j.file.Close(); err == nil {
		err = e
	}
	return err
}
