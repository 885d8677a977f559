//go:build !unix || solaris || aix

package filelock

import "os"

// Try does nothing where the system has no advisory locks; do not run twice into one folder there.
func Try(*os.File) error { return nil }

// Wait does nothing, as Try.
func Wait(*os.File) error { return nil }
