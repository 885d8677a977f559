//go:build !amd64 || noasm

package pixel

// Without assembly the plain loops do all the work.
func unfilterPaethFast(row, above []byte, bpp int) bool { return false }
