// Package spelling finds the name that somebody perhaps meant.
package spelling

// Nearest is the candidate that takes the fewest edits to become name, or "" where none is like it: no more than a third
// of the name's bytes may be wrong, or three of a short name's.
func Nearest(name string, candidates []string) string {
	best, least := "", max(len(name)/3, 3)+1
	for _, c := range candidates {
		if max(len(c), len(name))-min(len(c), len(name)) >= least { // it takes at least so many edits
			continue
		}
		if d := edits(name, c); d < least {
			best, least = c, d
		}
	}
	return best
}

// edits is the Levenshtein distance in bytes: insertions, deletions and replacements.
func edits(a, b string) int {
	row := make([]int, len(b)+1) // distances of the prefix of a so far to each prefix of b
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
