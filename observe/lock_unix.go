//go:build unix && !solaris && !aix

package observe

import (
	"errors"
	"os"
	"syscall"
)

// lock takes the file for this process until it is closed, or fails at once.
func lock(f *os.File) error {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return errors.New("another run is writing here")
	}
	return err
}
