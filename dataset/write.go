package dataset

import (
	"archive/tar"
	"fmt"
	"io"
	"time"
)

// TarWriter writes pictures and what belongs to them as a tar archive that [Open] and WebDataset read. The same entries
// give the same bytes: owner, times and modes are always the same.
type TarWriter struct {
	archive *tar.Writer
}

// NewTarWriter begins an archive on w.
func NewTarWriter(w io.Writer) *TarWriter { return &TarWriter{tar.NewWriter(w)} }

// Add writes an entry. The key is one as [Item] has it.
func (t *TarWriter) Add(key string, data []byte) error {
	if err := checkKey(key); err != nil {
		return fmt.Errorf("entry %.200q: %w", key, err)
	}
	header := &tar.Header{Typeflag: tar.TypeReg, Name: key, Size: int64(len(data)), Mode: 0o644, ModTime: time.Unix(0, 0)}
	if err := t.archive.WriteHeader(header); err != nil {
		return fmt.Errorf("entry %.200q: %w", key, err)
	}
	_, err := t.archive.Write(data)
	return err
}

// Close writes the end marker; it does not close the writer beneath.
func (t *TarWriter) Close() error { return t.archive.Close() }
