package published

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gestalt-vision/gestalt/internal/atomicfile"
)

// Pulled is a file that Pull has put into the cache or found there.
type Pulled struct {
	Path   string
	From   string // "cache", the path it was copied from, or the address it was downloaded from
	Bytes  int64
	SHA256 string // of the content
}

// Progress is how far a download is.
type Progress struct {
	Done, Total int64  // bytes; Total is 0 while it is unknown
	Note        string // something that a person may want to read, such as why it begins again; usually ""
}

// Pull makes sure that a file is in the cache and returns where. It takes it from wherever it is already, else from
// the mirror, else from its address; report, which may be nil, is called as the download goes on.
//
// A file gets its name only when its size and SHA-256 are right. What has been downloaded of it lies beside it under
// the name with .part; the next Pull continues there, also after a kill. Several processes may pull one file: one
// does, the others wait.
func (s Store) Pull(ctx context.Context, f File, report func(Progress)) (Pulled, error) {
	if report == nil {
		report = func(Progress) {}
	}
	if p, err := check(ctx, f, s.Path(f)); err == nil {
		return p, nil // without a lock, because the cache may be somebody else's
	}
	if err := os.MkdirAll(s.Cache, 0o777); err != nil {
		return Pulled{}, fmt.Errorf("making the cache: %w", err)
	}
	unlock, err := s.lock(ctx, f, report)
	if err != nil {
		return Pulled{}, err
	}
	defer unlock()
	p, err := s.alreadyHere(ctx, f, report)
	if err != nil || p.Path != "" {
		return p, err
	}
	if folder := strings.TrimPrefix(s.Mirror, "file://"); folder != "" && !isAddress(folder) {
		p, err := s.adopt(ctx, f, filepath.Join(folder, f.File))
		if errors.Is(err, fs.ErrNotExist) {
			return p, fmt.Errorf("the mirror %s holds no %s", s.Mirror, f.File)
		}
		return p, err
	}
	address := f.URL
	if s.Mirror != "" {
		address = strings.TrimSuffix(s.Mirror, "/") + "/" + f.File
	}
	switch {
	case address == "":
		return Pulled{}, fmt.Errorf("%s can only be got by hand, in a browser: take %s from\n  %s\nand put it at\n  %s", f.Name, f.File, f.Page, s.Path(f))
	case s.Offline:
		return Pulled{}, fmt.Errorf("%s is not here and the network is switched off; fetch\n  %s\nelsewhere and put it at\n  %s", f.Name, redacted(address), s.Path(f))
	}
	d := download{store: s, file: f, address: address, shown: redacted(address), part: s.Path(f) + ".part", report: report}
	sum, n, err := d.run(ctx)
	if err != nil {
		return Pulled{}, err
	}
	return Pulled{s.Path(f), d.shown, n, sum}, nil
}

func isAddress(mirror string) bool {
	return strings.HasPrefix(mirror, "http://") || strings.HasPrefix(mirror, "https://")
}

// alreadyHere looks where files may lie. One with the right name but the wrong content is told of and passed over; in
// the cache the download will replace it.
func (s Store) alreadyHere(ctx context.Context, f File, report func(Progress)) (Pulled, error) {
	for _, place := range s.places(f) {
		info, err := os.Stat(place.Path)
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		var p Pulled
		if place.Path == s.Path(f) {
			p, err = check(ctx, f, place.Path)
		} else {
			p, err = s.adopt(ctx, f, place.Path)
		}
		if err == nil || ctx.Err() != nil {
			return p, err
		}
		report(Progress{Note: fmt.Sprintf("passing over %v", err)})
	}
	return Pulled{}, nil
}

// check reads a file of the cache.
func check(ctx context.Context, f File, path string) (Pulled, error) {
	sum, err := SHA256(ctx, path)
	if err != nil {
		return Pulled{}, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return Pulled{}, err
	}
	return Pulled{path, "cache", info.Size(), sum}, f.checkContent(path, info.Size(), sum)
}

// checkContent says whether content of this size and hash is the published file.
func (f File) checkContent(path string, size int64, sum string) error {
	if err := f.CheckSHA256(sum); err != nil {
		return fmt.Errorf("%s (%s): %w", path, Bytes(size), err)
	}
	if !f.Size.Fits(size) {
		return fmt.Errorf("%s has %d bytes, the published %s has %d", path, size, f.File, f.Size.Bytes)
	}
	return nil
}

// adopt takes a file of another folder into the cache, if it is the right one: by a hard link, which costs nothing and
// stays when the other cache is emptied, else as a copy.
func (s Store) adopt(ctx context.Context, f File, path string) (Pulled, error) {
	p, err := check(ctx, f, path)
	if err != nil {
		return p, err
	}
	p.From, p.Path = path, s.Path(f)
	if err := take(ctx, path, p.Path); err != nil {
		return p, fmt.Errorf("%s: %w", f.Name, err)
	}
	return p, nil
}

// CopyTo puts a file that is here into a folder, as a mirror has it, if it is the right one. A right one that is there
// already stays.
func (s Store) CopyTo(ctx context.Context, f File, folder string) (Pulled, error) {
	there := Store{Cache: folder}
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return Pulled{}, err
	}
	if p, err := check(ctx, f, there.Path(f)); err == nil || ctx.Err() != nil {
		return p, err
	}
	var failed error
	for _, place := range s.places(f) {
		p, err := there.adopt(ctx, f, place.Path)
		if err == nil || ctx.Err() != nil {
			return p, err
		}
		if !errors.Is(err, fs.ErrNotExist) {
			failed = errors.Join(failed, err)
		}
	}
	if failed == nil {
		failed = fmt.Errorf("%s is not here, and that in %s is not the published file", f.Name, folder)
	}
	return Pulled{}, failed
}

// take makes to a hard link to the file from or, where that is impossible, a copy. A file that is there is replaced.
func take(ctx context.Context, from, to string) error {
	real, err := filepath.EvalSymlinks(from) // a link to a link would stay one
	if err != nil {
		return err
	}
	temporary := to + ".link"
	os.Remove(temporary)
	if os.Link(real, temporary) == nil {
		return os.Rename(temporary, to)
	}
	in, err := os.Open(real)
	if err != nil {
		return err
	}
	defer in.Close()
	return atomicfile.Write(to, func(w io.Writer) error {
		_, err := io.Copy(w, &cancelled{ctx, in})
		return err
	})
}

// lock waits until no other process pulls this file.
func (s Store) lock(ctx context.Context, f File, report func(Progress)) (unlock func() error, err error) {
	path := filepath.Join(s.Cache, "."+f.File+".lock")
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o666)
	if err != nil {
		return nil, fmt.Errorf("writing to the cache: %w", err)
	}
	for wait := 10 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		ok, err := tryLock(file)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("locking %s: %w", path, err), file.Close())
		}
		if ok {
			return file.Close, nil
		}
		if wait == 10*time.Millisecond {
			report(Progress{Note: "waiting for another process that pulls it"})
		}
		if err := sleep(ctx, wait); err != nil {
			return nil, errors.Join(err, file.Close())
		}
	}
}

// sleep waits, or returns the context's error.
func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
