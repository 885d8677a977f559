// Package sharedtest finds the test data that is too large, or not ours, to be kept in the repository: published
// stimuli, photographs and pretrained weights, in the directory that the environment variable GESTALT_SHARED names
// (by default ../shared, beside the repository).
package sharedtest

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// Path returns the path of a file or folder in the shared directory. Where it is missing, the test is skipped and says
// so; with GESTALT_REQUIRE_SHARED=1 in the environment the test fails instead.
func Path(t testing.TB, name string) string {
	t.Helper()
	path := filepath.Join(dir(), filepath.FromSlash(name))
	if _, err := os.Stat(path); err != nil {
		const help = "shared test data missing: %v (set GESTALT_SHARED to the directory that holds it)"
		if os.Getenv("GESTALT_REQUIRE_SHARED") == "1" {
			t.Fatalf(help, err)
		}
		t.Skipf(help, err)
	}
	return path
}

// dir is GESTALT_SHARED, else ../shared. Tests run in their package's folder, so a relative path is taken from the root
// of the repository.
func dir() string {
	d := os.Getenv("GESTALT_SHARED")
	if d == "" {
		d = filepath.Join("..", "shared")
	}
	if filepath.IsAbs(d) {
		return d
	}
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..", d)
}
