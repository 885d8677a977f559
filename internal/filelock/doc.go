// Package filelock takes files for one process, so that two runs do not write into one place. The locks are advisory:
// only who asks for them heeds them. They end with the process, however it ends.
package filelock

import "errors"

// ErrLocked says that another process has the lock.
var ErrLocked = errors.New("another run is writing here")
