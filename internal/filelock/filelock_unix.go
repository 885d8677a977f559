//go:build unix && !solaris && !aix

package filelock

import (
	"errors"
	"os"
	"syscall"
)

// Try takes the file for this process until it is closed, or fails at once with [ErrLocked]. On a file system without
// locks it does nothing.
func Try(f *os.File) error { return lock(f, syscall.LOCK_EX|syscall.LOCK_NB) }

// Wait takes the file for this process until it is closed, and waits while another one has it.
func Wait(f *os.File) error { return lock(f, syscall.LOCK_EX) }

func lock(f *os.File, how int) error {
	for {
		err := syscall.Flock(int(f.Fd()), how)
		switch {
		case errors.Is(err, syscall.EINTR): // a signal came while waiting
		case errors.Is(err, syscall.EWOULDBLOCK):
			return ErrLocked
		case errors.Is(err, errors.ErrUnsupported): // some cluster file systems
			return nil
		default:
			return err
		}
	}
}
