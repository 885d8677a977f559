package published

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// Store is the places where published files may lie, and what is needed to get one. Only Cache must be given.
type Store struct {
	Cache       string // folder that files are pulled into
	Torch       string // PyTorch's cache ($TORCH_HOME); files lie in its hub/checkpoints
	HuggingFace string // Hugging Face's cache ($HF_HOME); files lie in its hub/models--*, blobs by their SHA-256

	// Mirror is a folder or an http(s) address under which files lie by their file names. Where it is given, files are
	// got from there and not from the address in the table.
	Mirror  string
	Offline bool // ask nothing of the network, neither an address nor a mirror that is one

	HTTP  *http.Client  // for its proxy and certificates; nil: http.DefaultClient
	Stall time.Duration // a connection that brings nothing for so long is given up; 0: one minute
	Pause time.Duration // before the first new attempt, doubled with each further one; 0: one second
}

// Place is where a file was found.
type Place struct {
	Path string
	In   string // "cache", "PyTorch's cache" or "Hugging Face's cache"
}

// Path is where a file lies once it is pulled.
func (s Store) Path(f File) string { return filepath.Join(s.Cache, f.File) }

// Find finds a file that is here, by its name and size or, in Hugging Face's cache, by its hash: first in the cache,
// then in PyTorch's, then in Hugging Face's. It does not read it; see [File.CheckSHA256].
func (s Store) Find(f File) (Place, bool) {
	for _, p := range s.places(f) {
		if info, err := os.Stat(p.Path); err == nil && info.Mode().IsRegular() && f.Size.Fits(info.Size()) {
			return p, true
		}
	}
	return Place{}, false
}

// Places are the paths where Find looks under the file's own name, the first first.
func (s Store) Places(f File) []string {
	paths := []string{s.Path(f)}
	if s.Torch != "" {
		paths = append(paths, s.inTorch(f))
	}
	return paths
}

func (s Store) inTorch(f File) string { return filepath.Join(s.Torch, "hub", "checkpoints", f.File) }

// places are all paths where a file may lie.
func (s Store) places(f File) []Place {
	places := []Place{{s.Path(f), "cache"}}
	if s.Torch != "" {
		places = append(places, Place{s.inTorch(f), "PyTorch's cache"})
	}
	if s.HuggingFace == "" {
		return places
	}
	// A blob is a file under the name of its SHA-256; a snapshot links names to blobs.
	models := filepath.Join(s.HuggingFace, "hub", "models--*")
	patterns := []string{filepath.Join(models, "snapshots", "*", f.File)}
	if f.SHA256 != "" {
		patterns = append(patterns, filepath.Join(models, "blobs", f.SHA256+"*"))
	}
	for _, pattern := range patterns {
		found, _ := filepath.Glob(pattern) // no pattern of ours is malformed
		for _, path := range found {
			places = append(places, Place{path, "Hugging Face's cache"})
		}
	}
	return places
}

// SHA256 is the hash of a file's content in lower-case hexadecimal.
func SHA256(ctx context.Context, path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, &cancelled{ctx, f}); err != nil {
		return "", fmt.Errorf("reading %s: %w", path, err)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// cancelled is a reader that ends with the context.
type cancelled struct {
	ctx context.Context
	r   io.Reader
}

func (c *cancelled) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
