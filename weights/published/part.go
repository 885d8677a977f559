package published

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"

	"github.com/gestalt-vision/gestalt/internal/atomicfile"
)

// part is a file that is being downloaded, with the hash of what is there. Beside it lies a small file that says what
// the bytes are the beginning of, so that a later process can ask for the rest of the same.
type part struct {
	file   *os.File
	w      *bufio.Writer
	sum    hash.Hash
	size   int64
	origin origin

	spliced bool // the bytes came in several answers
}

// origin says which version of which file the bytes come from.
type origin struct {
	Address   string `json:"address"`
	Validator string `json:"validator"` // a strong ETag or a Last-Modified date; "" where the server gave neither
	Total     int64  `json:"total"`     // bytes of the whole file, 0 when unknown
}

// openPart opens what an earlier attempt left of the file at address. Bytes of which it is not known that they come from
// there are thrown away.
func openPart(path, address string) (p *part, err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o666)
	if err != nil {
		return nil, err
	}
	p = &part{file: f, sum: sha256.New()}
	defer func() {
		if err != nil {
			f.Close()
		}
	}()
	if text, err := os.ReadFile(path + ".json"); err == nil {
		if json.Unmarshal(text, &p.origin) != nil {
			p.origin = origin{}
		}
	}
	if p.origin.Address != address || !isETag(p.origin.Validator) && !isDate(p.origin.Validator) || p.origin.Total < 0 {
		return p, p.restart(origin{})
	}
	p.size, err = io.Copy(p.sum, f)
	p.w = bufio.NewWriterSize(f, 1<<16)
	return p, err
}

// restart throws away what is there; what comes now is from o.
func (p *part) restart(o origin) error {
	if err := p.file.Truncate(0); err != nil {
		return err
	}
	if _, err := p.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	p.w = bufio.NewWriterSize(p.file, 1<<16)
	p.sum.Reset()
	p.size, p.origin, p.spliced = 0, o, false
	if o == (origin{}) {
		return nil
	}
	return atomicfile.Write(p.file.Name()+".json", func(w io.Writer) error { return json.NewEncoder(w).Encode(o) })
}

func (p *part) Write(b []byte) (int, error) {
	n, err := p.w.Write(b)
	p.sum.Write(b[:n])
	p.size += int64(n)
	return n, err
}

// SHA256 is the hash of what is there.
func (p *part) SHA256() string { return hex.EncodeToString(p.sum.Sum(nil)) }

// keep leaves what is there for a later attempt.
func (p *part) keep() error { return errors.Join(p.w.Flush(), p.file.Close()) }

// discard removes it.
func (p *part) discard() error {
	return errors.Join(p.file.Close(), os.Remove(p.file.Name()), removeIfThere(p.file.Name()+".json"))
}

// finish gives the file its name.
func (p *part) finish(path string) error {
	if err := errors.Join(p.w.Flush(), p.file.Sync(), p.file.Close()); err != nil {
		return err
	}
	if err := os.Rename(p.file.Name(), path); err != nil {
		return fmt.Errorf("naming the file: %w", err)
	}
	return removeIfThere(p.file.Name() + ".json")
}

func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}
