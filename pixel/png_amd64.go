//go:build !noasm

package pixel

// unfilterPaethFast is unfilterPaeth with 3 or 4 bytes from pixel to pixel, or
// false. It reads a byte beyond the end of 3-byte pixels, so that there must be
// one.
func unfilterPaethFast(row, above []byte, bpp int) bool {
	n := len(row) / max(bpp, 1)
	switch {
	case !hasAVX2 || n == 0 || len(above) < len(row):
		return false
	case bpp == 3 && cap(row) > len(row) && cap(above) > len(row):
		unfilterPaeth3AVX2(&row[0], &above[0], n)
	case bpp == 4:
		unfilterPaeth4AVX2(&row[0], &above[0], n)
	default:
		return false
	}
	return true
}
