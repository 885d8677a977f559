#!/usr/bin/awk -f
# Reads lines "NAME OURS THEIRS" (milliseconds a picture, one line a turn), and prints each, then for every name the median
# of the ratios.
{ printf "%s: gestalt %.2f ms, %s %.2f ms\n", $1, $2, peer, $3; fflush() }
!($1 in turns) { names[++n] = $1 }
{ ratio[$1, ++turns[$1]] = $2 / $3 }
END {
	for (i = 1; i <= n; i++) {
		count = turns[names[i]]
		for (j = 2; j <= count; j++) { # by insertion: there are few
			v = ratio[names[i], j]
			for (k = j - 1; k >= 1 && ratio[names[i], k] > v; k--) ratio[names[i], k + 1] = ratio[names[i], k]
			ratio[names[i], k + 1] = v
		}
		m = (count % 2) ? ratio[names[i], (count + 1) / 2] : (ratio[names[i], count / 2] + ratio[names[i], count / 2 + 1]) / 2
		printf "%s: gestalt / %s = %.2f (median of %d turns)\n", names[i], peer, m, count
	}
}
