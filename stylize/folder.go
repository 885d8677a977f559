package stylize

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/gestalt-vision/gestalt/internal/filelock"
)

// folder is the folder that pictures are written into, while a part of them is being made. In it lie
//
//	settings.json                    how the pictures are made
//	manifest.jsonl                   what became of each picture, when all are done
//	manifest-00001-of-00003.jsonl    the same of a part, until then
//	class/name.jpg                   the pictures, or
//	shard-000000.tar                 shards of them, each whole or not there
//	.lock                            taken while the manifests are read or put together
//	.spool                           files that are not whole yet, and pictures whose shard is not; gone at the end
type folder struct {
	job     *Job
	done    *ledger
	journal *os.File // manifest of this part
}

const (
	lockName  = ".lock"
	spoolName = ".spool"
)

func (f *folder) path(name string) string { return filepath.Join(f.job.Out, filepath.FromSlash(name)) }

// spool is the folder of the files that this part is writing.
func (f *folder) spool() string {
	return f.path(fmt.Sprintf("%s/part-%d-of-%d", spoolName, f.job.Part, f.job.Parts))
}

// openFolder makes the folder or carries on with it, and takes the part for this process.
func openFolder(j *Job) (*folder, error) {
	f := &folder{job: j}
	if err := os.MkdirAll(j.Out, 0o777); err != nil {
		return nil, err
	}
	unlock, err := f.lock()
	if err != nil {
		return nil, err
	}
	if err := errors.Join(f.begin(), unlock()); err != nil {
		if f.journal != nil {
			err = errors.Join(err, f.journal.Close())
		}
		return nil, err
	}
	return f, nil
}

// begin is what happens under the lock. The settings come before all other files, so that a folder without them holds
// nothing of ours.
func (f *folder) begin() error {
	before, found, err := readSettings(f.job.Out)
	switch {
	case err != nil:
		return err
	case found:
		err = before.same(f.job.settings(), f.job.Out)
	default:
		err = f.writeSettings()
	}
	if err != nil {
		return err
	}
	if err := f.take(); err != nil {
		return err
	}
	if err := os.RemoveAll(f.spool()); err != nil { // files that a kill has left
		return err
	}
	f.done, err = readLedger(f.job)
	return err
}

// lock keeps other runs from reading and putting together the manifests, until unlock is called.
func (f *folder) lock() (unlock func() error, err error) {
	file, err := os.OpenFile(f.path(lockName), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	if err := filelock.Wait(file); err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", file.Name(), err), file.Close())
	}
	return file.Close, nil
}

// take opens the manifest of this part, makes sure that no other run writes the same pictures, and drops a last line that
// a kill has cut.
func (f *folder) take() error {
	j := f.job
	names, err := partManifests(j.Out)
	if err != nil {
		return err
	}
	for _, name := range names {
		m := partPattern.FindStringSubmatch(name)
		if m[2] == fmt.Sprintf("%05d", j.Parts) {
			continue
		}
		busy, err := isBusy(f.path(name))
		if err != nil {
			return err
		}
		if busy {
			return fmt.Errorf("%s: a run that divides the work into %s is under way there; wait for it or join it with as many parts", j.Out, m[2])
		}
	}
	own := f.path(partName(j.Part, j.Parts))
	if f.journal, err = os.OpenFile(own, os.O_RDWR|os.O_CREATE, 0o644); err != nil {
		return err
	}
	if err := filelock.Try(f.journal); err != nil {
		return fmt.Errorf("%s: part %d of %d: %w", j.Out, j.Part, j.Parts, err)
	}
	whole, err := wholeLines(f.journal)
	if err == nil {
		err = f.journal.Truncate(whole)
	}
	if err == nil {
		_, err = f.journal.Seek(whole, io.SeekStart)
	}
	return err
}

// isBusy says whether a process has the manifest of a part.
func isBusy(path string) (bool, error) {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return false, err
	}
	err = filelock.Try(file)
	if errors.Is(err, filelock.ErrLocked) {
		return true, file.Close()
	}
	return false, errors.Join(err, file.Close())
}

// wholeLines is how many bytes of a file there are up to the end of its last whole line.
func wholeLines(file *os.File) (int64, error) {
	end, err := file.Seek(0, io.SeekEnd)
	buffer := make([]byte, 4096)
	for ; err == nil && end > 0; end -= int64(len(buffer)) {
		buffer = buffer[:min(int64(len(buffer)), end)]
		if _, err = file.ReadAt(buffer, end-int64(len(buffer))); err != nil {
			break
		}
		for i := len(buffer) - 1; i >= 0; i-- {
			if buffer[i] == '\n' {
				return end - int64(len(buffer)) + int64(i) + 1, nil
			}
		}
	}
	return max(end, 0), err
}

func (f *folder) writeSettings() error {
	text, err := json.MarshalIndent(f.job.settings(), "", "  ")
	if err != nil {
		return err
	}
	return f.write(settingsName, func(w io.Writer) error { _, err := w.Write(append(text, '\n')); return err })
}

// write makes a file of the folder, whole or not at all: under another name, which is put right when it is on the disk.
// The other name is in the spool, where a kill leaves nothing that would be taken for a picture.
func (f *folder) write(name string, content func(io.Writer) error) (err error) {
	path := f.path(name)
	for _, dir := range []string{f.spool(), filepath.Dir(path)} {
		if err := os.MkdirAll(dir, 0o777); err != nil {
			return err
		}
	}
	file, err := os.CreateTemp(f.spool(), filepath.Base(path))
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			file.Close()
			os.Remove(file.Name())
			err = fmt.Errorf("write %s: %w", path, bare(err))
		}
	}()
	if err = content(file); err != nil {
		return err
	}
	if err = file.Chmod(0o644); err != nil { // CreateTemp makes files that only their owner can read
		return err
	}
	if err = file.Sync(); err != nil {
		return err
	}
	if err = file.Close(); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}

// bare takes the path, that of a temporary file, off an error.
func bare(err error) error {
	var inner *os.PathError
	if errors.As(err, &inner) {
		return inner.Err
	}
	return err
}

// member is where the picture of a task is written: its place in the class folders, or in the spool of its shard.
func (f *folder) member(task int) string {
	if f.job.ShardSize == 0 {
		return f.job.output(task)
	}
	return fmt.Sprintf("%s/%d", shardSpool(task/f.job.ShardSize), task)
}

// pending are the tasks of this part that are not done: nothing is said about them, they failed, or their picture is
// not there.
func (f *folder) pending() (tasks []int) {
	first, end := f.job.own()
	for t := first; t < end; t++ {
		at := f.done.lines[t]
		if at.length == 0 || at.failed || !f.there(t, at.bytes) {
			tasks = append(tasks, t)
		}
	}
	return tasks
}

// there says whether the picture of a task is in the folder, with so many bytes.
func (f *folder) there(task int, bytes int64) bool {
	info, err := os.Stat(f.path(f.member(task)))
	if err == nil {
		return info.Size() == bytes
	}
	return f.job.ShardSize > 0 && isFile(f.path(shardName(task/f.job.ShardSize)))
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// record writes entries to the manifest of this part, in one piece.
func (f *folder) record(entries []Entry) error {
	var text []byte
	for _, e := range entries {
		one, err := json.Marshal(e)
		if err != nil {
			return err
		}
		text = append(append(text, one...), '\n')
	}
	if _, err := f.journal.Write(text); err != nil {
		return fmt.Errorf("write %s: %w", f.journal.Name(), bare(err))
	}
	for _, e := range entries { // pending and assemble ask no more than this
		f.done.lines[e.Task] = line{length: 1, failed: e.Error != "", bytes: e.Bytes}
	}
	return nil
}

// close lets go of this part. When all parts are done, and no other run is under way, the manifests are put together into
// one, and nothing stays of how the work was divided.
func (f *folder) close() (whole bool, err error) {
	unlock, err := f.lock()
	if err != nil {
		return false, errors.Join(err, f.journal.Close())
	}
	defer func() { err = errors.Join(err, unlock()) }()
	if err := errors.Join(f.journal.Sync(), f.journal.Close(), os.RemoveAll(f.spool())); err != nil {
		return false, err
	}
	names, err := partManifests(f.job.Out)
	if err != nil {
		return false, err
	}
	for _, name := range names {
		if busy, err := isBusy(f.path(name)); busy || err != nil {
			return false, err
		}
	}
	all, err := readLedger(f.job)
	if err != nil || !all.covered(0, len(all.lines)) || !f.allShards() {
		return false, err
	}
	err = f.write(manifestName, func(w io.Writer) error { return all.write(w, f.job.Broken) })
	if err != nil {
		return false, err
	}
	for _, name := range names {
		if err := os.Remove(f.path(name)); err != nil {
			return false, err
		}
	}
	return true, os.RemoveAll(f.path(spoolName))
}
