package pixel

import "math/bits"

const maxCode = 15 // bits of the longest code

// buildTable makes the look-up table of a canonical Huffman code (RFC 1951,
// 3.2.2) from the lengths of its codes by symbol; 0 is for symbols that don't
// occur. The table is indexed by the next bits of the input: root of them, and
// for longer codes as many more as the entry found there says, from the place
// that it says. entries holds what to return for each symbol.
//
// A code must use all bit patterns, but for two cases that are allowed: no symbol
// at all, and a single one of one bit. What is left over then is invalid.
func buildTable(table []uint32, root int, lengths []uint8, entries []uint32) error {
	var count, next [maxCode + 1]int
	for _, n := range lengths {
		count[n]++
	}
	count[0] = 0
	code, used := 0, 0 // the first code of a length; how many symbols
	for n := 1; n <= maxCode; n++ {
		code <<= 1
		next[n] = code
		code += count[n]
		used += count[n]
		if code > 1<<n {
			return errDeflate
		}
	}
	if code != 1<<maxCode {
		if used > 1 || used == 1 && count[1] != 1 {
			return errDeflate
		}
		for i := range 1 << root {
			table[i] = flagOther
		}
	}
	// Places of the second tables: by their first root bits, how many more follow.
	var more [1 << litRoot]uint8
	free := 1 << root
	if long := used - sum(count[:root+1]); long > 0 {
		at := next
		for _, n := range lengths {
			if int(n) > root {
				prefix := reversed(at[n], int(n)) & (1<<root - 1)
				more[prefix] = max(more[prefix], n-uint8(root))
			}
			at[n]++
		}
		for prefix, n := range more[:1<<root] {
			if n > 0 {
				if free+1<<n > len(table) {
					return errDeflate
				}
				table[prefix] = flagOther | flagTable | uint32(free)<<16 | uint32(n)<<8
				free += 1 << n
			}
		}
	}
	for symbol, n := range lengths {
		if n == 0 {
			continue
		}
		entry := entries[symbol] | uint32(n)
		low := reversed(next[n], int(n)) // the first bit of a code is read first, so it is the lowest
		next[n]++
		if int(n) <= root {
			for i := low; i < 1<<root; i += 1 << n {
				table[i] = entry
			}
			continue
		}
		prefix := low & (1<<root - 1)
		second := table[int(table[prefix]>>16&0x7fff):][:1<<more[prefix]]
		for i := low >> root; i < len(second); i += 1 << (int(n) - root) {
			second[i] = entry
		}
	}
	return nil
}

func reversed(code, n int) int { return int(bits.Reverse16(uint16(code)) >> (16 - n)) }

func sum(counts []int) (total int) {
	for _, n := range counts {
		total += n
	}
	return total
}
