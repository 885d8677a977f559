package engine

import (
	"fmt"
	"runtime"
)

// caughtError is a panic of graph code as an error. It exists to print as one
// line: GoMLX's errors carry a stack that they print with %+v.
type caughtError struct{ cause error }

func (e *caughtError) Error() string { return e.cause.Error() }

// Unwrap gives the error that was thrown, so that errors.Is and errors.As see it.
func (e *caughtError) Unwrap() error { return e.cause }

// Catch runs f. If f panics with an error or a message, which is how GoMLX's
// graph code reports mistakes, Catch returns that as an error whose text is the
// message alone; the thrown error stays reachable through errors.Is and
// errors.As. Otherwise it returns nil.
//
// A panic of the Go runtime itself (a nil pointer, an index out of range) is a
// bug whose stack matters: Catch lets it through.
func Catch(f func()) (err error) {
	defer func() {
		switch thrown := recover().(type) {
		case nil:
		case runtime.Error:
			panic(thrown)
		case error:
			err = &caughtError{thrown}
		default:
			err = &caughtError{fmt.Errorf("%v", thrown)}
		}
	}()
	f()
	return nil
}
