// Package atomicfile writes files that are either whole or not there: to a temporary file beside the final one, synced,
// then renamed. A kill, a full disk or an error leaves whatever was there before.
package atomicfile

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Write makes the file path with what content writes. Missing folders are made. Where path is a link, the file that it
// leads to is replaced; where it is no regular file (a pipe, a terminal, /dev/stdout), it is written to as it is.
func Write(path string, content func(io.Writer) error) error {
	target := path
	if real, err := filepath.EvalSymlinks(path); err == nil {
		target = real
	}
	write := replace
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		write, target = overwrite, path
	}
	if err := write(target, content); err != nil {
		var inner *fs.PathError
		if errors.As(err, &inner) { // its path is that of the temporary file
			err = inner.Err
		}
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

func replace(path string, content func(io.Writer) error) (err error) {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(dir, "."+filepath.Base(path)+".*.tmp")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			tmp.Close()
			os.Remove(tmp.Name())
		}
	}()
	if err = buffered(tmp, content); err != nil {
		return err
	}
	if err = tmp.Chmod(0o644); err != nil { // CreateTemp makes files that only their owner can read
		return err
	}
	if err = tmp.Sync(); err != nil {
		return err
	}
	if err = tmp.Close(); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}

func overwrite(path string, content func(io.Writer) error) error {
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return errors.Join(buffered(file, content), file.Close())
}

func buffered(w io.Writer, content func(io.Writer) error) error {
	buf := bufio.NewWriterSize(w, 1<<16)
	if err := content(buf); err != nil {
		return err
	}
	return buf.Flush()
}
