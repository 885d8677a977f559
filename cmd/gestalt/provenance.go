package main

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"
)

// withHash is a path and, where it is a file, the SHA-256 of its content: what a report says it was made from.
func withHash(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() {
		return path, nil
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
	return fmt.Sprintf("%s (SHA-256 %x)", path, sum.Sum(nil)), nil
}
