#!/usr/bin/env bash
# pixel.sh: package pixel against Pillow and Go's image packages, on one core: resizing, 64 JPEG photographs, cue-conflict
# PNGs. Takes turns ROUNDS times (about 40 s each) and prints medians of CPU milliseconds and what the others take for our
# one. Needs GESTALT_SHARED and Python with Pillow ($PYTHON, default python3).
set -euo pipefail
shared=$(realpath "${GESTALT_SHARED:-../shared}") python=${PYTHON:-python3} rounds=${ROUNDS:-5}
bench=$(dirname "$(realpath "$0")")
export GESTALT_SHARED=$shared
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$bench/../pixel"
go test -c -o "$scratch/pixel.test" .
for _ in $(seq "$rounds"); do
	"$scratch/pixel.test" -test.run '^$' -test.bench '^Benchmark(Resize|DecodeJPEG|DecodePNG)$' -test.cpu 1 -test.benchtime 0.3s |
		awk '/cpu-ms\/op/ {
			sub(/^Benchmark/, "", $1)
			who = sub(/\/standard$/, "", $1) ? "go" : "ours"
			sub(/\/gestalt$/, "", $1)
			for (i = 3; i < NF; i++) if ($(i + 1) == "cpu-ms/op") print who, $1, $i
		}' >>"$scratch/times"
	"$python" "$bench/pixel.py" "$shared" | sed 's/^/pillow /' >>"$scratch/times"
done
# Sorted by time, the values of a case come in order, and its median is in the middle.
sort -k3g "$scratch/times" | awk -v rounds="$rounds" '
	function median(key, n) { n = count[key]; return (value[key, int((n + 1) / 2)] + value[key, int(n / 2) + 1]) / 2 }
	function other(key, mine) { return count[key] ? sprintf("%9.3f  %5.2f", median(key), median(key) / mine) : sprintf("%9s  %5s", "", "") }
	FILENAME == "-" { value[$1 " " $2, ++count[$1 " " $2]] = $3; next }
	!seen[$2]++ {
		if (!printed++) printf "%-40s %9s %9s  %5s %9s  %5s   (CPU ms, medians of %d)\n", "case", "ours", "Pillow", "ratio", "Go", "ratio", rounds
		mine = median("ours " $2)
		line = sprintf("%-40s %9.3f %s %s", $2, mine, other("pillow " $2, mine), other("go " $2, mine))
		sub(/ +$/, "", line)
		print line
	}' - "$scratch/times"
