//go:build unix

package weights

import (
	"os"

	"golang.org/x/sys/unix"
)

// mapFrom is the size from which mapping a file is cheaper than reading it: below, the system call and the page faults
// cost more than the copy.
const mapFrom = 1 << 20

// readAll gives the bytes of a file, mapped where that pays. What cannot be mapped (a pipe, some network file systems)
// is read.
func readAll(path string) ([]byte, func() error, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, nil, err
	}
	if size := info.Size(); info.Mode().IsRegular() && size >= mapFrom && size == int64(int(size)) {
		data, err := unix.Mmap(int(f.Fd()), 0, int(size), unix.PROT_READ, unix.MAP_SHARED)
		if err == nil {
			return data, func() error { return unix.Munmap(data) }, nil
		}
	}
	return readPlain(path)
}
