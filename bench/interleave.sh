#!/usr/bin/env bash
# interleave.sh ROUNDS 'COMMAND A' 'COMMAND B': runs A and B in turn, one warm-up each, and prints the median seconds of
# both, the ratio B/A of the medians, and the largest resident memory of each. Taking turns cancels a machine whose speed
# drifts; medians cancel a neighbour's burst.
set -euo pipefail
rounds=$1 a=$2 b=$3
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
once() { # name command
	/usr/bin/time -o "$scratch/last" -f '%e %M' bash -c "$2" >/dev/null
	cat "$scratch/last" >>"$scratch/$1"
}
once warm "$a"
once warm "$b"
for _ in $(seq "$rounds"); do
	once a "$a"
	once b "$b"
done
median() { sort -n "$scratch/$1" | awk '{ t[NR] = $1 } END { print (NR % 2) ? t[(NR + 1) / 2] : (t[NR / 2] + t[NR / 2 + 1]) / 2 }'; }
peak() { awk '$2 > m { m = $2 } END { printf "%.0f", m / 1024 }' "$scratch/$1"; }
printf 'A: %s s, %s MB   B: %s s, %s MB   B/A: %s   (medians of %s)\n' \
	"$(median a)" "$(peak a)" "$(median b)" "$(peak b)" \
	"$(awk -v a="$(median a)" -v b="$(median b)" 'BEGIN { printf "%.2f", b / a }')" "$rounds"
