#!/usr/bin/awk -f
# Reads lines "NET MODE BATCH MS SHARE PEER PEER_MS", one a turn, and prints a CSV of medians over the turns of each row.
function median(of, key, count,   i, j, v, list) {
	for (i = 1; i <= count; i++) { # by insertion: there are few
		v = of[key, i]
		for (j = i - 1; j >= 1 && list[j] > v; j--) list[j + 1] = list[j]
		list[j + 1] = v
	}
	return (list[int((count + 1) / 2)] + list[int(count / 2) + 1]) / 2
}
{
	key = $1 "," $2 "," $3
	if (!(key in turns)) keys[++n] = key
	t = ++turns[key]
	ms[key, t] = $4; share[key, t] = $5; theirs[key, t] = $7; ratio[key, t] = $4 / $7
	peer[key] = $6
	gsub("-", " ", peer[key])
}
END {
	print "network,mode,batch,ms_per_picture,peer,peer_ms_per_picture,ratio,share_of_peak"
	for (i = 1; i <= n; i++) {
		k = keys[i]; c = turns[k]
		printf "%s,%.2f,%s,%.2f,%.2f,%.2f\n", k, median(ms, k, c), peer[k], median(theirs, k, c), median(ratio, k, c), median(share, k, c)
	}
}
