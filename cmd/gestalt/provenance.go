package main

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// withHash is the name of a file or folder and, where it is a file, the SHA-256 of its content: what a report says it
// was made from. It leaves out where the file lies, which is nobody else's business.
func withHash(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() {
		return filepath.Base(path), nil
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", fmt.Errorf("reading %s: %w", path, err)
	}
	return fmt.Sprintf("%s (SHA-256 %x)", filepath.Base(path), sum.Sum(nil)), nil
}
