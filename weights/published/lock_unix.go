//go:build unix

package published

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// tryLock takes the lock of an open file and says whether it could. The lock goes when the file is closed or the
// process ends, however it ends. On a file system without locks (some of those that clusters share) everybody has it:
// two who write one file spoil each other's work, which the hash then tells.
func tryLock(f *os.File) (bool, error) {
	err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return false, nil
	}
	if errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.ENOTSUP) || errors.Is(err, unix.ENOLCK) {
		return true, nil
	}
	return err == nil, err
}
