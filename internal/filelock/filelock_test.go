//go:build unix && !solaris && !aix

package filelock

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestLocks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	open := func() *os.File {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	first, second := open(), open()
	defer second.Close()
	if err := Try(first); err != nil {
		t.Fatal(err)
	}
	if err := Try(second); !errors.Is(err, ErrLocked) {
		t.Fatalf("the second lock gives %v", err)
	}
	closed := time.AfterFunc(20*time.Millisecond, func() { first.Close() })
	defer closed.Stop()
	if err := Wait(second); err != nil {
		t.Fatal(err)
	}
	third := open()
	defer third.Close()
	if err := Try(third); !errors.Is(err, ErrLocked) {
		t.Fatalf("after waiting, the lock is not held: %v", err)
	}
}
