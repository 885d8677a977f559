//go:build !unix

package weights

// readAll gives the bytes of a file.
func readAll(path string) ([]byte, func() error, error) { return readPlain(path) }
